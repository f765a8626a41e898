"""The database's wall around a user's rows, which holds when the application's wall has a hole.

Every statement runs as one of three roles, set for the transaction only: a setting of the session would outlive the request
in a pooler and show its rows to the next one. The role and whose rows it is about come from `core.context`:

- `mingus_customer` meets rows of the user in `app.user_id` only (`acting_as`);
- `mingus_staff` meets everybody's (`everybody`): for the back office, and for jobs and commands that say so;
- `mingus_accounts` meets the tables of accounts only (`accounts`): for a request that nobody has signed in to yet.

The role that logs in owns no reach of its own: code that says nothing sees nothing. The policies themselves are made by
`core.postgres.operations.fence`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import copy_context
from typing import Any, TypeVar

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

from core import context
from core.context import ActionContext, Role

ItemT = TypeVar("ItemT")
APPLIED = "_mingus_applied"  # on a connection: what its transaction runs under; None when that is not known
UNSET = ActionContext()
# of the transaction itself, whoever runs it; the last must come before all queries
OF_TRANSACTIONS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "SET TRANSACTION ")
SETTINGS = ("role", "owner_id", "actor_id", "impersonator_id", "request_id", "source", "reason")
FOLLOW = """
SELECT set_config('role', %s, true), set_config('app.user_id', %s, true), set_config('app.actor_id', %s, true),
       set_config('app.impersonator_id', %s, true), set_config('app.request_id', %s, true),
       set_config('app.source', %s, true), set_config('app.reason', %s, true)
"""


def acting_as(user: Any, *, reason: str = "") -> AbstractContextManager[None]:
    """Run a block with the reach of one customer: his rows can be read and written, and no others."""
    return context.reach(Role.CUSTOMER, user.pk, reason=reason)


def everybody(*, reason: str = "") -> AbstractContextManager[None]:
    """Run a block with the reach of staff: every row. SECURITY: each use is a door; say why at the place."""
    return context.reach(Role.STAFF, reason=reason)


def accounts() -> AbstractContextManager[None]:
    """Run a block with the reach of sign-up and login: everybody's account, and nothing else of his."""
    return context.reach(Role.ACCOUNTS)


def nobody() -> AbstractContextManager[None]:
    """Run a block as the role that logged in, which owns the tables where migrations run, and sees no owned row."""
    return context.reach(Role.NOBODY)


def in_own_context(items: Iterator[ItemT]) -> Iterator[ItemT]:
    """`items`, each made under the context of this call: a streamed answer is read when its request's context is gone."""
    kept, end = copy_context(), object()

    def each() -> Iterator[ItemT]:
        while (item := kept.run(next, items, end)) is not end:
            yield item  # type: ignore[misc]

    return each()


def follow_context(sender: Any, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Have a new connection's statements run under the context; for Django's signal `connection_created`."""
    if _under_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(_under_context)


def _under_context(execute: Callable[..., Any], sql: Any, params: Any, many: bool, about: dict[str, Any]) -> Any:
    connection: BaseDatabaseWrapper = about["connection"]
    if isinstance(sql, str) and sql.startswith(OF_TRANSACTIONS):
        _pass(connection, sql)
        return execute(sql, params, many, about)
    wanted = context.current()
    if wanted.role and connection.get_autocommit():
        # the role is set for a transaction, so there must be one
        with transaction.atomic(using=connection.alias):
            return _under_context(execute, sql, params, many, about)
    apply(connection, wanted)
    return execute(sql, params, many, about)


def _pass(connection: BaseDatabaseWrapper, sql: str) -> None:
    """Remember what such a statement does to the role: as a transaction's first nothing is set, and a rollback unsets."""
    if _begins(connection):
        setattr(connection, APPLIED, UNSET)
    elif sql.startswith("ROLLBACK"):
        setattr(connection, APPLIED, None)


def apply(connection: BaseDatabaseWrapper, wanted: ActionContext) -> None:
    """Set the role and what belongs to it for the open transaction, unless they are set already.

    Only code that goes around Django's cursors need call it. Nobody's statements that stand alone are left as they are: what
    is set holds for a transaction, and some of them, like VACUUM, forbid one.
    """
    missing = unapplied(connection, wanted)
    if missing is not None:
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(FOLLOW, list(settings_of(missing).values()))
        setattr(connection, APPLIED, missing)


def unapplied(connection: BaseDatabaseWrapper, wanted: ActionContext | None = None) -> ActionContext | None:
    """What the next statement has to run under, when its transaction does not yet; `APPLIED` has to be told when it does."""
    wanted = wanted or context.current()
    wanted = wanted if wanted.role or not connection.get_autocommit() else UNSET
    if _begins(connection):
        setattr(connection, APPLIED, UNSET)
    return wanted if getattr(connection, APPLIED, None) != wanted else None


def settings_of(wanted: ActionContext) -> dict[str, str]:
    """The values of FOLLOW by their names in SETTINGS."""
    values = {name: getattr(wanted, name) for name in SETTINGS} | {"role": wanted.role or "none"}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _begins(connection: BaseDatabaseWrapper) -> bool:
    """Whether the next statement is the first of its transaction."""
    status: TransactionStatus = connection.connection.info.transaction_status
    return status == TransactionStatus.IDLE


__all__ = ["accounts", "acting_as", "apply", "everybody", "follow_context", "in_own_context", "nobody"]
