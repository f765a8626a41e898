"""Reads from a copy of the database that lags behind, and never so that somebody misses what he wrote himself.

There is one where `DATABASE_REPLICA_URL` is set. Who may ask, and what he may, is always found out on the primary; what a safe
request then shows comes from the replica, unless its user has written lately or the replica has not replayed his last write.
His mark, the place in the WAL after that write, is in the cache that processes share. Jobs, commands and the back office read
from the primary, and so does the rest of a request that has begun to write.
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
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connection, connections, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter

from core import context, rls
from core.errors import CacheUnavailableError
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Read, Rows, Values

logger = logging.getLogger(__name__)
REPLICA = "replica"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
RETRY_DELAY_SECONDS = 10.0  # seconds until a replica that failed is asked again
MARK_TTL_SECONDS = 86_400  # seconds; a replica that lags longer has to be taken out
UNKNOWN_LSN = "FFFFFFFF/FFFFFFFF"  # the place in the WAL of a write that nobody knows the place of
FAILURES = Counter(
    "mingus_replica_failures_total", "Times that the replica or the marks of it failed, so the primary was read."
)
# false on a server that is no replica: then nobody knows what it has
HAS_REPLAYED = CompiledQuery((b"SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ", b"::pg_lsn"), names=("place",))
GetResponse = Callable[[HttpRequest], HttpResponse]


class _RequestReads:
    """Where the request at hand reads, and what has become of it."""

    def __init__(self, *, is_replica_allowed: bool) -> None:
        self.is_replica_allowed = is_replica_allowed
        self.reads_from = DEFAULT_DB_ALIAS
        self.has_failed = False
        self._transaction = ExitStack()

    def begin(self) -> None:
        """Read from the replica, in one transaction. Raises django.db.Error."""
        self._transaction.enter_context(transaction.atomic(using=REPLICA))
        self.reads_from = REPLICA

    def end(self) -> None:
        """A stream that goes on after the request reads from the primary."""
        self.is_replica_allowed, self.reads_from = False, DEFAULT_DB_ALIAS
        if connections[REPLICA].in_atomic_block:
            transaction.set_rollback(True, using=REPLICA)  # nothing was written
        try:
            self._transaction.close()
        except DatabaseError as error:  # the connection broke, and there is no other
            _outage.leave(error)

    def write(self) -> None:
        """From the first write on, what is read has to show it."""
        self.is_replica_allowed, self.reads_from = False, DEFAULT_DB_ALIAS


class _Outage:
    """Until when a replica that failed is left alone, in this process."""

    until = 0.0

    def leave(self, error: Exception) -> None:
        self.until = time.monotonic() + RETRY_DELAY_SECONDS
        FAILURES.inc()
        logger.warning("The replica is not read for %d seconds, the primary is: %s", RETRY_DELAY_SECONDS, error)


_outage = _Outage()
_current_request: ContextVar[_RequestReads | None] = ContextVar("request at hand", default=None)


class ReplicaRouter:
    """Django's question where to read and write."""

    def db_for_read(self, model: type[Model], **hints: object) -> str:
        request = _current_request.get()
        return request.reads_from if request else DEFAULT_DB_ALIAS

    def db_for_write(self, model: type[Model], **hints: object) -> str:
        request = _current_request.get()
        if request:
            request.write()
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Model, other: Model, **hints: object) -> bool:
        """Both are the same database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        return db != REPLICA


class ReplicaMiddleware:
    """Around each request's transaction: a replica that fails is made good for by the primary, a write leaves its mark."""

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
        """Have a request that only reads asked once more: the connection broke, or replaying had to end its query."""
        current_request = _current_request.get()
        if (
            not current_request
            or current_request.reads_from != REPLICA
            or not isinstance(exception, OperationalError | InterfaceError)
        ):
            return None
        current_request.has_failed = True
        _outage.leave(exception)
        return HttpResponse(status=503)  # nobody sees it


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
    """Let the request at hand read from the replica from here on, if it may: it is known by now who asks, and that he may."""
    current_request = _current_request.get()
    if current_request is None or not current_request.is_replica_allowed or not _has_replayed_writes_of(user_id):
        return
    try:
        current_request.begin()
    except DatabaseError as error:
        _outage.leave(error)


def rows(read: Read, statement: CompiledQuery, values: Values, user_id: UUID) -> Rows:
    """The rows of a statement for a user: from the replica if it has all that he wrote, else by `read`, from the primary."""
    if REPLICA in settings.DATABASES and _has_replayed_writes_of(user_id):
        try:
            with compiled_queries.open_reader(connections[REPLICA]) as read_replica:
                return read_replica(statement, values)
        except (psycopg.Error, DatabaseError) as error:
            _outage.leave(error)
    return read(statement, values)


def _has_replayed_writes_of(user_id: UUID | None) -> bool:
    """Whether the replica is there and has replayed the user's last write. Within the window nobody asks it."""
    if time.monotonic() < _outage.until:
        return False
    try:
        mark = caches["strict"].get(_key(user_id)) if user_id else None
        if mark is None:
            return True
        place, written_at = mark
        if time.time() < written_at + settings.REPLICA_WINDOW:
            return False
        with compiled_queries.open_reader(connections[REPLICA]) as read:
            return bool(read(HAS_REPLAYED, {"place": place})[0][0])
    except (CacheUnavailableError, psycopg.Error, DatabaseError) as error:
        _outage.leave(error)
        return False


def record_write(user_ids: set[UUID]) -> None:
    """Mark the users as having written what is committed by now."""
    if not user_ids:
        return
    mark = [_current_lsn(), time.time()]
    try:
        caches["strict"].set_many({_key(user_id): mark for user_id in user_ids}, MARK_TTL_SECONDS)
    except CacheUnavailableError as error:
        # other processes can't be told; they ask the same cache, and read from the primary while it is away
        _outage.leave(error)


def _current_lsn() -> str:
    """Where the WAL ends now: behind the commit, also behind one that is not on the disk yet."""
    try:
        with rls.as_login_role(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.warning("It is not known where in the WAL a write is, so its user reads from the primary: %s", error)
        return UNKNOWN_LSN


def _writers(request: HttpRequest) -> set[UUID]:
    """Whose writes the request's are: of who asked, also of who has signed in by it."""
    now, user = context.current(), getattr(request, "user", None)
    return {found for found in (now.owner_id, now.actor_id, getattr(user, "pk", None)) if found}


def _key(user_id: UUID) -> str:
    return f"replica:{user_id}"
