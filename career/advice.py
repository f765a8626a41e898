"""Sentences for the user that explain a job security assessment: risk factors, advice, evidence and limits."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from career.job_security import JUDGMENT, PROTECTOR_WEIGHTS, SIGNAL_WEIGHTS, Assessment, Situation
from career.labor_tables import (
    DISPLACED_AND_EMPLOYED_AGAIN,
    INDUSTRIES,
    T1,
    T2,
    T3,
    T4,
    T5,
    T6,
    UNEMPLOYED_27_WEEKS_OR_MORE,
    UNEMPLOYMENT_BY_EDUCATION,
    UNEMPLOYMENT_OF_EDUCATED_TOTAL,
    UNEMPLOYMENT_OF_SELF_EMPLOYED,
    UNEMPLOYMENT_TOTAL,
    WEEKLY_EARNINGS,
    WEEKS_UNEMPLOYED_MEDIAN,
)

WEEKS_A_YEAR = 52
SAFER_SECTORS_SHOWN = 3
NEXT_LEVEL = {
    "less_than_high_school": "high_school",
    "high_school": "associate",
    "some_college": "associate",
    "associate": "bachelor",
    "bachelor": "master",
}
MEASURED = ("industry", "education", "tenure")
INPUT_HINTS = {
    "industry": "Set naics_code in your profile to use the figures of your sector instead of the average.",
    "education": "Set education_level in your profile.",
    "tenure": "Enter your years with your current employer (tenure_years).",
    "hiring_freeze": "State whether your employer has stopped hiring (hiring_freeze).",
    "recent_layoffs": "State whether your employer has recently laid off employees (recent_layoffs).",
    "reorganisation": "State whether your employer is being reorganized (reorganisation).",
    "public_sector": "State whether you work in the public sector (public_sector).",
    "union": "State whether a union represents you (union).",
}
MITIGATIONS: dict[str, Callable[[Situation], str]] = {
    "industry": lambda situation: (
        f"Unemployment in your sector was {situation.industry.rate if situation.industry else '-'} %, compared with"
        f" {UNEMPLOYMENT_TOTAL} % for all industries. Maintain contacts in sectors where it is lower."
    ),
    "education": lambda situation: (
        f"Unemployment was {UNEMPLOYMENT_BY_EDUCATION[situation.education_level]} % at your level of education and"
        f" {UNEMPLOYMENT_OF_EDUCATED_TOTAL} % overall. Ask which course or certificate your employer would pay for."
    ),
    "tenure": lambda situation: (
        f"You have been with your employer for {situation.tenure_years} years. The median is {situation.median_tenure} years."
        " Agree with your manager in writing on what is expected of you."
    ),
    "recent_layoffs": lambda _: "Ask which roles were cut and why, and update your resume and references now.",
    "hiring_freeze": lambda _: "Ask how long the freeze will last, and make sure that your work is tied to revenue or savings.",
    "reorganisation": lambda _: "Find out how the new plan affects your role before it is announced.",
}
NO_RAISED_RISK = "None of your inputs raises your risk above the average."
SCALE = (
    "0.50 is the average of all workers in the table. A higher index means a higher risk. The index is a comparison, not a"
    " probability of losing a job."
)
METHOD = (
    "logit(p) = logit(base) + sum of weight * x. The index is odds(p) / (odds(p) + odds(all workers)). 0.50 plus the sum of"
    " the contributions equals the index."
)


def mitigation_strategies(situation: Situation, assessment: Assessment) -> list[str]:
    """Return advice on each factor that raises the risk, the heaviest factor first."""
    raising = sorted((factor for factor in assessment.factors if factor.log_odds > 0), key=lambda factor: -factor.log_odds)
    return [MITIGATIONS[factor.name](situation) for factor in raising]


def recommendations(situation: Situation, assessment: Assessment) -> list[str]:
    """Return general advice, and hints on the unknown inputs that would improve the analysis."""
    found: list[str] = []
    if assessment.overall is not None:
        found.append(
            "Keep savings for a job search. Half of the unemployed had been without work for more than"
            f" {WEEKS_UNEMPLOYED_MEDIAN} weeks, and {UNEMPLOYED_27_WEEKS_OR_MORE} % for 27 weeks or more"
            f" ({T5.period}; ongoing spells of unemployment only)."
        )
        if not any(factor.log_odds > 0 for factor in assessment.factors):
            found.append(NO_RAISED_RISK)
    return [*found, *(INPUT_HINTS[name] for name in missing(assessment))]


def career_opportunities(situation: Situation, assessment: Assessment) -> list[str]:
    """Return sectors and education levels with better averages than the user's. They are statistics, not job openings."""
    found: list[str] = []
    if situation.industry is not None:
        own = situation.industry.rate
        lower = sorted((row for row in INDUSTRIES if row.rate < own), key=lambda row: row.rate)[:SAFER_SECTORS_SHOWN]
        found += [f"{row.name}: unemployment was {row.rate} %, compared with {own} % in your sector." for row in lower]
    above = NEXT_LEVEL.get(situation.education_level)
    if above is not None:
        pay, now = WEEKLY_EARNINGS[above], WEEKLY_EARNINGS[situation.education_level]
        found.append(
            f"People with the next level of education ({above.replace('_', ' ')}) had median earnings of ${pay:,} a week in"
            f" {T2.period}, and people with your level ${now:,}. This is a difference between groups, not a forecast of what a"
            " degree would earn you."
        )
    if any(factor.name == "recent_layoffs" and factor.value for factor in assessment.factors):
        found.append(
            "Of the people who lost a job of three or more years between 2021 and 2023,"
            f" {DISPLACED_AND_EMPLOYED_AGAIN} % were employed again in {T4.period}."
        )
    return found


def missing(assessment: Assessment) -> list[str]:
    """Return the names of the unknown inputs, those with a table of figures first."""
    known = {factor.name for factor in assessment.factors}
    return [name for name in (*MEASURED, *SIGNAL_WEIGHTS, *PROTECTOR_WEIGHTS) if name not in known]


def evidence(assessment: Assessment) -> dict[str, Any]:
    """Return the strength of the evidence, at most `moderate`: national averages are no strong evidence about one job."""
    weights = {factor: abs(factor.log_odds) for factor in assessment.factors}
    by_judgment = sum(weight for factor, weight in weights.items() if factor.basis == JUDGMENT)
    unknown = missing(assessment)
    is_measured = not set(MEASURED) & set(unknown) and by_judgment <= sum(weights.values()) / 2
    strength = "none" if not assessment.factors else "moderate" if is_measured else "weak"
    sentence = {
        "none": "No input that the tables cover is known, so there is no result.",
        "weak": "Many inputs are unknown or rest on judgment. Use the index only as a first orientation.",
        "moderate": "Sector, education and tenure are known. The figures are still averages of other people.",
    }[strength]
    return {"strength": strength, "missing": unknown, "text": sentence}


def market_conditions(situation: Situation, assessment: Assessment, *, country: str, employment_status: str) -> dict[str, Any]:
    """Return the figures behind the index, with their sources, reference periods and limits."""
    industry = situation.industry
    return {
        "scale": SCALE,
        "method": METHOD,
        "average": "0.50",
        "unemployment": {
            "sector": industry.name if industry else "All industries",
            "sector_percent": str(industry.rate if industry else UNEMPLOYMENT_TOTAL),
            "all_percent": str(UNEMPLOYMENT_TOTAL),
            "is_fallback": industry is None,
            "text": "" if industry else "Your sector is not known, so the rate of all industries is used instead.",
        },
        "median_tenure_years": str(situation.median_tenure),
        "evidence": evidence(assessment),
        "limits": _limits(country, employment_status),
        "sources": [source.as_json() for source in (T1, T3, T6)],
    }


def _limits(country: str, employment_status: str) -> list[str]:
    found: list[str] = []
    if country != "US":
        found.append("The tables cover the United States, but your profile names another country.")
    if employment_status == "self_employed":
        rate = UNEMPLOYMENT_OF_SELF_EMPLOYED
        found.append(
            f"You are self-employed. Unemployment of the self-employed was {rate} %. The index uses the rate of your sector."
        )
    elif employment_status in ("unemployed", "student", "retired"):
        found.append(
            "Your profile states that you have no job at present. The index is about a job of the kind in your profile."
        )
    return found


def risk_factors(assessment: Assessment) -> list[dict[str, Any]]:
    """Return the factors, the heaviest first. 0.50 plus the sum of their contributions equals the index."""
    heaviest = sorted(assessment.factors, key=lambda factor: -abs(factor.log_odds))
    return [
        {
            "factor": factor.name,
            "part": factor.group.value,
            "value": factor.value,
            "contribution": str(factor.contribution),
            "log_odds": f"{factor.log_odds:.4f}",
            "basis": factor.basis,
            "source": f"{factor.source.publisher}, {factor.source.period}"
            if factor.source
            else "Our own judgment, not measured",
        }
        for factor in heaviest
    ]


def salary_comparison(situation: Situation, *, annual_income: Decimal | None, country: str) -> dict[str, Any]:
    """Return the median annual pay at a level of education (T2, 52 weeks), compared with a US resident's own income.

    The result is {} if the level is unknown. The income of a profile has no currency, so only US residents are compared.
    """
    weekly = WEEKLY_EARNINGS.get(situation.education_level)
    if weekly is None:
        return {}
    annual = (weekly * WEEKS_A_YEAR).quantize(Decimal("0.01"))
    found: dict[str, Any] = {
        "education_level": situation.education_level,
        "median_weekly": str(weekly),
        "median_annual": str(annual),
        "currency": "USD",
        "year": T2.period,
        "source": T2.as_json(),
    }
    if country == "US" and annual_income is not None:
        ratio = (100 * annual_income / annual).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
        found |= {"your_annual_income": str(annual_income), "percent_of_median": str(ratio)}
    return found
