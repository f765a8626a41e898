"""Compiled queries: read-only SQL that the ORM compiles once, prepared on the connection and executed without the ORM.

The ORM takes longer to compile a query than the database to execute it. A query is compiled twice with random probe values for
its parameters. If the results differ otherwise, or contain a date or time, UncompilableError is raised and the caller uses the
ORM.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from secrets import randbelow
from typing import Any, Protocol
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import psycopg
from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.adapt import Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName
from psycopg.pq import TransactionStatus

from core import clock, context, rls
from core.fast_lists.query_session import NOW_PARAMETER as NOW_PARAMETER
from core.fast_lists.query_session import CompiledQuery as CompiledQuery
from core.fast_lists.query_session import QuerySession, from_sql
from core.fast_lists.query_session import Rows as Rows
from core.fast_lists.query_session import Statements as Statements
from core.fast_lists.query_session import Values as Values
from core.postgres.limits import transaction_sql

sql_logger = logging.getLogger("django.db.backends")
PARAMETERS = re.compile(r"(%%|%s)")
CONSTANT_TYPES = (str, int, Decimal, timedelta, type(None))  # without dates and times, which may come from the clock
# A migration has changed the columns of a prepared statement, or the statement was deallocated.
STALE_PLAN_ERRORS = (FeatureNotSupported, InvalidSqlStatementName)
# A constraint or the type of a column has refused a write; the prepared statements remain usable.
REFUSED_VALUE_ERRORS = (psycopg.IntegrityError, psycopg.DataError)
Build = Callable[[dict[str, Any]], "HasQuery"]


class HasQuery(Protocol):
    """A queryset, or the query of an UPDATE."""

    @property
    def query(self) -> Any: ...


def _random_instant() -> datetime:
    return datetime(2100, 1, 1, microsecond=1, tzinfo=UTC) + timedelta(days=randbelow(10**6))


# Random values of each type, which must differ from all other values in the SQL.
PROBE_FACTORIES: dict[type, Callable[[], Any]] = {
    str: lambda: f"unmistakable {uuid4()}",
    int: lambda: 10**8 + randbelow(10**9),
    Decimal: lambda: Decimal(10**8 + randbelow(10**9)),
    UUID: uuid4,
    datetime: _random_instant,  # before `date`, its base class
    date: lambda: _random_instant().date(),
}


class UncompilableError(Exception):
    """The query can't be compiled, because its SQL depends on the values or does not contain them unchanged."""


Read = Callable[[CompiledQuery, Values], Rows]
# Only the settings that row policies read; the others are for the audit log, and nothing is written here.
SET_ROLE = CompiledQuery(
    (b"SELECT set_config('role', ", b", true), set_config('app.user_id', ", b", true)"), names=("role", "user_id")
)


def compile_query(build: Build, kinds: Mapping[str, type], connection: BaseDatabaseWrapper) -> CompiledQuery:
    """Compile the query that `build` returns for values of these types (keys of PROBE_FACTORIES) by name.

    Raise UncompilableError if its SQL depends on the values.
    """
    opened = connections[connection.alias]  # not the proxy `django.db.connection`, which is slow to read
    try:
        first, second = (_compile(build, kinds, opened) for _ in range(2))
    except EmptyResultSet as error:
        raise UncompilableError("The SQL is not needed, because there can't be any rows.") from error
    if (first.pieces, first.names) != (second.pieces, second.names) or set(first.names) - {NOW_PARAMETER} != set(kinds):
        raise UncompilableError("The SQL depends on the values.")
    return first


def _compile(build: Build, kinds: Mapping[str, type], connection: BaseDatabaseWrapper) -> CompiledQuery:
    probes = {name: PROBE_FACTORIES[kind]() for name, kind in kinds.items()}
    sql, parameters = build(probes).query.get_compiler(connection=connection).as_sql()
    places = {(_kind_of(probe), probe): name for name, probe in probes.items()}
    connection.ensure_connection()
    writing = Transformer.from_context(connection.connection)
    pieces, names, remaining = [b""], [], iter(parameters)
    for text in PARAMETERS.split(sql):
        if text != "%s":
            pieces[-1] += text.replace("%%", "%").encode()
            continue
        value = next(remaining)
        kind = _kind_of(value)
        name = NOW_PARAMETER if isinstance(value, clock.ClockInstant) else places.get((kind, value)) if kind else None
        if name:
            names.append(name)
            pieces.append(b"")
        elif isinstance(value, CONSTANT_TYPES):
            pieces[-1] += writing.as_literal(value)
        else:
            raise UncompilableError(f"The SQL contains {value!r}.")
    return CompiledQuery(tuple(pieces), tuple(names))


def _kind_of(value: object) -> type | None:
    """Return the type of PROBE_FACTORIES that a value has; Django's parameters may be subclasses, for example of int."""
    return next((kind for kind in PROBE_FACTORIES if isinstance(value, kind) and not isinstance(value, bool)), None)


SET_CONTEXT = from_sql(rls.SET_CONTEXT_SQL, rls.SETTING_NAMES)


_sessions: "WeakKeyDictionary[psycopg.Connection[Any], QuerySession]" = WeakKeyDictionary()


@contextmanager
def _borrowed_connection(connection: BaseDatabaseWrapper) -> Iterator["psycopg.Connection[Any]"]:
    """Yield the connection that Django has open, or one from the pool."""
    pool = getattr(connection, "pool", None)
    if pool is None or connection.connection is not None:
        connection.ensure_connection()
        yield connection.connection
        return
    pool.open()
    raw = pool.getconn()
    try:
        yield raw
    finally:
        pool.putconn(raw)


@contextmanager
def open_reader(connection: BaseDatabaseWrapper) -> Iterator[Read]:
    """Yield a function that reads the rows of a statement; each call is one transaction and one message to the server.

    Raise psycopg.Error, without a retry.
    """
    prepare = _can_prepare(connection)
    with _borrowed_connection(connection) as raw:
        session = _session(raw)

        def read(statement: CompiledQuery, values: Values) -> Rows:
            now = context.current()
            role = {"role": now.role or "none", "user_id": str(now.owner_id or "")}
            set_role = session.render(SET_ROLE, role, prepare=prepare) + transaction_sql(connection)
            with _logged_queries(connection, [(statement, values)]):
                return session.read([(statement, values)], prepare=prepare, first=(set_role,))[0]

        try:
            if raw.info.transaction_status == TransactionStatus.IDLE:
                yield read
                return
            # inside a transaction of Django's: the savepoint protects it from an error, and its settings are overwritten
            with transaction.atomic(using=connection.alias):
                setattr(connection, rls.APPLIED_ATTRIBUTE, None)
                yield read
        except psycopg.Error:
            # a migration may have changed the columns of a prepared statement, so the next call prepares again
            _sessions.pop(raw, None)
            raise


def read_in_transaction(connection: BaseDatabaseWrapper, statement: CompiledQuery, values: Values) -> Rows:
    """Return the rows of one statement; see `read_all_in_transaction`."""
    return read_all_in_transaction(connection, [(statement, values)])[0]


def read_all_in_transaction(connection: BaseDatabaseWrapper, statements: Statements) -> list[Rows]:
    """Return the rows of each statement, executed in the open transaction, or in a new one if the ORM would begin one.

    BEGIN, the settings of the context and the statements are one message. Raise django.db.Error, as the ORM does.
    """
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    begins = raw.info.transaction_status == TransactionStatus.IDLE
    with connection.wrap_database_errors, _logged_queries(connection, statements):
        try:
            return _read_in_transaction(connection, statements, begins=begins)
        except STALE_PLAN_ERRORS as error:
            if not begins:  # the transaction has failed; the client may retry the request
                raise OperationalError("A prepared statement is outdated.") from error
            raw.pgconn.exec_(b"ROLLBACK")  # nothing else was executed, so the transaction can begin again
            return _read_in_transaction(connection, statements, begins=begins)


def _read_in_transaction(connection: BaseDatabaseWrapper, statements: Statements, *, begins: bool) -> list[Rows]:
    raw: psycopg.Connection[Any] = connection.connection
    prepare, session = _can_prepare(connection), _session(raw)
    before = [b"BEGIN"] if begins and not connection.autocommit else []
    wanted = rls.pending_context(connection)
    try:
        if wanted is not None:
            before.append(
                session.render(SET_CONTEXT, rls.setting_values(wanted), prepare=prepare) + transaction_sql(connection)
            )
        rows = session.read(statements, prepare=prepare, first=tuple(before))
    except REFUSED_VALUE_ERRORS:
        raise
    except psycopg.Error:
        _sessions.pop(raw, None)
        raise
    if wanted is not None:
        setattr(connection, rls.APPLIED_ATTRIBUTE, wanted)
    return rows


def _session(raw: "psycopg.Connection[Any]") -> QuerySession:
    return _sessions.get(raw) or _sessions.setdefault(raw, QuerySession(raw))


def _can_prepare(connection: BaseDatabaseWrapper) -> bool:
    """Return False behind a pooler such as PgBouncer, where each transaction may use another server connection."""
    return not connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]


def _logged_queries(connection: BaseDatabaseWrapper, statements: Statements) -> AbstractContextManager[None]:
    """Return a context that adds the statements to `connection.queries` if queries are logged."""
    return _timed_queries(connection, statements) if connection.queries_logged else nullcontext()


@contextmanager
def _timed_queries(connection: BaseDatabaseWrapper, statements: Statements) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - start
        for statement, _ in statements:
            sql = statement.prepared_sql.decode()
            connection.queries_log.append({"sql": sql, "time": f"{seconds:.3f}"})
            sql_logger.debug("(%.3f) %s; alias=%s", seconds, sql, connection.alias)
