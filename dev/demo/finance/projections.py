"""Income projections of the demo customers."""

from datetime import date
from typing import Any

from finance.income_growth import OccupationGroup
from finance.models import IncomeProjection
from finance.services import generate_projection

CHOICES: dict[str, tuple[OccupationGroup, bool]] = {
    "alice@mingus.example": (OccupationGroup.MANAGEMENT_BUSINESS_FINANCIAL, True),
    "bob@mingus.example": (OccupationGroup.ALL, False),
    "chiara@mingus.example": (OccupationGroup.PROFESSIONAL, False),
}


def load(user: Any, *, today: date) -> None:
    """Create a projection, and for some customers a second one with a new employer, unless there are projections."""
    if IncomeProjection.objects.for_user(user).exists():
        return
    occupation, switch = CHOICES[user.email]
    generate_projection(user=user, today=today, occupation=occupation)
    if switch:
        generate_projection(user=user, today=today, occupation=occupation, switch=True)
