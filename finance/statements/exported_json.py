"""Reader of our own JSON exports of an account (`finance.account_exports.json_document`), streamed."""

import re
from collections.abc import Iterator
from itertools import chain, count

from finance.statements.exported_rows import SCHEME, exported_balance, exported_row
from finance.statements.json_members import members
from finance.statements.rows import Balances, RowError, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

FORMAT = "mingus.account"
VERSION = 1
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
        )


class _Document:
    """The members of a file, which are known when the rows are read."""

    def __init__(self, file: DecodedFile) -> None:
        self._file = file
        self._about: dict[str, object] = {}
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
                if name == "version" and value != VERSION:
                    message = f"The file has a version of its format other than {VERSION}. Import it with a newer MINGUS."
                    raise StatementError("unknown_version", message)

    def rows(self) -> Iterator[RowOrError]:
        numbers = count(1)
        for transaction in self._transactions:
            number = next(numbers)
            if isinstance(transaction, dict) and all(isinstance(value, str | None) for value in transaction.values()):
                fields = {name: value or "" for name, value in transaction.items()}
                yield exported_row(number, fields, self._file.default_currency)
            else:
                message = "A transaction must be an object whose values are texts, also its amount, or null."
                yield RowError(number, "row", "bad_transaction", message)

    def balances(self) -> Balances:
        """Return the closing balance of the file."""
        stated = self._about.get("balances")
        ledger, day = (stated.get("ledger"), stated.get("as_of")) if isinstance(stated, dict) else (None, None)
        currency = self._about.get("currency")
        return exported_balance(ledger, day, currency if isinstance(currency, str) else self._file.default_currency)
