"""What the database's wall costs: the list as MINGUS serves it, and as the tables' owner, whom no policy holds up."""

from functools import partial

from benchmarks.contenders import mingus_api
from benchmarks.contenders.calls import Contender
from benchmarks.contenders.without_rls import WithoutRls
from benchmarks.data import BenchmarkUsers
from benchmarks.lists import PAGE, calls
from benchmarks.measure import Meter, Result, always, interleaved
from benchmarks.responses import require_equal, response_times
from benchmarks.scale import Scale


def run(cast: BenchmarkUsers, meter: Meter, scale: Scale) -> list[Result]:
    """Measure it in short turns, after both have answered alike."""
    fenced = mingus_api.contender()
    both: list[Contender] = [WithoutRls(fenced, "MINGUS without row-level security"), fenced]
    asked = calls(cast, scale.list_requests)
    for call in asked[::10]:
        require_equal({entrant.name: entrant.answer(call).data["results"] for entrant in both}, rows=PAGE)
    turns = max(scale.rounds, scale.rounds * scale.list_requests // 25)
    work = {entrant.name: always(partial(response_times, entrant, asked[:25], 200)) for entrant in both}
    return interleaved(work, rounds=turns, meter=meter)
