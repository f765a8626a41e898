"""Cost of row-level security: the list as MINGUS serves it, and as the tables' owner, to whom no policy applies."""

from functools import partial

from benchmarks.contenders import mingus_api
from benchmarks.contenders.calls import Contender
from benchmarks.contenders.without_rls import WithoutRls
from benchmarks.data import BenchmarkUsers
from benchmarks.lists import PAGE, make_requests
from benchmarks.measure import Meter, Result, always, interleaved
from benchmarks.responses import require_equal, response_times
from benchmarks.scale import Scale


def run(users: BenchmarkUsers, meter: Meter, scale: Scale) -> list[Result]:
    """Measure in short turns, after checking that both return the same rows."""
    with_rls = mingus_api.contender()
    both: list[Contender] = [WithoutRls(with_rls, "MINGUS without row-level security"), with_rls]
    requests = make_requests(users, scale.list_requests)
    for request in requests[::10]:
        require_equal({entrant.name: entrant.handle(request).data["results"] for entrant in both}, rows=PAGE)
    turns = max(scale.rounds, scale.rounds * scale.list_requests // 25)
    work = {entrant.name: always(partial(response_times, entrant, requests[:25], 200)) for entrant in both}
    return interleaved(work, rounds=turns, meter=meter)
