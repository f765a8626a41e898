"""Reader of our own export of all data: its accounts with categories, tags, notes, splits and transfers.

`POST /api/v1/users/me/import/` restores all data into an empty account. A move adds the money to what is there already.
"""

import datetime
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from core.errors import DomainError
from core.models.base import BaseModel
from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, TransactionSplit, Transfer
from finance.models.accounts import AccountType
from finance.models.categories import MAX_CATEGORY_LENGTH, CategoryKind
from finance.models.transactions import NEVER_COUNTED
from finance.models.transfers import TransferStatus
from finance.moves.builder import ACCOUNT_LENGTH, MAX_ACCOUNTS
from finance.moves.rows import CategoryPlan, Move, MovedAccount, Pair, Side
from finance.statements.additions import with_additions
from finance.statements.exported_rows import SCHEME, exported_balance, exported_row, storable
from finance.statements.row_validation import checked_currency
from finance.statements.rows import BrokenCellError, Limits, RowError, StatementError, StatementWarning
from users.privacy.archive import name_of
from users.privacy.export_reader import ExportReader

FORMAT = "mingus"
ZIP = b"PK\x03\x04"
HIGHEST_ID = 2**31 - 1
NO_EXPORT = "This ZIP file is no export of MINGUS. Unpack the export of another app, and send its CSV file."
CHANGED = "The export was changed. Send it as it was downloaded."
_REFERENCE = re.compile(r"@\w+/(\d{1,10})")
Row = dict[str, Any]


def is_archive(file: BinaryIO) -> bool:
    """Return True if `file` is a ZIP; its position changes."""
    file.seek(0)
    return file.read(len(ZIP)) == ZIP


def read_archive(file: BinaryIO, *, limits: Limits, on_progress: Callable[[int], None]) -> Move:
    """Return the accounts in an export. Raise StatementError or DomainError if it is not unchanged, or too large."""
    size = file.seek(0, 2)
    if size > limits.max_bytes:
        message = f"The file has {size:,} bytes; at most {limits.max_bytes:,} are accepted. Restore it into an empty account."
        raise StatementError("too_large", message)
    try:
        export = ExportReader(file, on_progress=on_progress)
    except DomainError as error:
        raise StatementError("unknown_app" if error.code != "too_large" else "too_large", NO_EXPORT) from error
    export.check_contents()
    return _Archive(export, limits).move()


class _Archive:
    """The rows of an export by their numbers, which its other rows refer to."""

    def __init__(self, export: ExportReader, limits: Limits) -> None:
        self._export, self._limits = export, limits
        self._categories = {_number(row): row for row in self._rows(Category)}
        self._names = {_text(row, "slug"): _name(row) for row in self._categories.values()}
        self._accounts: dict[int, MovedAccount] = {}
        self._places: dict[int, Side] = {}
        self._errors: list[RowError] = []
        self._left_out = 0

    def move(self) -> Move:
        """Return the accounts, with the balance that each has after its last booked transaction."""
        for row in self._rows(EncryptedFinancialProfile):
            self._add_account(row)
        parts = self._parts()
        for count, row in enumerate(self._rows(FinancialTransaction), 1):
            if count > self._limits.max_rows:
                message = f"The export has more than {self._limits.max_rows:,} transactions. Restore it into an empty account."
                raise StatementError("too_many_rows", message)
            self._add_transaction(row, parts.get(_number(row), []))
        for account in self._accounts.values():
            _add_later_rows(account)
        accounts = {account.name: account for account in self._accounts.values()}
        return Move(
            format=FORMAT,
            accounts=accounts,
            transfers=list(self._transfers()),
            errors=self._errors,
            warnings=self._warnings(),
            categories={_name(row): self._plan(row) for row in self._categories.values()},
            is_whole=False,
            id_scheme=SCHEME,
        )

    def _rows(self, model: type[BaseModel]) -> Iterator[Row]:
        seen = set[int]()
        for batch in self._export.batches(model):
            for line, row in batch:
                number = row.get("id")
                if type(number) is not int or not 0 < number <= HIGHEST_ID or number in seen:
                    message = f"{name_of(model)}, line {line}: the id is no number, or that of another row. {CHANGED}"
                    raise StatementError("changed", message)
                seen.add(number)
                yield row

    def _add_account(self, row: Row) -> None:
        if len(self._accounts) == MAX_ACCOUNTS:
            message = f"The export has more than {MAX_ACCOUNTS} accounts. Restore it into an empty account."
            raise StatementError("too_many_accounts", message)
        name, taken = _text(row, "profile_name"), {account.name for account in self._accounts.values()}
        kind, currency = _text(row, "profile_type"), _text(row, "currency")
        try:
            checked_currency(currency)
        except BrokenCellError as broken:
            raise StatementError("changed", f"{broken.message} {CHANGED}") from None
        if not name.strip() or len(name) > ACCOUNT_LENGTH or kind not in AccountType.values:
            raise StatementError("changed", f"An account has no name, a long one, or an unknown type. {CHANGED}")
        balance = exported_balance(row.get("account_balance"), row.get("balance_date"), currency)
        self._accounts[_number(row)] = MovedAccount(
            name=next(each for each in _variants(name) if each not in taken),
            currency=currency,
            profile_type=kind,
            number=_text(row, "account_number"),
            institution_name=_text(row, "institution_name")[:255],
            balance=balance.closing,
            balance_date=balance.closing_date,
        )

    def _add_transaction(self, row: Row, parts: list[Row]) -> None:
        number, account = _number(row), self._accounts.get(_referenced(row, "financial_profile_id"))
        if account is None:
            message = "The transaction is on no account. Give it one before the export, or restore the export."
            self._errors.append(RowError(number, "financial_profile_id", "missing_account", message))
            return
        if row.get("status") in NEVER_COUNTED:
            self._left_out += 1
            return
        texts = {name: value for name, value in row.items() if isinstance(value, str)}
        slug = texts.get("category", "")
        line = exported_row(number, texts | {"category": self._names.get(slug, slug)}, account.currency)
        if isinstance(line, RowError):
            account.rows.append(line)
            return
        try:
            ordered = sorted(parts, key=_place)
            named = [part | {"category": self._names.get(_text(part, "category"), part.get("category"))} for part in ordered]
            account.rows.append(with_additions(line, row, named))
        except BrokenCellError as broken:
            account.rows.append(broken.at(number))
            return
        self._places[number] = Side(account.name, number)

    def _parts(self) -> dict[int, list[Row]]:
        """Return the parts by the number of their transaction."""
        found: defaultdict[int, list[Row]] = defaultdict(list)
        for row in self._rows(TransactionSplit):
            found[_referenced(row, "transaction_id")].append(row)
        return found

    def _transfers(self) -> Iterator[Pair]:
        for row in self._rows(Transfer):
            outgoing = self._places.get(_referenced(row, "outgoing_id"))
            incoming = self._places.get(_referenced(row, "incoming_id"))
            if outgoing and incoming and row.get("status") == TransferStatus.ACCEPTED:
                yield Pair(outgoing, incoming)

    def _plan(self, row: Row) -> CategoryPlan:
        kind, parent = _text(row, "kind"), self._categories.get(_referenced(row, "parent_id"), {})
        return CategoryPlan(kind if kind in CategoryKind.values else "", _name(parent))

    def _warnings(self) -> list[StatementWarning]:
        if not self._left_out:
            return []
        message = f"{self._left_out:,} failed or canceled transactions are left out, because they moved no money."
        return [StatementWarning("not_executed", message)]


def _add_later_rows(account: MovedAccount) -> None:
    """Give an account the balance after its last booked transaction."""
    day = account.balance_date
    if account.balance is None or day is None:
        return
    rows = [row.row for row in account.moved() if row.row.currency == account.currency and not row.row.is_pending]
    later = [row for row in rows if row.date > day]
    account.balance += sum((row.amount for row in later), Decimal(0))
    account.balance_date = max([day, *(row.date for row in later)], default=datetime.date.min)


def _variants(name: str) -> Iterator[str]:
    """Yield names for an account, the first of which that is free is used."""
    yield name
    yield from (f"{name} ({number})" for number in range(2, MAX_ACCOUNTS + 2))


def _place(part: Row) -> int:
    number = part.get("number")
    return number if isinstance(number, int) else 0


def _number(row: Row) -> int:
    number: int = row["id"]
    return number


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return storable(value) if isinstance(value, str) else ""


def _name(category: Row) -> str:
    return _text(category, "name")[:MAX_CATEGORY_LENGTH]


def _referenced(row: Row, name: str) -> int:
    """Return the number of the row that a column refers to, 0 if there is none."""
    found = _REFERENCE.fullmatch(_text(row, name))
    return int(found[1]) if found else 0
