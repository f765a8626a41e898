"""Sizes of a benchmark run."""

from dataclasses import dataclass, replace
from pathlib import Path

PARTS = ("lists", "wall", "twins", "post", "import", "export", "flat")
SERVER_PARTS = ("cold", "memory", "servers")
OPERATIONS_PART = "operations"
SEARCH_PART = "search"
CHANGES_PART = "changes"
ROWS_PER_USER = 2_000


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes of a run. `only` is a part, or None for all. Half of the rows belong to one of the `users`.

    `base` is the folder of a checkout of e81ec44 that the servers are compared with, or None.
    """

    rounds: int
    rows: int
    list_requests: int
    post_requests: int
    import_rounds: int
    import_rows: int
    export_rows: int
    table_sizes: tuple[int, ...]
    heavy_rows: int
    is_quick: bool
    only: str | None
    base: Path | None = None
    turn_seconds: int = 1  # of one server in one round
    memory_requests: int = 10_000

    @classmethod
    def of(cls, *, rounds: int, rows: int, only: str | None, quick: bool, full: bool, base: Path | None = None) -> "Scale":
        """Return the sizes for the options of the command line. `quick` limits all of them."""
        if quick:
            small = cls(min(rounds, 3), min(rows, 50_000), 60, 60, 2, 5_000, 20_000, (10_000, 40_000), 20_000, True, only)
            return replace(small, base=base, memory_requests=1_000)
        bulk = (200_000, 1_000_000) if full else (50_000, 250_000)
        sizes, heavy = ((10_000, 1_000_000, 10_000_000), 1_000_000) if full else ((10_000, 1_000_000), 500_000)
        return cls(rounds, rows, 200, 200, min(rounds, 3), *bulk, sizes, heavy, False, only, base)

    @property
    def users(self) -> int:
        """The heavy user, and one user per ROWS_PER_USER rows, so that a page of one user is always full."""
        return max(self.rows // ROWS_PER_USER, 1) + 1

    def includes(self, part: str) -> bool:
        return self.only in {None, part}
