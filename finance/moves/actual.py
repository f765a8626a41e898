"""Exports of all accounts of Actual. A split has a row of its own, with the amount as Split_Amount, and rows of its parts.

The notes of both begin with the place: "(SPLIT INTO 2) …" and "(SPLIT 1 OF 2) …". The payee of a transfer is the name of the
other account.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, islice, product

from finance.moves.builder import Builder, Entry
from finance.moves.pairs import pair_transfers
from finance.moves.rows import Move, MovedAccount, MovedRow, MoveOptions
from finance.moves.table import CORRECT, Cells, Money, Table
from finance.statements.rows import BrokenCellError, RowError

FORMAT = "actual"
TITLES = frozenset({"account", "date", "payee", "notes", "category", "amount", "split amount"})
COLUMNS = {"date": "Date", "amount": "Amount", "currency": "Amount"}
STARTING_BALANCE = "Starting Balance"
# SECURITY: the time to find the parts of a transaction grows with both.
MAX_TRIES = 2_000
MAX_ON_A_DAY = 20
ALONE = "This is a part of a split transaction that is not in the file."
_Kind = tuple[datetime.date, int]  # the day, and the number of parts
_WHOLE = re.compile(r"\(SPLIT INTO (\d{1,3})\)\s*")
_PART = re.compile(r"\(SPLIT (\d{1,3}) OF (\d{1,3})\)\s*")


def read(table: Table, options: MoveOptions) -> Move:
    """Return the accounts of an export."""
    reader = _Reader(table, options)
    builder = reader.builder
    builder.read(table, reader.add)
    for name, splits in reader.splits.items():
        splits.add_to(builder, builder.accounts[name])
    return builder.move(FORMAT, pair_transfers(builder.accounts), has_currencies=False)


class _Reader:
    def __init__(self, table: Table, options: MoveOptions) -> None:
        self.builder, self._table, self._currency = Builder(COLUMNS), table, options.currency
        self._names = set(table.column("account"))
        self._dates, self._money = table.dates("date", options.date_order), Money(options.decimal or ".")
        self.splits: defaultdict[str, _Splits] = defaultdict(_Splits)

    def add(self, cells: Cells) -> None:
        """Add the transaction of a row, or remember a part or a transaction with parts."""
        account: MovedAccount | None = None
        try:
            account = self.builder.account(cells["account"], currency=self._currency, column="account")
            entry = self._entry(cells)
            if found := _WHOLE.match(entry.note):
                entry.note, entry.amount = entry.note[found.end() :], self._money.amount(cells, "split amount")
                self.splits[account.name].add_whole(entry, int(found[1]))
            elif found := _PART.match(entry.note):
                entry.note = entry.note[found.end() :]
                self.splits[account.name].add_part(entry, int(found[1]), int(found[2]))
            else:
                self.builder.add(account, entry)
        except BrokenCellError as broken:
            self.builder.refuse(account, self._table.error(cells.line, broken))

    def _entry(self, cells: Cells) -> Entry:
        payee = cells["payee"]
        is_account = payee in self._names and payee != cells["account"]
        return Entry(
            number=cells.line,
            day=cells.day("date", self._dates),
            amount=self._money.amount(cells, "amount"),
            currency=self._currency,
            description=payee if is_account else "",
            merchant_name="" if is_account else payee,
            payee="" if is_account else payee,
            category=cells["category"],
            note=cells["notes"],
            kind="transfer" if payee == STARTING_BALANCE else "",
            transfer_to=payee if is_account else "",
        )


class _Splits:
    """The split transactions of an account. Parts do not name theirs: Actual sorts the rows of a day by the places of parts.

    So the parts of one transaction are one of each place, preferably with its payee, that add up to its amount.
    """

    def __init__(self) -> None:
        self._wholes: defaultdict[_Kind, list[Entry]] = defaultdict(list)
        self._parts: defaultdict[_Kind, defaultdict[int, list[Entry]]] = defaultdict(lambda: defaultdict(list))

    def add_whole(self, entry: Entry, size: int) -> None:
        self._wholes[entry.day, size].append(entry)

    def add_part(self, entry: Entry, place: int, size: int) -> None:
        self._parts[entry.day, size][place].append(entry)

    def add_to(self, builder: Builder, account: MovedAccount) -> None:
        """Add all transactions with their parts, and the errors of those whose parts are not in the file."""
        for kind, wholes in self._wholes.items():
            places = [self._parts[kind][place] for place in range(1, kind[1] + 1)]
            for whole in wholes:
                found = _parts_of(whole, places)
                if found:
                    builder.add_split(account, whole, found)
                    for entries, part in zip(places, found, strict=True):
                        entries.remove(part)
                else:
                    message = f"No {kind[1]} parts of this day add up to {whole.amount}. {CORRECT}"
                    builder.refuse(account, RowError(whole.number, "Split_Amount", "other_sum", message))
        left = chain.from_iterable(entries for parts in self._parts.values() for entries in parts.values())
        for part in left:
            builder.refuse(account, RowError(part.number, "Notes", "incomplete_split", f"{ALONE} {CORRECT}"))
        account.rows.sort(key=_number)


def _parts_of(whole: Entry, places: Sequence[list[Entry]]) -> list[Entry]:
    """Return one entry of each place that add up to the whole; [] if there are none among the first combinations.

    [] also if the day has too many splits with as many parts.
    """
    if any(len(entries) > MAX_ON_A_DAY for entries in places):
        return []
    ordered = [sorted(entries, key=lambda part: part.payee != whole.payee) for entries in places]
    tries = islice(product(*ordered), MAX_TRIES) if places else ()
    return next((list(parts) for parts in tries if sum(part.amount for part in parts) == whole.amount), [])


def _number(row: MovedRow | RowError) -> int:
    return row.number if isinstance(row, RowError) else row.row.number
