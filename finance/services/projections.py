"""Generation of income projections from published wage growth rates."""

from datetime import date
from decimal import Decimal
from typing import Any

from core.currencies import AMOUNT_LIMIT, in_minor_units
from core.errors import DomainError
from finance.income_growth import OccupationGroup, project
from finance.models import IncomeProjection


def generate_projection(
    *, user: Any, today: date, current_income: Decimal | None = None, occupation: OccupationGroup, switch: bool = False
) -> IncomeProjection:
    """Create a projection of `current_income`, by default the annual income in the user's profile, as of `today`.

    Raise DomainError if no income above 0 is known or if the projection exceeds the column's range.
    """
    profile = getattr(user, "profile", None)
    income = profile.annual_income if profile and current_income is None else current_income
    if income is None or income <= 0:
        sentence = "Send current_income, or set annual_income in your profile to your yearly income."
        raise DomainError("income_unknown", sentence, field="current_income")
    income = in_minor_units(income, None, "current_income")
    projection = project(income, occupation=occupation, switch=switch)
    if projection.median[5] >= AMOUNT_LIMIT:
        sentence = f"The five-year projection reaches {AMOUNT_LIMIT:,}. Send a lower income."
        raise DomainError("income_too_large", sentence, field="current_income")
    return IncomeProjection.objects.create(
        user=user,
        projection_date=today,
        current_income=income,
        projected_income_1_year=projection.median[1],
        projected_income_3_years=projection.median[3],
        projected_income_5_years=projection.median[5],
        growth_rate=projection.growth_rate,
        factors=projection.factors,
        confidence_level=projection.confidence_level,
    )
