"""Calculation of the job security index, which compares a job with US labor statistics on a scale from 0 to 1.

    logit(p) = logit(base) + Σ βx

`base` is the unemployment rate of the user's sector (T1), or of all industries if the sector is unknown. The x are

    education   ln(U of the user's level / U of all levels)   T3, β = 1
    tenure      ln(median of the sector / the user's), ±1.5   T6, β = 1
    signals     hiring freeze, layoffs, reorganization        1 or 0, β is our judgment
    protectors  public sector, union                          1 or 0, β is our judgment

Unemployment is a stock and not a hazard, so p is not a probability of dismissal and is not published. The published index
is odds(p) / (odds(p) + odds(all workers)). 0.50 is the average worker of the table, and a higher index means a higher risk.

The contributions are Aumann-Shapley values: each factor's log odds times the mean slope of the index on the straight line
from the average to the user. They are rounded to hundredths by largest remainders, so that 0.50 plus their sum equals the
index exactly. Age, gender, marital status and dependents are not inputs.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from typing import Any

from career.labor_tables import (
    INDUSTRY_OF_SECTOR,
    PUBLIC_ADMINISTRATION,
    T1,
    T3,
    T6,
    TENURE_OF_SECTOR,
    TENURE_TOTAL,
    UNEMPLOYMENT_BY_EDUCATION,
    UNEMPLOYMENT_OF_EDUCATED_TOTAL,
    UNEMPLOYMENT_TOTAL,
    Industry,
    TableCitation,
)

AVERAGE = Decimal("0.50")
HUNDREDTH = Decimal("0.01")
TENURE_CLAMP = 1.5
JUDGMENT = "judgement"  # stored in analyses, so its spelling stays
# Added to the log odds. These weights are our judgment, not measured, and each analysis labels them as such.
SIGNAL_WEIGHTS = {"recent_layoffs": 0.8, "hiring_freeze": 0.4, "reorganisation": 0.3}
PROTECTOR_WEIGHTS = {"public_sector": -0.4, "union": -0.3}


class FactorGroup(StrEnum):
    """The part score that a factor belongs to."""

    INDUSTRY = "industry"
    COMPANY = "company"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Situation:
    """The known facts about a user's job. None (or '') means unknown, which is not the same as no."""

    naics_code: str = ""
    education_level: str = ""
    tenure_years: Decimal | None = None  # with the current employer, not years of experience
    hiring_freeze: bool | None = None
    recent_layoffs: bool | None = None
    reorganisation: bool | None = None
    public_sector: bool | None = None
    union: bool | None = None

    @property
    def industry(self) -> Industry | None:
        """The row of T1, or None if the sector is unknown."""
        return INDUSTRY_OF_SECTOR.get(self.naics_code[:2])

    @property
    def median_tenure(self) -> Decimal:
        return TENURE_OF_SECTOR.get(self.naics_code[:2], TENURE_TOTAL)


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of the index, with its log odds against the average and its contribution to the index."""

    name: str
    group: FactorGroup
    value: Any
    log_odds: float
    source: TableCitation | None = None
    contribution: Decimal = Decimal("0.00")

    @property
    def basis(self) -> str:
        """The table that the factor comes from, or JUDGMENT."""
        return self.source.table if self.source else JUDGMENT


@dataclass(frozen=True, slots=True)
class Assessment:
    """The index and its parts, None if nothing is known. AVERAGE plus the sum of the contributions equals `overall`."""

    industry: Decimal | None
    company: Decimal | None
    personal: Decimal | None
    overall: Decimal | None
    factors: tuple[Factor, ...]


def assess(situation: Situation) -> Assessment:
    """Compute the index, its parts and the contribution of each known factor."""
    factors = _factors(situation)
    parts = {group: _index_of(factor for factor in factors if factor.group is group) for group in FactorGroup}
    return Assessment(
        industry=parts[FactorGroup.INDUSTRY],
        company=parts[FactorGroup.COMPANY],
        personal=parts[FactorGroup.PERSONAL],
        overall=_index_of(factors),
        factors=tuple(_with_contributions(factors)),
    )


def logit(percent: Decimal) -> float:
    """Return the log odds of a rate in percent."""
    share = float(percent) / 100
    return math.log(share / (1 - share))


def index(log_odds: float) -> float:
    """Convert log odds against the average to an index from 0 to 1. The average (log odds of 0) is 0.5."""
    return 1 / (1 + math.exp(-log_odds))


def tenure_log_odds(median: Decimal, own: Decimal) -> float:
    """Return ln(median / own), limited to ±1.5. A tenure of 0 counts as 1.5."""
    ratio = math.log(float(median) / float(own)) if own > 0 else TENURE_CLAMP
    return max(-TENURE_CLAMP, min(TENURE_CLAMP, ratio))


def _factors(situation: Situation) -> list[Factor]:
    found: list[Factor] = []
    industry, education, tenure = situation.industry, situation.education_level, situation.tenure_years
    if industry is not None:
        log_odds = logit(industry.rate) - logit(UNEMPLOYMENT_TOTAL)
        found.append(Factor("industry", FactorGroup.INDUSTRY, industry.name, log_odds, T1))
    if education in UNEMPLOYMENT_BY_EDUCATION:
        log_odds = math.log(float(UNEMPLOYMENT_BY_EDUCATION[education]) / float(UNEMPLOYMENT_OF_EDUCATED_TOTAL))
        found.append(Factor("education", FactorGroup.PERSONAL, education, log_odds, T3))
    if tenure is not None:
        log_odds = tenure_log_odds(situation.median_tenure, tenure)
        found.append(Factor("tenure", FactorGroup.PERSONAL, str(tenure), log_odds, T6))
    protectors = dict(PROTECTOR_WEIGHTS)
    if industry is PUBLIC_ADMINISTRATION:
        protectors["public_sector"] = 0.0  # the rate in T1 already includes this protection
    for group, weights in ((FactorGroup.COMPANY, SIGNAL_WEIGHTS), (FactorGroup.PERSONAL, protectors)):
        for name, weight in weights.items():
            value = getattr(situation, name)
            if value is not None:
                found.append(Factor(name, group, value, weight if value else 0.0))
    return found


def _index_of(factors: Iterable[Factor]) -> Decimal | None:
    """Return the index of the factors, rounded to hundredths, or None if there are none."""
    log_odds = [factor.log_odds for factor in factors]
    return Decimal(index(math.fsum(log_odds))).quantize(HUNDREDTH, ROUND_HALF_EVEN) if log_odds else None


def _with_contributions(factors: Sequence[Factor]) -> list[Factor]:
    total = math.fsum(factor.log_odds for factor in factors)
    slope = (index(total) - 0.5) / total if abs(total) > 1e-9 else 0.25  # 0.25 is the slope at the average
    exact = [factor.log_odds * slope for factor in factors]
    parts = in_hundredths(exact, (_index_of(factors) or AVERAGE) - AVERAGE)
    return [replace(factor, contribution=part) for factor, part in zip(factors, parts, strict=True)]


def in_hundredths(exact: Sequence[float], total: Decimal) -> list[Decimal]:
    """Round values to hundredths that add up to `total`. Those with the largest remainders are rounded up."""
    floors = [math.floor(value * 100) for value in exact]
    missing = int(total * 100) - sum(floors)
    by_remainder = sorted(range(len(exact)), key=lambda place: (floors[place] - exact[place] * 100, place))
    raised = set(by_remainder[:missing])
    return [HUNDREDTH * (floor + (place in raised)) for place, floor in enumerate(floors)]
