"""Analyses of job security and milestones as JSON."""

import copy
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from career import services
from career.models import CareerMilestone, JobSecurityAnalysis
from core.api.derived_fields import public_names
from core.api.serializers import BaseSerializer, StrictSerializer

MAX_TENURE_YEARS = 80


class JobSecuritySerializer(BaseSerializer):
    """An analysis: an index against the labour tables, from 0 (safest) to 1, and what it consists of."""

    class Meta:
        model = JobSecurityAnalysis
        fields = public_names(JobSecurityAnalysis)
        read_only_fields = fields
        example = {
            "analysis_date": "2026-03-01",
            "industry_risk_score": "0.51",
            "company_risk_score": "0.60",
            "personal_risk_score": "0.47",
            "overall_risk_score": "0.58",
            "risk_factors": [
                {
                    "factor": "hiring_freeze",
                    "part": "company",
                    "value": True,
                    "contribution": "0.10",
                    "log_odds": "0.4000",
                    "basis": "judgement",
                    "source": "Our own judgement, not measured",
                }
            ],
            "mitigation_strategies": ["Ask how long the freeze is to last."],
            "salary_comparison": {
                "education_level": "bachelor",
                "median_annual": "64896.00",
                "currency": "USD",
                "year": "2019",
            },
            "security_level": "moderate",
            "risk_level": "Elevated Risk",
            "risk_percentage": 58,
            "security_percentage": 42,
        }


class JobSecurityFormSerializer(StrictSerializer):
    """What somebody says of his job; leave out, or send null for, what he does not know. The rest comes from his profile."""

    tenure_years = serializers.DecimalField(
        max_digits=3,
        decimal_places=1,
        min_value=Decimal(0),
        max_value=Decimal(MAX_TENURE_YEARS),
        required=False,
        allow_null=True,
        help_text="Years with the present employer; experience in the profession is something else.",
    )
    hiring_freeze = serializers.BooleanField(required=False, allow_null=True)
    recent_layoffs = serializers.BooleanField(required=False, allow_null=True)
    reorganisation = serializers.BooleanField(required=False, allow_null=True)
    public_sector = serializers.BooleanField(required=False, allow_null=True)
    union = serializers.BooleanField(required=False, allow_null=True)


class MilestoneSerializer(BaseSerializer):
    """A milestone. A new `current_salary` moves its progress, and completes it when the target is reached."""

    class Meta:
        model = CareerMilestone
        fields = public_names(CareerMilestone)
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


class ProgressSerializer(StrictSerializer):
    """How far somebody is: a percentage of his own, or his salary."""

    progress_percentage = serializers.IntegerField(min_value=0, max_value=100, required=False)
    current_salary = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=Decimal(0), required=False)
    notes = serializers.CharField(required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = {"progress_percentage", "current_salary"} & set(attrs)
        if len(given) != 1:
            raise serializers.ValidationError(
                {"progress_percentage": "Give either progress_percentage or current_salary."}, "required"
            )
        return attrs
