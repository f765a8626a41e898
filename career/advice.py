"""What an assessment means, in sentences: derived from the factors that weigh most, and no surer than the figures are."""

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
HOW_TO_ANSWER = {
    "industry": "Set naics_code in your profile, so that your sector's figures are used instead of the average.",
    "education": "Set education_level in your profile.",
    "tenure": "Say how many years you have been with your present employer (tenure_years).",
    "hiring_freeze": "Say whether your employer has stopped hiring (hiring_freeze).",
    "recent_layoffs": "Say whether your employer has laid people off lately (recent_layoffs).",
    "reorganisation": "Say whether your employer is being reorganised (reorganisation).",
    "public_sector": "Say whether you work in the public sector (public_sector).",
    "union": "Say whether a union represents you (union).",
}
AGAINST: dict[str, Callable[[Situation], str]] = {
    "industry": lambda situation: (
        f"Unemployment in your sector was {situation.industry.rate if situation.industry else '-'} % against"
        f" {UNEMPLOYMENT_TOTAL} % over all industries. Keep up contacts in sectors where it is lower."
    ),
    "education": lambda situation: (
        f"Unemployment was {UNEMPLOYMENT_BY_EDUCATION[situation.education_level]} % at your level of education and"
        f" {UNEMPLOYMENT_OF_EDUCATED_TOTAL} % over all. Ask which course or certificate your employer would pay for."
    ),
    "tenure": lambda situation: (
        f"You have been there {situation.tenure_years} years, the median is {situation.median_tenure}."
        " Agree with your manager what is expected of you, in writing."
    ),
    "recent_layoffs": lambda _: "Ask which roles were cut and why, and bring your CV and references up to date now.",
    "hiring_freeze": lambda _: "Ask how long the freeze is to last, and make sure that your work is tied to income or savings.",
    "reorganisation": lambda _: "Find out where your role stands in the new plan before it is announced.",
}
NOTHING_STANDS_OUT = "Nothing that you have told us raises your risk above the average."
SCALE = (
    "0.50 is the average of all workers in the table; more is riskier, less is safer. It compares, and is no probability of"
    " losing a job."
)
METHOD = (
    "logit(p) = logit(base) + sum of weight times x; the index is odds(p) / (odds(p) + odds(all workers)). The contributions"
    " and 0.50 add up to the index."
)


def mitigation_strategies(situation: Situation, assessment: Assessment) -> list[str]:
    """What to do about each factor that raises the risk, the heaviest first."""
    raising = sorted((factor for factor in assessment.factors if factor.log_odds > 0), key=lambda factor: -factor.log_odds)
    return [AGAINST[factor.name](situation) for factor in raising]


def recommendations(situation: Situation, assessment: Assessment) -> list[str]:
    """Return what to do in general, and which answers would make this analysis better."""
    found: list[str] = []
    if assessment.overall is not None:
        found.append(
            f"Keep a reserve for a search: half of the unemployed had been so for more than {WEEKS_UNEMPLOYED_MEDIAN} weeks,"
            f" {UNEMPLOYED_27_WEEKS_OR_MORE} % for 27 weeks or more ({T5.period}; spells in progress, not completed ones)."
        )
        if not any(factor.log_odds > 0 for factor in assessment.factors):
            found.append(NOTHING_STANDS_OUT)
    return [*found, *(HOW_TO_ANSWER[name] for name in missing(assessment))]


def career_opportunities(situation: Situation, assessment: Assessment) -> list[str]:
    """Return where the tables look better than the user's situation. They show averages of others, and no openings."""
    found: list[str] = []
    if situation.industry is not None:
        own = situation.industry.rate
        lower = sorted((row for row in INDUSTRIES if row.rate < own), key=lambda row: row.rate)[:SAFER_SECTORS_SHOWN]
        found += [f"{row.name}: unemployment was {row.rate} % there, {own} % in your sector." for row in lower]
    above = NEXT_LEVEL.get(situation.education_level)
    if above is not None:
        pay, now = WEEKLY_EARNINGS[above], WEEKLY_EARNINGS[situation.education_level]
        found.append(
            f"People with the next level of education ({above.replace('_', ' ')}) had median earnings of ${pay:,} a week in"
            f" {T2.period}, those with yours ${now:,}. That is a difference between groups, and not what a degree would bring"
            " you."
        )
    if any(factor.name == "recent_layoffs" and factor.value for factor in assessment.factors):
        found.append(
            "Of people who lost a job that they had held for long in 2021 to 2023,"
            f" {DISPLACED_AND_EMPLOYED_AGAIN} % had work again in {T4.period}."
        )
    return found


def missing(assessment: Assessment) -> list[str]:
    """The inputs that are not known, the measured ones first."""
    known = {factor.name for factor in assessment.factors}
    return [name for name in (*MEASURED, *SIGNAL_WEIGHTS, *PROTECTOR_WEIGHTS) if name not in known]


def evidence(assessment: Assessment) -> dict[str, Any]:
    """How much the index stands on: `none`, `weak` or `moderate`. National averages never make strong evidence of one job."""
    weights = {factor: abs(factor.log_odds) for factor in assessment.factors}
    judged = sum(weight for factor, weight in weights.items() if factor.basis == JUDGMENT)
    unknown = missing(assessment)
    is_measured = not set(MEASURED) & set(unknown) and judged <= sum(weights.values()) / 2
    strength = "none" if not assessment.factors else "moderate" if is_measured else "weak"
    sentence = {
        "none": "Nothing is known that could be compared with the tables, so there is no result.",
        "weak": "Much is unknown or rests on judgement. Take the index as a first orientation only.",
        "moderate": "Sector, education and tenure are known. They are still averages of other people.",
    }[strength]
    return {"strength": strength, "missing": unknown, "text": sentence}


def market_conditions(situation: Situation, assessment: Assessment, *, country: str, employment_status: str) -> dict[str, Any]:
    """The figures behind the index, with their vintage and their limits."""
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
            "text": "" if industry else "Your sector is not known, so the rate of all industries stands in for it.",
        },
        "median_tenure_years": str(situation.median_tenure),
        "evidence": evidence(assessment),
        "limits": _limits(country, employment_status),
        "sources": [source.as_json() for source in (T1, T3, T6)],
    }


def _limits(country: str, employment_status: str) -> list[str]:
    found: list[str] = []
    if country != "US":
        found.append("The tables speak of the United States; your profile says that you live elsewhere.")
    if employment_status == "self_employed":
        rate = UNEMPLOYMENT_OF_SELF_EMPLOYED
        found.append(
            f"You are self-employed: unemployment was {rate} % among all who had been. The index is that of your sector."
        )
    elif employment_status in ("unemployed", "student", "retired"):
        found.append(
            "Your profile says that you have no job at present. The index then speaks of a job of the kind described there."
        )
    return found


def risk_factors(assessment: Assessment) -> list[dict[str, Any]]:
    """Return what counted and how much, the heaviest first: with 0.50 the contributions add up to the index."""
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
            else "Our own judgement, not measured",
        }
        for factor in heaviest
    ]


def salary_comparison(situation: Situation, *, annual_income: Decimal | None, country: str) -> dict[str, Any]:
    """Median pay at a level of education (T2, 52 weeks), beside the person's own where both are dollars of the US.

    {} when the level is not known. A profile's income has no currency of its own, so only residents of the US are compared.
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
