"""Parser of CSV statements. The first pass determines the layout, the second one streams the rows in constant memory."""

from collections.abc import Iterator

from finance.statements.csv_balance import RunningBalance
from finance.statements.csv_layout import CsvLayout, discover, table_lines
from finance.statements.csv_mapping import DELIMITERS
from finance.statements.csv_money import MoneyCells
from finance.statements.csv_records import read_records
from finance.statements.csv_rows import RowReader
from finance.statements.rows import RowError, RowOrError, Statement, StatementRow
from finance.statements.source import DecodedFile


class CsvParser:
    """Recognizes any text with a delimiter as CSV, so it must be the last parser to try."""

    name = "csv"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` contains a delimiter; `parse` checks that there is a table."""
        return any(delimiter in head for delimiter in DELIMITERS)

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement in `file`; raise StatementError if columns, dates or amounts are ambiguous."""
        layout = discover(file)
        running = RunningBalance(layout.currency)
        return Statement(
            format=self.name,
            rows=_rows(file, layout, running),
            accounts=layout.accounts,
            mapping=layout.as_mapping(),
            read_balances=running.balances,
            read_warnings=lambda: layout.warnings,
            unused_columns=layout.unused,
            first_rows=layout.first_rows,
        )


def _rows(file: DecodedFile, layout: CsvLayout, running: RunningBalance) -> Iterator[RowOrError]:
    reader = RowReader(layout)
    money = MoneyCells(layout) if "balance" in layout.columns else None
    with file.open_text() as text:
        lines = table_lines(file, text, layout.first_line)
        for record in read_records(lines, layout.delimiter, first=layout.first_line, widths=layout.widths):
            if isinstance(record, RowError):
                yield record
                continue
            number, cells = record
            row = reader.read(number, cells)
            if isinstance(row, StatementRow):
                running.add(row, None if money is None else money.balance(cells))
            if row is not None:
                yield row
