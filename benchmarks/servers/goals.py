"""The ratios that MINGUS is to reach, each computed round by round from the turns of one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.servers.peers.commands import BOLT, LIMIT_NAME, NINJA
from benchmarks.servers.rounds import Turn

Turns = Mapping[str, Mapping[str, Sequence[Turn]]]  # of the entrants, by part
Place = tuple[str, str]  # a part and an entrant

LIST, OBJECT, POST, PATCH, UNCHANGED = "list", "object", "post", "patch", "unchanged"
TOKEN, SESSION, COOKIE = (f"MINGUS, {name}" for name in ("token", "session token", "cookie"))
BASE = "e81ec44, token"
KEY = "MINGUS, token, Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Goal:
    """The work of one entrant against that of another: at most `bound` times the CPU, or at least `bound` times the rate."""

    work: str
    ours: Place
    theirs: Place
    bound: float
    is_rate: bool = False

    def ratio(self, turns: Turns) -> float | None:
        """Return the median ratio; None if one of the two was not measured."""
        both = [turns.get(part, {}).get(name) for part, name in (self.ours, self.theirs)]
        if not all(both):
            return None
        value: Callable[[Turn], float] = (lambda turn: turn.rate) if self.is_rate else (lambda turn: turn.cpu)
        return median(value(ours) / value(theirs) for ours, theirs in zip(*filter(None, both), strict=True))

    def line(self, turns: Turns) -> str | None:
        """Return the goal and its ratio as a row of a table."""
        ratio = self.ratio(turns)
        if ratio is None:
            return None
        is_reached = ratio >= self.bound if self.is_rate else ratio <= self.bound
        quantity, limit = ("requests a second", "at least") if self.is_rate else ("CPU", "at most")
        return f"| {self.work} | {quantity} | {ratio:.2f} × | {limit} {self.bound:g} × | {'yes' if is_reached else 'no'} |"


HEAD = "| work | of | measured | goal | reached |\n|---|---|---|---|---|"
GOALS = (
    Goal("list by session token against list by token", (LIST, SESSION), (LIST, TOKEN), 1.2),
    Goal("list by cookie against list by token", (LIST, COOKIE), (LIST, TOKEN), 1.2),
    Goal("list by session token against django-bolt", (LIST, SESSION), (LIST, BOLT), 2.0, is_rate=True),
    Goal("list by token against the bare limit", (LIST, TOKEN), (LIST, LIMIT_NAME), 1.5),
    Goal("one object by token against list by token", (OBJECT, TOKEN), (LIST, TOKEN), 1.0),
    Goal("one object by session token against list by token", (OBJECT, SESSION), (LIST, TOKEN), 1.2),
    Goal("POST against e81ec44", (POST, TOKEN), (POST, BASE), 0.6),
    Goal("POST against django-ninja", (POST, TOKEN), (POST, NINJA), 0.5),
    Goal("PATCH with If-Match against e81ec44", (PATCH, TOKEN), (PATCH, BASE), 0.6),
    Goal("POST with Idempotency-Key against POST", (POST, KEY), (POST, TOKEN), 1.15),
    Goal("list with a known ETag (304) against list by token", (UNCHANGED, f"{TOKEN}, 304"), (UNCHANGED, TOKEN), 0.6),
)


def table(turns: Turns) -> str:
    """Return the goals whose entrants were measured, as a table in Markdown."""
    return "\n".join([HEAD, *(line for goal in GOALS if (line := goal.line(turns)))])
