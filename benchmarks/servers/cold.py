"""Cold starts: the time and the CPU of a web process from its start to its first list."""

import time
from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.scale import Scale
from benchmarks.servers.entrants import TOKEN, Population
from benchmarks.servers.load import HttpRequest, Replay, probe
from benchmarks.servers.processes import Command, started

HEAD = "| build | seconds to the first response | × the first | CPU seconds | × the first |\n|---|---|---|---|---|"
Start = tuple[float, float]  # seconds, CPU seconds


def run(builds: Mapping[str, tuple[Sequence[Command], Population]], scale: Scale) -> dict[str, list[Start]]:
    """Start each build once per round, after a round that fills the page cache."""
    found: dict[str, list[Start]] = {name: [] for name in builds}
    for number in range(-1, scale.rounds):
        for name, (commands, population) in builds.items():
            taken = _start(name, commands, population.lists(TOKEN).requests[0])
            found[name] += [taken] if number >= 0 else []
    return found


def _start(name: str, commands: Sequence[Command], request: HttpRequest) -> Start:
    began = time.perf_counter()
    with started(name, commands) as server:
        probe(server.port, Replay([request]))
        return time.perf_counter() - began, server.cpu()


def table(found: Mapping[str, Sequence[Start]]) -> str:
    """Return the medians, and the ratio to the first build round by round, as a table in Markdown."""
    first = next(iter(found.values()))
    return "\n".join([HEAD, *(_line(name, starts, first) for name, starts in found.items())])


def _line(name: str, starts: Sequence[Start], first: Sequence[Start]) -> str:
    pairs = list(zip(starts, first, strict=True))
    cells = [
        f"{median(start[place] for start in starts):.2f} | {median(start[place] / other[place] for start, other in pairs):.2f}"
        for place in (0, 1)
    ]
    return f"| {name} | {' | '.join(cells)} |"
