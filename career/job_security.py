"""How risky a job is against the labour tables: an index from 0 to 1, as a pure calculation.

    logit(p) = logit(base) + Σ βx

`base` is the unemployment rate of the person's sector (T1; that of all industries when the sector is not known). The x are

    education   ln(U of his level / U of all)                 T3, β = 1
    tenure      ln(median of the sector / his own), ±1.5      T6, β = 1
    signals     hiring freeze, layoffs, reorganisation        1 or 0, β is our judgement
    protectors  public sector, union                          1 or 0, β is our judgement

Unemployment is a stock and not a hazard, so p is no probability of dismissal and is not published. What is published is the
index, odds(p) / (odds(p) + odds(all workers)): 0.50 is the average worker of the table, more is riskier, less is safer.

The contributions are Aumann and Shapley's: each factor's log odds times the mean slope of the index on the straight way from
the average to the person. They are given in hundredths, by largest remainders, so that 0.50 and they add up to the index
exactly. Age, gender, marital status and dependents are no inputs.
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
JUDGMENT = "judgement"
# Our judgement and nobody's measurement: what each thing adds to the log odds. Each answer shows them with that label.
SIGNAL_WEIGHTS = {"recent_layoffs": 0.8, "hiring_freeze": 0.4, "reorganisation": 0.3}
PROTECTOR_WEIGHTS = {"public_sector": -0.4, "union": -0.3}


class FactorGroup(StrEnum):
    """Which of the three part scores a factor belongs to."""

    INDUSTRY = "industry"
    COMPANY = "company"
    PERSONAL = "personal"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of somebody's work. None (or '') means not known, which is something else than no."""

    naics_code: str = ""
    education_level: str = ""
    tenure_years: Decimal | None = None  # with the present employer; experience is something else
    hiring_freeze: bool | None = None
    recent_layoffs: bool | None = None
    reorganisation: bool | None = None
    public_sector: bool | None = None
    union: bool | None = None

    @property
    def industry(self) -> Industry | None:
        """The row of T1, None when the sector is not known."""
        return INDUSTRY_OF_SECTOR.get(self.naics_code[:2])

    @property
    def median_tenure(self) -> Decimal:
        return TENURE_OF_SECTOR.get(self.naics_code[:2], TENURE_TOTAL)


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that counts: its log odds against the average, and what it adds to the index."""

    name: str
    group: FactorGroup
    value: Any
    log_odds: float
    source: TableCitation | None = None
    contribution: Decimal = Decimal("0.00")

    @property
    def basis(self) -> str:
        """The table that it comes from, or that it is our judgement."""
        return self.source.table if self.source else JUDGMENT


@dataclass(frozen=True, slots=True)
class Assessment:
    """The index as a whole and in parts; None where nothing is known. `AVERAGE` and the contributions make `overall`."""

    industry: Decimal | None
    company: Decimal | None
    personal: Decimal | None
    overall: Decimal | None
    factors: tuple[Factor, ...]


def assess(situation: Situation) -> Assessment:
    """Weigh what is known of a situation."""
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
    """The log odds of a rate in percent."""
    share = float(percent) / 100
    return math.log(share / (1 - share))


def index(log_odds: float) -> float:
    """Odds against the average as a number from 0 to 1; no log odds, the average itself, is 0.5."""
    return 1 / (1 + math.exp(-log_odds))


def tenure_log_odds(median: Decimal, own: Decimal) -> float:
    """ln(median / own) within ±1.5; somebody's first day counts as the upper end."""
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
        protectors["public_sector"] = 0.0  # its rate in T1 holds the protection already
    for group, weights in ((FactorGroup.COMPANY, SIGNAL_WEIGHTS), (FactorGroup.PERSONAL, protectors)):
        for name, weight in weights.items():
            answer = getattr(situation, name)
            if answer is not None:
                found.append(Factor(name, group, answer, weight if answer else 0.0))
    return found


def _index_of(factors: Iterable[Factor]) -> Decimal | None:
    """The index of some factors in hundredths; None when there are none."""
    log_odds = [factor.log_odds for factor in factors]
    return Decimal(index(math.fsum(log_odds))).quantize(HUNDREDTH, ROUND_HALF_EVEN) if log_odds else None


def _with_contributions(factors: Sequence[Factor]) -> list[Factor]:
    total = math.fsum(factor.log_odds for factor in factors)
    slope = (index(total) - 0.5) / total if abs(total) > 1e-9 else 0.25  # the slope of the index at the average
    exact = [factor.log_odds * slope for factor in factors]
    parts = in_hundredths(exact, (_index_of(factors) or AVERAGE) - AVERAGE)
    return [replace(factor, contribution=part) for factor, part in zip(factors, parts, strict=True)]


def in_hundredths(exact: Sequence[float], total: Decimal) -> list[Decimal]:
    """`exact` rounded up or down to hundredths so that they make `total`: largest remainders are rounded up."""
    floors = [math.floor(value * 100) for value in exact]
    missing = int(total * 100) - sum(floors)
    by_remainder = sorted(range(len(exact)), key=lambda place: (floors[place] - exact[place] * 100, place))
    raised = set(by_remainder[:missing])
    return [HUNDREDTH * (floor + (place in raised)) for place, floor in enumerate(floors)]
