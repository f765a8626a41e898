"""The parts that are measured with real servers: lists, objects and writes over HTTP, cold starts, and memory."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from benchmarks import report
from benchmarks.data import BenchmarkUsers, exempt_owner
from benchmarks.measure import Meter
from benchmarks.production import DATABASE
from benchmarks.scale import Scale
from benchmarks.servers import builds, cold, goals, published, resident, rounds
from benchmarks.servers.builds import BASE_DATABASE, OURS, Checkout
from benchmarks.servers.entrants import TOKEN, Entrant, Population
from benchmarks.servers.lineup import BASE, Lineup
from benchmarks.servers.load import fetch, has_generator
from benchmarks.servers.peers import commands as peers
from benchmarks.servers.processes import Command, Server, all_started
from benchmarks.servers.rounds import LoadPlan, Turn

CONNECTIONS = 4  # for each worker
Commands = Mapping[str, Sequence[Command]]


class Suite:
    """A run on the database of today's build and, if a checkout is given, on one of its own."""

    def __init__(self, ours: Population, base: Population | None, meter: Meter, scale: Scale) -> None:
        self._lineup = Lineup(ours, base)
        self._checkout = Checkout(scale.base) if scale.base else None
        self._meter = meter
        self._scale = scale
        self._turns: dict[str, dict[str, list[Turn]]] = {}
        self._parts: list[report.Part] = []

    def servers(self) -> None:
        """Measure all servers with two workers each, then with one."""
        line = self._lineup
        with self._running(2, {OURS: builds.commands(2)}) as servers:
            self._measure("two workers", "List of 50 over HTTP, two workers", line.lists(), servers, workers=2)
        with self._running(1, builds.variants(1)) as servers:
            lists = [*line.lists(), *line.ablation()]
            self._measure(goals.LIST, "List of 50 over HTTP, one worker", lists, servers)
            self._measure(goals.OBJECT, "One transaction over HTTP", line.objects(), servers)
            self._measure(goals.UNCHANGED, "List that the caller already has (304)", line.unchanged(servers), servers)
            self._measure(goals.POST, "POST over HTTP", line.posts(), servers, ignored=rounds.GENERATED)
            self._measure(goals.PATCH, "PATCH with If-Match over HTTP", line.patches(), servers, ignored=rounds.CHANGED)
        text = goals.table(self._turns)
        _print(text)
        published.save_servers(self._parts, text, self._scale)

    def cold(self) -> None:
        """Measure the web process of each build from its start to its first response."""
        with self._forced():
            found = cold.run({name: (commands, population) for name, commands, population in self._builds()}, self._scale)
        _print(cold.table(found))
        published.save_text("cold", cold.table(found), self._scale)

    def memory(self) -> None:
        """Measure the resident memory of one worker of each build over mixed requests."""
        found = {}
        for name, commands, population in self._builds():
            with self._forced(), all_started({name: commands}) as servers:
                found[name] = resident.run(servers[name], population, self._scale)
        _print(resident.table(found))
        published.save_text("memory", resident.table(found), self._scale)

    def _measure(
        self,
        part: str,
        title: str,
        entrants: Sequence[Entrant],
        servers: Mapping[str, Server],
        *,
        workers: int = 1,
        ignored: Sequence[str] = (),
    ) -> None:
        if not entrants:
            return
        _print(f"Measuring: {title} …")
        rounds.require_same_responses(entrants, servers, ignored=ignored)
        load = LoadPlan(CONNECTIONS * workers, self._scale.rounds, self._scale.turn_seconds)
        self._turns[part] = rounds.run(entrants, servers, self._meter, load)
        self._parts.append(report.Part(part, title, rounds.results(self._turns[part]), "Per request."))
        _print(report.table(self._parts[-1]))

    def _builds(self) -> list[tuple[str, Sequence[Command], Population]]:
        """Return the builds of MINGUS that are compared with each other, first the checkout."""
        ours: tuple[str, Sequence[Command], Population] = (OURS, builds.commands(1), self._lineup.ours)
        if self._checkout is None or self._lineup.base is None:
            return [ours]
        return [(BASE, self._checkout.commands(1), self._lineup.base), ours]

    @contextmanager
    def _running(self, workers: int, ours: Commands) -> Iterator[dict[str, Server]]:
        """Run all servers. Once MINGUS has started, the tables' owner is exempt from row-level security."""
        commands = dict(ours)
        if self._checkout:
            commands[BASE] = self._checkout.commands(workers)
        commands |= peers.commands(workers, builds.url_of(DATABASE))
        with self._forced() as end_of_forced, all_started(commands) as servers:
            for name in [*ours, *([BASE] if self._checkout else [])]:
                fetch(servers[name].port, self._lineup.ours.lists(TOKEN).requests[0])
            end_of_forced.close()
            yield servers

    @contextmanager
    def _forced(self) -> Iterator[ExitStack]:
        """Let row-level security apply to the tables' owner too, without which MINGUS does not start."""
        with ExitStack() as stack:
            for name in (DATABASE, *([BASE_DATABASE] if self._checkout else [])):
                exempt_owner(name, is_exempt=False)
                stack.callback(exempt_owner, name)
            yield stack


def run(users: BenchmarkUsers, meter: Meter, scale: Scale) -> None:
    """Measure the parts of `scale` that have servers."""
    with ExitStack() as stack:
        base = None
        if scale.base:
            _print("Creating the checkout's database …")
            checkout = Checkout(scale.base)
            base_users = stack.enter_context(checkout.database(rows=scale.rows, users=scale.users))
            base = Population.of(base_users, BASE_DATABASE)
        suite = Suite(Population.of(builds.with_sessions(users), DATABASE), base, meter, scale)
        for name, measure in (("cold", suite.cold), ("memory", suite.memory), ("servers", suite.servers)):
            if name == "servers" and scale.only is None and not has_generator():
                _print("The servers are left out, because wrk is not installed.")
            elif scale.includes(name):
                measure()


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
