"""Collection of the accounts and transactions of a file, with the checks that apply to all apps."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from finance.moves.account_types import type_of_account
from finance.moves.rows import Move, MovedAccount, MovedPart, MovedRow, Pair
from finance.moves.table import CORRECT, Cells, Table
from finance.moves.texts import Texts
from finance.statements.row_validation import (
    CATEGORY_LENGTH,
    MAX_PARTS,
    NAME_LENGTH,
    PAYEE_LENGTH,
    Draft,
    checked,
    checked_amount,
)
from finance.statements.rows import BrokenCellError, RowError, StatementError, StatementWarning
from finance.statements.text import clean_text

MAX_ACCOUNTS = 100
ACCOUNT_LENGTH = 100


@dataclass(slots=True)
class Entry:
    """A transaction or a part of one, as the file has it. `category` is a name; `kind` is as in `Draft`."""

    number: int
    day: datetime.date
    amount: Decimal
    currency: str
    description: str = ""
    merchant_name: str = ""
    payee: str = ""
    category: str = ""
    note: str = ""
    tags: Sequence[str] = ()
    kind: str = ""
    provider_id: str = ""
    transfer_to: str = ""


class Builder:
    """The accounts of a file while it is read. `columns` are the titles of the columns of the fields of a draft."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self.accounts: dict[str, MovedAccount] = {}
        self.errors: list[RowError] = []
        self._texts, self._split_transfers = Texts(), 0

    def account(self, name: str, *, currency: str, column: str, profile_type: str = "") -> MovedAccount:
        """Return the account with this name. Raise BrokenCellError without a name, StatementError for too many accounts."""
        key = clean_text(name, ACCOUNT_LENGTH)
        if not key:
            raise BrokenCellError(column, "missing_account", f"The name of the account is missing. {CORRECT}")
        account = self.accounts.get(key)
        if account is None:
            if len(self.accounts) == MAX_ACCOUNTS:
                message = f"The file has more than {MAX_ACCOUNTS} accounts. Check the column {column}, or export fewer."
                raise StatementError("too_many_accounts", message)
            account = self.accounts[key] = MovedAccount(key, currency, profile_type or type_of_account(key))
        return account

    def read(self, table: Table, add: Callable[[Cells], None]) -> None:
        """Call `add` with each row of a table, and collect the errors of those that can't be read."""
        for row in table.rows():
            if isinstance(row, RowError):
                self.errors.append(row)
            else:
                add(row)

    def move(self, file_format: str, transfers: list[Pair], **about: Any) -> Move:
        """Return what was collected; `about` are further fields of a move."""
        return Move(file_format, self.accounts, transfers, self.errors, self._warnings(), id_scheme=file_format, **about)

    def refuse(self, account: MovedAccount | None, error: RowError) -> None:
        (self.errors if account is None else account.rows).append(error)

    def add(self, account: MovedAccount, entry: Entry, parts: Sequence[MovedPart] = ()) -> None:
        """Add a transaction, or the error of an invalid one."""
        try:
            account.rows.append(self._checked(entry, parts))
        except BrokenCellError as broken:
            column = self._columns.get(broken.field, broken.field)
            message = broken.message if broken.message.endswith(CORRECT) else f"{broken.message} {CORRECT}"
            account.rows.append(RowError(entry.number, column, broken.code, message))

    def add_split(self, account: MovedAccount, whole: Entry, entries: Sequence[Entry]) -> None:
        """Add a transaction with parts. A part that is a transfer becomes a transaction, because a transfer has no parts.

        A part of 0 is left out. If one part remains, the transaction is not split. The parts must add up to the whole, whose
        tags are for all of them.
        """
        total = sum((part.amount for part in entries), Decimal(0))
        if total != whole.amount:
            message = f"The parts add up to {total}, but the transaction is {whole.amount}. {CORRECT}"
            self.refuse(account, RowError(whole.number, self._columns["amount"], "other_sum", message))
            return
        moving = [part for part in entries if part.transfer_to and part.amount]
        rest = [part for part in entries if not part.transfer_to and part.amount]
        self._split_transfers += len(moving)
        for part in moving:
            self.add(account, replace(part, tags=(*whole.tags, *part.tags)))
        if rest and whole.number in {part.number for part in moving}:
            whole = replace(whole, number=rest[0].number)
        if len(rest) == 1:
            tags = (*whole.tags, *rest[0].tags)
            self.add(account, replace(rest[0], number=whole.number, provider_id=whole.provider_id, tags=tags))
        elif rest:
            self.add(
                account,
                replace(whole, category="", amount=sum((part.amount for part in rest), Decimal(0))),
                [MovedPart(part.amount, part.category, part.note, tuple(part.tags)) for part in rest],
            )
        elif not moving:
            self.add(account, whole)

    def _warnings(self) -> list[StatementWarning]:
        """Return the warnings about what was read otherwise than the file has it."""
        if not self._split_transfers:
            return self._texts.warnings()
        message = (
            f"{self._split_transfers:,} parts of split transactions are transfers. They become transactions of their own, "
            "because a transfer has no parts. The balances are the same."
        )
        return [StatementWarning("split_transfers", message), *self._texts.warnings()]

    def _checked(self, entry: Entry, parts: Sequence[MovedPart]) -> MovedRow:
        if len(parts) > MAX_PARTS:
            message = f"The transaction has {len(parts)} parts; at most {MAX_PARTS} are stored. Join some of them in the file."
            raise BrokenCellError("amount", "too_many_parts", message)
        row = checked(
            Draft(
                number=entry.number,
                date=entry.day,
                amount=entry.amount,
                currency=entry.currency,
                description=entry.description,
                merchant_name=entry.merchant_name[:NAME_LENGTH],
                provider_id=entry.provider_id,
                kind=entry.kind,
                category=self._texts.name(entry.category, CATEGORY_LENGTH),
            )
        )
        stored = tuple(
            MovedPart(
                checked_amount(part.amount, row.currency),
                self._texts.name(part.category, CATEGORY_LENGTH),
                self._texts.note(part.note),
                self._texts.tags(part.tags),
            )
            for part in parts
        )
        payee = self._texts.name(entry.payee, PAYEE_LENGTH)
        return MovedRow(row, payee, self._texts.note(entry.note), self._texts.tags(entry.tags), stored, entry.transfer_to)
