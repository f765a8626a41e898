"""A contender on MINGUS's models and connections whose statements run as whoever logged in: the tables' owner."""

from dataclasses import dataclass

from django.db import connection
from django.db.backends.signals import connection_created

from benchmarks.contenders.calls import Answer, Call, Contender
from mingus.kit import rls
from mingus.kit.apps import FOLLOWING


@dataclass(frozen=True, slots=True)
class Unfenced:
    """Without a role and a setting for each request, which only MINGUS's row policies need."""

    contender: Contender
    name: str

    def answer(self, call: Call) -> Answer:
        connection_created.disconnect(dispatch_uid=FOLLOWING)
        connection.execute_wrappers.clear()
        try:
            return self.contender.answer(call)
        finally:
            connection_created.connect(rls.follow_context, dispatch_uid=FOLLOWING)
