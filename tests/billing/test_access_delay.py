"""The time from the last event about a purchase to access, with a real server and a real worker.

`PURCHASES=100 make faults ARGS="-k access_delay"` buys more plans within a second.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import F, Max

from billing import services
from billing.models import FeatureAccess, StripeEvent, SubscriptionPlan
from core import clock
from dev.factories import UserFactory
from dev.stripe.emulator import StripeEmulator
from tests.billing.stripe_payments import SECRET
from tests.commands.conftest import Server, until, url_of_tests_database
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
PURCHASES = int(os.environ.get("PURCHASES", "20"))
MAX_DELAY = 60.0  # seconds


@pytest.fixture
def server(stripe: StripeEmulator, tmp_path: Path) -> Iterator[Server]:
    """Start a server with a worker, to which the emulator posts its events."""
    connection = {
        "DATABASE_URL": url_of_tests_database(),
        "STRIPE_SECRET_KEY": stripe.key,
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_WEBHOOK_SECRETS": SECRET,
    }
    running = Server(tmp_path, **connection)
    stripe.endpoint(f"http://127.0.0.1:{running.port}/webhooks/stripe/", SECRET)
    yield running
    running.close()


def has_access(user: User) -> bool:
    return FeatureAccess.objects.filter(user=user, feature_name="health_checkins", is_enabled=True).exists()


def test_access_follows_the_last_event_within_a_minute(
    server: Server, stripe: StripeEmulator, mid_tier: SubscriptionPlan
) -> None:
    users = UserFactory.create_batch(PURCHASES)
    pages = [services.start_checkout(user=user, plan=mid_tier, now=clock.now()) for user in users]
    for page in pages:
        stripe.complete_checkout(page.id)
    until(lambda: "all" if all(map(has_access, users)) else "", "access", MAX_DELAY)
    until(lambda: "" if StripeEvent.objects.waiting().exists() else "none", "the end of the events", MAX_DELAY)
    delay = StripeEvent.objects.aggregate(longest=Max(F("handled_at") - F("created_at")))["longest"].total_seconds()
    sys.stdout.write(f"\n{PURCHASES} purchases: an event was handled at most {delay:.1f} s after its arrival\n")
    assert StripeEvent.objects.filter(type="checkout.session.completed", state="handled").count() == PURCHASES
    assert 0 < delay < MAX_DELAY
