"""The database's wall around a user's rows, which holds when the application's wall has a hole.

Every statement runs as one of three roles, set for the transaction only: a setting of the session would outlive the request
in a pooler and show its rows to the next one. The role and whose rows it is about come from `core.context`:

- `mingus_customer` meets rows of the user in `app.user_id` only (`as_customer`);
- `mingus_staff` meets everybody's (`as_staff`): for the back office, and for jobs and commands that say so;
- `mingus_accounts` meets the tables of accounts only (`as_accounts`): for a request that nobody has signed in to yet.

The role that logs in owns no reach of its own: code that says nothing sees nothing. The policies themselves are made by
`core.postgres.operations.enable_row_level_security`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import copy_context
from typing import Any, TypeVar

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from psycopg.pq import TransactionStatus

from core import context
from core.context import ActionContext, Role

ItemT = TypeVar("ItemT")
APPLIED_ATTRIBUTE = "_mingus_applied"  # on a connection: what its transaction runs under; None when that is not known
EMPTY_CONTEXT = ActionContext()
# of the transaction itself, whoever runs it; the last must come before all queries
TRANSACTION_STATEMENTS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "SET TRANSACTION ")
SETTING_NAMES = ("role", "owner_id", "actor_id", "impersonator_id", "request_id", "source", "reason")
SET_CONTEXT_SQL = """
SELECT set_config('role', %s, true), set_config('app.user_id', %s, true), set_config('app.actor_id', %s, true),
       set_config('app.impersonator_id', %s, true), set_config('app.request_id', %s, true),
       set_config('app.source', %s, true), set_config('app.reason', %s, true)
"""


def as_customer(user: Model, *, reason: str = "") -> AbstractContextManager[None]:
    """Run a block with the reach of one customer: his rows can be read and written, and no others."""
    return context.using_role(Role.CUSTOMER, user.pk, reason=reason)


def as_staff(*, reason: str = "") -> AbstractContextManager[None]:
    """Run a block with the reach of staff: every row. SECURITY: each use is a door; say why at the place."""
    return context.using_role(Role.STAFF, reason=reason)


def as_accounts() -> AbstractContextManager[None]:
    """Run a block with the reach of sign-up and login: everybody's account, and nothing else of his."""
    return context.using_role(Role.ACCOUNTS)


def as_login_role() -> AbstractContextManager[None]:
    """Run a block as the role that logged in, which owns the tables where migrations run, and sees no owned row."""
    return context.using_role(Role.NONE)


def iterate_in_context(items: Iterator[ItemT]) -> Iterator[ItemT]:
    """`items`, each made under the context of this call: a streamed answer is read when its request's context is gone."""
    kept, end = copy_context(), object()

    def each() -> Iterator[ItemT]:
        while (item := kept.run(next, items, end)) is not end:
            yield item  # type: ignore[misc]

    return each()


def install_execute_wrapper(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Have a new connection's statements run under the context; for Django's signal `connection_created`."""
    if _execute_in_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(_execute_in_context)


def _execute_in_context(execute: Callable[..., Any], sql: object, params: object, many: bool, about: dict[str, Any]) -> object:
    connection: BaseDatabaseWrapper = about["connection"]
    if isinstance(sql, str) and sql.startswith(TRANSACTION_STATEMENTS):
        _track_transaction(connection, sql)
        return execute(sql, params, many, about)
    wanted = context.current()
    if wanted.role and connection.get_autocommit():
        # the role is set for a transaction, so there must be one
        with transaction.atomic(using=connection.alias):
            return _execute_in_context(execute, sql, params, many, about)
    apply_context(connection, wanted)
    return execute(sql, params, many, about)


def _track_transaction(connection: BaseDatabaseWrapper, sql: str) -> None:
    """Remember what such a statement does to the role: as a transaction's first nothing is set, and a rollback unsets."""
    if _begins_transaction(connection):
        setattr(connection, APPLIED_ATTRIBUTE, EMPTY_CONTEXT)
    elif sql.startswith("ROLLBACK"):
        setattr(connection, APPLIED_ATTRIBUTE, None)


def apply_context(connection: BaseDatabaseWrapper, wanted: ActionContext) -> None:
    """Set the role and what belongs to it for the open transaction, unless they are set already.

    Only code that goes around Django's cursors need call it. Nobody's statements that stand alone are left as they are: what
    is set holds for a transaction, and some of them, like VACUUM, forbid one.
    """
    missing = pending_context(connection, wanted)
    if missing is not None:
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(SET_CONTEXT_SQL, list(setting_values(missing).values()))
        setattr(connection, APPLIED_ATTRIBUTE, missing)


def pending_context(connection: BaseDatabaseWrapper, wanted: ActionContext | None = None) -> ActionContext | None:
    """Return the context that the next statement needs and its transaction does not have yet, else None.

    The caller stores it in `APPLIED_ATTRIBUTE` when it is set.
    """
    wanted = wanted or context.current()
    wanted = wanted if wanted.role or not connection.get_autocommit() else EMPTY_CONTEXT
    if _begins_transaction(connection):
        setattr(connection, APPLIED_ATTRIBUTE, EMPTY_CONTEXT)
    return wanted if getattr(connection, APPLIED_ATTRIBUTE, None) != wanted else None


def setting_values(wanted: ActionContext) -> dict[str, str]:
    """The values of SET_CONTEXT_SQL by their names in SETTING_NAMES."""
    values = {name: getattr(wanted, name) for name in SETTING_NAMES} | {"role": wanted.role or "none"}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _begins_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Whether the next statement is the first of its transaction."""
    status: TransactionStatus = connection.connection.info.transaction_status
    return status == TransactionStatus.IDLE


__all__ = [
    "as_accounts",
    "as_customer",
    "apply_context",
    "as_staff",
    "install_execute_wrapper",
    "iterate_in_context",
    "as_login_role",
]
