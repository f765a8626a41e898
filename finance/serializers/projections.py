"""Serializers of income projections."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from core.api.money import AmountField
from core.api.serializers import BaseSerializer, ListedChoiceField, StrictSerializer
from core.currencies import SMALLEST_AMOUNT
from finance.income_growth import OccupationGroup, project
from finance.models import IncomeProjection

EXAMPLE = project(Decimal("75000.00"))


@extend_schema_serializer(description="A yearly income, and its estimates for one, three and five years later.")
class ProjectionSerializer(BaseSerializer):
    class Meta:
        model = IncomeProjection
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


@extend_schema_serializer(description="The income to project, and the growth rate to use.")
class ProjectionFormSerializer(StrictSerializer):
    current_income = AmountField(
        min_value=SMALLEST_AMOUNT,
        required=False,
        help_text="Yearly income, above 0. Default: `annual_income` of the profile.",
    )
    occupation = ListedChoiceField(
        [group.value for group in OccupationGroup],
        default=OccupationGroup.ALL.value,
        help_text="Occupational group of the US Employment Cost Index, which determines the growth rate. Default: `all`.",
    )
    switch = serializers.BooleanField(default=False, help_text="Use the higher growth of job switchers in the first year.")
