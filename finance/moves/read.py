"""Entry point of the readers. The app that wrote a file is recognized by the titles of its columns."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NamedTuple, cast

from finance.moves import actual, firefly, mint, ynab
from finance.moves.rows import Move, MoveOptions
from finance.moves.table import Table
from finance.statements.rows import Limits, StatementError, StatementWarning
from finance.statements.source import StatementSource, decode

APPS: tuple[ModuleType, ...] = (ynab, mint, firefly, actual)
FORMATS = tuple(str(app.FORMAT) for app in APPS)
UNKNOWN = (
    "This is no export of all accounts of YNAB (the register as CSV), Mint, Firefly III (transactions as CSV), Actual (all "
    "accounts as CSV) or MINGUS. Import the file of a bank into an account with POST /api/v1/finance/imports/ instead."
)


class Recognized(NamedTuple):
    """The app that wrote a file, its table, and warnings about the encoding."""

    app: ModuleType
    table: Table
    warnings: Sequence[StatementWarning]


def recognize(source: StatementSource, *, limits: Limits) -> Recognized:
    """Return the app that wrote the CSV file of `source`; raise StatementError if it is not known."""
    file = decode(source, default_currency="", limits=limits)
    table = Table(file, max_rows=limits.max_rows)
    app = next((app for app in APPS if table.columns.keys() >= app.TITLES), None)
    if app is None:
        raise StatementError("unknown_app", UNKNOWN)
    return Recognized(app, table, file.warnings)


def read_move(source: StatementSource, options: MoveOptions, *, limits: Limits) -> Move:
    """Return the accounts in the CSV file of `source`. Raise StatementError and no other exception."""
    found = recognize(source, limits=limits)
    read = cast("Callable[[Table, MoveOptions], Move]", found.app.read)
    move = read(found.table, options)
    move.warnings.extend(found.warnings)
    if not move.accounts and not move.errors:
        raise StatementError("no_rows", "The file has no transactions. Export all accounts and dates.")
    return move
