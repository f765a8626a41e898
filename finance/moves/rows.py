"""Data types of a file with several accounts: accounts, transactions with parts, and the transfers between the accounts."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from finance.statements.additions import MovedPart, MovedRow
from finance.statements.rows import RowError, StatementWarning

__all__ = ["MovedPart", "MovedRow"]


@dataclass(slots=True)
class MovedAccount:
    """An account of the file with its rows. `name` is unique in the file.

    `number` is the whole account number if the file has it, else "". `balance` is None if the file does not state one and may
    not contain all transactions.
    """

    name: str
    currency: str
    profile_type: str
    number: str = ""
    institution_name: str = ""
    balance: Decimal | None = None
    balance_date: datetime.date | None = None
    rows: list[MovedRow | RowError] = field(default_factory=list)

    def moved(self) -> list[MovedRow]:
        """Return the valid rows."""
        return [row for row in self.rows if isinstance(row, MovedRow)]


class Side(NamedTuple):
    """A transaction by its account and its number in the file."""

    account: str
    number: int


class Pair(NamedTuple):
    """A transfer that the file states: the transaction that leaves an account, and the one that enters another."""

    outgoing: Side
    incoming: Side


class CategoryPlan(NamedTuple):
    """The kind of a category and the name of its parent; "" if the file does not say it."""

    kind: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A file that was read. `errors` belong to no account; those of accounts are among their rows.

    `has_currencies` is false if the file does not say in which currency its amounts are. `is_whole` is true if it has all
    transactions of its accounts, so that their sum is the balance. `id_scheme` is the kind of the ids.
    """

    format: str
    accounts: Mapping[str, MovedAccount]
    transfers: list[Pair]
    errors: list[RowError]
    warnings: list[StatementWarning]
    categories: Mapping[str, CategoryPlan] = field(default_factory=dict)
    has_currencies: bool = True
    is_whole: bool = True
    id_scheme: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOptions:
    """The person's statements about the file. `currency` is for amounts without one; `date_order` and `decimal` may be ""."""

    currency: str
    date_order: str = ""
    decimal: str = ""
