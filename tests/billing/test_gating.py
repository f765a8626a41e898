"""Routes that require a feature: access, usage counts, and errors that name the plans with it."""

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


def test_without_the_feature_402_names_the_plans_with_it(noon: Any, as_alice: APIClient) -> None:
    response = as_alice.post(GENERATE, {})
    assert response.status_code == 402
    sentence = response.json()["errors"][0]["detail"]
    assert sentence == "career_risk_management is not available to you. Plans that include it: Mid-tier, Professional."


def test_at_the_limit_429_names_limit_used_and_reset(allowed: FeatureAccess, as_alice: APIClient) -> None:
    assert [as_alice.post(GENERATE, {}).status_code for _ in range(3)] == [201, 201, 429]
    response = as_alice.post(GENERATE, {})
    assert "You have used 2 of 2 career_risk_management this month" in response.json()["errors"][0]["detail"]
    assert "2026-04-01 00:00 UTC" in response.json()["errors"][0]["detail"]
    seconds = (datetime(2026, 4, 1, tzinfo=UTC) - NOW).total_seconds()
    assert response.headers["Retry-After"] == str(int(seconds))


def test_a_failed_request_does_not_count(allowed: FeatureAccess, as_alice: APIClient, alice: User) -> None:
    assert as_alice.post(GENERATE, {"tenure_years": "long"}).status_code == 400
    assert used(alice) == 0


def test_a_repeated_request_counts_once(allowed: FeatureAccess, as_alice: APIClient, alice: User) -> None:
    headers = {"Idempotency-Key": "one"}
    assert [as_alice.post(GENERATE, {}, headers=headers).status_code for _ in range(3)] == [201, 201, 201]
    assert used(alice) == 1


def test_reading_does_not_need_the_feature(noon: Any, as_alice: APIClient) -> None:
    assert as_alice.get("/api/v1/career/job-security/").status_code == 200


class Uncounted:
    """A view that requires a feature without counting its usage."""

    @requires_feature("insights", counted=False)
    def view(self, request: Any) -> Response:
        return Response("seen")


class Caller:
    """A request with only a user."""

    def __init__(self, user: User) -> None:
        self.user = user


def test_a_feature_can_be_required_without_counting(noon: Any, alice: User, plus: SubscriptionPlan) -> None:
    request: Any = Caller(alice)
    with pytest.raises(DomainError, match="Plans that include it: Plus.") as denied:
        Uncounted().view(request)
    assert denied.value.status == 402
    services.grant_plan(user=alice, plan=plus, now=NOW)
    FeatureAccess.objects.filter(feature_name="insights").update(usage_limit=1, usage_count=1)
    assert Uncounted().view(request).data == "seen"
