"""Entry point of the statement parsers. The format is detected by content, not by file name."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

from finance.statements.camt import CamtParser
from finance.statements.csv_statement import CsvParser
from finance.statements.exported_csv import ExportedCsvParser
from finance.statements.exported_json import ExportedJsonParser
from finance.statements.exported_ofx import ExportedOfxParser
from finance.statements.exported_qif import ExportedQifParser
from finance.statements.mt940 import Mt940Parser
from finance.statements.ofx import OfxParser
from finance.statements.qif import QifParser
from finance.statements.rows import Limits, RowOrError, Statement, StatementError
from finance.statements.signatures import REMEDY
from finance.statements.signs import counted
from finance.statements.source import DecodedFile, StatementParser, StatementSource, decode
from finance.statements.spreadsheet import as_csv, format_of

# Of our own exports, which are read exactly.
EXPORT_PARSERS = (ExportedJsonParser(), ExportedOfxParser(), ExportedQifParser(), ExportedCsvParser())
# The most specific parser first, because CSV accepts nearly any text.
PARSERS: tuple[StatementParser, ...] = (
    *EXPORT_PARSERS, OfxParser(), CamtParser(), Mt940Parser(), QifParser(), CsvParser()
)  # fmt: skip
HEAD_BYTES = 16_384
# A Quicken Web Connect file is OFX with an additional tag of Intuit.
_SYNONYMS = {"qfx": "ofx"}
FORMATS = ("auto", "ofx", "qfx", "camt", "mt940", "qif", "csv", "xlsx", "ods", "json")

# Formats that users upload although there is no parser for them yet.
_UNSUPPORTED = (
    (re.compile(r"\A\s*<(?:!DOCTYPE\s+html|html)", re.IGNORECASE), "a web page", "not_a_statement"),
    (re.compile(r"urn:iso:std:iso:20022:tech:xsd:"), "an ISO 20022 message without entries of an account", "not_a_statement"),
    (re.compile(r"^:(?:61|86|6[0245][FM]?|25):", re.MULTILINE), "a part of an MT940 message", "not_a_statement"),
    (re.compile(r"\A\s*<\?xml"), "an XML document", "not_a_statement"),
    (re.compile(r"\A\s*[\[{]\s*[\"{\[]"), "a JSON document", "not_a_statement"),
)


def parse_statement(source: StatementSource, *, default_currency: str, limits: Limits) -> Statement:
    """Return the statement in `source`. `default_currency` (ISO 4217) is used if the file names no currency.

    Raise StatementError and no other exception, here or while the rows are read. An invalid row is yielded as RowError.
    """
    workbook = format_of(source.file)
    if workbook and source.format not in ("auto", workbook):
        raise _wrong_format(workbook, source.format)
    if workbook:
        source = replace(as_csv(source, workbook, default_currency=default_currency, limits=limits), format="csv")
    file = decode(source, default_currency=default_currency, limits=limits)
    statement = _parsed(file)
    is_qfx = source.format == "qfx" or source.filename.lower().endswith(".qfx")
    signs: Counter[tuple[str, bool]] = Counter()
    return replace(
        statement,
        format=workbook or ("qfx" if statement.format == "ofx" and is_qfx else statement.format),
        id_scheme=statement.id_scheme or statement.format,
        rows=counted(_limited(statement.rows, limits.max_rows), signs, invert=bool(source.invert)),
        read_warnings=lambda: (*file.warnings, *statement.read_warnings()),
        signs=signs,
    )


def is_own_export(file: BinaryIO) -> bool:
    """Return True if `file` is an account export of this application; its position changes."""
    file.seek(0)
    head = file.read(HEAD_BYTES).decode(errors="ignore")
    return any(parser.recognizes(head) for parser in EXPORT_PARSERS)


def _parsed(file: DecodedFile) -> Statement:
    try:
        return _parser_for(file.head, file.source.format).parse(file)
    except StatementError as refusal:
        if not file.warnings:
            raise
        # the titles of the columns may be the texts that were read wrongly
        raise StatementError(refusal.code, f"{refusal.message} {file.warnings[0].message}") from None


def _parser_for(head: str, chosen: str) -> StatementParser:
    if chosen not in FORMATS:
        raise _unknown_format(chosen)
    found = _recognize(head)
    wanted = _SYNONYMS.get(chosen, chosen)
    if wanted not in ("auto", found.name):
        raise _wrong_format(found.name, chosen)
    return found


def _wrong_format(found: str, chosen: str) -> StatementError:
    if chosen not in FORMATS:
        return _unknown_format(chosen)
    message = f"The file looks like {found.upper()}, not {chosen.upper()}. Use “{found}” or “auto”."
    return StatementError("wrong_format", message)


def _unknown_format(chosen: str) -> StatementError:
    return StatementError("unknown_format", f"“{chosen[:40]}” is not a known format. Use one of: {', '.join(FORMATS)}.")


def _recognize(head: str) -> StatementParser:
    """Return the parser for `head`; unsupported formats are checked after OFX and before CSV, which accepts most texts."""
    *specific, general = PARSERS
    for parser in specific:
        if parser.recognizes(head):
            return parser
    for pattern, kind, code in _UNSUPPORTED:
        if pattern.search(head):
            raise StatementError(code, f"This is {kind}, which cannot be imported. {REMEDY}")
    if general.recognizes(head):
        return general
    raise StatementError("not_a_statement", f"This is not a bank statement. {REMEDY}")


def _limited(rows: Iterator[RowOrError], max_rows: int) -> Iterator[RowOrError]:
    yield from islice(rows, max_rows)
    if next(rows, None) is not None:
        raise StatementError("too_many_rows", f"The file has more than {max_rows:,} rows. Import it in parts.")
