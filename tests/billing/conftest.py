"""Fixtures of billing: plans, a subscription and the Stripe emulator."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from pytest_django import Settings
from stripe import HTTPClient

from billing import services
from billing.models import FeatureAccess, Subscription, SubscriptionPlan
from core import clock
from dev.factories import PlanFactory, SubscriptionFactory
from dev.stripe.emulator import StripeEmulator
from tests.billing.notice_contents import incomplete_notices
from tests.billing.stripe_catalog import publish_catalog
from tests.billing.stripe_payments import SECRET, Payments
from tests.dev.stripe.fixtures import emulator as emulator
from tests.dev.stripe.fixtures import emulator_process as emulator_process
from tests.dev.stripe.fixtures import shop as shop
from users.models import User

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def complete_notices(request: pytest.FixtureRequest) -> Iterator[None]:
    """Check after each test with a database that every notice that a customer has got names amount, day and remedy."""
    has_database = request.node.get_closest_marker("django_db") is not None
    if has_database:
        request.getfixturevalue("db")  # which ends after this fixture
    yield
    if has_database:
        assert incomplete_notices() == []


@pytest.fixture
def noon() -> Iterator[Any]:
    """Stop the clock in the middle of the subscription's period, 10 March to 10 April."""
    with time_machine.travel(NOW, tick=False) as traveler:
        yield traveler


@pytest.fixture
def no_catalog(db: None) -> None:
    """Delete the catalog's plans and the access to their features, so that a test has only its own."""
    SubscriptionPlan.objects.all().delete()
    FeatureAccess.objects.all().delete()


@pytest.fixture
def basic(no_catalog: None) -> SubscriptionPlan:
    return PlanFactory(
        name="Basic",
        price="10.00",
        features={"reports": True, "insights": False},
        limits={"reports_per_month": 4, "calls_per_month": 1},
    )


@pytest.fixture
def plus(no_catalog: None) -> SubscriptionPlan:
    return PlanFactory(
        name="Plus",
        price="30.00",
        features={"reports": True, "insights": True, "export": True},
        limits={"reports_per_month": 10, "insights_per_month": 50},
    )


@pytest.fixture
def subscription(noon: Any, alice: User, basic: SubscriptionPlan) -> Subscription:
    """Return Alice's subscription to the plan Basic, with its feature access."""
    row = SubscriptionFactory(user=alice, plan=basic, running=True)
    services.sync_feature_access(user=alice, now=NOW)
    return row


@pytest.fixture
def stripe(emulator: StripeEmulator, settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None) -> StripeEmulator:
    """Connect the emulator, load the catalog and set its clock. Stripe's library retries without a pause."""
    monkeypatch.setattr(HTTPClient, "INITIAL_DELAY", 0)
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = emulator.key, emulator.url, [SECRET]
    emulator.freeze(clock.now())
    services.load_catalog()
    publish_catalog(emulator, clock.now())
    return emulator


@pytest.fixture
def payments(stripe: StripeEmulator) -> Payments:
    return Payments(stripe)


@pytest.fixture
def mid_tier(stripe: StripeEmulator) -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly")
