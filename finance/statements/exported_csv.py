"""Reader of our own CSV exports of an account (`finance.account_exports.csv_table`)."""

import csv
import re
from collections.abc import Iterator

from core import csv_export
from finance.statements.csv_records import physical_lines
from finance.statements.csv_statement import CsvParser
from finance.statements.exported_rows import SCHEME, exported_row
from finance.statements.rows import Balances, RowError, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

TITLES = {
    "Date": "transaction_date",
    "Posted date": "posted_date",
    "Amount": "amount",
    "Currency": "currency",
    "Merchant": "merchant_name",
    "Description": "description",
    "Reference": "reference_number",
    "Status": "status",
    "Category": "category",
    "Type": "transaction_type",
}
# A spreadsheet that has saved the file has usually changed its dates. It is read as a bank's file then.
_BEGINNING = re.compile(rf"\ufeff?{','.join(TITLES)}\r?\n(?:\Z|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}},)")


class ExportedCsvParser:
    """Recognizes the titles of our exports, with dates in ISO 8601."""

    name = "csv"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` begins as our export does."""
        return _BEGINNING.match(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement, or what the user's mapping makes of the columns."""
        if file.source.mapping is not None:
            return CsvParser().parse(file)
        return Statement(
            format=self.name,
            id_scheme=SCHEME,
            rows=_rows(file),
            accounts=(),
            mapping={},
            read_balances=lambda: Balances(None, None, file.default_currency),
        )


def _rows(file: DecodedFile) -> Iterator[RowOrError]:
    with file.open_text() as text:
        records = csv.reader(physical_lines(text, file.max_lines), strict=True)
        try:
            next(records)
            number = records.line_num + 1
            for cells in records:
                if len(cells) == len(TITLES):
                    fields = dict(zip(TITLES.values(), map(csv_export.restored, cells), strict=True))
                    yield exported_row(number, fields, file.default_currency)
                elif cells:
                    message = f"The row has {len(cells)} cells instead of {len(TITLES)}. Export the account again."
                    yield RowError(number, "row", "wrong_width", message)
                number = records.line_num + 1
        except csv.Error as error:
            message = f"The row at line {number} can't be read: {error}. Export the account again."
            raise StatementError("bad_quotes", message) from None
