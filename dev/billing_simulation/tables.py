"""The days of a simulation as rows, for the terminal and for CSV."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

COLUMNS = ("day", "what happened", "status", "plan", "access", "invoices and credit", "notices")
WIDTHS = (10, 40, 9, 9, 38, 32, 20)  # relative column widths; a day and a status are never wrapped
MIN_TABLE_WIDTH = 150
SEPARATOR = "  "


@dataclass(frozen=True)
class ReportedNotice:
    title: str
    message: str


@dataclass(frozen=True)
class DayState:
    """The subscription at the end of a day."""

    status: str = "-"
    plan: str = "-"
    access: str = "-"


@dataclass(frozen=True)
class DayRow:
    """A day on which something changed. `happened` has a sentence for each action and event."""

    day: date
    happened: tuple[str, ...]
    state: DayState
    invoices: tuple[str, ...]
    notices: tuple[ReportedNotice, ...]

    def cells(self) -> tuple[str, ...]:
        """Return one text per column. A cell with several entries has a line for each."""
        titles = "\n".join(notice.title for notice in self.notices)
        happened, invoices = "\n".join(self.happened), "\n".join(self.invoices)
        return f"{self.day}", happened, self.state.status, self.state.plan, self.state.access, invoices, titles

    def notice_texts(self) -> Iterator[str]:
        """Yield the lines of the notices in full, each under its day and title."""
        for notice in self.notices:
            yield f"{self.day}: {notice.title}"
            yield from (f"    {line}" for line in notice.message.splitlines())


def terminal_table(rows: Sequence[DayRow], *, width: int) -> Iterator[str]:
    """Yield the lines of a table that is `width` characters wide, at least MIN_TABLE_WIDTH."""
    available = max(width, MIN_TABLE_WIDTH) - len(SEPARATOR) * (len(COLUMNS) - 1)
    widths = [WIDTHS[0], *(max(share * available // sum(WIDTHS), len("trialing")) for share in WIDTHS[1:])]
    yield from _wrapped(COLUMNS, widths)
    yield SEPARATOR.join("-" * size for size in widths)
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
        yield SEPARATOR.join(f"{part:{width}}" for part, width in zip(parts, widths, strict=True)).rstrip()
