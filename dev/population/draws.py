"""The parameters, and draws from them."""

import math
import random
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

FILE = Path(__file__).with_name("parameters.toml")
Item = TypeVar("Item")


@cache
def parameters() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())


def source_of(*parts: object) -> random.Random:
    """Return a random source that is the same in every run for the same parts, such as a customer and a day."""
    return random.Random(" ".join(map(str, (parameters()["seed"], *parts))))


def choose(rng: random.Random, shares: Mapping[str, Any]) -> str:
    """Return one of the names of a table, by their shares. The table's source is no name."""
    names = [name for name, share in shares.items() if isinstance(share, float)]
    return rng.choices(names, [shares[name] for name in names])[0]


def choose_row(rng: random.Random, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return rng.choices(rows, [row["share"] for row in rows])[0]


def amount(value: float, decimals: int) -> Decimal:
    """Return an amount of money above 0 with the decimals of its currency."""
    unit = Decimal(1).scaleb(-decimals)
    return max(Decimal(repr(value)).quantize(unit), unit)


def around(rng: random.Random, median: float, spread: float) -> float:
    """Return a lognormal value. `spread` is the standard deviation of its logarithm."""
    return median * math.exp(rng.gauss(0, spread))


def month_after(day: date, months: int) -> date:
    """Return the same day of a later month, or the last day of a shorter one."""
    number = day.year * 12 + day.month - 1 + months
    for last in (day.day, 30, 29, 28):
        try:
            return date(number // 12, number % 12 + 1, min(last, day.day))
        except ValueError:
            continue
    raise ValueError(f"{day} has no day {months} months later")
