"""Database roles for row-level security, the second access check behind the queryset filters of the application.

Every statement runs as one of three roles, set for the transaction only. A session setting would outlive the request in a
connection pooler, and the next request could read its rows. The role and the owner come from `core.context`:

- `mingus_customer` can access the rows of the user in `app.user_id` (`as_customer`).
- `mingus_staff` can access all rows (`as_staff`), for the back office, jobs and commands.
- `mingus_accounts` can access only the tables of accounts (`as_accounts`), for requests before authentication.

The login role itself can't access owned rows. `core.postgres.operations.enable_row_level_security` creates the policies.
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
from core.postgres.limits import transaction_sql

ItemT = TypeVar("ItemT")
APPLIED_ATTRIBUTE = "_mingus_applied"  # on a connection: the context set in its transaction; None when that is not known
EMPTY_CONTEXT = ActionContext()
# they need no role, and SET TRANSACTION must be the first statement
TRANSACTION_STATEMENTS = ("SAVEPOINT ", "RELEASE SAVEPOINT ", "ROLLBACK TO SAVEPOINT ", "SET TRANSACTION ")
SETTING_NAMES = ("role", "owner_id", "actor_id", "impersonator_id", "request_id", "source", "reason")
SET_CONTEXT_SQL = """
SELECT set_config('role', %s, true), set_config('app.user_id', %s, true), set_config('app.actor_id', %s, true),
       set_config('app.impersonator_id', %s, true), set_config('app.request_id', %s, true),
       set_config('app.source', %s, true), set_config('app.reason', %s, true)
"""


def as_customer(user: Model, *, reason: str = "") -> AbstractContextManager[None]:
    """Run a block with access to the rows of one customer."""
    return context.using_role(Role.CUSTOMER, user.pk, reason=reason)


def as_staff(*, reason: str = "") -> AbstractContextManager[None]:
    """Run a block with access to the rows of all customers. SECURITY: give the reason in a comment at each use."""
    return context.using_role(Role.STAFF, reason=reason)


def as_accounts() -> AbstractContextManager[None]:
    """Run a block with access to all accounts and no other data of customers, for sign-up and login."""
    return context.using_role(Role.ACCOUNTS)


def as_login_role() -> AbstractContextManager[None]:
    """Run a block as the login role, without access to owned rows. In migrations this role owns the tables."""
    return context.using_role(Role.NONE)


def iterate_in_context(items: Iterator[ItemT]) -> Iterator[ItemT]:
    """Return an iterator that runs in the present context, for a streaming response, which outlives the request's context."""
    copied, end = copy_context(), object()

    def each() -> Iterator[ItemT]:
        while (item := copied.run(next, items, end)) is not end:
            yield item  # type: ignore[misc]

    return each()


def install_execute_wrapper(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Make a new connection set the context before each statement; for Django's signal `connection_created`."""
    if _execute_in_context not in connection.execute_wrappers:
        connection.execute_wrappers.append(_execute_in_context)


def _execute_in_context(execute: Callable[..., Any], sql: object, params: object, many: bool, about: dict[str, Any]) -> object:
    connection: BaseDatabaseWrapper = about["connection"]
    if isinstance(sql, str) and sql.startswith(TRANSACTION_STATEMENTS):
        _track_transaction(connection, sql)
        return execute(sql, params, many, about)
    wanted = context.current()
    if wanted.role and connection.get_autocommit():
        # set_config is limited to a transaction
        with transaction.atomic(using=connection.alias):
            return _execute_in_context(execute, sql, params, many, about)
    apply_context(connection, wanted)
    return execute(sql, params, many, about)


def _track_transaction(connection: BaseDatabaseWrapper, sql: str) -> None:
    """Update APPLIED_ATTRIBUTE: nothing is set when a transaction begins, and a rollback to a savepoint undoes settings."""
    if _begins_transaction(connection):
        setattr(connection, APPLIED_ATTRIBUTE, EMPTY_CONTEXT)
    elif sql.startswith("ROLLBACK"):
        setattr(connection, APPLIED_ATTRIBUTE, None)


def apply_context(connection: BaseDatabaseWrapper, wanted: ActionContext) -> None:
    """Set the role and the other settings of the context in the open transaction, unless they are set already.

    Call it only before using psycopg without Django's cursors. In autocommit mode without a role nothing is set, because
    statements such as VACUUM can't run in a transaction.
    """
    missing = pending_context(connection, wanted)
    if missing is not None:
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(SET_CONTEXT_SQL + transaction_sql(connection).decode(), list(setting_values(missing).values()))
        setattr(connection, APPLIED_ATTRIBUTE, missing)


def pending_context(connection: BaseDatabaseWrapper, wanted: ActionContext | None = None) -> ActionContext | None:
    """Return the context that the next statement needs and its transaction does not have yet, else None.

    The caller stores it in `APPLIED_ATTRIBUTE` when it is set.
    """
    wanted = wanted or context.current()
    wanted = wanted if wanted.role or not connection.autocommit else EMPTY_CONTEXT
    if _begins_transaction(connection):
        setattr(connection, APPLIED_ATTRIBUTE, EMPTY_CONTEXT)
    return wanted if getattr(connection, APPLIED_ATTRIBUTE, None) != wanted else None


def setting_values(wanted: ActionContext) -> dict[str, str]:
    """Return the parameters of SET_CONTEXT_SQL, by their names in SETTING_NAMES."""
    values = {name: getattr(wanted, name) for name in SETTING_NAMES} | {"role": wanted.role or "none"}
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _begins_transaction(connection: BaseDatabaseWrapper) -> bool:
    status: TransactionStatus = connection.connection.info.transaction_status
    return status == TransactionStatus.IDLE
