"""SQL that the ORM compiles once and that is prepared on the connection and run without the ORM. It only reads.

Compiling takes longer than the database takes to respond. A query is compiled twice, with probe values in the places of
parameters. When the two differ otherwise, or depend on the clock, UncompilableError sends the caller to the ORM.
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
from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import FeatureNotSupported, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

from core import clock, context, rls

MAX_PREPARED_STATEMENTS = 200  # on one connection; each keeps its plan in the server's memory
PARAMETERS = re.compile(r"(%%|%s)")
CONSTANT_TYPES = (str, int, Decimal, timedelta, type(None))  # of a date or an instant nobody knows whether it is today's
# Of what is prepared: a migration has changed what it gives, or somebody has deallocated it.
STALE_PLAN_ERRORS = (FeatureNotSupported, InvalidSqlStatementName)
NOW_PARAMETER = "present instant"  # the place of `core.postgres.expressions.ClockNow`
Values = Mapping[str, Any]
Build = Callable[[dict[str, Any]], QuerySet[Any]]
Rows = list[tuple[Any, ...]]


def _random_instant() -> datetime:
    return datetime(2100, 1, 1, microsecond=1, tzinfo=UTC) + timedelta(days=randbelow(10**6))


# A value of each type that no query says by itself. It only has to differ from what else is in the SQL.
PROBE_FACTORIES: dict[type, Callable[[], Any]] = {
    str: lambda: f"unmistakable {uuid4()}",
    int: lambda: 10**8 + randbelow(10**9),
    Decimal: lambda: Decimal(10**8 + randbelow(10**9)),
    UUID: uuid4,
    datetime: _random_instant,  # before `date`, which it is too
    date: lambda: _random_instant().date(),
}


class UncompilableError(Exception):
    """The query can't be kept: its SQL depends on the values, or the values are not in it as they were given."""


@dataclass(frozen=True, eq=False)
class CompiledQuery:
    """SQL in `pieces`, between which the values called `names` belong, in this order."""

    pieces: tuple[bytes, ...]
    names: tuple[str, ...]

    @cached_property
    def prepared_sql(self) -> bytes:
        """The SQL with PostgreSQL's own places, `$1` and on, as PREPARE takes it."""
        return self.pieces[0] + b"".join(b"$%d%b" % (number, piece) for number, piece in enumerate(self.pieces[1:], 1))

    def with_literals(self, literals: list[bytes]) -> bytes:
        """The SQL with the values in it, as they are written in SQL."""
        return b"".join(part for pair in zip(self.pieces, [*literals, b""], strict=True) for part in pair)


Read = Callable[[CompiledQuery, Values], Rows]
# What row policies ask for; who is acting, for what request and why is the audit log's, and nothing is written here.
SET_ROLE = CompiledQuery(
    (b"SELECT set_config('role', ", b", true), set_config('app.user_id', ", b", true)"), names=("role", "user_id")
)
SET_CONTEXT = CompiledQuery(tuple(part.encode() for part in rls.SET_CONTEXT_SQL.split("%s")), names=rls.SETTING_NAMES)


def compile_query(build: Build, kinds: Mapping[str, type], connection: BaseDatabaseWrapper) -> CompiledQuery:
    """The statement of `build(values)` for all values of these kinds, of `PROBE_FACTORIES`, by their names.

    Raises UncompilableError where there is none: the caller then asks the queryset itself.
    """
    try:
        first, second = (_compile(build, kinds, connection) for _ in range(2))
    except (EmptyResultSet, FieldError, ValidationError, AttributeError, TypeError, KeyError) as error:
        raise UncompilableError(str(error)) from error
    if (first.pieces, first.names) != (second.pieces, second.names) or set(first.names) - {NOW_PARAMETER} != set(kinds):
        raise UncompilableError("its SQL depends on the values")
    return first


def _compile(build: Build, kinds: Mapping[str, type], connection: BaseDatabaseWrapper) -> CompiledQuery:
    probes = {name: PROBE_FACTORIES[kind]() for name, kind in kinds.items()}
    sql, parameters = build(probes).query.get_compiler(connection=connection).as_sql()
    places = {(_kind_of(probe), probe): name for name, probe in probes.items()}
    connection.ensure_connection()
    writing = Transformer.from_context(connection.connection)
    pieces, names, given = [b""], [], iter(parameters)
    for text in PARAMETERS.split(sql):
        if text != "%s":
            pieces[-1] += text.replace("%%", "%").encode()
            continue
        value = next(given)
        kind = _kind_of(value)
        name = NOW_PARAMETER if isinstance(value, clock.ClockInstant) else places.get((kind, value)) if kind else None
        if name:
            names.append(name)
            pieces.append(b"")
        elif isinstance(value, CONSTANT_TYPES):
            pieces[-1] += writing.as_literal(value)
        else:
            raise UncompilableError(f"{value!r} is in it")
    return CompiledQuery(tuple(pieces), tuple(names))


def _kind_of(value: object) -> type | None:
    """Which of PROBE_FACTORIES a value is; Django hands whole numbers on in classes of their own."""
    return next((kind for kind in PROBE_FACTORIES if isinstance(value, kind) and not isinstance(value, bool)), None)


class _QuerySession:
    """One connection to the server with what is prepared on it.

    The library's cursors would take as long as the server. A message goes out and its last result comes back by libpq's own
    call, and the values are written and read by the library's adapters.
    """

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._connection = raw.pgconn
        self._encoding = raw.info.encoding
        self._writing = Transformer.from_context(raw)
        adapters = AdaptersMap(raw.adapters)
        # Django's own turns each instant into its time zone in Python; all are UTC here
        adapters.register_loader("timestamptz", TimestamptzLoader)
        self._reading = Transformer(_Context(adapters, raw))
        self._prepared: OrderedDict[CompiledQuery, bytes] = OrderedDict()

    def read(self, statement: CompiledQuery, values: Values, *, prepare: bool, first: tuple[bytes, ...] = ()) -> Rows:
        """The rows of a statement, which goes out together with what comes `first`."""
        asked = self.render(statement, {**values, NOW_PARAMETER: clock.now()}, prepare=prepare)
        return self._rows(self._send(b";".join((*first, asked))))

    def render(self, statement: CompiledQuery, values: Values, *, prepare: bool) -> bytes:
        """The statement with values in it, as part of a message."""
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
        """The last result of a message. Raises psycopg.Error."""
        result = self._connection.exec_(message)
        if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(result, encoding=self._encoding)
        return result

    def _rows(self, result: PGresult) -> Rows:
        self._reading.set_pgresult(result)
        return self._reading.load_rows(0, result.ntuples, tuple)


@dataclass(frozen=True)
class _Context:
    """What a Transformer asks for: the adapters in place of the connection's own."""

    adapters: AdaptersMap
    connection: "psycopg.Connection[Any]"


_numbers = count(1)
_sessions: "WeakKeyDictionary[psycopg.Connection[Any], _QuerySession]" = WeakKeyDictionary()


@contextmanager
def _borrowed_connection(connection: BaseDatabaseWrapper) -> Iterator["psycopg.Connection[Any]"]:
    """A connection: from the pool, or the one that Django has open with a transaction on it."""
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
    """A function that reads the rows of a statement with given values: each call is a transaction and one message.

    Raises psycopg.Error; nothing is tried again here.
    """
    prepare = _can_prepare(connection)
    with _borrowed_connection(connection) as raw:
        session = _session(raw)

        def read(statement: CompiledQuery, values: Values) -> Rows:
            now = context.current()
            reach = {"role": now.role or "none", "user_id": str(now.owner_id or "")}
            with _logged_query(connection, statement):
                return session.read(
                    statement, values, prepare=prepare, first=(session.render(SET_ROLE, reach, prepare=prepare),)
                )

        try:
            if raw.info.transaction_status == TransactionStatus.IDLE:
                yield read
                return
            # within somebody's transaction: an error must not end it, and what is set for it is no longer what he set
            with transaction.atomic(using=connection.alias):
                setattr(connection, rls.APPLIED_ATTRIBUTE, None)
                yield read
        except psycopg.Error:
            # a migration may have changed what a prepared statement gives: the next one prepares anew
            _sessions.pop(raw, None)
            raise


def read_in_transaction(connection: BaseDatabaseWrapper, statement: CompiledQuery, values: Values) -> Rows:
    """The rows of a statement, read where the ORM would read them: in the open transaction, or one that begins with it.

    BEGIN, the reach and the statement are one message. Raises django.db.Error, as the ORM does.
    """
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    begins = raw.info.transaction_status == TransactionStatus.IDLE
    with connection.wrap_database_errors, _logged_query(connection, statement):
        try:
            return _read_in_transaction(connection, statement, values, begins=begins)
        except STALE_PLAN_ERRORS as error:
            if not begins:  # the transaction can't go on; the request may be sent again
                raise OperationalError("What was prepared is outdated.") from error
            raw.pgconn.exec_(b"ROLLBACK")  # nothing has happened yet, so it can begin again
            return _read_in_transaction(connection, statement, values, begins=begins)


def _read_in_transaction(connection: BaseDatabaseWrapper, statement: CompiledQuery, values: Values, *, begins: bool) -> Rows:
    raw: psycopg.Connection[Any] = connection.connection
    prepare, session, first = _can_prepare(connection), _session(raw), []
    if begins and not connection.get_autocommit():
        first.append(b"BEGIN")
    wanted = rls.pending_context(connection)
    try:
        if wanted is not None:
            first.append(session.render(SET_CONTEXT, rls.setting_values(wanted), prepare=prepare))
        rows = session.read(statement, values, prepare=prepare, first=tuple(first))
    except psycopg.Error:
        _sessions.pop(raw, None)
        raise
    if wanted is not None:
        setattr(connection, rls.APPLIED_ATTRIBUTE, wanted)
    return rows


def _session(raw: "psycopg.Connection[Any]") -> _QuerySession:
    return _sessions.get(raw) or _sessions.setdefault(raw, _QuerySession(raw))


def _can_prepare(connection: BaseDatabaseWrapper) -> bool:
    """Not where a pooler may hand each transaction to another server process: then the SQL itself is sent."""
    return not connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]


@contextmanager
def _logged_query(connection: BaseDatabaseWrapper, statement: CompiledQuery) -> Iterator[None]:
    """Puts the statement into `connection.queries`, where that is kept."""
    start = time.perf_counter()
    try:
        yield
    finally:
        if connection.queries_logged:
            seconds = time.perf_counter() - start
            connection.queries_log.append({"sql": statement.prepared_sql.decode(), "time": f"{seconds:.3f}"})
