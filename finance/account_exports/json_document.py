"""JSON exports: one object with the account, its balance and its transactions, one per line."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from core.api.renderers import as_json
from finance.account_exports.rows import ExportedRow, Selection
from finance.statements.exported_csv import TITLES
from finance.statements.exported_json import FORMAT, ROWS, VERSION

MEDIA_TYPE = "application/json"


def write(selection: Selection, now: datetime) -> Iterator[str]:
    """Yield the parts of the file."""
    rows = selection.rows()
    row = next(rows, None)
    document = as_json(_about(selection, row, now)).decode()
    yield f'{document[:-1]},"{ROWS}":['
    separator = "\n"
    while row:
        plain = {name: getattr(row, name) for name in (*TITLES.values(), "payee", "note", "tags")}
        yield f'{separator}{as_json(plain).decode()[:-1]},"splits":{row.splits}}}'
        separator = ",\n"
        row = next(rows, None)
    yield "\n]}\n"


def _about(selection: Selection, row: ExportedRow | None, now: datetime) -> dict[str, Any]:
    account = selection.account
    balance = row.balance if row else selection.booked_balance().get()
    stated = {"ledger": balance, "as_of": selection.today} if balance is not None and selection.has_balance else None
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": now,
        "account": {
            "profile_name": account.profile_name,
            "profile_type": account.profile_type,
            "institution_name": account.institution_name,
            "account_number_masked": account.account_number_masked,
        },
        "currency": account.currency,
        "period": {"from": selection.first_day, "to": selection.last_day},
        "balances": stated,
    }
