"""Transaction exports of Mint, whose amounts have no sign: the type of a transaction is debit or credit."""

from finance.moves.builder import Builder, Entry
from finance.moves.rows import Move, MovedAccount, MoveOptions
from finance.moves.table import CORRECT, Cells, Money, Table
from finance.statements.dates import DateReader
from finance.statements.rows import BrokenCellError
from finance.statements.text import clean_text

FORMAT = "mint"
TITLES = frozenset(
    {"date", "description", "original description", "amount", "transaction type", "category", "account name", "labels", "notes"}
)
COLUMNS = {"date": "Date", "amount": "Amount", "currency": "Amount"}
SIGNS = {"debit": -1, "credit": 1}
TRANSFERS = frozenset({"transfer", "credit card payment", "transfer for cash spending"})
NO_CATEGORY = "uncategorized"


def read(table: Table, options: MoveOptions) -> Move:
    """Return the accounts of an export. Mint does not say which transactions are the two sides of a transfer."""
    builder = Builder(COLUMNS)
    dates = table.dates("date", options.date_order, usual="month_first")
    money = table.amounts("amount", currency=options.currency, decimal=options.decimal)

    def add(cells: Cells) -> None:
        account: MovedAccount | None = None
        try:
            account = builder.account(cells["account name"], currency=options.currency, column="account name")
            builder.add(account, _entry(cells, dates, money, options.currency))
        except BrokenCellError as broken:
            builder.refuse(account, table.error(cells.line, broken))

    builder.read(table, add)
    return builder.move(FORMAT, [], has_currencies=False, is_whole=False)


def _entry(cells: Cells, dates: DateReader, money: Money, currency: str) -> Entry:
    sign = SIGNS.get(cells["transaction type"].lower())
    if sign is None:
        shown = clean_text(cells["transaction type"], 40)
        raise BrokenCellError("transaction type", "unknown_type", f"“{shown}” is neither debit nor credit. {CORRECT}")
    category = cells["category"]
    return Entry(
        number=cells.line,
        day=cells.day("date", dates),
        amount=money.amount(cells, "amount") * sign,
        currency=currency,
        description=cells["original description"],
        payee=cells["description"],
        category="" if category.lower() == NO_CATEGORY else category,
        note=cells["notes"],
        tags=cells["labels"].split(),
        kind="transfer" if category.lower() in TRANSFERS else "",
    )
