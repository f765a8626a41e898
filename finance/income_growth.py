"""Projection of an income over one, three and five years from published wage growth rates. No clock, no database.

The model is log-normal: after t years the logarithm of the income is normal, with the mean ln(income) + t·ln(1+g) and the
standard deviation σ·√t. The median is income·(1+g)^t and a quantile is median·exp(z·σ·√t). Every figure comes from a
published table that is cited below. Nothing is fitted to the user.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from statistics import NormalDist
from typing import Any

CENT = Decimal("0.01")
YEARS = (1, 3, 5)
QUANTILES = (10, 50, 90)
COVERED = Decimal("0.80")  # share of the modeled outcomes between the 10th and the 90th percentile


class OccupationGroup(StrEnum):
    ALL = "all"
    MANAGEMENT_AND_PROFESSIONAL = "management_and_professional"
    MANAGEMENT_BUSINESS_FINANCIAL = "management_business_financial"
    PROFESSIONAL = "professional"
    SALES_AND_OFFICE = "sales_and_office"
    SALES = "sales"
    OFFICE_SUPPORT = "office_support"


@dataclass(frozen=True)
class RateCitation:
    """The source of published figures, their reference period and the day they were retrieved."""

    title: str
    source: str
    reference_period: str
    retrieved: date

    def as_json(self) -> dict[str, str]:
        return {
            "title": self.title,
            "source": self.source,
            "reference_period": self.reference_period,
            "retrieved": self.retrieved.isoformat(),
        }


EMPLOYMENT_COST_INDEX = RateCitation(
    "Employment Cost Index, wages and salaries, private industry, 12-month change",
    "US Bureau of Labor Statistics, table 9",
    "12 months to December 2023",
    date(2026, 11, 22),
)
PERCENT_A_YEAR = {
    OccupationGroup.ALL: Decimal("4.3"),
    OccupationGroup.MANAGEMENT_AND_PROFESSIONAL: Decimal("4.1"),
    OccupationGroup.MANAGEMENT_BUSINESS_FINANCIAL: Decimal("3.6"),
    OccupationGroup.PROFESSIONAL: Decimal("4.6"),
    OccupationGroup.SALES_AND_OFFICE: Decimal("4.0"),
    OccupationGroup.SALES: Decimal("3.9"),
    OccupationGroup.OFFICE_SUPPORT: Decimal("4.2"),
}
ALL_BY_PERIOD = {"2022-12": Decimal("5.1"), "2023-09": Decimal("4.5"), "2023-12": Decimal("4.3")}

WAGE_GROWTH_TRACKER = RateCitation(
    "Wage Growth Tracker, median 12-month growth of job stayers and job switchers",
    "Federal Reserve Bank of Atlanta",
    "November 2021",
    date(2026, 11, 22),
)
STAYERS, SWITCHERS = Decimal("3.2"), Decimal("4.3")


@dataclass(frozen=True)
class GrowthProjection:
    """Yearly incomes by years from now. `fan` maps years to {percentile: income}; `growth_rate` is in percent a year."""

    growth_rate: Decimal
    median: dict[int, Decimal]
    fan: dict[int, dict[int, Decimal]]
    confidence_level: Decimal
    factors: dict[str, Any]


def project(income: Decimal, *, occupation: OccupationGroup = OccupationGroup.ALL, switch: bool = False) -> GrowthProjection:
    """Project a yearly `income` above 0; amounts are rounded half up to two decimals.

    With `switch`, the rate of the first year is raised by the difference between the median growth of job switchers and of
    job stayers. Later years use the normal rate.
    """
    rate = PERCENT_A_YEAR[occupation]
    premium = SWITCHERS - STAYERS if switch else Decimal(0)
    exact = {years: income * _growth(rate + premium) * _growth(rate) ** (years - 1) for years in YEARS}
    fan = {
        years: {percent: (exact[years] * _widened(percent, years)).quantize(CENT, ROUND_HALF_UP) for percent in QUANTILES}
        for years in YEARS
    }
    factors = _explained(income, occupation, rate, premium, fan)
    return GrowthProjection(rate, {years: fan[years][50] for years in YEARS}, fan, COVERED, factors)


def spread() -> Decimal:
    """Return σ of one year: the sample standard deviation of ln(1+g) over the three published periods, to six decimals."""
    logs = [_growth(rate).ln() for rate in ALL_BY_PERIOD.values()]
    mean = sum(logs, Decimal(0)) / len(logs)
    squares = sum(((value - mean) ** 2 for value in logs), Decimal(0))
    return (squares / (len(logs) - 1)).sqrt().quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _growth(percent: Decimal) -> Decimal:
    return 1 + percent / 100


def _widened(percent: int, years: int) -> Decimal:
    """Return the factor from the median to the quantile; exactly 1 for the median itself."""
    z = Decimal(repr(NormalDist().inv_cdf(percent / 100)))
    return (z * spread() * Decimal(years).sqrt()).exp()


def _explained(
    income: Decimal, occupation: OccupationGroup, rate: Decimal, premium: Decimal, fan: dict[int, dict[int, Decimal]]
) -> dict[str, Any]:
    """Return all inputs of the calculation, so that a reader can reproduce it by hand."""
    switching = {
        "percentage_points_in_the_first_year": str(premium),
        "stayers_percent": str(STAYERS),
        "switchers_percent": str(SWITCHERS),
        "table": WAGE_GROWTH_TRACKER.as_json(),
    }
    return {
        "model": "log-normal: median = income * (1 + g) ** years, percentile = median * exp(z * sigma * sqrt(years))",
        "income": str(income),
        "growth": {"percent_a_year": str(rate), "occupation": occupation.value, "table": EMPLOYMENT_COST_INDEX.as_json()},
        "switch": switching if premium else None,
        "spread": {
            "sigma": str(spread()),
            "from": "standard deviation of ln(1 + g) of all workers over the periods",
            "percent_by_period": {period: str(value) for period, value in ALL_BY_PERIOD.items()},
            "table": EMPLOYMENT_COST_INDEX.as_json() | {"reference_period": "12 months to each period"},
        },
        "fan": {str(years): {f"p{percent}": str(amount) for percent, amount in row.items()} for years, row in fan.items()},
        "confidence": "The share of modeled outcomes from p10 to p90. The spread only reflects how the general rate moved "
        "over three periods. An individual income varies more, so treat the range as a minimum.",
    }
