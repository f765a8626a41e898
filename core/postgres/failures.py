"""Failures of the database that are not errors of the request: time limits, conflicts, lost connections.

A client may repeat the request. `core.api.errors` returns them as 503 with `Retry-After`, and `core.jobs` retries a job.
"""

from typing import NamedTuple

import psycopg
from django.db import Error, InterfaceError, OperationalError
from procrastinate.exceptions import ConnectorException


class Failure(NamedTuple):
    """The stable `code`, a sentence with the remedy, and the seconds after which a repetition may succeed."""

    code: str
    detail: str
    retry_after: int
    is_undone: bool = True  # False if a COMMIT may have failed, so that the outcome is not known


UNAVAILABLE = Failure("database_unavailable", "The database is unavailable. Retry in a moment.", 2, is_undone=False)
LOCK_TIMEOUT = Failure("lock_timeout", "Another change of the same data is still in progress. Retry in a few seconds.", 5)
QUERY_TIMEOUT = Failure(
    "query_timeout",
    "This took the database too long and was stopped. Narrow the filter, for example to a shorter period, or send fewer rows.",
    30,
)
CONFLICT = Failure("transaction_conflict", "Another change of the same data was made at the same time. Retry.", 1)
# by SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
FAILURES = {
    "40001": CONFLICT,  # serialization failure
    "40P01": CONFLICT,  # deadlock
    "55P03": LOCK_TIMEOUT,
    "57014": QUERY_TIMEOUT,
    # errors of class 25 are no OperationalError
    "25P03": UNAVAILABLE,  # the connection was closed because its transaction waited too long for the program
    "25P04": UNAVAILABLE,  # the same for the whole transaction, by `transaction_timeout` of PostgreSQL 17
    "25006": UNAVAILABLE,  # read-only: a standby, during a failover
}
LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def failure_of(error: BaseException | None) -> Failure | None:
    """Return the failure that an exception of Django or psycopg reports, or None if it is another kind of error."""
    while isinstance(error, ConnectorException):  # of procrastinate, when a job is enqueued
        error = error.__cause__
    if not isinstance(error, Error | psycopg.Error):
        return None
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    state = getattr(cause, "sqlstate", None)
    # an error of the client library has no SQLSTATE: the connection was lost during a statement
    is_lost = isinstance(error, LOST) or (type(cause) is psycopg.DatabaseError and state is None)
    return FAILURES.get(state or "") or (UNAVAILABLE if is_lost else None)
