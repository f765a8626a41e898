"""Analytics of the demo: two months of usage of each customer, and the product's metrics."""

from datetime import date, timedelta
from typing import Any

import pytest

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from analytics.models.feedback import FeedbackStatus
from dev.demo import analytics
from dev.demo.users import CUSTOMERS, load_customer, load_staff
from tests.conftest import Storing

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)
OWNED = [UserAnalytics, FeatureUsage, UserFeedback]
ALL: list[Any] = [*OWNED, PerformanceMetric]


@pytest.fixture(scope="module", autouse=True)
def loaded(storing: Storing) -> list[Any]:
    """Load the demo's analytics once for all tests of this module."""
    with storing():
        return load(TODAY)


def load(today: date) -> list[Any]:
    load_staff()
    users = [load_customer(customer) for customer in CUSTOMERS]
    [analytics.load(user, today=today) for user in users]
    return users


def keys(model: Any) -> set[Any]:
    return set(model.objects.values_list("pk", flat=True))


def test_every_customer_has_rows_in_every_list(loaded: list[Any]) -> None:
    assert all(model.objects.for_user(user).count() >= 3 for model in OWNED for user in loaded)
    assert PerformanceMetric.objects.count() == analytics.DAYS * len(analytics.METRICS)


def test_there_is_feedback_in_every_status_and_an_assignee() -> None:
    assert set(UserFeedback.objects.values_list("status", flat=True)) == set(FeedbackStatus.values)
    assert UserFeedback.objects.filter(assigned_to__email=analytics.STAFF_EMAIL).exists()
    assert {row.resolution_time_days for row in UserFeedback.objects.exclude(resolved_at=None)} == {1, 2, 3, 9}


def test_another_run_changes_nothing() -> None:
    first = [keys(model) for model in ALL]
    load(TODAY)
    assert [keys(model) for model in ALL] == first


def test_tomorrow_adds_a_day() -> None:
    first = [keys(model) for model in ALL]
    load(TODAY + timedelta(days=1))
    second = [keys(model) for model in ALL]
    assert all(before <= after for before, after in zip(first, second, strict=True))
    assert len(second[3] - first[3]) == len(analytics.METRICS)
    assert second[2] == first[2]
