"""Work."""

from datetime import date
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from career.models import CareerMilestone, JobSecurityAnalysis
from dev.factories.users import UserFactory


class JobSecurityFactory(DjangoModelFactory):
    class Meta:
        model = JobSecurityAnalysis

    user = factory.SubFactory(UserFactory)
    analysis_date = date(2026, 3, 1)
    industry_risk_score = Decimal("0.37")
    overall_risk_score = Decimal("0.37")
    risk_factors = factory.LazyFunction(lambda: [{"factor": "industry", "contribution": "-0.13"}])


class MilestoneFactory(DjangoModelFactory):
    class Meta:
        model = CareerMilestone

    user = factory.SubFactory(UserFactory)
    milestone_name = factory.Sequence(lambda number: f"Milestone {number}")
    milestone_type = "raise"
    target_salary = Decimal("80000.00")
    current_salary = Decimal("60000.00")
    target_date = date(2027, 3, 1)
    progress_percentage = 75
