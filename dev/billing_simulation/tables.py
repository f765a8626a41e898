"""A day of a simulated life as a row, for the terminal and for CSV."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

COLUMNS = ("day", "what happened", "status", "plan", "access", "invoices and credit", "notices")
SHARES = (10, 40, 9, 9, 38, 32, 20)  # of the terminal's columns; a day and a status are never broken
MIN_TABLE_WIDTH = 150
BETWEEN = "  "


@dataclass(frozen=True)
class ReportedNotice:
    """What the customer was told."""

    title: str
    message: str


@dataclass(frozen=True)
class DayState:
    """What holds at the end of a day."""

    status: str = "-"
    plan: str = "-"
    access: str = "-"


@dataclass(frozen=True)
class DayRow:
    """A day on which something changed: what happened, what holds then, and what came of it on that day."""

    day: date
    happened: tuple[str, ...]
    state: DayState
    invoices: tuple[str, ...]
    notices: tuple[ReportedNotice, ...]

    def cells(self) -> tuple[str, ...]:
        """One text a column; a cell of several entries has a line for each."""
        holds = (self.state.status, self.state.plan, self.state.access)
        titles = "\n".join(notice.title for notice in self.notices)
        return (f"{self.day}", "\n".join(self.happened), *holds, "\n".join(self.invoices), titles)

    def notice_texts(self) -> Iterator[str]:
        """Yield the lines of the notices in full, each under its day and title."""
        for notice in self.notices:
            yield f"{self.day}: {notice.title}"
            yield from (f"    {line}" for line in notice.message.splitlines())


def terminal_table(rows: Sequence[DayRow], *, width: int) -> Iterator[str]:
    """The lines of a table of `width` columns, or MIN_TABLE_WIDTH if that is more."""
    room = max(width, MIN_TABLE_WIDTH) - len(BETWEEN) * (len(COLUMNS) - 1)
    widths = [SHARES[0], *(max(share * room // sum(SHARES), len("trialing")) for share in SHARES[1:])]
    yield from _wrapped(COLUMNS, widths)
    yield BETWEEN.join("-" * size for size in widths)
    for row in rows:
        yield from _wrapped(row.cells(), widths)
        yield ""


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [
        [line for entry in cell.split("\n") for line in textwrap.wrap(entry, width, subsequent_indent="  ")]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for number in range(max(len(column) for column in columns)):
        parts = [column[number] if number < len(column) else "" for column in columns]
        yield BETWEEN.join(f"{part:{width}}" for part, width in zip(parts, widths, strict=True)).rstrip()
