"""Reader of our own JSON exports of an account (`finance.account_exports.json_document`), streamed."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain, count

from finance.statements.additions import MovedRow, with_additions
from finance.statements.exported_rows import SCHEME, exported_balance, exported_row
from finance.statements.json_members import members
from finance.statements.rows import Balances, BrokenCellError, RowError, RowOrError, Statement, StatementError, StatementRow
from finance.statements.source import DecodedFile

FORMAT = "mingus.account"
VERSION = 2
READABLE = (1, VERSION)  # version 1 had no payees, notes, tags and splits
ADDED = ("payee", "note", "tags", "splits")
ROWS = "transactions"
_NAMES_FORMAT = re.compile(rf'"format"\s{{0,20}}:\s{{0,20}}"{FORMAT}"')


class ExportedJsonParser:
    """Recognizes a JSON object with our name of the format, which other tools may have indented or sorted."""

    name = "json"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` begins an object with the member `format` of our exports."""
        return head.lstrip("\ufeff \t\r\n").startswith("{") and _NAMES_FORMAT.search(head) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the statement; raise StatementError if it is of a newer version."""
        document = _Document(file)
        return Statement(
            format=self.name,
            id_scheme=SCHEME,
            rows=document.rows(),
            accounts=(),
            mapping={},
            read_balances=document.balances,
            added=document.added,
        )


class _Document:
    """The members of a file, which are known when the rows are read."""

    def __init__(self, file: DecodedFile) -> None:
        self._file = file
        self._about: dict[str, object] = {}
        self.added: dict[int, MovedRow] = {}
        self._members = self._read()
        first = next(self._members, None)
        self._transactions = chain([] if first is None else [first], self._members)

    def _read(self) -> Iterator[object]:
        """Yield the transactions, and store the other members."""
        with self._file.open_text() as text:
            for name, value in members(text, ROWS):
                if name == ROWS:
                    yield value
                    continue
                self._about[name] = value
                if name == "version" and value not in READABLE:
                    message = f"The file has a version of its format after {VERSION}. Import it with a newer MINGUS."
                    raise StatementError("unknown_version", message)

    def rows(self) -> Iterator[RowOrError]:
        """Yield the rows, and store what a person has added to them."""
        numbers = count(1)
        for transaction in self._transactions:
            number = next(numbers)
            values = transaction if isinstance(transaction, dict) else {}
            plain = {name: value for name, value in values.items() if name not in ADDED}
            parts = values.get("splits") or []
            is_valid = isinstance(parts, list) and all(isinstance(part, dict) for part in parts)
            if not plain or not is_valid or not all(isinstance(value, str | None) for value in plain.values()):
                message = "A transaction must be an object whose values are texts, also its amount, or null."
                yield RowError(number, "row", "bad_transaction", message)
                continue
            row = exported_row(number, {name: value or "" for name, value in plain.items()}, self._file.default_currency)
            if isinstance(row, StatementRow) and any(values.get(name) for name in ADDED):
                yield self._with_additions(row, values, parts)
            else:
                yield row

    def _with_additions(self, row: StatementRow, values: Mapping[str, object], parts: list[dict[str, object]]) -> RowOrError:
        try:
            moved = self.added[row.number] = with_additions(row, values, parts)
        except BrokenCellError as broken:
            return broken.at(row.number)
        return moved.row

    def balances(self) -> Balances:
        """Return the closing balance of the file."""
        stated = self._about.get("balances")
        ledger, day = (stated.get("ledger"), stated.get("as_of")) if isinstance(stated, dict) else (None, None)
        currency = self._about.get("currency")
        return exported_balance(ledger, day, currency if isinstance(currency, str) else self._file.default_currency)
