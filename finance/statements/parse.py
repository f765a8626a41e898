"""The way in: which format a file is in, decided by what it says and not by its name, and its statement."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from finance.statements.csv_statement import CsvParser
from finance.statements.ofx import OfxParser
from finance.statements.rows import Limits, RowOrError, Statement, StatementError
from finance.statements.signatures import REMEDY
from finance.statements.source import StatementParser, StatementSource, decode

# Most particular first: CSV accepts nearly any text.
PARSERS: tuple[StatementParser, ...] = (OfxParser(), CsvParser())
# A Quicken Web Connect file is OFX with a tag of Intuit's in it.
_SYNONYMS = {"qfx": "ofx"}
FORMATS = ("auto", "ofx", "qfx", "csv")

# Formats that people do send. Each line goes when its parser arrives.
_STRANGERS = (
    (re.compile(r"\A\s*<(?:!DOCTYPE\s+html|html)", re.IGNORECASE), "a web page", "not_a_statement"),
    (re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\."), "a CAMT.053 statement", "unsupported_format"),
    (re.compile(r"\A\s*!(?:Type|Account|Option)", re.IGNORECASE), "a QIF file", "unsupported_format"),
    (re.compile(r"^:(?:60[FM]|61):", re.MULTILINE), "an MT940 statement", "unsupported_format"),
    (re.compile(r"\A\s*<\?xml"), "an XML document", "not_a_statement"),
    (re.compile(r"\A\s*[\[{]\s*[\"{\[]"), "a JSON document", "not_a_statement"),
)


def parse_statement(source: StatementSource, *, default_currency: str, limits: Limits) -> Statement:
    """Return the statement in `source`. `default_currency` (ISO 4217) counts where the file names none.

    Raise `StatementError` and nothing else, here or while the rows are read; a broken row is a `RowError` among them.
    """
    file = decode(source, default_currency=default_currency, limits=limits)
    statement = _parser_for(file.head, source.format).parse(file)
    is_qfx = source.format == "qfx" or source.filename.lower().endswith(".qfx")
    name = "qfx" if statement.format == "ofx" and is_qfx else statement.format
    return replace(statement, format=name, rows=_limited(statement.rows, limits.max_rows))


def _parser_for(head: str, chosen: str) -> StatementParser:
    if chosen not in FORMATS:
        raise StatementError("unknown_format", f"“{chosen[:40]}” is no known format. Choose one of: {', '.join(FORMATS)}.")
    found = _recognized(head)
    wanted = _SYNONYMS.get(chosen, chosen)
    if wanted not in ("auto", found.name):
        message = f"The file looks like {found.name.upper()}, not {chosen.upper()}. Choose “{found.name}” or “auto”."
        raise StatementError("wrong_format", message)
    return found


def _recognized(head: str) -> StatementParser:
    """Strangers are asked between OFX and CSV: a page that mentions OFX stays OFX, and no JSON becomes a table."""
    *particular, general = PARSERS
    for parser in particular:
        if parser.recognizes(head):
            return parser
    for pattern, kind, code in _STRANGERS:
        if pattern.search(head):
            raise StatementError(code, f"This is {kind}, which cannot be imported. {REMEDY}")
    if general.recognizes(head):
        return general
    raise StatementError("not_a_statement", f"This is not a bank statement. {REMEDY}")


def _limited(rows: Iterator[RowOrError], max_rows: int) -> Iterator[RowOrError]:
    yield from islice(rows, max_rows)
    if next(rows, None) is not None:
        raise StatementError("too_many_rows", f"The file has more than {max_rows:,} rows. Import it in parts.")
