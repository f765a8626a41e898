"""Milestones and analyses of the demo's customers."""

from datetime import date, timedelta
from typing import Any

import pytest

from career.models import CareerMilestone, JobSecurityAnalysis
from dev.demo import career
from dev.demo.users import CUSTOMERS, load_customer

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


def everything() -> list[Any]:
    milestones = CareerMilestone.objects.order_by("pk").values_list("pk", "progress_percentage", "completion_date")
    return [*milestones, *JobSecurityAnalysis.objects.order_by("pk").values_list("pk", "overall_risk_score")]


def load(today: date) -> list[Any]:
    users = [load_customer(customer) for customer in CUSTOMERS]
    [career.load(user, today=today) for user in users]
    return users


def test_every_customer_has_milestones_and_an_analysis() -> None:
    users = load(TODAY)
    assert all(CareerMilestone.objects.for_user(user).count() >= 3 for user in users)
    assert all(JobSecurityAnalysis.objects.for_user(user).exclude(overall_risk_score=None).exists() for user in users)
    assert CareerMilestone.objects.filter(is_completed=True).count() == 3
    assert CareerMilestone.objects.filter(is_completed=False, target_date__lt=TODAY).exists()


def test_another_run_on_another_day_changes_nothing() -> None:
    load(TODAY)
    first = everything()
    load(TODAY + timedelta(days=9))
    assert everything() == first
