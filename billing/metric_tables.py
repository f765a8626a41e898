"""The form of business metrics: a table with its formula, its inputs and a picture."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from dateutil.relativedelta import relativedelta

MONTH_COUNT = 12
PLACES = Decimal("0.01")
ZERO = Decimal(0)
Row = tuple[Any, ...]


class Picture(StrEnum):
    """The picture of a table: bars of one column, gains and losses of each row, or a background as dark as each share."""

    BARS = "bars"
    BRIDGE = "bridge"
    HEAT = "heat"


@dataclass(frozen=True)
class Metric:
    """One table. `formula` and `inputs` explain it; `bar` is the index of the column that is drawn as bars."""

    key: str
    title: str
    formula: str
    inputs: str
    columns: tuple[str, ...]
    bar: int
    rows: list[Row]
    picture: Picture = Picture.BARS


@dataclass(frozen=True)
class CalendarMonth:
    """A calendar month in UTC, from `begins` until just before `ends`."""

    begins: datetime
    ends: datetime

    @property
    def name(self) -> str:
        return f"{self.begins:%Y-%m}"

    def label(self, now: datetime) -> str:
        """Return the name, with a mark while the month has not ended."""
        return f"{self.name} (running)" if now < self.ends else self.name


def last_months(now: datetime) -> list[CalendarMonth]:
    """Return the twelve months up to and including the current one, oldest first."""
    present = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    begins = [present - relativedelta(months=back) for back in reversed(range(MONTH_COUNT))]
    return [CalendarMonth(begin, begin + relativedelta(months=1)) for begin in begins]


def percent(part: Any, whole: Any) -> Decimal | None:
    """Return a share as a percentage with two decimals; None of nothing."""
    return (Decimal(100) * part / whole).quantize(PLACES) if whole else None
