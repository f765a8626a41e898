"""Uses under a key count once, say what is left and until when, and are given back once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from rest_framework.test import APIClient

from billing import services
from billing.models import FeatureAccess, Subscription, UsageRecord
from tests.billing.conftest import NOW
from tests.conftest import ClientFor
from users.models import User

URL = "/api/v1/billing/feature-access/"


@pytest.fixture
def post(as_alice: APIClient, alice: User) -> Any:
    """Calls an action of a feature of Alice's."""

    def call(action: str, body: Any, feature: str = "reports", **options: Any) -> Any:
        row = FeatureAccess.objects.for_user(alice).get(feature_name=feature)
        return as_alice.post(f"{URL}{row.pk}/{action}/", body, **options)

    return call


def left(answer: Any) -> int:
    assert answer.status_code == 200, answer.json()
    return int(answer.json()["usage_remaining"])


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_use_says_what_is_left_and_when_it_resets(subscription: Subscription, post: Any) -> None:
    shown = post("use", {"amount": 3, "idempotency_key": "one"}).json()
    assert (shown["usage_remaining"], shown["resets_at"]) == (1, "2026-04-10T12:00:00Z")


def test_a_repetition_counts_once_even_at_the_limit(subscription: Subscription, post: Any) -> None:
    assert [left(post("use", {"amount": 4, "idempotency_key": "one"})) for _ in range(3)] == [0, 0, 0]
    assert code(post("use", {"idempotency_key": "two"})) == (429, "limit_reached")


def test_a_denied_use_leaves_its_key_free(subscription: Subscription, post: Any) -> None:
    assert code(post("use", {"amount": 5, "idempotency_key": "one"})) == (429, "limit_reached")
    assert left(post("use", {"amount": 4, "idempotency_key": "one"})) == 0


@pytest.mark.parametrize(("body", "feature"), [({"amount": 2}, "reports"), ({}, "calls")])
def test_a_key_stands_for_one_use(subscription: Subscription, post: Any, body: Any, feature: str) -> None:
    post("use", {"idempotency_key": "one"})
    assert code(post("use", {**body, "idempotency_key": "one"}, feature)) == (422, "idempotency_key_reused")


def test_the_header_is_the_key_where_the_body_has_none(subscription: Subscription, post: Any) -> None:
    post("use", {"amount": 2}, headers={"Idempotency-Key": "one"})
    assert left(post("give-back", {"idempotency_key": "one"})) == 4


def test_it_is_given_back_once(subscription: Subscription, post: Any) -> None:
    post("use", {"amount": 2, "idempotency_key": "one"})
    post("use", {"idempotency_key": "two"})
    assert [left(post("give-back", {"idempotency_key": "one"})) for _ in range(3)] == [3, 3, 3]
    assert code(post("use", {"amount": 2, "idempotency_key": "one"})) == (409, "given_back")


def test_only_what_was_counted_is_given_back(subscription: Subscription, post: Any) -> None:
    post("use", {"idempotency_key": "one"})
    assert code(post("give-back", {"idempotency_key": "two"})) == (404, "unknown_key")
    assert code(post("give-back", {"idempotency_key": "one"}, "calls")) == (404, "unknown_key")


def test_it_is_never_below_zero(subscription: Subscription, post: Any) -> None:
    post("use", {"amount": 3, "idempotency_key": "one"})
    FeatureAccess.objects.update(usage_count=1)
    assert left(post("give-back", {"idempotency_key": "one"})) == 4


def test_it_is_not_given_back_into_another_month(subscription: Subscription, post: Any, noon: Any) -> None:
    post("use", {"amount": 3, "idempotency_key": "one"})
    noon.move_to(datetime(2026, 4, 10, 12, tzinfo=UTC))
    post("use", {"amount": 2, "idempotency_key": "two"})
    assert left(post("give-back", {"idempotency_key": "one"})) == 2


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü", None, ["a"]])
def test_a_key_is_visible_ascii(subscription: Subscription, post: Any, key: Any) -> None:
    for action in ("use", "give-back"):
        answer = post(action, {"idempotency_key": key}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "idempotency_key")


def test_a_key_is_its_customers_alone(subscription: Subscription, post: Any, bob: User, api: ClientFor) -> None:
    post("use", {"idempotency_key": "one"})
    row = FeatureAccess.objects.create(user=bob, feature_name="reports", usage_limit=2)
    assert left(api(bob).post(f"{URL}{row.pk}/use/", {"idempotency_key": "one"})) == 1


def test_the_database_keeps_a_key_once(subscription: Subscription, post: Any) -> None:
    post("use", {"idempotency_key": "one"})
    again = (
        "INSERT INTO billing_usagerecord SELECT gen_random_uuid(), created_at, updated_at, feature_name, idempotency_key,"
        " amount, period_start, given_back_at, user_id FROM billing_usagerecord"
    )
    with pytest.raises(IntegrityError, match="billing_usagerecord_key_unique"), transaction.atomic():
        connection.cursor().execute(again)
    assert UsageRecord.objects.count() == 1


def test_keys_are_forgotten_after_three_months_and_the_counts_stay(subscription: Subscription, alice: User) -> None:
    services.record_usage(user=alice, feature="reports", now=NOW, idempotency_key="one")
    assert services.delete_old_usage_records(now=NOW + timedelta(days=89)) == 0
    assert services.delete_old_usage_records(now=NOW + timedelta(days=91)) == 1
    assert FeatureAccess.objects.get(user=alice, feature_name="reports").usage_count == 1
