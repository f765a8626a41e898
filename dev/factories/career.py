"""Factories of the career models."""

from decimal import Decimal

import factory

from career.models import CareerMilestone, JobSecurityAnalysis
from dev.factories.times import day_from_now
from dev.factories.users import OwnedFactory


class JobSecurityFactory(OwnedFactory):
    class Meta:
        model = JobSecurityAnalysis

    analysis_date = day_from_now(-9)
    industry_risk_score = Decimal("0.37")
    overall_risk_score = Decimal("0.37")
    risk_factors = factory.LazyFunction(lambda: [{"factor": "industry", "contribution": "-0.13"}])


class MilestoneFactory(OwnedFactory):
    class Meta:
        model = CareerMilestone

    milestone_name = factory.Sequence(lambda number: f"Milestone {number}")
    milestone_type = "raise"
    target_salary = Decimal("80000.00")
    current_salary = Decimal("60000.00")
    target_date = day_from_now(356)
    progress_percentage = 75
