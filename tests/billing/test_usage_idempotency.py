"""Uses under an idempotency key, which are counted once and given back once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from billing import services
from billing.models import FeatureAccess, Subscription, UsageRecord
from dev.factories import FeatureAccessFactory
from tests.billing.conftest import NOW
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/billing/feature-access/"


@pytest.fixture
def post(as_alice: APIClient, alice: User) -> Any:
    """Return a function that calls an action of a feature of Alice."""

    def call(action: str, body: Any, feature: str = "reports", **options: Any) -> Any:
        row = FeatureAccess.objects.for_user(alice).get(feature_name=feature)
        return as_alice.post(f"{URL}{row.pk}/{action}/", body, **options)

    return call


def remaining(response: Any) -> int:
    assert response.status_code == 200, response.json()
    return int(response.json()["usage_remaining"])


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_a_use_returns_the_remaining_usage_and_its_reset(subscription: Subscription, post: Any) -> None:
    shown = post("use", {"amount": 3, "idempotency_key": "one"}).json()
    assert (shown["usage_remaining"], shown["resets_at"]) == (1, "2026-04-10T12:00:00Z")


def test_a_repetition_counts_once_even_at_the_limit(subscription: Subscription, post: Any) -> None:
    assert [remaining(post("use", {"amount": 4, "idempotency_key": "one"})) for _ in range(3)] == [0, 0, 0]
    assert code(post("use", {"idempotency_key": "two"})) == (429, "limit_reached")


def test_a_denied_use_does_not_use_up_its_key(subscription: Subscription, post: Any) -> None:
    assert code(post("use", {"amount": 5, "idempotency_key": "one"})) == (429, "limit_reached")
    assert remaining(post("use", {"amount": 4, "idempotency_key": "one"})) == 0


@pytest.mark.parametrize(("body", "feature"), [({"amount": 2}, "reports"), ({}, "calls")])
def test_a_key_is_valid_for_one_use(subscription: Subscription, post: Any, body: Any, feature: str) -> None:
    post("use", {"idempotency_key": "one"})
    assert code(post("use", {**body, "idempotency_key": "one"}, feature)) == (422, "idempotency_key_reused")


def test_the_header_is_the_default_key(subscription: Subscription, post: Any) -> None:
    post("use", {"amount": 2}, headers={"Idempotency-Key": "one"})
    assert remaining(post("give-back", {"idempotency_key": "one"})) == 4


def test_a_use_is_given_back_once(subscription: Subscription, post: Any) -> None:
    post("use", {"amount": 2, "idempotency_key": "one"})
    post("use", {"idempotency_key": "two"})
    assert [remaining(post("give-back", {"idempotency_key": "one"})) for _ in range(3)] == [3, 3, 3]
    assert code(post("use", {"amount": 2, "idempotency_key": "one"})) == (409, "given_back")


def test_only_a_counted_use_is_given_back(subscription: Subscription, post: Any) -> None:
    post("use", {"idempotency_key": "one"})
    assert code(post("give-back", {"idempotency_key": "two"})) == (404, "unknown_key")
    assert code(post("give-back", {"idempotency_key": "one"}, "calls")) == (404, "unknown_key")


def test_the_count_is_never_below_zero(subscription: Subscription, post: Any) -> None:
    post("use", {"amount": 3, "idempotency_key": "one"})
    FeatureAccess.objects.update(usage_count=1)
    assert remaining(post("give-back", {"idempotency_key": "one"})) == 4


def test_a_use_of_another_month_is_not_given_back(subscription: Subscription, post: Any, noon: Any) -> None:
    post("use", {"amount": 3, "idempotency_key": "one"})
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    post("use", {"amount": 2, "idempotency_key": "two"})
    assert remaining(post("give-back", {"idempotency_key": "one"})) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü", None, ["a"]])
def test_a_key_is_visible_ascii(subscription: Subscription, post: Any, key: Any) -> None:
    for action in ("use", "give-back"):
        response = post(action, {"idempotency_key": key}, format="json")
        assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "idempotency_key")


def test_two_customers_may_use_the_same_key(subscription: Subscription, post: Any, bob: User, api: ClientFor) -> None:
    post("use", {"idempotency_key": "one"})
    row = FeatureAccessFactory(user=bob, feature_name="reports", usage_limit=2)
    assert remaining(api(bob).post(f"{URL}{row.pk}/use/", {"idempotency_key": "one"})) == 1


def test_the_database_refuses_a_duplicate_key(subscription: Subscription, post: Any) -> None:
    post("use", {"idempotency_key": "one"})
    again = (
        "INSERT INTO billing_usagerecord SELECT gen_random_uuid(), created_at, updated_at, feature_name, idempotency_key,"
        " amount, period_start, given_back_at, user_id FROM billing_usagerecord"
    )
    with pytest.raises(IntegrityError, match="billing_usagerecord_key_unique"), transaction.atomic():
        connection.cursor().execute(again)
    assert UsageRecord.objects.count() == 1


def test_keys_are_deleted_after_three_months(subscription: Subscription, alice: User) -> None:
    services.record_usage(user=alice, feature="reports", now=NOW, idempotency_key="one")
    assert services.delete_old_usage_records(now=NOW + timedelta(days=89)) == 0
    assert services.delete_old_usage_records(now=NOW + timedelta(days=91)) == 1
    assert FeatureAccess.objects.get(user=alice, feature_name="reports").usage_count == 1
