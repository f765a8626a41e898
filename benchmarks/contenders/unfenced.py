"""A contender on MINGUS's models and connections whose statements run as whoever logged in: the tables' owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.backends.signals import connection_created

from benchmarks.contenders.calls import Answer, Call, Contender
from mingus.kit import rls, statements
from mingus.kit.apps import FOLLOWING
from mingus.kit.statements import Statement

# Asks for as much as the statement that opens a reach, and opens none.
NO_REACH = Statement((b"SELECT ", b"::text, ", b"::text"), names=statements.REACH.names)


@dataclass(frozen=True, slots=True)
class Unfenced:
    """Without a role and a setting for each request, which only MINGUS's row policies need."""

    contender: Contender
    name: str

    def answer(self, call: Call) -> Answer:
        with _no_reach():
            return self.contender.answer(call)


@contextmanager
def _no_reach() -> Iterator[None]:
    """Neither the ORM's statements nor the kept ones set a role."""
    reach, unapplied = statements.REACH, rls.unapplied
    connection_created.disconnect(dispatch_uid=FOLLOWING)
    connection.execute_wrappers.clear()
    statements.REACH, rls.unapplied = NO_REACH, lambda *_: None
    try:
        yield
    finally:
        statements.REACH, rls.unapplied = reach, unapplied
        connection_created.connect(rls.follow_context, dispatch_uid=FOLLOWING)
