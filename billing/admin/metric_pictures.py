"""The pictures of business metrics, drawn in SVG without scripts and styles: bars, gains and losses, and heat tables."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.metric_tables import Metric, Picture, Row

WIDTH = 200  # pixels
FIRST_PART, PARTS_END = 3, 8  # the columns of a bridge between the start and the end
FIRST_SHARE = 4  # the first column of shares in a heat table
SHADES = (Decimal("1"), Decimal("0.75"), Decimal("0.5"), Decimal("0.75"), Decimal("1"))  # of the parts of a bridge
WHOLE = Decimal(100)
MAX_SHADE = Decimal("0.5")  # so that the figures remain readable


@dataclass(frozen=True)
class Bar:
    """A rectangle from `x` to `x + width`, as dark as `opacity`."""

    x: int
    width: int
    opacity: Decimal = Decimal(1)


@dataclass(frozen=True)
class Cell:
    """A figure with the opacity of its background, None without a background."""

    figure: Any
    opacity: Decimal | None = None


@dataclass(frozen=True)
class DrawnRow:
    """A row with the bars beside it."""

    cells: list[Cell]
    bars: list[Bar]


def drawn(table: Metric) -> list[DrawnRow]:
    """Return the rows of a table with their picture."""
    painters = {Picture.BARS: _with_bars, Picture.BRIDGE: _with_bridge, Picture.HEAT: _with_heat}
    return list(painters[table.picture](table))


def _with_bars(table: Metric) -> Iterator[DrawnRow]:
    """Yield each row with a bar. The largest figure has the longest bar, and words such as `fewer than 5` have none."""

    def size(row: Row) -> Any:
        return 0 if isinstance(row[table.bar], str) else row[table.bar]

    scale = _scale(table, size)
    for row in table.rows:
        yield DrawnRow([Cell(figure) for figure in row], [Bar(0, _length(size(row), scale[_kind(table, row)]))])


def _with_bridge(table: Metric) -> Iterator[DrawnRow]:
    """Yield each row with the gains to the right of the middle and the losses to the left, one beside the other."""
    scale = _scale(table, _larger_side)
    for row in table.rows:
        whole, right, left = scale[_kind(table, row)], WIDTH // 2, WIDTH // 2
        bars = []
        for amount, shade in zip(row[FIRST_PART:PARTS_END], SHADES, strict=True):
            length = _length(abs(amount), whole) // 2
            left -= length if amount < 0 else 0
            bars.append(Bar(left if amount < 0 else right, length, shade))
            right += length if amount > 0 else 0
        yield DrawnRow([Cell(figure) for figure in row], [bar for bar in bars if bar.width])


def _with_heat(table: Metric) -> Iterator[DrawnRow]:
    """Yield each row with a background behind each share, the darker the larger it is."""
    for row in table.rows:
        shares = [
            Cell(share, min(share, WHOLE) * MAX_SHADE / WHOLE) if isinstance(share, Decimal) else Cell(share) for share in row
        ]
        yield DrawnRow([*map(Cell, row[:FIRST_SHARE]), *shares[FIRST_SHARE:]], [])


def _larger_side(row: Row) -> Decimal:
    """Return the gains or the losses of a row of a bridge, whichever are larger."""
    parts = row[FIRST_PART:PARTS_END]
    gains, losses = (sum((amount * sign for amount in parts if amount * sign > 0), Decimal(0)) for sign in (1, -1))
    return max(gains, losses)


def _scale(table: Metric, size: Callable[[Row], Any]) -> dict[Any, Any]:
    """Return the largest size by currency, because amounts in different currencies are not comparable."""
    largest: dict[Any, Any] = {}
    for row in table.rows:
        largest[_kind(table, row)] = max(largest.get(_kind(table, row), 0), size(row))
    return largest


def _length(size: Any, largest: Any) -> int:
    return int(WIDTH * size / (largest or 1))


def _kind(table: Metric, row: Row) -> Any:
    return row[table.columns.index("currency")] if "currency" in table.columns else None
