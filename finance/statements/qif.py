"""Parser of QIF (Quicken Interchange Format), which has neither ids nor a currency."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from finance.statements.account_choice import AccountKey, Wanted, choose, plain_number
from finance.statements.csv_records import physical_lines
from finance.statements.file_amounts import AmountReader
from finance.statements.ofx_securities import list_counts, warn_of_left_out
from finance.statements.qif_dates import QifDates
from finance.statements.qif_records import INVESTMENTS, Option, Record, read_records
from finance.statements.qif_rows import read_opening, read_record
from finance.statements.row_validation import checked_balance
from finance.statements.rows import AccountInfo, Balances, RowOrError, Statement, StatementError
from finance.statements.source import DecodedFile

_SIGN = re.compile(r"! ?(?:Type|Account|Option|Clear)\b", re.IGNORECASE).match
# The beginnings of the actions of investments.
_ACTIONS = {
    "buy": "purchase", "cvrshrt": "purchase", "sell": "sale", "shtsell": "sale", "div": "dividend",
    "intinc": "interest payment", "cglong": "capital gain", "cgshort": "capital gain", "cgmid": "capital gain",
    "reinv": "reinvestment", "shrsin": "transfer of securities", "shrsout": "transfer of securities",
    "stksplit": "stock split", "rtrncap": "return of capital", "margint": "margin interest charge",
    "miscexp": "investment expense", "miscinc": "income payment",
}  # fmt: skip
# A row of CSV has one line.
_LINES_PER_RECORD = 4
_OTHER_ACTION = "investment transaction"


@dataclass(frozen=True, slots=True)
class QifAccount:
    """An account of the file; `name` is "" if the file does not name it."""

    name: str
    key: AccountKey
    info: AccountInfo


class QifParser:
    """Recognizes the header of a section."""

    name = "qif"

    def recognizes(self, head: str) -> bool:
        """Return True if `head` begins with the header of a section, an account or an option, also after comments."""
        lines = (line.strip("\ufeff \t") for line in head.splitlines())
        return _SIGN(next((line for line in lines if line and not line.startswith("#")), "")) is not None

    def parse(self, file: DecodedFile) -> Statement:
        """Return the selected account's records; raise StatementError if it or the order of the dates is ambiguous."""
        source = file.source
        dates = QifDates(source.date_order)
        accounts, left_out = _survey(file, dates)
        if not accounts:
            raise _nothing_to_import(left_out)
        dates.settle()
        account = choose(accounts, Wanted(source.account_hint, source.account_type, file.default_currency))
        reader = _Rows(file, account, dates)
        return Statement(
            format=self.name,
            rows=reader.read(),
            accounts=tuple(each.info for each in accounts),
            mapping={},
            read_balances=reader.balances,
            read_warnings=lambda: warn_of_left_out(left_out),
        )


def _records(file: DecodedFile) -> Iterator[Record | Option]:
    with file.open_text() as text:
        yield from read_records(physical_lines(text, file.max_lines * _LINES_PER_RECORD))


def _survey(file: DecodedFile, dates: QifDates) -> tuple[list[QifAccount], Counter[str]]:
    """Return the accounts with transactions, and how many investments of each kind there are; collect the dates."""
    accounts: dict[tuple[str, str], QifAccount] = {}
    left_out: Counter[str] = Counter()
    for record in _records(file):
        if isinstance(record, Option):
            dates.option = record.name if record.name in ("mdy", "dmy") else dates.option
        elif record.section in INVESTMENTS:
            left_out[_kind_of_investment(record.first("N"))] += 1
        else:
            dates.add(record.first("D"))
            place = (record.account, record.kind)
            if place not in accounts:
                accounts[place] = _account(record)
    return list(accounts.values()), left_out


def _account(record: Record) -> QifAccount:
    key = AccountKey(plain_number(record.account), record.kind)
    return QifAccount(record.account, key, AccountInfo(f"“{record.account}”" if record.account else "••••", record.kind, ""))


def _kind_of_investment(action: str) -> str:
    word = action.strip().lower()
    return next((kind for beginning, kind in _ACTIONS.items() if word.startswith(beginning)), _OTHER_ACTION)


def _nothing_to_import(left_out: Counter[str]) -> StatementError:
    if left_out:
        message = f"The file contains only investments ({list_counts(left_out)}) and no cash transactions to import."
        return StatementError("only_securities", f"{message} Export the cash account.")
    return StatementError("no_statement", "The QIF file contains no transactions. Export the transactions of an account.")


class _Rows:
    """Reads the records of one account."""

    def __init__(self, file: DecodedFile, account: QifAccount, dates: QifDates) -> None:
        self._file = file
        self._account = account
        self._dates = dates
        self._currency = file.default_currency
        self._opening: Decimal | None = None
        self._amounts = AmountReader(self._cells(_amounts_of), tuple, self._currency, file.source.decimal)

    def _records(self) -> Iterator[Record]:
        for record in _records(self._file):
            if isinstance(record, Option) or record.section in INVESTMENTS:
                continue
            if (record.account, record.kind) == (self._account.name, self._account.key.kind):
                yield record

    def _cells(self, cells_of: Callable[[Record], list[str]]) -> Callable[[], Iterator[str]]:
        return lambda: (cell for record in self._records() for cell in cells_of(record))

    def read(self) -> Iterator[RowOrError]:
        """Yield the rows; the record of the opening balance is none."""
        is_first = True
        for record in self._records():
            opening = read_opening(record, self._amounts) if is_first else None
            is_first = False
            if opening is None:
                yield read_record(record, self._dates, self._amounts, self._currency)
            else:
                self._opening = checked_balance(opening, self._currency)

    def balances(self) -> Balances:
        """Return the opening balance, with which Quicken begins an account; QIF has no closing balance."""
        return Balances(self._opening, None, self._currency)


def _amounts_of(record: Record) -> list[str]:
    return [value for letter, value in record.lines if letter in ("T", "U", "$")]
