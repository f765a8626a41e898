"""Format-independent data types of parsed statements: rows, errors, balances and accounts."""

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeAlias

from finance.statements.stated_rates import StatedRate

# The column or columns of a field by title or number from 0, None if there is none, or an option.
MappingValue: TypeAlias = str | int | list[str | int] | None
TransactionType = Literal["income", "expense", "transfer", "refund", "fee"]


class Correction(NamedTuple):
    """A bank's correction (OFX 2.3, 11.4.4.1): this row replaces the earlier transaction `provider_id`, or deletes it."""

    action: Literal["replace", "delete"]
    provider_id: str


class StatementRow(NamedTuple):
    """A transaction that complies with all rules of `finance.statements.row_validation`.

    - `number` is the line of the file (CSV, MT940, QIF) or the position in the account's statements (OFX, CAMT), from 1.
    - `amount` has exactly its currency's decimals and is negative for money that leaves the account. It is zero only if
      `correction` deletes an earlier transaction.
    - Texts are cleaned; "" means that there is none.
    - `date` is the day of the transaction, `posted_date` the day of booking if the file has both.
    - `correction` is None unless the bank corrects an earlier transaction.
    - `kind` is what the bank calls the row, from which `transaction_type` is derived with the sign; "" if it says nothing.
    """

    number: int
    date: datetime.date
    amount: Decimal
    currency: str
    description: str
    merchant_name: str
    provider_id: str
    posted_date: datetime.date | None
    is_pending: bool
    transaction_type: TransactionType
    category: str
    correction: Correction | None = None
    kind: str = ""


@dataclass(frozen=True, slots=True)
class RowError:
    """A transaction that can't be imported: its `number`, the invalid `field`, a stable `code` and a message for the user."""

    number: int
    field: str
    code: str
    message: str


RowOrError: TypeAlias = StatementRow | RowError


class StatementError(Exception):
    """Raised if a file can't be imported. `code` is stable; `message` tells the user what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BrokenCellError(Exception):
    """Raised for an invalid value of a row; internal to this package, which converts it to a `RowError`."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message

    def at(self, number: int) -> RowError:
        return RowError(number, self.field, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Balances:
    """The account balances before the first and after the last row as stated in the file; None if not stated.

    `closing_date` is the day of the closing balance, None if it is not stated, as in a table.
    `steps` counts the changes of a running balance that equal the amount of their row, `opposite_steps` those that equal it
    with the opposite sign. With `has_accounts_sign`, a debt is known to be below 0. With `is_circular`, the opening balance was
    computed from the closing one, so it proves nothing.
    """

    opening: Decimal | None
    closing: Decimal | None
    currency: str
    steps: int = 0
    opposite_steps: int = 0
    is_circular: bool = False
    has_accounts_sign: bool = False
    closing_date: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account named in the file. `masked` contains at most the last four characters of its number."""

    masked: str
    kind: str
    currency: str


@dataclass(frozen=True, slots=True)
class StatementWarning:
    """A problem that does not stop an import. `code` is stable; `message` tells the user what to check or do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum size of a file in bytes, and maximum number of rows including invalid ones."""

    max_bytes: int = 64 * 1024 * 1024
    max_rows: int = 500_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement being read. `rows` is lazy, can be iterated once, and may raise StatementError at any row.

    `accounts` lists the accounts that the file names. `mapping` is the mapping of a table that was used. It can be serialized
    as JSON and used as the `mapping` of another import; other formats have none. `unused_columns` are the titles of the columns
    that the mapping does not use, and `first_rows` the cells of the first rows, for a screen to confirm the columns. `signs`
    counts the rows by their `kind` and by whether the amount in the file is positive, complete like `balances`, and so are the
    exchange `rates` beside the rows. `id_scheme` is the kind of the bank's ids, by default that of the format: only ids of one
    kind can be compared. `added` has what a person has added to rows of our own export, by their numbers (`MovedRow`), complete
    like `balances`.
    """

    format: str
    rows: Iterator[RowOrError]
    accounts: tuple[AccountInfo, ...]
    mapping: Mapping[str, MappingValue]
    read_balances: Callable[[], Balances]
    read_warnings: Callable[[], Sequence[StatementWarning]] = tuple
    rates: Iterable[StatedRate] = ()
    unused_columns: tuple[str, ...] = ()
    first_rows: tuple[tuple[str, ...], ...] = ()
    signs: Counter[tuple[str, bool]] = field(default_factory=Counter)
    id_scheme: str = ""
    added: Mapping[int, Any] = field(default_factory=dict)

    @property
    def warnings(self) -> Sequence[StatementWarning]:
        """Problems that the parser noticed, complete only after `rows` is exhausted."""
        return self.read_warnings()

    @property
    def balances(self) -> Balances:
        """Opening and closing balance, complete only after `rows` is exhausted because they may depend on all rows."""
        return self.read_balances()
