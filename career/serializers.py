"""Serializers of job security analyses and milestones."""

import copy
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from career import advice, services
from career.job_security import Situation, assess
from career.models import CareerMilestone, JobSecurityAnalysis
from core.api.derived_fields import public_names
from core.api.money import AmountField
from core.api.serializers import BaseSerializer, StrictSerializer

MAX_TENURE_YEARS = 80
TENURE_HELP = "Years with the current employer, 0 to 80 with one decimal. Not the years of experience."
EXAMPLE = Situation(naics_code="23", education_level="bachelor", hiring_freeze=True)
ASSESSED = assess(EXAMPLE)


@extend_schema_serializer(description="An analysis of the security of the user's job, with its factors and advice.")
class JobSecuritySerializer(BaseSerializer):
    class Meta:
        model = JobSecurityAnalysis
        fields = public_names(JobSecurityAnalysis)
        read_only_fields = fields
        example = {
            "analysis_date": "2026-03-01",
            "industry_risk_score": str(ASSESSED.industry),
            "company_risk_score": str(ASSESSED.company),
            "personal_risk_score": str(ASSESSED.personal),
            "overall_risk_score": str(ASSESSED.overall),
            "risk_factors": advice.risk_factors(ASSESSED),
            "mitigation_strategies": advice.mitigation_strategies(EXAMPLE, ASSESSED),
            "market_conditions": advice.market_conditions(EXAMPLE, ASSESSED, country="US", employment_status="employed"),
            "salary_comparison": advice.salary_comparison(EXAMPLE, annual_income=None, country="US"),
            "career_opportunities": advice.career_opportunities(EXAMPLE, ASSESSED),
            "recommendations": advice.recommendations(EXAMPLE, ASSESSED),
            "security_level": "at_risk",
            "risk_level": "High Risk",
            "risk_percentage": 61,
            "security_percentage": 39,
        }


@extend_schema_serializer(description="Facts about the user's job. Leave out those that are unknown, or send null.")
class JobSecurityFormSerializer(StrictSerializer):
    tenure_years = serializers.DecimalField(
        3, 1, min_value=Decimal(0), max_value=Decimal(MAX_TENURE_YEARS), required=False, allow_null=True, help_text=TENURE_HELP
    )
    hiring_freeze = serializers.BooleanField(required=False, allow_null=True, help_text="True if the employer stopped hiring.")
    recent_layoffs = serializers.BooleanField(required=False, allow_null=True, help_text="True if employees were laid off.")
    reorganisation = serializers.BooleanField(required=False, allow_null=True, help_text="True if the employer reorganizes.")
    public_sector = serializers.BooleanField(required=False, allow_null=True, help_text="True if the employer is public.")
    union = serializers.BooleanField(required=False, allow_null=True, help_text="True if a union represents the user.")


@extend_schema_serializer(
    description="A career goal of the user. Its progress and completion are changed by salaries or actions."
)
class MilestoneSerializer(BaseSerializer):
    class Meta:
        model = CareerMilestone
        read_only_fields = ["is_completed", "completion_date", "progress_percentage"]
        example = {
            "milestone_name": "Lead product manager",
            "milestone_type": "promotion",
            "target_salary": "140000.00",
            "current_salary": "118000.00",
            "target_date": "2027-06-30",
            "progress_percentage": 84,
            "days_remaining": 486,
            "days_overdue": 0,
            "salary_gap": "22000.00",
            "salary_gap_percentage": "18.64",
            "status": "on_track",
            "priority_level": "medium",
        }

    def create(self, validated_data: dict[str, Any]) -> CareerMilestone:
        row: Any = self.build(validated_data)
        services.save_milestone(row, before=None, today=row.today())
        return row

    def update(self, instance: Any, validated_data: dict[str, Any]) -> CareerMilestone:
        before = copy.copy(instance)
        for name, value in validated_data.items():
            setattr(instance, name, value)
        services.save_milestone(instance, before=before, today=instance.today())
        return instance


@extend_schema_serializer(description="Progress of a milestone, as either a percentage or the current salary.")
class ProgressSerializer(StrictSerializer):
    progress_percentage = serializers.IntegerField(
        min_value=0, max_value=100, required=False, help_text="Progress in percent, 0 to 100."
    )
    current_salary = AmountField(
        min_value=Decimal(0), required=False, help_text="Annual salary, 0 or more, from which the progress is computed."
    )
    notes = serializers.CharField(required=False, allow_blank=True, help_text="Replaces the notes of the milestone.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {"progress_percentage", "current_salary"} & set(attrs)
        if len(given) != 1:
            raise serializers.ValidationError(
                {"progress_percentage": "Give either progress_percentage or current_salary."}, "required"
            )
        return attrs
