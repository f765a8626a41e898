"""What the database's wall costs: the list as MINGUS serves it, and as the tables' owner, whom no policy holds up."""

from dataclasses import dataclass
from functools import partial

from django.db import connection
from django.db.backends.signals import connection_created

from benchmarks.answers import answered, require_equal
from benchmarks.contenders import mingus_api
from benchmarks.contenders.calls import Answer, Call, Contender
from benchmarks.data import Cast
from benchmarks.lists import PAGE, calls
from benchmarks.measure import Meter, Result, always, interleaved
from benchmarks.scale import Scale
from mingus.kit import rls
from mingus.kit.apps import FOLLOWING


@dataclass(frozen=True, slots=True)
class Unfenced:
    """A contender whose statements run as whoever logged in, without a role and a setting for each request."""

    contender: Contender
    name: str = "MINGUS without row-level security"

    def answer(self, call: Call) -> Answer:
        connection_created.disconnect(dispatch_uid=FOLLOWING)
        connection.execute_wrappers.clear()
        try:
            return self.contender.answer(call)
        finally:
            connection_created.connect(rls.follow_context, dispatch_uid=FOLLOWING)


def run(cast: Cast, meter: Meter, scale: Scale) -> list[Result]:
    """Measure it in short turns, after both have answered alike."""
    fenced = mingus_api.contender()
    both: list[Contender] = [Unfenced(fenced), fenced]
    asked = calls(cast, scale.list_requests)
    for call in asked[::10]:
        require_equal({entrant.name: entrant.answer(call).data["results"] for entrant in both}, rows=PAGE)
    turns = max(scale.rounds, scale.rounds * scale.list_requests // 25)
    work = {entrant.name: always(partial(answered, entrant, asked[:25], 200)) for entrant in both}
    return interleaved(work, rounds=turns, meter=meter)
