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
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, OperationalError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter

from core import context, rls
from core.errors import CacheAwayError
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import Read, Rows, Statement, Values

logger = logging.getLogger(__name__)
REPLICA = "replica"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
PAUSE = 10.0  # seconds until a replica that failed is asked again
REMEMBERED = 86_400  # seconds; a replica that lags longer has to be taken out
NEVER = "FFFFFFFF/FFFFFFFF"  # the place in the WAL of a write that nobody knows the place of
FAILURES = Counter(
    "mingus_replica_failures_total", "Times that the replica or the marks of it failed, so the primary was read."
)
# false on a server that is no replica: then nobody knows what it has
REPLAYED = Statement((b"SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= ", b"::pg_lsn"), names=("place",))
GetResponse = Callable[[HttpRequest], HttpResponse]


class _Request:
    """Where the request at hand reads, and what has become of it."""

    def __init__(self, *, may_follow: bool) -> None:
        self.may_follow = may_follow
        self.reads_from = DEFAULT_DB_ALIAS
        self.has_failed = False
        self._transaction = ExitStack()

    def begin(self) -> None:
        """Read from the replica, in one transaction. Raises django.db.Error."""
        self._transaction.enter_context(transaction.atomic(using=REPLICA))
        self.reads_from = REPLICA

    def end(self) -> None:
        """A stream that goes on after the request reads from the primary."""
        self.may_follow, self.reads_from = False, DEFAULT_DB_ALIAS
        if connections[REPLICA].in_atomic_block:
            transaction.set_rollback(True, using=REPLICA)  # nothing was written
        try:
            self._transaction.close()
        except DatabaseError as error:  # the connection broke, and there is no other
            _away.leave(error)

    def write(self) -> None:
        """From the first write on, what is read has to show it."""
        self.may_follow, self.reads_from = False, DEFAULT_DB_ALIAS


class _Away:
    """Until when a replica that failed is left alone, in this process."""

    until = 0.0

    def leave(self, error: Exception) -> None:
        self.until = time.monotonic() + PAUSE
        FAILURES.inc()
        logger.warning("The replica is not read for %d seconds, the primary is: %s", PAUSE, error)


_away = _Away()
_at_hand: ContextVar[_Request | None] = ContextVar("request at hand", default=None)


class Router:
    """Django's question where to read and write."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        request = _at_hand.get()
        return request.reads_from if request else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        request = _at_hand.get()
        if request:
            request.write()
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        """Both are the same database."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != REPLICA


class ReplicaMiddleware:
    """Around each request's transaction: a replica that fails is made good for by the primary, a write leaves its mark."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with _request(may_follow=request.method in SAFE_METHODS) as at_hand:
            response = self.get_response(request)
        if at_hand.has_failed:
            with _request(may_follow=False):
                response = self.get_response(request)
        if request.method not in SAFE_METHODS:
            note_write(_authors(request))
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Have a request that only reads asked once more: the connection broke, or replaying had to end its query."""
        at_hand = _at_hand.get()
        if not at_hand or at_hand.reads_from != REPLICA or not isinstance(exception, OperationalError | InterfaceError):
            return None
        at_hand.has_failed = True
        _away.leave(exception)
        return HttpResponse(status=503)  # nobody sees it


@contextmanager
def _request(*, may_follow: bool) -> Iterator[_Request]:
    at_hand = _Request(may_follow=may_follow)
    token = _at_hand.set(at_hand)
    try:
        yield at_hand
    finally:
        at_hand.end()
        _at_hand.reset(token)


def follow(user_id: UUID | None) -> None:
    """Let the request at hand read from the replica from here on, if it may: it is known by now who asks, and that he may."""
    at_hand = _at_hand.get()
    if at_hand is None or not at_hand.may_follow or not _shows_all_of(user_id):
        return
    try:
        at_hand.begin()
    except DatabaseError as error:
        _away.leave(error)


def rows(read: Read, statement: Statement, values: Values, user_id: UUID) -> Rows:
    """The rows of a statement for a user: from the replica if it has all that he wrote, else by `read`, from the primary."""
    if REPLICA in settings.DATABASES and _shows_all_of(user_id):
        try:
            with compiled_queries.reading(connections[REPLICA]) as read_replica:
                return read_replica(statement, values)
        except (psycopg.Error, DatabaseError) as error:
            _away.leave(error)
    return read(statement, values)


def _shows_all_of(user_id: UUID | None) -> bool:
    """Whether the replica is there and has replayed the user's last write. Within the window nobody asks it."""
    if time.monotonic() < _away.until:
        return False
    try:
        mark = caches["strict"].get(_key(user_id)) if user_id else None
        if mark is None:
            return True
        place, written_at = mark
        if time.time() < written_at + settings.REPLICA_WINDOW:
            return False
        with compiled_queries.reading(connections[REPLICA]) as read:
            return bool(read(REPLAYED, {"place": place})[0][0])
    except (CacheAwayError, psycopg.Error, DatabaseError) as error:
        _away.leave(error)
        return False


def note_write(user_ids: set[UUID]) -> None:
    """Mark the users as having written what is committed by now."""
    if not user_ids:
        return
    mark = [_place(), time.time()]
    try:
        caches["strict"].set_many({_key(user_id): mark for user_id in user_ids}, REMEMBERED)
    except CacheAwayError as error:
        # other processes can't be told; they ask the same cache, and read from the primary while it is away
        _away.leave(error)


def _place() -> str:
    """Where the WAL ends now: behind the commit, also behind one that is not on the disk yet."""
    try:
        with rls.nobody(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
            return str(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.warning("It is not known where in the WAL a write is, so its user reads from the primary: %s", error)
        return NEVER


def _authors(request: HttpRequest) -> set[UUID]:
    """Whose writes the request's are: of who asked, also of who has signed in by it."""
    now, user = context.current(), getattr(request, "user", None)
    return {found for found in (now.owner_id, now.actor_id, getattr(user, "pk", None)) if found}


def _key(user_id: UUID) -> str:
    return f"replica:{user_id}"
