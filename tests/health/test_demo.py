"""The demo's health data: a year of check-ins with gaps, goals in every state and correlations."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from dev.demo import finance as finance_demo
from dev.demo import health
from dev.demo import users as users_demo
from health.models import HealthGoal, HealthSpendingCorrelation, UserHealthCheckin
from tests.conftest import Storing
from users.models import User

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 10)


@pytest.fixture(scope="module", autouse=True)
def loaded(storing: Storing) -> None:
    """Load all customers once for all tests of this module."""
    with storing(), time_machine.travel("2026-11-10 17:00Z", tick=False):
        for customer in users_demo.CUSTOMERS:
            load(customer)


@pytest.fixture
def noon() -> Any:
    with time_machine.travel("2026-11-10 17:00Z", tick=False) as traveller:
        yield traveller


def load(customer: users_demo.DemoCustomer, today: date = TODAY) -> None:
    user = users_demo.load_customer(customer)
    finance_demo.load(user, today=today)
    health.load(user, today=today)


def account_of(customer: users_demo.DemoCustomer) -> User:
    return User.objects.get(email=customer.email)


def snapshot() -> list[Any]:
    alice = account_of(users_demo.ALICE)
    checkins = UserHealthCheckin.objects.for_user(alice).order_by("checkin_date")
    return [
        list(checkins.values_list("checkin_date", "mood_score", "symptoms")),
        list(HealthGoal.objects.for_user(alice).order_by("pk").values_list("pk", "progress_percentage")),
        HealthSpendingCorrelation.objects.for_user(alice).count(),
    ]


@pytest.mark.parametrize("customer", users_demo.CUSTOMERS, ids=lambda customer: customer.email)
def test_a_year_of_check_ins_with_gaps(customer: users_demo.DemoCustomer, noon: Any) -> None:
    user = account_of(customer)
    days = list(UserHealthCheckin.objects.for_user(user).order_by("checkin_date").values_list("checkin_date", flat=True))
    assert 180 < len(days) < 350
    assert days[0] <= TODAY - timedelta(days=350)
    assert days[-1] >= TODAY - timedelta(days=5)
    assert len({goal.status for goal in HealthGoal.objects.for_user(user)}) >= 4
    assert HealthSpendingCorrelation.objects.for_user(user).filter(correlation_strength__isnull=False).count() > 100


def test_alices_goals_are_in_every_state(noon: Any) -> None:
    states = {goal.status for goal in HealthGoal.objects.for_user(account_of(users_demo.ALICE))}
    assert states == {"completed", "overdue", "achieved", "on_track", "in_progress", "just_started"}


def test_alice_spends_more_on_hard_days(noon: Any) -> None:
    found = HealthSpendingCorrelation.objects.get(
        user=account_of(users_demo.ALICE), health_metric="stress", spending_category="", method="spearman", lag_days=0
    )
    assert found.correlation_direction == "positive"
    assert found.is_significant


def test_loading_is_idempotent(noon: Any) -> None:
    first = snapshot()
    load(users_demo.ALICE)
    assert snapshot() == first


def test_later_days_are_added_and_the_others_stay(noon: Any) -> None:
    before = snapshot()[0]
    noon.shift(timedelta(days=5))
    load(users_demo.ALICE, TODAY + timedelta(days=5))
    after = snapshot()[0]
    assert after[: len(before)] == before
    assert len(after) > len(before)
