"""Reads from a replica (`DATABASE_REPLICA_URL`), with read-your-own-writes consistency.

- Authentication and permission checks always read from the primary.
- After them, a GET, HEAD or OPTIONS request of the API reads from the replica, unless its user wrote recently or the replica
  has not replayed the user's last write. The WAL position (LSN) after that write is stored in the shared cache.
- A request that has begun to write, jobs, commands and the back office read from the primary.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter

from core import context, rls
from core.errors import CacheUnavailableError
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Read, Rows, Values
from core.postgres.failures import QUERY_TIMEOUT, failure_of

logger = logging.getLogger(__name__)
REPLICA = "replica"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
RETRY_DELAY_SECONDS = 10.0  # until a replica that failed is tried again
MARK_TTL_SECONDS = 86_400  # a replica that lags longer must be taken out of service
UNKNOWN_LSN = "FFFFFFFF/FFFFFFFF"  # of a write whose LSN could not be read; no replica reaches it
FAILURES = Counter(
    "mingus_replica_failures_total", "Failures of the replica or of the shared cache, after which the primary is read."
)
# false on a server that is no replica, for which there is no replayed LSN
HAS_REPLAYED = CompiledQuery((b"SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ", b"::pg_lsn"), names=("lsn",))
GetResponse = Callable[[HttpRequest], HttpResponse]


class _RequestReads:
    """The database that the current request reads from."""

    def __init__(self, *, is_replica_allowed: bool) -> None:
        self.is_replica_allowed = is_replica_allowed
        self.reads_from = DEFAULT_DB_ALIAS
        self.has_failed = False
        self._transaction = ExitStack()

    def begin(self) -> None:
        """Begin a transaction on the replica and read from it, or raise django.db.Error."""
        self._transaction.enter_context(transaction.atomic(using=REPLICA))
        self.reads_from = REPLICA

    def end(self) -> None:
        """End the transaction on the replica; a streaming response then reads from the primary."""
        self.is_replica_allowed, self.reads_from = False, DEFAULT_DB_ALIAS
        if connections[REPLICA].in_atomic_block:
            transaction.set_rollback(True, using=REPLICA)
        try:
            self._transaction.close()
        except DatabaseError as error:  # the connection is lost
            _outage.leave(error)

    def write(self) -> None:
        """Read from the primary from now on, because the replica does not have the request's write."""
        self.is_replica_allowed, self.reads_from = False, DEFAULT_DB_ALIAS


class _Outage:
    """The time until which this process does not read from a failed replica."""

    until = 0.0

    def leave(self, error: Exception) -> None:
        self.until = time.monotonic() + RETRY_DELAY_SECONDS
        FAILURES.inc()
        logger.warning("The replica failed. The primary is read for %d seconds: %s", RETRY_DELAY_SECONDS, error)


_outage = _Outage()
_current_request: ContextVar[_RequestReads | None] = ContextVar("current request", default=None)


class ReplicaRouter:
    """Django's database router: reads go to the database of the current request, writes to the primary."""

    def db_for_read(self, model: type[Model], **hints: object) -> str:
        request = _current_request.get()
        return request.reads_from if request else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **hints: object) -> str:
        request = _current_request.get()
        if request:
            request.write()
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: object) -> bool:
        return True  # both aliases are the same database

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return db != REPLICA


class ReplicaMiddleware:
    """Middleware that repeats a request on the primary if the replica failed, and records the user's writes."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with _request(is_replica_allowed=request.method in SAFE_METHODS) as current_request:
            response = self.get_response(request)
        if current_request.has_failed:
            with _request(is_replica_allowed=False):
                response = self.get_response(request)
        if request.method not in SAFE_METHODS:
            record_write(_writers(request))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Mark a failed read from the replica for a retry: the connection was lost, or replay canceled the query."""
        current_request = _current_request.get()
        if (
            not current_request
            or current_request.reads_from != REPLICA
            or failure_of(exception) in (None, QUERY_TIMEOUT)  # a slow query would be as slow on the primary
        ):
            return None
        current_request.has_failed = True
        _outage.leave(exception)
        return HttpResponse(status=503)  # replaced by the response of the retry


@contextmanager
def _request(*, is_replica_allowed: bool) -> Iterator[_RequestReads]:
    current_request = _RequestReads(is_replica_allowed=is_replica_allowed)
    token = _current_request.set(current_request)
    try:
        yield current_request
    finally:
        current_request.end()
        _current_request.reset(token)


def use_replica(user_id: UUID | None) -> None:
    """Let the current request read from the replica if it is safe. Call it after authentication and permission checks."""
    current_request = _current_request.get()
    if current_request is None or not current_request.is_replica_allowed or not _has_replayed_writes_of(user_id):
        return
    try:
        current_request.begin()
    except DatabaseError as error:
        _outage.leave(error)


def rows(read: Read, statement: CompiledQuery, values: Values, user_id: UUID) -> Rows:
    """Return the rows of a statement, from the replica if it has the user's writes, else from the primary by `read`."""
    if REPLICA in settings.DATABASES and _has_replayed_writes_of(user_id):
        try:
            with compiled_queries.open_reader(connections[REPLICA]) as read_replica:
                return read_replica(statement, values)
        except (psycopg.Error, DatabaseError) as error:
            if failure_of(error) is QUERY_TIMEOUT:
                raise
            _outage.leave(error)
    return read(statement, values)


def _has_replayed_writes_of(user_id: UUID | None) -> bool:
    """Return True if the replica works and has replayed the user's last write; False within REPLICA_WINDOW after the write."""
    if time.monotonic() < _outage.until:
        return False
    try:
        mark = caches["strict"].get(_key(user_id)) if user_id else None
        if mark is None:
            return True
        lsn, written_at = mark
        if time.time() < written_at + settings.REPLICA_WINDOW:
            return False
        with compiled_queries.open_reader(connections[REPLICA]) as read:
            return bool(read(HAS_REPLAYED, {"lsn": lsn})[0][0])
    except (CacheUnavailableError, psycopg.Error, DatabaseError) as error:
        _outage.leave(error)
        return False


def record_write(user_ids: set[UUID]) -> None:
    """Store the current LSN and time as those of the users' last write."""
    if not user_ids:
        return
    mark = [_current_lsn(), time.time()]
    try:
        caches["strict"].set_many({_key(user_id): mark for user_id in user_ids}, MARK_TTL_SECONDS)
    except CacheUnavailableError as error:
        # other processes can't read the cache either, and so they read from the primary
        _outage.leave(error)


def _current_lsn() -> str:
    """Return the insert position of the WAL, which includes commits that are not flushed yet."""
    try:
        with rls.as_login_role(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.warning("The LSN of a write could not be read. Its user reads from the primary: %s", error)
        return UNKNOWN_LSN


def _writers(request: HttpRequest) -> set[UUID]:
    """Return the users whose data the request may have written, including one that it signed in."""
    now, user = context.current(), getattr(request, "user", None)
    return {found for found in (now.owner_id, now.actor_id, getattr(user, "pk", None)) if found}


def _key(user_id: UUID) -> str:
    return f"replica:{user_id}"
