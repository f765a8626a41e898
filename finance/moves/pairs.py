"""Pairs of the two sides of transfers, which a file has as transactions of two accounts."""

import datetime
from collections import defaultdict, deque
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from finance.moves.rows import MovedAccount, MovedRow, Pair, Side


class _Key(NamedTuple):
    """The accounts, the day and the amount, which both sides of a transfer have in common."""

    paying: str
    receiving: str
    day: datetime.date
    amount: Decimal


def pair_transfers(accounts: Mapping[str, MovedAccount]) -> list[Pair]:
    """Return the transfers whose sides name each other's account, day and amount; equal ones in the order of the file.

    Their rows get the type `transfer`. Rows without an other side stay as they are.
    """
    waiting: defaultdict[_Key, deque[int]] = defaultdict(deque)
    for account in accounts.values():
        for index, row in enumerate(account.rows):
            if isinstance(row, MovedRow) and row.transfer_to in accounts and row.row.amount > 0:
                waiting[_Key(row.transfer_to, account.name, row.row.date, row.row.amount)].append(index)
    pairs = []
    for account in accounts.values():
        for index, row in enumerate(account.rows):
            if not isinstance(row, MovedRow) or row.transfer_to not in accounts:
                continue
            others = waiting.get(_Key(account.name, row.transfer_to, row.row.date, -row.row.amount))
            if others:
                other = accounts[row.transfer_to]
                outgoing, incoming = _mark(account, index), _mark(other, others.popleft())
                pairs.append(Pair(Side(account.name, outgoing), Side(other.name, incoming)))
    return pairs


def _mark(account: MovedAccount, index: int) -> int:
    """Give a row the type of a transfer, and return its number."""
    row = account.rows[index]
    if isinstance(row, MovedRow):
        account.rows[index] = row._replace(row=row.row._replace(transaction_type="transfer"))
        return row.row.number
    return row.number
