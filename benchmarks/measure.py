"""Measurement in rounds: CPU time of this process and of its database sessions, and wall-clock time.

CPU time is the cost of a request, regardless of other load on the machine. Wall-clock time is how long a caller waits.
Contenders take turns within a round, so that a slow minute affects all of them, and are compared with the first of that round.
"""

import gc
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from benchmarks.production import DATABASE, home_parameters

# Does some operations, and returns the wall-clock seconds of each.
Work = Callable[[], list[float]]
# Prepares something outside of the measurement, and returns the work on it.
Prepare = Callable[[], Work]

SESSIONS = "SELECT pid FROM pg_stat_activity WHERE starts_with(datname, %s) AND backend_type = 'client backend'"


class DistantServerError(Exception):
    """The processes of the database server are not visible on this machine."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of one contender in one round."""

    process: float
    database: float
    wall_seconds: list[float]

    @property
    def cpu(self) -> float:
        """CPU seconds per operation."""
        return (self.process + self.database) / len(self.wall_seconds)


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some rounds, with the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True, slots=True)
class Result:
    """A contender over all rounds. Times are in seconds; ratios are to the first contender, round by round."""

    name: str
    cpu: float
    database_share: float
    cpu_ratio: Spread
    wall_ratio: Spread
    p50: float
    p99: float
    p99_ratio: float  # over all rounds, since one round has too few slow operations
    rate: float = 0.0  # requests a second of a server with all of its callers; 0 if one caller waits for each response

    def named(self, name: str) -> "Result":
        return replace(self, name=name)


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process with one thread."""
    return _cpu_in(Path("/proc", str(pid)))


def cpu_of_threads(pid: int) -> float:
    """Return the CPU seconds of all running threads of a process, 0 if it has ended."""
    try:
        return sum(_cpu_in(thread) for thread in Path("/proc", str(pid), "task").iterdir())
    except OSError:
        return 0.0


def _cpu_in(folder: Path) -> float:
    """Return the CPU seconds in a folder of /proc, exact to nanoseconds if the kernel counts them, otherwise to its ticks."""
    try:
        return int((folder / "schedstat").read_text().split()[0]) / 1e9
    except OSError:
        user, system = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _own_cpu() -> float:
    """Return the CPU seconds of this process and of its finished children."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


class Meter:
    """A meter for the work of this process and of the sessions on the benchmark database."""

    def __init__(self, watcher: "psycopg.Connection[Any]") -> None:
        self._watcher = watcher

    def sample(self, work: Work) -> Sample:
        """Do the work and measure it. Raise DistantServerError if the database server is on another machine."""
        before = self.cpu_by_session()
        gc.collect()
        process = _own_cpu()
        wall_seconds = work()
        # A session that closed in the meantime belonged to the previous work.
        after = {pid: cpu for pid in before if (cpu := _cpu_if_there(pid)) is not None}
        return Sample(_own_cpu() - process, sum(after[pid] - before[pid] for pid in after), wall_seconds)

    def cpu_by_session(self) -> dict[int, float]:
        """Return the CPU seconds of each database session so far, by the process that serves it."""
        pids = [pid for (pid,) in self._watcher.execute(SESSIONS, [DATABASE])]
        read = {pid: cpu for pid in pids if (cpu := _cpu_if_there(pid)) is not None}
        if pids and not read:
            raise DistantServerError("DATABASE_URL must name a server whose processes /proc shows on this machine.")
        return read


def _cpu_if_there(pid: int) -> float | None:
    try:
        return cpu_of(pid)
    except OSError:
        return None


@contextmanager
def meter() -> Iterator[Meter]:
    """Yield a Meter, whose connection closes with the block."""
    with psycopg.connect(**home_parameters(), autocommit=True) as watcher:
        yield Meter(watcher)


def always(work: Work) -> Prepare:
    """Return a Prepare for work that needs no preparation."""
    return lambda: work


def interleaved(contenders: Mapping[str, Prepare], *, rounds: int, meter: Meter, warm_up: bool = True) -> list[Result]:
    """Measure the contenders in turns, once per round, after a warm-up round. The first one is the limit."""
    names = list(contenders)
    samples: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(-1 if warm_up else 0, rounds):
        for name in names:
            taken = meter.sample(contenders[name]())
            samples[name] += [taken] if number >= 0 else []
    return [compared(name, samples[name], samples[names[0]]) for name in names]


def compared(name: str, samples: list[Sample], limit: list[Sample]) -> Result:
    """Return the result of some samples, compared with the limit's samples round by round."""
    pairs = list(zip(samples, limit, strict=True))
    wall_seconds, others = (sorted(wall for sample in each for wall in sample.wall_seconds) for each in (samples, limit))
    return Result(
        name=name,
        cpu=median(sample.cpu for sample in samples),
        database_share=median(sample.database / (sample.database + sample.process) for sample in samples),
        cpu_ratio=Spread.of([sample.cpu / other.cpu for sample, other in pairs]),
        wall_ratio=Spread.of([median(sample.wall_seconds) / median(other.wall_seconds) for sample, other in pairs]),
        p50=percentile(wall_seconds, 50),
        p99=percentile(wall_seconds, 99),
        p99_ratio=percentile(wall_seconds, 99) / percentile(others, 99),
    )


def percentile(ordered: list[float], percent: int) -> float:
    """Return the smallest value that at least `percent` percent of the values do not exceed (nearest rank)."""
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def timed(work: Callable[[], object]) -> float:
    """Return the wall-clock seconds of the work."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
