"""Exchange rates that statements state beside payments in another currency."""

import datetime
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from core.currencies import EXACT, MINOR_UNITS

MAX_RATES = 10_000  # of a file; a statement of a year has a few hundred
DECIMALS = Decimal("1e-10")  # as in the model ExchangeRate
RATE_LIMIT = Decimal(10) ** 8


class StatedRate(NamedTuple):
    """The price of one unit of `base` in `quote`, with at most 10 decimals."""

    base: str
    quote: str
    day: datetime.date
    rate: Decimal


class StatedRates:
    """The rates of a file. Of those of one pair and day the last counts."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str, datetime.date], Decimal] = {}

    def __iter__(self) -> Iterator[StatedRate]:
        return (StatedRate(*key, rate) for key, rate in self._rates.items())

    def add(self, base: str, quote: str, day: datetime.date, rate: Decimal) -> None:
        """Add a rate, unless it is of unknown or equal currencies, or too small or too large to be one."""
        if base == quote or base not in MINOR_UNITS or quote not in MINOR_UNITS or not 0 < rate < RATE_LIMIT:
            return
        rounded = rate.quantize(DECIMALS, ROUND_HALF_EVEN, EXACT).normalize()
        key = (base, quote, day)
        if 0 < rounded < RATE_LIMIT and (key in self._rates or len(self._rates) < MAX_RATES):
            self._rates[key] = rounded
