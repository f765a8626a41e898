"""Reader of our own QIF exports (`finance.account_exports.qif`), which state the currency and the reference numbers."""

import re
from collections.abc import Iterator

from finance.statements.csv_records import physical_lines
from finance.statements.exported_rows import SCHEME, exported_row, incomplete
from finance.statements.exported_texts import unescaped
from finance.statements.qif_records import Option, read_records
from finance.statements.rows import AccountInfo, Balances, RowOrError, Statement
from finance.statements.source import DecodedFile

# The description of the account, which is the first line of its list.
DESCRIPTION = "MINGUS export 1, "
_BEGINNING = re.compile(rf"\ufeff?!Account\r?\nD{DESCRIPTION}([A-Z]{{3}})\r?\n(?:N([^\r\n]*)\r?\n)?(?:T([^\r\n]*)\r?\n)?")
LETTERS = {
    "D": "transaction_date",
    "T": "amount",
    "N": "reference_number",
    "P": "merchant_name",
    "M": "description",
    "L": "category",
}
CLEARED = "C"
_LINES_PER_RECORD = 4


class ExportedQifParser:
    """Recognizes the description of the account in our exports."""

    name = "qif"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` begins as our export does."""
        return _BEGINNING.match(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement; its rows are in the currency that the file states."""
        found = _BEGINNING.match(file.head)
        currency, name, kind = found.groups("") if found else (file.default_currency, "", "")
        return Statement(
            format=self.name,
            id_scheme=SCHEME,
            rows=_rows(file, currency),
            accounts=(AccountInfo(f"“{name}”", kind.upper(), currency),),
            mapping={},
            read_balances=lambda: Balances(None, None, currency),
        )


def _rows(file: DecodedFile, currency: str) -> Iterator[RowOrError]:
    with file.open_text() as text:
        for record in read_records(physical_lines(text, file.max_lines * _LINES_PER_RECORD)):
            if isinstance(record, Option):
                continue
            if not record.is_complete:
                yield incomplete(record.number)
                continue
            values = dict(record.lines)
            fields = {name: unescaped(values.get(letter, "")) for letter, name in LETTERS.items()}
            # a record that is not cleared is pending
            fields["status"] = "completed" if values.get(CLEARED) else "pending"
            yield exported_row(record.number, fields, currency)
