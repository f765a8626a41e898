"""Income projections as JSON."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from core.api.derived_fields import public_names
from core.api.serializers import BaseSerializer, StrictSerializer
from finance.income_growth import OccupationGroup, project
from finance.models import IncomeProjection

EXAMPLE = project(Decimal("75000.00"))


class ProjectionSerializer(BaseSerializer):
    class Meta:
        model = IncomeProjection
        fields = public_names(IncomeProjection)
        example: dict[str, Any] = {
            "projection_date": "2026-03-01",
            "current_income": "75000.00",
            "projected_income_1_year": "78225.00",
            "projected_income_3_years": "85096.99",
            "projected_income_5_years": "92572.67",
            "growth_rate": "4.30",
            "factors": EXAMPLE.factors,
            "confidence_level": "0.80",
            "annual_growth_rate": "4.30",
            "projected_growth_3_years": "13.46",
            "projected_growth_5_years": "23.43",
        }


class ProjectionFormSerializer(StrictSerializer):
    """What a projection is to be made from."""

    current_income = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=Decimal("0.01"),
        required=False,
        help_text="What is earned in a year; the profile's annual_income when it is left out.",
    )
    occupation = serializers.ChoiceField(
        [group.value for group in OccupationGroup],
        default=OccupationGroup.ALL.value,
        help_text="The group of the Employment Cost Index whose rate is taken.",
    )
    switch = serializers.BooleanField(default=False, help_text="Whether the first year is to begin with a new employer.")
