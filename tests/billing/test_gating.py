"""A gated route answers whom the feature is open to, and says to everybody else what would open it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from billing import services
from billing.gating import requires_feature
from billing.models import FeatureAccess, SubscriptionPlan
from core.errors import DomainError
from dev.factories import FeatureAccessFactory, ProfileFactory
from tests.billing.conftest import NOW
from users.models import User

GENERATE = "/api/v1/career/job-security/generate/"
FEATURE = "career_risk_management"


def used(user: User) -> int:
    return FeatureAccess.objects.for_user(user).get(feature_name=FEATURE).usage_count


@pytest.fixture
def allowed(noon: Any, alice: User) -> FeatureAccess:
    ProfileFactory(user=alice)
    return FeatureAccessFactory(user=alice, feature_name=FEATURE, usage_limit=2)


def test_without_the_feature_402_names_it_and_the_plans_that_have_it(noon: Any, as_alice: APIClient) -> None:
    answer = as_alice.post(GENERATE, {})
    assert answer.status_code == 402
    sentence = answer.json()["errors"][0]["detail"]
    assert sentence == "career_risk_management is not open to you. Plans with it: Mid-tier, Professional."


def test_at_the_limit_429_names_limit_used_and_reset(allowed: FeatureAccess, as_alice: APIClient) -> None:
    assert [as_alice.post(GENERATE, {}).status_code for _ in range(3)] == [201, 201, 429]
    answer = as_alice.post(GENERATE, {})
    assert "You have used 2 of 2 career_risk_management this month" in answer.json()["errors"][0]["detail"]
    assert "2026-04-01 00:00 UTC" in answer.json()["errors"][0]["detail"]
    seconds = (datetime(2026, 4, 1, tzinfo=UTC) - NOW).total_seconds()
    assert answer.headers["Retry-After"] == str(int(seconds))


def test_what_fails_was_not_used(allowed: FeatureAccess, as_alice: APIClient, alice: User) -> None:
    assert as_alice.post(GENERATE, {"tenure_years": "long"}).status_code == 400
    assert used(alice) == 0


def test_a_repeated_request_counts_once(allowed: FeatureAccess, as_alice: APIClient, alice: User) -> None:
    headers = {"Idempotency-Key": "one"}
    assert [as_alice.post(GENERATE, {}, headers=headers).status_code for _ in range(3)] == [201, 201, 201]
    assert used(alice) == 1


def test_reading_stays_open(noon: Any, as_alice: APIClient) -> None:
    assert as_alice.get("/api/v1/career/job-security/").status_code == 200


class Uncounted:
    """A view with a gate that counts nothing."""

    @requires_feature("insights", counted=False)
    def look(self, request: Any) -> Response:
        return Response("seen")


class Caller:
    """A request of somebody."""

    def __init__(self, user: User) -> None:
        self.user = user


def test_a_gate_need_not_count(noon: Any, alice: User, plus: SubscriptionPlan) -> None:
    request: Any = Caller(alice)
    with pytest.raises(DomainError, match="Plans with it: Plus.") as denied:
        Uncounted().look(request)
    assert denied.value.status == 402
    services.grant_plan(user=alice, plan=plus, now=NOW)
    FeatureAccess.objects.filter(feature_name="insights").update(usage_limit=1, usage_count=1)
    assert Uncounted().look(request).data == "seen"
