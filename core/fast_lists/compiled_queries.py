"""Compiled queries: read-only SQL that the ORM compiles once, prepared on the connection and executed without the ORM.

The ORM takes longer to compile a query than the database to execute it. A query is compiled twice with random probe values for
its parameters. If the results differ otherwise, or contain a date or time, UncompilableError is raised and the caller uses the
ORM.
"""

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import count
from secrets import randbelow
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import psycopg
from django.core.exceptions import EmptyResultSet, FieldError, ValidationError
from django.db import OperationalError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

from core import clock, context, rls
from core.postgres.limits import transaction_sql

MAX_PREPARED_STATEMENTS = 200  # per connection; the server stores the plan of each in memory
PARAMETERS = re.compile(r"(%%|%s)")
CONSTANT_TYPES = (str, int, Decimal, timedelta, type(None))  # without dates and times, which may come from the clock
# A migration has changed the columns of a prepared statement, or the statement was deallocated.
STALE_PLAN_ERRORS = (FeatureNotSupported, InvalidSqlStatementName)
# A constraint or the type of a column has refused a write; the prepared statements remain usable.
REFUSED_VALUE_ERRORS = (psycopg.IntegrityError, psycopg.DataError)
NOW_PARAMETER = "current time"  # the parameter of `core.postgres.expressions.ClockNow`
Values = Mapping[str, Any]
Build = Callable[[dict[str, Any]], QuerySet[Any]]
Rows = list[tuple[Any, ...]]
Statements = tuple[tuple["CompiledQuery", Values], ...]


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


@dataclass(frozen=True, eq=False)
class CompiledQuery:
    """SQL split at its parameters into `pieces`, with the parameters' `names` in their order."""

    pieces: tuple[bytes, ...]
    names: tuple[str, ...]

    @cached_property
    def prepared_sql(self) -> bytes:
        """The SQL with the parameters `$1`, `$2`, …, for PREPARE."""
        return self.pieces[0] + b"".join(b"$%d%b" % (number, piece) for number, piece in enumerate(self.pieces[1:], 1))

    def with_literals(self, literals: list[bytes]) -> bytes:
        return b"".join(part for pair in zip(self.pieces, [*literals, b""], strict=True) for part in pair)


Read = Callable[[CompiledQuery, Values], Rows]
# Only the settings that row policies read; the others are for the audit log, and nothing is written here.
SET_ROLE = CompiledQuery(
    (b"SELECT set_config('role', ", b", true), set_config('app.user_id', ", b", true)"), names=("role", "user_id")
)


def from_sql(sql: str, names: tuple[str, ...]) -> CompiledQuery:
    """Return a statement that was written by hand, with `%s` for each of the parameters with these names."""
    return CompiledQuery(tuple(sql.encode().split(b"%s")), names)


def compile_query(build: Build, kinds: Mapping[str, type], connection: BaseDatabaseWrapper) -> CompiledQuery:
    """Compile the queryset that `build` returns for values of these types (keys of PROBE_FACTORIES) by name.

    Raise UncompilableError if its SQL depends on the values.
    """
    opened = connections[connection.alias]  # not the proxy `django.db.connection`, which is slow to read
    try:
        first, second = (_compile(build, kinds, opened) for _ in range(2))
    except (EmptyResultSet, FieldError, ValidationError, AttributeError, TypeError, KeyError) as error:
        raise UncompilableError(str(error)) from error
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


class _QuerySession:
    """A connection to the server and its prepared statements.

    psycopg's cursors would take as long as the server. This class uses libpq directly, with psycopg's adapters for values.
    """

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._connection = raw.pgconn
        self._encoding = raw.info.encoding
        self._writing = Transformer.from_context(raw)
        adapters = AdaptersMap(raw.adapters)
        # without Django's own loader, which converts each timestamp to a time zone in Python; all are UTC here
        adapters.register_loader("timestamptz", TimestamptzLoader)
        self._reading = Transformer(_Context(adapters, raw))
        self._prepared: OrderedDict[CompiledQuery, bytes] = OrderedDict()

    def read(self, statement: CompiledQuery, values: Values, *, prepare: bool, first: tuple[bytes, ...] = ()) -> Rows:
        """Return the rows of a statement, which is sent in one message with the statements in `first`."""
        message = self.render(statement, {**values, NOW_PARAMETER: clock.now()}, prepare=prepare)
        return self._rows(self._send(b";".join((*first, message))))

    def render(self, statement: CompiledQuery, values: Values, *, prepare: bool) -> bytes:
        literals = [self._writing.as_literal(values[name]) for name in statement.names]
        if prepare:
            name = self._name_of(statement)
            return b"EXECUTE %b(%b)" % (name, b",".join(literals)) if literals else b"EXECUTE " + name
        return statement.with_literals(literals)

    def _name_of(self, statement: CompiledQuery) -> bytes:
        name = self._prepared.get(statement)
        if name is None:
            name = b"mingus_%d" % next(_numbers)
            self._send(b"PREPARE " + name + b" AS " + statement.prepared_sql)
            self._prepared[statement] = name
            if len(self._prepared) > MAX_PREPARED_STATEMENTS:
                self._send(b"DEALLOCATE " + self._prepared.popitem(last=False)[1])
        self._prepared.move_to_end(statement)
        return name

    def _send(self, message: bytes) -> PGresult:
        """Send a message and return its last result, or raise psycopg.Error."""
        result = self._connection.exec_(message)
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result, encoding=self._encoding)
        return result

    def _rows(self, result: PGresult) -> Rows:
        self._reading.set_pgresult(result)
        return self._reading.load_rows(0, result.ntuples, tuple)


@dataclass(frozen=True)
class _Context:
    """A context for a Transformer, with other adapters than the connection's."""

    adapters: AdaptersMap
    connection: "psycopg.Connection[Any]"


_numbers = count(1)
_sessions: "WeakKeyDictionary[psycopg.Connection[Any], _QuerySession]" = WeakKeyDictionary()


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
            with _logged_query(connection, statement):
                return session.read(statement, values, prepare=prepare, first=(set_role,))

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


def read_in_transaction(
    connection: BaseDatabaseWrapper, statement: CompiledQuery, values: Values, first: Statements = ()
) -> Rows:
    """Return the rows of a statement, executed in the open transaction, or in a new one if the ORM would begin one.

    BEGIN, the settings of the context, the statements in `first`, whose rows are not returned, and the statement are one
    message. Raise django.db.Error, as the ORM does.
    """
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    begins = raw.info.transaction_status == TransactionStatus.IDLE
    with connection.wrap_database_errors, _logged_query(connection, statement):
        try:
            return _read_in_transaction(connection, statement, values, first, begins=begins)
        except STALE_PLAN_ERRORS as error:
            if not begins:  # the transaction has failed; the client may retry the request
                raise OperationalError("A prepared statement is outdated.") from error
            raw.pgconn.exec_(b"ROLLBACK")  # nothing else was executed, so the transaction can begin again
            return _read_in_transaction(connection, statement, values, first, begins=begins)


def _read_in_transaction(
    connection: BaseDatabaseWrapper, statement: CompiledQuery, values: Values, first: Statements, *, begins: bool
) -> Rows:
    raw: psycopg.Connection[Any] = connection.connection
    prepare, session = _can_prepare(connection), _session(raw)
    before = [b"BEGIN"] if begins and not connection.get_autocommit() else []
    wanted = rls.pending_context(connection)
    try:
        if wanted is not None:
            before.append(
                session.render(SET_CONTEXT, rls.setting_values(wanted), prepare=prepare) + transaction_sql(connection)
            )
        before += [session.render(earlier, parameters, prepare=prepare) for earlier, parameters in first]
        rows = session.read(statement, values, prepare=prepare, first=tuple(before))
    except REFUSED_VALUE_ERRORS:
        raise
    except psycopg.Error:
        _sessions.pop(raw, None)
        raise
    if wanted is not None:
        setattr(connection, rls.APPLIED_ATTRIBUTE, wanted)
    return rows


def _session(raw: "psycopg.Connection[Any]") -> _QuerySession:
    return _sessions.get(raw) or _sessions.setdefault(raw, _QuerySession(raw))


def _can_prepare(connection: BaseDatabaseWrapper) -> bool:
    """Return False behind a pooler such as PgBouncer, where each transaction may use another server connection."""
    return not connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]


@contextmanager
def _logged_query(connection: BaseDatabaseWrapper, statement: CompiledQuery) -> Iterator[None]:
    """Add the statement to `connection.queries` if queries are logged."""
    start = time.perf_counter()
    try:
        yield
    finally:
        if connection.queries_logged:
            seconds = time.perf_counter() - start
            connection.queries_log.append({"sql": statement.prepared_sql.decode(), "time": f"{seconds:.3f}"})
