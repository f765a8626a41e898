"""Time limits that PostgreSQL enforces on locks, on statements, and on transactions that wait for their client.

They depend on the kind of process (`settings.DATABASE_LIMITS`) and are options of each connection, so that requests do not pay
for them. A pooler in transaction mode shares its connections between processes and refuses such options. Behind one, each
transaction sets the limits in the statement that sets its role.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

STATEMENT = "statement_timeout"


class Work(StrEnum):
    """The kinds of processes, which are the keys of `settings.DATABASE_LIMITS`."""

    REQUEST = "request"
    JOB = "job"
    COMMAND = "command"
    MIGRATION = "migration"


_work_of_process = Work.REQUEST
# set again with the role behind a pooler, for example after a rollback to a savepoint
_limits_of_block: ContextVar[dict[str, str]] = ContextVar("limits of the block", default={})  # noqa: B039 - never changed


def use(work: Work) -> None:
    """Set the kind of this process. Call it before the first connection is opened."""
    global _work_of_process
    _work_of_process = work


def of_process() -> dict[str, int]:
    """Return the limits of this process in seconds, by the name of PostgreSQL's setting."""
    limits: dict[str, int] = settings.DATABASE_LIMITS[_work_of_process]
    return limits


def transaction_sql(wrapper: BaseDatabaseWrapper) -> bytes:
    """Return SQL that sets the limits, to be appended to the SELECT that sets the role; empty without a pooler."""
    if not wrapper.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]:
        return b""
    limits = {name: f"{seconds}s" for name, seconds in of_process().items()} | _limits_of_block.get()
    return "".join(f", set_config('{name}', '{limit}', true)" for name, limit in limits.items()).encode()


@contextmanager
def limit_statement_time(seconds: float) -> Iterator[None]:
    """Run a block as a transaction with another `statement_timeout`, and restore the previous value afterwards."""
    limit = f"{int(seconds * 1000)}ms"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        before = cursor.fetchone()[0]
        token = _limits_of_block.set({STATEMENT: limit})
        try:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [limit])
            yield
        finally:
            _limits_of_block.reset(token)
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])


@contextmanager
def job_time() -> Iterator[None]:
    """Run a block as a transaction whose statements have at least the time of a job's, such as the import of a file."""
    with limit_statement_time(max(of_process()[STATEMENT], settings.DATABASE_LIMITS[Work.JOB][STATEMENT])):
        yield
