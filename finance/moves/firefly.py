"""Transaction exports of Firefly III: a row is a journal between two accounts, the journals of a group are a split.

The sign of an amount depends on the type, so that only its size is used: it leaves the source and enters the destination. The
destination of a transfer gets the foreign amount, if there is one. An account is the person's own by its type.
"""

import re
from collections import defaultdict
from decimal import Decimal

from finance.moves.builder import Builder, Entry
from finance.moves.rows import Move, MovedAccount, MoveOptions, Pair, Side
from finance.moves.table import CORRECT, Cells, Money, Table
from finance.statements.dates import DateReader
from finance.statements.row_validation import checked_currency
from finance.statements.rows import BrokenCellError
from finance.statements.text import plain_key

FORMAT = "firefly"
TITLES = frozenset(
    {
        *("journal id", "type", "amount", "currency code", "description", "date"),
        *("source name", "source type", "destination name", "destination type"),
    }
)
COLUMNS = {"date": "date", "amount": "amount", "currency": "currency_code", "provider_id": "journal_id"}
OWN_TYPES = {
    "asset account": "", "default account": "", "credit card": "credit", "debt": "loan", "loan": "loan", "mortgage": "mortgage",
}  # fmt: skip
NO_SPENDING = frozenset({"opening balance", "liability credit", "reconciliation", "transfer"})
NO_DESCRIPTION = "(empty description)"


class _Reader:
    def __init__(self, table: Table, options: MoveOptions) -> None:
        self.builder, self._table, self._options = Builder(COLUMNS), table, options
        self._dates: DateReader = table.dates("date", options.date_order)
        self._money = Money(options.decimal or ".")
        self.transfers: list[Pair] = []
        self._groups: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._titles: dict[str, str] = {}

    def add(self, cells: Cells) -> None:
        """Add the transactions of a journal, or remember it as a part of a split."""
        source = destination = None
        try:
            source = self._own(cells, "source")
            destination = self._own(cells, "destination")
            if source is None and destination is None:
                message = f"Neither account is an asset or a liability of yours, by source_type and destination_type. {CORRECT}"
                raise BrokenCellError("source type", "no_own_account", message)
            if source is not None and destination is not None:
                self._add_transfer(cells, source, destination)
            elif source is not None:
                self._add_part(cells, source, -1)
            elif destination is not None:
                self._add_part(cells, destination, 1)
        except BrokenCellError as broken:
            self.builder.refuse(source or destination, self._table.error(cells.line, broken))

    def end(self) -> None:
        """Add the transactions of the groups."""
        for (name, group), entries in self._groups.items():
            account = self.builder.accounts[name]
            first = entries[0]
            if len(entries) == 1 or any(entry.currency != first.currency for entry in entries):
                for entry in entries:
                    self.builder.add(account, entry)
                continue
            whole = Entry(
                number=first.number,
                day=first.day,
                amount=sum((entry.amount for entry in entries), Decimal(0)),
                currency=first.currency,
                description=self._titles.get(group) or first.description,
                merchant_name=first.merchant_name,
                payee=first.payee,
                tags=list(dict.fromkeys(tag for entry in entries for tag in entry.tags)),
                provider_id=first.provider_id,
            )
            for entry in entries:
                other_party = entry.payee if entry.payee != first.payee else ""
                entry.note = "\n".join(filter(None, (other_party, entry.description, entry.note)))
                entry.tags = ()
            self.builder.add_split(account, whole, entries)

    def _own(self, cells: Cells, side: str) -> MovedAccount | None:
        """Return the account of a side if it is the person's own; its currency is that of its first transaction."""
        kind = OWN_TYPES.get(plain_key(cells[f"{side} type"]))
        if kind is None:
            return None
        account = self.builder.account(
            cells[f"{side} name"], currency=self._currency_of(cells, side), column=f"{side} name", profile_type=kind
        )
        account.number = account.number or re.sub(r"[\s-]", "", cells[f"{side} iban"])
        return account

    def _currency_of(self, cells: Cells, side: str) -> str:
        """Return the currency in which a side moves money; raise BrokenCellError if it is none."""
        is_between = all(plain_key(cells[f"{each} type"]) in OWN_TYPES for each in ("source", "destination"))
        is_foreign = is_between and side == "destination" and bool(cells["foreign amount"])
        column = "foreign currency code" if is_foreign and cells["foreign currency code"] else "currency code"
        try:
            return checked_currency(cells[column] or self._options.currency)
        except BrokenCellError as broken:
            raise BrokenCellError(column, broken.code, f"{broken.message} {CORRECT}") from None

    def _add_transfer(self, cells: Cells, source: MovedAccount, destination: MovedAccount) -> None:
        if source is destination:
            message = f"The source and the destination are the same account. {CORRECT}"
            raise BrokenCellError("destination name", "same_account", message)
        sent, received = self._amounts(cells)
        code = cells["currency code"]
        foreign = cells["foreign currency code"] if cells["foreign amount"] else ""
        self.builder.add(source, self._entry(cells, -sent, code, transfer_to=destination.name))
        self.builder.add(destination, self._entry(cells, received, foreign or code, transfer_to=source.name))
        self.transfers.append(Pair(Side(source.name, cells.line), Side(destination.name, cells.line)))

    def _add_part(self, cells: Cells, account: MovedAccount, sign: int) -> None:
        """Remember a payment to another party (`sign` is -1) or from it (1)."""
        amount = abs(self._money.amount(cells, "amount"))
        entry = self._entry(cells, amount * sign, cells["currency code"])
        if not entry.kind:
            entry.payee = entry.merchant_name = cells["destination name" if sign < 0 else "source name"]
        group = cells["group id"] or cells["journal id"]
        self._groups[account.name, group].append(entry)
        self._titles.setdefault(group, cells["group title"])

    def _amounts(self, cells: Cells) -> tuple[Decimal, Decimal]:
        sent = abs(self._money.amount(cells, "amount"))
        return sent, abs(self._money.amount(cells, "foreign amount")) if cells["foreign amount"] else sent

    def _entry(self, cells: Cells, amount: Decimal, currency: str, *, transfer_to: str = "") -> Entry:
        is_neutral = bool(transfer_to) or plain_key(cells["type"]) in NO_SPENDING
        return Entry(
            number=cells.line,
            day=cells.day("date", self._dates),
            amount=amount,
            currency=currency or self._options.currency,
            description="" if cells["description"] == NO_DESCRIPTION else cells["description"],
            category=cells["category"],
            note=cells["notes"],
            tags=cells["tags"].split(","),
            kind="transfer" if is_neutral else "",
            provider_id=cells["journal id"],
            transfer_to=transfer_to,
        )


def read(table: Table, options: MoveOptions) -> Move:
    """Return the person's own accounts, and their transactions with others and among each other."""
    reader = _Reader(table, options)
    reader.builder.read(table, reader.add)
    reader.end()
    return reader.builder.move(FORMAT, reader.transfers)
