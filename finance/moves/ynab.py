"""Register exports of YNAB: one row per transaction or part, with the dates and amounts of the user's settings.

A part has the memo "Split (1/2) …", and a transfer the payee "Transfer : " with the name of the other account. YNAB 4 writes
"(Split 1/2) …", and the group and the name of a category as Master Category and Sub Category.
"""

import re
from collections import Counter
from decimal import Decimal
from itertools import islice, product

from finance.moves.builder import Builder, Entry
from finance.moves.pairs import pair_transfers
from finance.moves.rows import CategoryPlan, Move, MovedAccount, MoveOptions
from finance.moves.table import CORRECT, SAMPLE, Cells, Table
from finance.statements.amounts import read_money
from finance.statements.row_validation import CATEGORY_LENGTH
from finance.statements.rows import BrokenCellError, RowError
from finance.statements.text import clean_text
from finance.statements.text_options import DECIMALS

FORMAT = "ynab"
TITLES = frozenset({"account", "flag", "date", "payee", "memo", "outflow", "inflow", "cleared"})
COLUMNS = {"date": "Date", "amount": "Outflow", "currency": "Outflow"}
STARTING_BALANCE = "Starting Balance"
_PART = re.compile(r"\(?Split \(?(\d{1,3})/(\d{1,3})\)\s*", re.IGNORECASE)


def read(table: Table, options: MoveOptions) -> Move:
    """Return the accounts of a register. The names of categories that several groups have begin with that of the group."""
    currency = _currency(table)
    reader = _Reader(table, options, currency or options.currency)
    builder = reader.builder
    builder.read(table, reader.add)
    reader.end_split()
    transfers = pair_transfers(builder.accounts)
    return builder.move(FORMAT, transfers, categories=reader.categories.plans, has_currencies=bool(currency))


class _Reader:
    """The state between rows: the parts of a split that is not complete yet."""

    def __init__(self, table: Table, options: MoveOptions, currency: str) -> None:
        self.builder, self._table = Builder(COLUMNS), table
        self.categories = _Categories(table)
        self._currency = currency
        self._dates = table.dates("date", options.date_order)
        self._money = table.amounts("outflow", "inflow", currency=currency, decimal=options.decimal)
        self._account: MovedAccount | None = None
        self._parts: dict[int, Entry] = {}
        self._expected = 0

    def add(self, cells: Cells) -> None:
        """Add the transaction of a row, or remember a part."""
        account: MovedAccount | None = None
        try:
            account = self.builder.account(cells["account"], currency=self._currency, column="account")
            entry = self._entry(cells)
        except BrokenCellError as broken:
            self.end_split()
            self.builder.refuse(account, self._table.error(cells.line, broken))
            return
        found = _PART.match(cells["memo"])
        if found is None or int(found[2]) == 0:
            self.end_split()
            self.builder.add(account, entry)
            return
        entry.note = cells["memo"][found.end() :]
        number, total = int(found[1]), int(found[2])
        if self._parts and not self._continues(account, entry, number, total):
            self.end_split()
        self._account, self._expected = account, total
        self._parts[number] = entry
        if len(self._parts) == total:
            self.end_split()

    def end_split(self) -> None:
        """Add the transaction of the parts that were read; if one is missing, their errors."""
        parts, account = self._parts, self._account
        self._parts = {}
        if account is None or not parts:
            return
        missing = next((number for number in range(1, self._expected + 1) if number not in parts), None)
        if missing is not None:
            message = f"Part {missing} of {self._expected} of this split transaction is missing. {CORRECT}"
            for entry in parts.values():
                self.builder.refuse(account, RowError(entry.number, "Memo", "incomplete_split", message))
            return
        entries = [parts[number] for number in sorted(parts)]
        self.builder.add_split(account, _whole(entries), entries)

    def _continues(self, account: MovedAccount, entry: Entry, number: int, total: int) -> bool:
        """Return True if a part belongs to the transaction whose parts were read last."""
        first = next(iter(self._parts.values()))
        is_new = number not in self._parts
        return is_new and account is self._account and total == self._expected and entry.day == first.day

    def _entry(self, cells: Cells) -> Entry:
        payee, flag = cells["payee"], cells["flag"]
        begin, _, account = payee.partition(":")
        transfer = account.strip() if begin.strip() == "Transfer" else ""
        is_moved = bool(transfer) or payee == STARTING_BALANCE
        amount = self._money.amount_or_zero(cells, "inflow") - self._money.amount_or_zero(cells, "outflow")
        return Entry(
            number=cells.line,
            day=cells.day("date", self._dates),
            amount=amount,
            currency=self._currency,
            description=payee if transfer else "",
            merchant_name="" if transfer else payee,
            payee="" if transfer else payee,
            category=self.categories.name(cells),
            note=cells["memo"],
            tags=(flag,) if flag else (),
            kind="transfer" if is_moved else "",
            transfer_to=transfer,
        )


class _Categories:
    """The categories of a register. The group is part of the name if several groups have a category of that name."""

    def __init__(self, table: Table) -> None:
        groups: dict[str, set[str]] = {}
        for row in table.rows():
            if isinstance(row, Cells) and (name := _category(row)):
                groups.setdefault(name, set()).add(_group(row))
        self._shared = {name for name, found in groups.items() if len(found) > 1}
        self.plans: dict[str, CategoryPlan] = {}

    def name(self, cells: Cells) -> str:
        """Return the name of a row's category, "" if it has none."""
        name, group = _category(cells), _group(cells)
        full = clean_text(f"{group}: {name}" if name in self._shared and group else name, CATEGORY_LENGTH)
        if full and full not in self.plans:
            self.plans[full] = CategoryPlan(parent=clean_text(group, CATEGORY_LENGTH))
        return full


def _category(cells: Cells) -> str:
    return cells["sub category"] or cells["category"]


def _group(cells: Cells) -> str:
    return cells["category group"] or cells["master category"]


def _whole(entries: list[Entry]) -> Entry:
    """Return the transaction of parts; YNAB exports neither its amount nor its own memo."""
    first = next((entry for entry in entries if not entry.transfer_to), entries[0])
    tags = list(dict.fromkeys(tag for entry in entries for tag in entry.tags))
    for entry in entries:
        entry.tags = ()
        if entry.payee and entry.payee != first.payee:
            entry.note = f"{entry.payee}: {entry.note}".rstrip(": ")
    return Entry(
        number=entries[0].number,
        day=first.day,
        amount=sum((entry.amount for entry in entries), Decimal(0)),
        currency=first.currency,
        merchant_name=first.payee,
        payee=first.payee,
        tags=tags,
    )


def _currency(table: Table) -> str:
    """Return the currency whose symbol most of the first amounts have, "" if there is none."""
    found = Counter[str]()
    cells = list(islice(table.column("outflow", "inflow"), SAMPLE))
    for cell, mark in product(cells, DECIMALS):
        try:
            found[read_money(cell, mark).currency] += 1
        except BrokenCellError:
            continue
    return found.most_common(1)[0][0] if found else ""
