"""What a statement is once it is read: rows, errors and balances in one shape, whatever the bank's dialect was."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

TransactionType = Literal["income", "expense", "transfer", "refund", "fee"]


class StatementRow(NamedTuple):
    """One transaction that satisfies every rule of `finance.statements.row_validation`.

    `number` is the line of the file (CSV, from 1) or the transaction's ordinal in its account (OFX, from 1). `amount` is
    signed as the account sees it, never zero, with exactly two decimals. Texts are clean; "" means that there is none.
    `date` is the day of the transaction, `posted_date` the day the bank booked it where the file tells them apart.
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


@dataclass(frozen=True, slots=True)
class RowError:
    """A transaction that cannot go in: where it is, which `field`, a stable `code` and a sentence for its owner."""

    number: int
    field: str
    code: str
    message: str


RowOrError: TypeAlias = StatementRow | RowError


class StatementError(Exception):
    """The file as a whole is no statement that can be imported; `code` for programs, `message` with the remedy."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BrokenCellError(Exception):
    """One value of a row breaks a rule. Stays inside this package, where it becomes the row's `RowError`."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code
        self.message = message

    def at(self, number: int) -> RowError:
        """The same complaint about row `number`."""
        return RowError(number, self.field, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Balances:
    """What the file itself says the account held before its first and after its last row; None where it does not say."""

    opening: Decimal | None
    closing: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account named in the file. `masked` shows at most the last four characters of its number."""

    masked: str
    kind: str
    currency: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is accepted: bytes as uploaded, and rows, broken ones included."""

    max_bytes: int = 64 * 1024 * 1024
    max_rows: int = 500_000


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement being read. `rows` is lazy, can be walked once, and may itself end in a `StatementError`.

    `accounts` lists the accounts the file names (OFX). `mapping` is the CSV mapping that was used, ready for JSON and
    for the `mapping` argument of the next call; empty for OFX.
    """

    format: str
    rows: Iterator[RowOrError]
    accounts: tuple[AccountInfo, ...]
    mapping: Mapping[str, str | int]
    read_balances: Callable[[], Balances]

    @property
    def balances(self) -> Balances:
        """Opening and closing balance; complete only after `rows` is exhausted, as a running balance is read with it."""
        return self.read_balances()
