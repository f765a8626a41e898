"""What an income may become in one, three and five years, from published rates of wage growth. Pure: no clock, no database.

The model is log-normal: after t years the logarithm of the income is normal, with the mean ln(income) + t·ln(1+g) and the
standard deviation σ·√t. So the median is income·(1+g)^t, and a quantile is median·exp(z·σ·√t). Every figure comes from a table
below, which names its source; nothing is fitted to the person.
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
COVERED = Decimal("0.80")  # of the modelled outcomes lie between the 10th and the 90th percentile


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
    """Where figures come from, and as of when."""

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
    """Incomes by the number of years from now. `fan` has the percentiles; the 50th is `median`. `factors` explains them."""

    growth_rate: Decimal
    median: dict[int, Decimal]
    fan: dict[int, dict[int, Decimal]]
    confidence_level: Decimal
    factors: dict[str, Any]


def project(income: Decimal, *, occupation: OccupationGroup = OccupationGroup.ALL, switch: bool = False) -> GrowthProjection:
    """What a yearly `income` above 0 may become, in cents, rounded half up.

    With `switch` the first year grows by so many points more as the median switcher's pay grew faster than the stayer's;
    after it, the new job grows like any other.
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
    """σ of one year: the standard deviation (n - 1) of ln(1+g) over the three published periods, to six decimals."""
    logs = [_growth(rate).ln() for rate in ALL_BY_PERIOD.values()]
    mean = sum(logs, Decimal(0)) / len(logs)
    squares = sum(((value - mean) ** 2 for value in logs), Decimal(0))
    return (squares / (len(logs) - 1)).sqrt().quantize(Decimal("0.000001"), ROUND_HALF_UP)


def _growth(percent: Decimal) -> Decimal:
    return 1 + percent / 100


def _widened(percent: int, years: int) -> Decimal:
    """The quantile's distance from the median, as a factor; exactly 1 at the median."""
    z = Decimal(repr(NormalDist().inv_cdf(percent / 100)))
    return (z * spread() * Decimal(years).sqrt()).exp()


def _explained(
    income: Decimal, occupation: OccupationGroup, rate: Decimal, premium: Decimal, fan: dict[int, dict[int, Decimal]]
) -> dict[str, Any]:
    """Everything that the numbers follow from, so that they can be worked out again by hand."""
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
        "confidence": "The share of modelled outcomes from p10 to p90. The spread is only how the general rate moved over "
        "three periods; a single person's income varies more, so read it as the least uncertainty there is.",
    }
