"""Accounts of a CSV file that contains several, and the selection of one of them.

A column names the account of a row if its title is known and does not name the other party ("IBAN of the payee"), and
- a title such as "Account", "Auftragskonto" or "Product": it has few values, at most half as many as rows, or four;
- a title that may be the other party's, such as "IBAN", "Kontonummer" or "Card": in addition no cell is empty, and the
  column is to the left of the date or of the other party's name, if there is one.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from finance.statements.csv_cells import Columns
from finance.statements.csv_names import COLUMN_NAMES, UNCERTAIN_ACCOUNTS
from finance.statements.csv_titles import stripped_key
from finance.statements.rows import AccountInfo, StatementError
from finance.statements.text import clean_text, plain_key

_FEW = 4
_MAX_LISTED = 20
_MAX_ACCOUNTS = 1_000
_SHOWN = 40
_LAST = 4
_MIN_DIGITS = 4
_NOT_IN_NUMBERS = re.compile(r"[^0-9A-Za-z]")
_PARTIES = ("merchant_name", "payer", "payee")


def find_account(header: Sequence[str], cells: Columns, columns: Mapping[str, int]) -> int | None:
    """Return the column of the account: of those with known titles the first with several values, or else the first."""
    used = set(columns.values())
    keys: dict[str, list[int]] = {}
    for index, title in enumerate(header):
        if index not in used:
            keys.setdefault(stripped_key(title), []).append(index)
    titled = [(name, index) for name in COLUMN_NAMES["account"] for index in keys.get(name, ())]
    own = [index for name, index in titled if _is_own(name, index, cells, columns)]
    several = [index for index in own if len(_values(cells, index)) > 1]
    return next(iter(several or own), None)


def _is_own(name: str, index: int, cells: Columns, columns: Mapping[str, int]) -> bool:
    values = _values(cells, index)
    rows = [row for row in cells.rows if any(row)]
    filled = sum(index < len(row) and bool(row[index].strip()) for row in rows)
    if not values or len(values) > max(_FEW, len(rows) // 2) or filled * 2 < len(rows):
        return False
    if name not in UNCERTAIN_ACCOUNTS:
        return True
    if filled < len(rows):
        return False
    parties = [columns[field] for field in _PARTIES if field in columns]
    return not parties or index < columns["date"] or index < min(parties)


def _values(cells: Columns, index: int) -> set[str]:
    return {account_key(row[index]) for row in cells.rows if index < len(row) and row[index].strip()}


def account_key(cell: str) -> str:
    """Return the letters and digits of an account's name or number, by which accounts are distinguished."""
    return _NOT_IN_NUMBERS.sub("", cell).upper() if any(map(str.isdigit, cell)) else plain_key(cell)


class Accounts:
    """The accounts that the cells of a column name, in file order."""

    def __init__(self, cells: Iterable[str], currency: str) -> None:
        labels: dict[str, str] = {}
        for cell in dict.fromkeys(cells):
            labels.setdefault(account_key(cell), cell.strip())
        self.labels = [label for key, label in labels.items() if key]
        self.infos = tuple(AccountInfo(masked(label), "", currency) for label in self.labels[:_MAX_ACCOUNTS])

    def choose(self, hint: str) -> str:
        """Return the key of the account that `hint` selects by number, last four characters or name; "" if there is only one.

        Raise StatementError with the list of accounts if the selection is not clear.
        """
        if len(self.labels) < 2:
            return ""
        listed = ", ".join(info.masked for info in self.infos[:_MAX_LISTED])
        if not hint.strip():
            raise StatementError(
                "several_accounts",
                f"The file has several accounts: {listed}. Send the name or the number of one of them as account_hint. "
                'If they are one account, send mapping {"account": null}.',
            )
        matching = [label for label in self.labels if _matches(label, hint)]
        exact = [label for label in matching if plain_key(label) == plain_key(hint)]
        if len(exact or matching) == 1:
            return account_key((exact or matching)[0])
        if matching:
            message = f"Several accounts fit this account_hint: {listed}. Send the whole name or number."
            raise StatementError("several_accounts", message)
        raise StatementError("account_not_in_file", f"The account is not in the file. Choose one of: {listed}.")


def masked(label: str) -> str:
    """Return a name as it is, and a number as its last four characters: errors and logs must not show a whole number."""
    number = _NOT_IN_NUMBERS.sub("", label)
    digits = sum(map(str.isdigit, number))
    if digits < _MIN_DIGITS or digits * 2 < len(number):
        return clean_text(label, _SHOWN)
    return "••••" + number[-_LAST:]


def _matches(label: str, hint: str) -> bool:
    if plain_key(label) == plain_key(hint):
        return True
    number, wanted = (_NOT_IN_NUMBERS.sub("", text).upper() for text in (label, hint))
    # An IBAN as hint ends in the account number; a masked card number has only the last four digits in common.
    if len(wanted) < _LAST or not number[-_LAST:].isalnum() or number[-_LAST:] != wanted[-_LAST:]:
        return False
    return len(wanted) == _LAST or number.endswith(wanted) or wanted.endswith(number) or "*" in label or "X" in number[:-_LAST]
