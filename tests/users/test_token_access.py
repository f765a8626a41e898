"""The end of API tokens with the API access of the plan."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from billing import services
from billing.models import Subscription, SubscriptionPlan
from core import clock
from dev.factories import PASSWORD, SubscriptionFactory
from tests.account_api import log_in_again, with_session
from users.models import PersonalAccessToken, User

TOKENS, ME, ACCOUNTS = "/api/v1/users/tokens/", "/api/v1/users/me/", "/api/v1/finance/accounts/"
BEGAN, ENDS = datetime(2026, 3, 10, 12, tzinfo=UTC), datetime(2026, 4, 10, 12, tzinfo=UTC)
LAG = timedelta(hours=6)


@pytest.fixture
def now() -> Any:
    with time_machine.travel(BEGAN, tick=False) as traveler:
        yield traveler


@pytest.fixture
def subscription(now: Any, alice: User) -> Subscription:
    plan = SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly")
    row = SubscriptionFactory(
        user=alice, plan=plan, status="active", canceled_at=None, current_period_start=BEGAN, current_period_end=ENDS
    )
    services.sync_feature_access(user=alice, now=BEGAN)
    return row


@pytest.fixture
def program(subscription: Subscription, alice: User) -> APIClient:
    """Return a program with a token that alice created through the API."""
    created = with_session(log_in_again(alice.email)).post(TOKENS, {"name": "Spreadsheet"})
    assert created.status_code == 201, created.json()
    return APIClient(headers={"Authorization": f"Bearer {created.json()['token']}"})


def change(subscription: Subscription, **values: Any) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(**values)
    services.sync_feature_access(user=subscription.user, now=clock.now())


def test_without_a_plan_the_error_names_the_plans(now: Any, alice: User) -> None:
    response = with_session(log_in_again(alice.email)).post(TOKENS, {"name": "Spreadsheet"})
    [error] = response.json()["errors"]
    assert (response.status_code, error["code"]) == (403, "plan_required")
    assert error["detail"] == "api_access is not available to you. Plans that include it: Professional."
    assert not PersonalAccessToken.objects.exists()


def test_a_token_ends_when_the_renewal_is_not_known(program: APIClient, now: Any) -> None:
    assert PersonalAccessToken.objects.get().access_ends_at == ENDS + LAG
    now.move_to(ENDS + LAG - timedelta(seconds=1))
    assert program.get(ME).status_code == 200
    now.move_to(ENDS + LAG)
    assert program.get(ME).status_code == 401
    assert "does not include API access any more" in program.get(ME).json()["errors"][0]["detail"]


def test_a_compiled_list_refuses_an_ended_token_too(program: APIClient, now: Any) -> None:
    assert [program.get(ACCOUNTS).status_code for _ in range(3)] == [200] * 3
    now.move_to(ENDS + LAG)
    assert [program.get(ACCOUNTS).status_code for _ in range(2)] == [401] * 2


def test_a_renewal_lets_the_token_continue(program: APIClient, subscription: Subscription, now: Any) -> None:
    now.move_to(ENDS)
    change(subscription, current_period_start=ENDS, current_period_end=ENDS + timedelta(days=30))
    now.move_to(ENDS + LAG)
    assert program.get(ME).status_code == 200


def test_a_failed_renewal_ends_it_with_the_grace_period(program: APIClient, subscription: Subscription, now: Any) -> None:
    now.move_to(ENDS + timedelta(hours=1))
    change(subscription, status="past_due")
    now.move_to(ENDS + timedelta(days=7) - timedelta(seconds=1))
    assert program.get(ME).status_code == 200
    now.move_to(ENDS + timedelta(days=7))
    assert program.get(ME).status_code == 401


def test_a_plan_without_api_access_ends_it_at_once(program: APIClient, subscription: Subscription, now: Any) -> None:
    now.move_to(BEGAN + timedelta(days=3))
    change(subscription, plan=SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly"))
    assert program.get(ME).status_code == 401
    assert PersonalAccessToken.objects.get().access_ends_at == BEGAN + timedelta(days=3)
    now.move_to(BEGAN + timedelta(days=4))
    change(subscription, plan=SubscriptionPlan.objects.get(name="Professional", billing_cycle="monthly"))
    assert program.get(ME).status_code == 200


def test_an_end_is_not_moved_by_later_syncs(program: APIClient, subscription: Subscription, now: Any) -> None:
    change(subscription, status="canceled")
    now.move_to(BEGAN + timedelta(days=1))
    services.sync_feature_access(user=subscription.user, now=clock.now())
    assert PersonalAccessToken.objects.get().access_ends_at == BEGAN


def test_the_tokens_of_staff_need_no_plan(now: Any, staff: User) -> None:
    token = PersonalAccessToken.objects.create(user=staff, name="Report")[0]
    services.sync_feature_access(user=staff, now=BEGAN)
    token.refresh_from_db()
    assert token.access_ends_at is None


def test_the_end_is_read_only_and_shown(program: APIClient, alice: User) -> None:
    [shown] = with_session(log_in_again(alice.email, PASSWORD)).get(TOKENS).json()["results"]
    assert shown["access_ends_at"] == "2026-04-10T18:00:00Z"
