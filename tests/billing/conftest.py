"""Plans to choose from, and a customer who has one of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from pytest_django import Settings

from billing import services
from billing.models import Subscription, SubscriptionPlan
from core import clock
from dev.factories import PlanFactory, SubscriptionFactory
from dev.stripe.control import FakeStripe
from tests.billing.stripe_scene import SECRET, Payments
from tests.dev.stripe.scene import fake as fake
from tests.dev.stripe.scene import shop as shop
from tests.dev.stripe.scene import stand_in as stand_in
from users.models import User

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def noon() -> Iterator[Any]:
    """A clock that stands still in the middle of the subscription's period, 10 March to 10 April."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def no_catalogue(db: None) -> None:
    """The plans of a test are all that there are."""
    SubscriptionPlan.objects.all().delete()


@pytest.fixture
def basic(no_catalogue: None) -> SubscriptionPlan:
    return PlanFactory(
        name="Basic",
        price="10.00",
        features={"reports": True, "insights": False},
        limits={"reports_per_month": 4, "calls_per_month": 1},
    )


@pytest.fixture
def plus(no_catalogue: None) -> SubscriptionPlan:
    return PlanFactory(
        name="Plus",
        price="30.00",
        features={"reports": True, "insights": True, "export": True},
        limits={"reports_per_month": 10, "insights_per_month": 50},
    )


@pytest.fixture
def subscription(noon: Any, alice: User, basic: SubscriptionPlan) -> Subscription:
    """Alice's, on the plan Basic, with what it opens."""
    row = SubscriptionFactory(user=alice, plan=basic, running=True)
    services.settle_access(user=alice, now=NOW)
    return row


@pytest.fixture
def stripe(fake: FakeStripe, settings: Settings, db: None) -> FakeStripe:
    """The stand-in, connected, with the catalogue and this instant on its clock."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE, settings.STRIPE_WEBHOOK_SECRETS = fake.key, fake.url, [SECRET]
    fake.freeze(clock.now())
    services.load_catalogue()
    call_command("sync_plans", stdout=StringIO())
    return fake


@pytest.fixture
def payments(stripe: FakeStripe) -> Payments:
    return Payments(stripe)


@pytest.fixture
def mid_tier(stripe: FakeStripe) -> SubscriptionPlan:
    return SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly")
