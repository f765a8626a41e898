"""Measurement of servers in rounds: requests a second, latency, and the CPU time of their processes and database sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import orjson
from tqdm import tqdm

from benchmarks.measure import Meter, Result, Spread
from benchmarks.responses import require_equal
from benchmarks.servers.entrants import Entrant
from benchmarks.servers.load import drive, probe
from benchmarks.servers.processes import Server

NOT_MODIFIED = 304
WARM_UP = 30  # requests on new connections, which reach every worker
KEYS = ("id", "financial_profile")
GENERATED = ("id", "created_at", "updated_at")
CHANGED = (*GENERATED, *KEYS)


@dataclass(frozen=True, slots=True)
class Turn:
    """An entrant in one round."""

    requests: int
    seconds: float
    process: float
    database: float
    p50: float
    p99: float

    @property
    def cpu(self) -> float:
        """CPU seconds per request."""
        return (self.process + self.database) / self.requests

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The load on the servers: open connections, rounds, and seconds of each turn."""

    connections: int
    rounds: int
    seconds: int


def require_same_responses(entrants: Sequence[Entrant], servers: Mapping[str, Server], *, ignored: Sequence[str] = ()) -> None:
    """Raise UnequalError unless all servers return the same rows, except for a 304, which has none.

    The rows of another checkout have other keys.
    """
    rows = {entrant.name: _rows(probe(servers[entrant.server].port, entrant.replay).body) for entrant in entrants}
    for has_other_keys, also_ignored in ((False, ()), (True, KEYS)):
        compared = [each for each in entrants if each.has_other_keys == has_other_keys and each.replay.status != NOT_MODIFIED]
        names = [entrants[0].name, *(each.name for each in compared)]
        found = {name: rows[name] for name in names}
        require_equal(found, rows=len(rows[names[0]]), ignored=(*ignored, *also_ignored))


def _rows(body: bytes) -> list[dict[str, object]]:
    """Return the rows of a list, or the one row of another response; none of one without a body."""
    if not body:
        return []
    data = orjson.loads(body)
    return list(data.get("results", [data]))


def run(entrants: Sequence[Entrant], servers: Mapping[str, Server], meter: Meter, load: LoadPlan) -> dict[str, list[Turn]]:
    """Measure the entrants in turns, once per round, after some requests to each."""
    for entrant in entrants:
        for number in range(WARM_UP):
            probe(servers[entrant.server].port, entrant.replay, number)
    turns: dict[str, list[Turn]] = {entrant.name: [] for entrant in entrants}
    for entrant in tqdm(list(entrants) * load.rounds, desc="turns", unit="turn", leave=False, disable=None):
        turns[entrant.name].append(_turn(entrant, servers[entrant.server], meter, load))
    return turns


def _turn(entrant: Entrant, server: Server, meter: Meter, load: LoadPlan) -> Turn:
    server.require_running()
    replay = entrant.replay.prepared(server.port, load.connections)
    before, process = meter.cpu_by_session(), server.cpu()
    found = drive(server.port, replay, connections=load.connections, seconds=load.seconds)
    process = server.cpu() - process
    after = meter.cpu_by_session()
    database = sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())
    return Turn(found.requests, found.seconds, process, database, found.p50, found.p99)


def results(turns: Mapping[str, Sequence[Turn]]) -> list[Result]:
    """Return the result of each entrant, compared with the first one round by round."""
    first = next(iter(turns.values()))
    return [_result(name, each, first) for name, each in turns.items()]


def _result(name: str, turns: Sequence[Turn], first: Sequence[Turn]) -> Result:
    pairs = list(zip(turns, first, strict=True))
    return Result(
        name=name,
        cpu=median(turn.cpu for turn in turns),
        database_share=median(turn.database / (turn.database + turn.process) for turn in turns),
        cpu_ratio=Spread.of([turn.cpu / other.cpu for turn, other in pairs]),
        wall_ratio=Spread.of([other.rate / turn.rate for turn, other in pairs]),
        p50=median(turn.p50 for turn in turns),
        p99=median(turn.p99 for turn in turns),
        p99_ratio=median(turn.p99 / other.p99 for turn, other in pairs),
        rate=median(turn.rate for turn in turns),
    )
