"""A statement with parameters, and a connection that prepares and executes it without psycopg's cursors."""

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult
from psycopg.types.datetime import TimestamptzLoader

from core import clock, context

MAX_PREPARED_STATEMENTS = 200  # per connection; the server stores the plan of each in memory
NOW_PARAMETER = "current time"  # the parameter of `core.postgres.expressions.ClockNow`
CUSTOM_PLAN = "/* custom plan */"
"""A comment in SQL whose generic plan reads too many rows for an owner who has more than others.

To plan it takes longer than to execute it, so it has a generic plan for everyone for whom that is fast.
"""
PLAN_MODE = b"SET LOCAL plan_cache_mode = force_%b_plan"
SLOW_SECONDS = 0.01
SLOW_RUNS = 2  # in succession, because one may have waited for the processor
OWN_PLANS = 200  # executions with a plan for the owner until the generic plan is tried again
MAX_SLOW = 10_000  # pairs of a statement and an owner, in the connection
Values = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
_numbers = count(1)


@dataclass(frozen=True, eq=False)
class CompiledQuery:
    """SQL split at its parameters into `pieces`, with the parameters' `names` in their order."""

    pieces: tuple[bytes, ...]
    names: tuple[str, ...]

    @cached_property
    def prepared_sql(self) -> bytes:
        """The SQL with the parameters `$1`, `$2`, …, for PREPARE."""
        return self.pieces[0] + b"".join(b"$%d%b" % (number, piece) for number, piece in enumerate(self.pieces[1:], 1))

    @cached_property
    def needs_custom_plan(self) -> bool:
        return any(CUSTOM_PLAN.encode() in piece for piece in self.pieces)

    def with_literals(self, literals: list[bytes]) -> bytes:
        return b"".join(part for pair in zip(self.pieces, [*literals, b""], strict=True) for part in pair)


def from_sql(sql: str, names: tuple[str, ...]) -> CompiledQuery:
    """Return a statement that was written by hand, with `%s` for each of the parameters with these names."""
    return CompiledQuery(tuple(sql.encode().split(b"%s")), names)


Statements = Sequence[tuple[CompiledQuery, Values]]


class QuerySession:
    """A connection to the server and its prepared statements.

    psycopg's cursors would take as long as the server. This class uses libpq directly, with psycopg's adapters for values.
    """

    def __init__(self, raw: "psycopg.Connection[Any]") -> None:
        self._connection = raw.pgconn
        self._poll = poll()
        self._encoding = raw.info.encoding
        self._writing = Transformer.from_context(raw)
        adapters = AdaptersMap(raw.adapters)
        # without Django's own loader, which converts each timestamp to a time zone in Python; all are UTC here
        adapters.register_loader("timestamptz", TimestamptzLoader)
        self._reading = Transformer(_Context(adapters, raw))
        self._prepared: OrderedDict[CompiledQuery, bytes] = OrderedDict()
        self._slow: dict[tuple[object, ...], int] = {}  # slow executions, and then those with a plan for the owner

    def read(self, statements: Statements, *, prepare: bool, first: tuple[bytes, ...] = ()) -> list[Rows]:
        """Return the rows of each statement. All are sent in one message, after the statements in `first`."""
        messages = [self.render(statement, values, prepare=prepare) for statement, values in statements]
        depends_on_owner = prepare and any(statement.needs_custom_plan for statement, _ in statements)
        if depends_on_owner:
            results = self._send_for_owner(statements, b";".join(messages), first)
        else:
            results = self._send(b";".join((*first, *messages)))
        return [self._rows(result) for result in results[-len(statements) :]]

    def _send_for_owner(self, statements: Statements, message: bytes, first: tuple[bytes, ...]) -> list[PGresult]:
        """Send the message with the generic plan, or with one for the owner after that was slow for them."""
        key, start = (context.current().owner_id, *(statement for statement, _ in statements)), time.monotonic()
        runs = self._slow.pop(key, 0)
        is_own = runs >= SLOW_RUNS
        results = self._send(b";".join((*first, PLAN_MODE % (b"custom" if is_own else b"generic"), message)))
        is_slow = time.monotonic() - start > SLOW_SECONDS
        if runs < OWN_PLANS if is_own else is_slow and len(self._slow) < MAX_SLOW:
            self._slow[key] = runs + 1
        return results

    def render(self, statement: CompiledQuery, values: Values, *, prepare: bool) -> bytes:
        if NOW_PARAMETER in statement.names:
            values = {**values, NOW_PARAMETER: clock.now()}
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

    def _send(self, message: bytes) -> list[PGresult]:
        """Send a message and return the results of its statements, or raise psycopg.Error."""
        self._connection.send_query(message)
        while self._connection.flush():
            self._receive(POLLIN | POLLOUT)
        results = list(iter(self._next_result, None))
        if results[-1].status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            raise error_from_result(results[-1], encoding=self._encoding)
        return results

    def _next_result(self) -> PGresult | None:
        """Return the next result. Other threads run meanwhile, unlike during the call of libpq that waits for it."""
        while self._connection.is_busy():
            self._receive(POLLIN)
        return self._connection.get_result()

    def _receive(self, events: int) -> None:
        self._poll.register(self._connection.socket, events)
        self._poll.poll()
        self._connection.consume_input()

    def _rows(self, result: PGresult) -> Rows:
        self._reading.set_pgresult(result)
        return self._reading.load_rows(0, result.ntuples, tuple)


@dataclass(frozen=True)
class _Context:
    """A context for a Transformer, with other adapters than the connection's."""

    adapters: AdaptersMap
    connection: "psycopg.Connection[Any]"
