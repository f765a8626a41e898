"""Concurrent uses of a feature, which never exceed its limit."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from billing import services
from billing.models import FeatureAccess, UsageRecord
from core import clock
from core.errors import DomainError
from dev.factories import FeatureAccessFactory, SubscriptionFactory, UserFactory
from tests.conftest import use_staff_role
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
THREADS, CALLS, LIMIT = 20, 10, 100


def outcomes(user: User) -> list[str]:
    """Use the feature several times on one connection and return the outcomes."""
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
    with ThreadPoolExecutor(THREADS, initializer=use_staff_role) as threads:
        found = [item for items in threads.map(outcomes, [user] * THREADS) for item in items]
    assert (found.count("counted"), found.count("limit_reached")) == (LIMIT, THREADS * CALLS - LIMIT)
    assert FeatureAccess.objects.get(user=user, feature_name="reports").usage_count == LIMIT


def test_a_new_month_resets_the_count_once() -> None:
    user = UserFactory.create()
    FeatureAccessFactory(
        user=user, feature_name="reports", usage_limit=LIMIT, usage_count=LIMIT, period_start="2026-01-01T00:00:00Z"
    )
    with ThreadPoolExecutor(THREADS, initializer=use_staff_role) as threads:
        found = [item for items in threads.map(outcomes, [user] * THREADS) for item in items]
    assert found.count("counted") == LIMIT


def use_keys(user: User, keys: list[str]) -> list[str]:
    """Use the feature once use_keys each key on one connection and return the outcomes."""
    try:
        return [outcome(user, key) for key in keys]
    finally:
        connection.close()


def test_concurrent_uses_under_one_key_count_once() -> None:
    user = UserFactory.create()
    FeatureAccessFactory(user=user, feature_name="reports", usage_limit=LIMIT)
    with ThreadPoolExecutor(10, initializer=use_staff_role) as threads:
        found = [item for items in threads.map(use_keys, [user] * 10, [["one"] * 5] * 10) for item in items]
    assert found == ["counted"] * 50
    assert FeatureAccess.objects.get(user=user, feature_name="reports").usage_count == 1


def test_a_thousand_concurrent_keys_stay_within_the_limit() -> None:
    user = UserFactory.create()
    FeatureAccessFactory(
        user=user, feature_name="reports", usage_limit=LIMIT, usage_count=LIMIT, period_start="2026-01-01T00:00:00Z"
    )
    keys = [[f"{thread}-{call}" for call in range(50)] for thread in range(THREADS)]
    with ThreadPoolExecutor(THREADS, initializer=use_staff_role) as threads:
        found = [item for items in threads.map(use_keys, [user] * THREADS, keys) for item in items]
    assert (found.count("counted"), found.count("limit_reached")) == (LIMIT, 1_000 - LIMIT)
    assert FeatureAccess.objects.get(user=user, feature_name="reports").usage_count == UsageRecord.objects.count() == LIMIT
