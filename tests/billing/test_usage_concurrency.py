"""However many ask at once, no more get through than the limit allows."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from billing import services
from billing.models import FeatureAccess, UsageRecord
from core import clock
from core.errors import DomainError
from dev.factories import FeatureAccessFactory, SubscriptionFactory, UserFactory
from tests.conftest import see_everybody
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
THREADS, CALLS, LIMIT = 20, 10, 100


def outcomes(user: User) -> list[str]:
    """What came of some calls, one after the other on a connection of their own."""
    try:
        return [outcome(user) for _ in range(CALLS)]
    finally:
        connection.close()


def outcome(user: User, key: str | None = None) -> str:
    try:
        services.record_usage(user=user, feature="reports", now=clock.now(), idempotency_key=key)
    except DomainError as denied:
        return denied.code
    return "counted"


def test_a_limit_of_a_hundred_lets_exactly_a_hundred_through() -> None:
    user = UserFactory.create()
    SubscriptionFactory(user=user, running=True)
    FeatureAccessFactory(user=user, feature_name="reports", usage_limit=LIMIT)
    with ThreadPoolExecutor(THREADS, initializer=see_everybody) as threads:
        found = [item for items in threads.map(outcomes, [user] * THREADS) for item in items]
    assert (found.count("counted"), found.count("limit_reached")) == (LIMIT, THREADS * CALLS - LIMIT)
    assert FeatureAccess.objects.get(user=user).usage_count == LIMIT


def test_a_month_that_turns_is_begun_once() -> None:
    user = UserFactory.create()
    FeatureAccessFactory(
        user=user, feature_name="reports", usage_limit=LIMIT, usage_count=LIMIT, period_start="2026-01-01T00:00:00Z"
    )
    with ThreadPoolExecutor(THREADS, initializer=see_everybody) as threads:
        found = [item for items in threads.map(outcomes, [user] * THREADS) for item in items]
    assert found.count("counted") == LIMIT


def under(user: User, keys: list[str]) -> list[str]:
    """What came of one call under each key, on a connection of their own."""
    try:
        return [outcome(user, key) for key in keys]
    finally:
        connection.close()


def test_one_key_many_times_at_once_counts_once() -> None:
    user = UserFactory.create()
    FeatureAccessFactory(user=user, feature_name="reports", usage_limit=LIMIT)
    with ThreadPoolExecutor(10, initializer=see_everybody) as threads:
        found = [item for items in threads.map(under, [user] * 10, [["one"] * 5] * 10) for item in items]
    assert found == ["counted"] * 50
    assert FeatureAccess.objects.get(user=user).usage_count == 1


def test_a_thousand_keyed_calls_at_once_get_no_further_than_the_limit() -> None:
    user = UserFactory.create()
    FeatureAccessFactory(
        user=user, feature_name="reports", usage_limit=LIMIT, usage_count=LIMIT, period_start="2026-01-01T00:00:00Z"
    )
    keys = [[f"{thread}-{call}" for call in range(50)] for thread in range(THREADS)]
    with ThreadPoolExecutor(THREADS, initializer=see_everybody) as threads:
        found = [item for items in threads.map(under, [user] * THREADS, keys) for item in items]
    assert (found.count("counted"), found.count("limit_reached")) == (LIMIT, 1_000 - LIMIT)
    assert FeatureAccess.objects.get(user=user).usage_count == UsageRecord.objects.count() == LIMIT
