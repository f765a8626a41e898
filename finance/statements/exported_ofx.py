"""Reader of our own OFX exports (`finance.account_exports.ofx`), which contain each text completely."""

import html
import re
from collections.abc import Iterator
from itertools import count

from finance.statements.account_choice import mask_number
from finance.statements.exported_rows import SCHEME, exported_balance, exported_row, incomplete
from finance.statements.exported_texts import unescaped
from finance.statements.ofx_markup import Block, Section, blocks, sections
from finance.statements.rows import AccountInfo, Balances, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

# An id of the file, which programs that change a file do not keep. The payee of a bank's file can't be at its beginning.
FILE_ID = "MINGUS-1"
_BEGINNING = re.compile(rf'\ufeff?<\?xml [^>\n]{{0,80}}\?>\s*<\?OFX [^>\n]{{0,120}}NEWFILEUID="{FILE_ID}"')
_FIELDS = re.compile(r"<([A-Z.]+)>([^<]*)</\1>").findall
NO_REFERENCE = "MINGUS-"  # begins the FITID of a transaction without a reference number
KINDS = {"CREDIT": "income", "DEBIT": "expense", "XFER": "transfer", "FEE": "fee"}
# Elements of this application (OFX 2.2, 2.7.2): what the standard elements have no place for, or only for the beginning.
TEXTS = {
    "merchant_name": ("MINGUS.MERCHANT", "NAME"),
    "description": ("MINGUS.DESCRIPTION", "MEMO"),
    "category": ("MINGUS.CATEGORY",),
    "reference_number": ("MINGUS.REFERENCE",),
}


class ExportedOfxParser:
    """Recognizes the file id of our exports."""

    name = "ofx"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` begins as our export does."""
        return _BEGINNING.match(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement with the rows of all currencies of the account."""
        with file.open_text() as stream:
            text = stream.read()
        found = sections(text)
        if not found:
            raise StatementError("no_statement", "The file is cut before its first transaction. Export the account again.")
        currencies = [section.skeleton.findtext(".//CURDEF") or file.default_currency for section in found]
        number = mask_number(found[0].skeleton.findtext(".//ACCTID") or "")
        kind = found[0].skeleton.findtext(".//ACCTTYPE") or "CREDITCARD"
        return Statement(
            format=self.name,
            id_scheme=SCHEME,
            rows=_rows(text, found, currencies),
            accounts=(AccountInfo(number, kind, currencies[0]),),
            mapping={},
            read_balances=lambda: _balance(found[0], currencies[0]),
        )


def _rows(text: str, found: list[Section], currencies: list[str]) -> Iterator[RowOrError]:
    numbers = count(1)
    for section, currency in zip(found, currencies, strict=True):
        for block in blocks(text, section):
            yield _row(next(numbers), block, currency)


def _row(number: int, block: Block, currency: str) -> RowOrError:
    if not block.is_complete:
        return incomplete(number)
    values = {tag: unescaped(html.unescape(value)) for tag, value in _FIELDS(block.text)}
    fields = {name: next((values[tag] for tag in tags if tag in values), "") for name, tags in TEXTS.items()}
    first, posted = _iso(values.get("DTPOSTED") or values.get("DTTRAN", "")), ""
    if "DTUSER" in values:
        first, posted = _iso(values["DTUSER"]), first
    identifier = values.get("FITID", "")
    if "MINGUS.REFERENCE" not in values and not identifier.startswith(NO_REFERENCE):
        fields["reference_number"] = identifier
    fields |= {
        "transaction_date": first,
        "posted_date": posted,
        "amount": values.get("TRNAMT", ""),
        "status": "pending" if block.is_pending else "completed",
        "transaction_type": values.get("MINGUS.TYPE") or KINDS.get(values.get("TRNTYPE", ""), ""),
    }
    return exported_row(number, fields, currency)


def _iso(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}"


def _balance(section: Section, currency: str) -> Balances:
    ledger, day = (section.skeleton.findtext(f".//LEDGERBAL/{name}") or "" for name in ("BALAMT", "DTASOF"))
    return exported_balance(ledger, _iso(day) if day else None, currency)
