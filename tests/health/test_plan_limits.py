"""Check-ins beyond the plan's limit, which are stored and left out of analyses until a plan covers them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from rest_framework.test import APIClient

from billing import services
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from core import clock
from dev.factories import SubscriptionFactory, TokenFactory, UserFactory
from health.models import UserHealthCheckin
from health.services import readings
from tests.conftest import ClientFor, use_staff_role
from users.models import User

URL = "/api/v1/health/checkins/"
FIRST, NOW = date(2026, 2, 1), datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> Any:
    with time_machine.travel(NOW, tick=False) as traveler:
        yield traveler


@pytest.fixture
def client(alice: User, api: ClientFor) -> APIClient:
    """Return alice's client. Its token does not end, because staff opened API access."""
    services.grant_override(
        user=alice,
        feature="api_access",
        reason="Ticket 4711",
        starts_at=NOW - timedelta(days=1),
        ends_at=NOW + timedelta(days=300),
        granted_by=None,
        now=NOW,
    )
    return api(alice)


def subscribe(user: User, tier: str) -> Subscription:
    """Move a user to a plan, whose period is from 10 March to 10 April."""
    plan = SubscriptionPlan.objects.get(name=tier, billing_cycle="monthly")
    Subscription.objects.for_user(user).delete()
    row = SubscriptionFactory(
        user=user,
        plan=plan,
        status="active",
        canceled_at=None,
        current_period_start=datetime(2026, 3, 10, 12, tzinfo=UTC),
        current_period_end=datetime(2026, 4, 10, 12, tzinfo=UTC),
    )
    services.sync_feature_access(user=user, now=clock.now())
    return row


def check_in(client: APIClient, number: int, first: date = FIRST) -> list[dict[str, Any]]:
    """Check in on `number` days, one call each, and return the responses."""
    days = [str(first + timedelta(days=offset)) for offset in range(number)]
    responses = [client.post(URL, {"checkin_date": day, "mood_score": 7}) for day in days]
    assert {response.status_code for response in responses} == {201}
    return [response.json() for response in responses]


def used(user: User) -> int:
    return FeatureAccess.objects.for_user(user).get(feature_name="health_checkins").usage_count


def over_limit(user: User) -> int:
    return UserHealthCheckin.objects.for_user(user).filter(over_limit=True).count()


def analyzed(user: User) -> int:
    return len(readings(user, FIRST, FIRST + timedelta(days=60))["mood"])


def test_15_check_ins_on_a_plan_of_12(noon: Any, client: APIClient, alice: User) -> None:
    subscribe(alice, "Mid-tier")
    stored = check_in(client, 15)
    assert [row["over_limit"] for row in stored] == [False] * 12 + [True] * 3
    assert [row["number_in_month"] for row in stored] == list(range(1, 16))
    assert (used(alice), analyzed(alice)) == (15, 12)
    assert len(client.get(URL, {"over_limit": "true"}).json()["results"]) == 3


def test_a_bulk_call_counts_each_check_in(noon: Any, client: APIClient, alice: User) -> None:
    subscribe(alice, "Budget")
    rows = [{"checkin_date": str(FIRST + timedelta(days=offset)), "mood_score": 7} for offset in range(6)]
    assert client.post(f"{URL}bulk/", {"create": rows}).status_code == 200
    assert (used(alice), over_limit(alice), analyzed(alice)) == (6, 2, 4)


def test_a_refused_check_in_is_not_counted(noon: Any, client: APIClient, alice: User) -> None:
    subscribe(alice, "Budget")
    check_in(client, 1)
    assert client.post(URL, {"checkin_date": str(FIRST)}).status_code == 400  # a second one on the day
    repeated = {"create": [{"checkin_date": "2026-02-03"}, {"checkin_date": "2026-02-03"}]}
    assert client.post(f"{URL}bulk/", repeated).status_code == 400
    assert used(alice) == 1


def test_without_a_plan_all_are_stored_and_marked(noon: Any, client: APIClient, alice: User) -> None:
    assert [row["over_limit"] for row in check_in(client, 2)] == [True, True]
    assert (used(alice), over_limit(alice), analyzed(alice)) == (2, 2, 0)


def test_a_larger_plan_covers_what_was_over_the_limit(noon: Any, client: APIClient, alice: User) -> None:
    subscribe(alice, "Budget")
    check_in(client, 15)
    assert over_limit(alice) == 11
    subscribe(alice, "Mid-tier")
    assert (over_limit(alice), analyzed(alice)) == (3, 12)
    subscribe(alice, "Professional")
    assert (over_limit(alice), analyzed(alice)) == (0, 15)


def test_a_smaller_plan_keeps_what_was_covered(noon: Any, client: APIClient, alice: User) -> None:
    subscribe(alice, "Professional")
    check_in(client, 15)
    subscribe(alice, "Budget")
    assert over_limit(alice) == 0
    assert check_in(client, 1, date(2026, 3, 1))[0]["over_limit"] is True


def test_a_new_billing_month_counts_from_1(noon: Any, client: APIClient, alice: User) -> None:
    subscription = subscribe(alice, "Budget")
    check_in(client, 5)
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    ends = datetime(2026, 5, 10, 12, tzinfo=UTC)
    Subscription.objects.filter(pk=subscription.pk).update(current_period_start=clock.now(), current_period_end=ends)
    services.sync_feature_access(user=alice, now=clock.now())
    [row] = check_in(client, 1, date(2026, 3, 25))
    assert (row["number_in_month"], row["over_limit"], over_limit(alice)) == (1, False, 1)


def test_the_marks_are_read_only(noon: Any, client: APIClient, alice: User) -> None:
    given = {"checkin_date": str(FIRST), "over_limit": False, "number_in_month": 1}
    row = client.post(URL, given).json()
    changed = client.patch(f"{URL}{row['id']}/", {"over_limit": False, "sleep_hours": "7.5"}).json()
    assert (row["over_limit"], changed["over_limit"], Decimal(changed["sleep_hours"])) == (True, True, Decimal("7.5"))


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_concurrent_check_ins_have_different_numbers(noon: Any) -> None:
    user = UserFactory.create()
    subscribe(user, "Mid-tier")
    services.grant_override(
        user=user,
        feature="api_access",
        reason="Ticket 4711",
        starts_at=clock.now() - timedelta(days=1),
        ends_at=clock.now() + timedelta(days=30),
        granted_by=None,
        now=clock.now(),
    )
    text = TokenFactory(user=user, scope="read-write").text

    def store(offset: int) -> int:
        try:
            client = APIClient(headers={"Authorization": f"Bearer {text}"})
            return client.post(URL, {"checkin_date": str(FIRST + timedelta(days=offset))}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(10, initializer=use_staff_role) as threads:
        assert set(threads.map(store, range(40))) == {201}
    numbers = UserHealthCheckin.objects.for_user(user).values_list("number_in_month", flat=True)
    assert (sorted(numbers), used(user), over_limit(user)) == (list(range(1, 41)), 40, 28)
