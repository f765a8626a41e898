"""The time from the arrival of a purchase's first event to access, with a real server, a real worker and many buyers at once.

`PURCHASES=200 make faults ARGS="-k access_delay"` sells more plans at once.
"""

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Min
from pytest_django import Settings

from billing import services
from billing.models import FeatureAccess, StripeCustomer, StripeEvent, SubscriptionPlan
from core import clock
from dev.factories import UserFactory
from dev.stripe.emulator import StripeEmulator
from tests.billing.stripe_payments import SECRET
from tests.commands.conftest import Server, until, url_of_tests_database
from tests.commands.conftest import no_jobs as no_jobs

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
PURCHASES = int(os.environ.get("PURCHASES", "30"))
MAX_DELAY = 60.0  # seconds


@pytest.fixture
def server(no_jobs: None, stripe: StripeEmulator, tmp_path: Path) -> Iterator[Server]:
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


class Opened:
    """The time at which the access of each buyer was first seen open."""

    def __init__(self, buyers: list[Any]) -> None:
        self.rows = FeatureAccess.objects.filter(user__in=buyers, feature_name="health_checkins", is_enabled=True)
        self.at: dict[Any, datetime] = {}
        self.number = len(buyers)

    def look(self) -> str:
        """Note whose access is open. Return '' until all is."""
        for owner in self.rows.values_list("user_id", flat=True):
            self.at.setdefault(owner, clock.now())
        return "all" if len(self.at) == self.number else ""


def test_access_opens_within_a_minute_of_the_first_event(
    server: Server, stripe: StripeEmulator, mid_tier: SubscriptionPlan, settings: Settings
) -> None:
    settings.BILLING_TRIAL_DAYS = 0
    buyers = UserFactory.create_batch(PURCHASES)
    pages = [services.start_checkout(user=user, plan=mid_tier, now=clock.now()) for user in buyers]
    stripe.hold_deliveries()
    for page in pages:
        stripe.complete_checkout(page.id)
    opened = Opened(buyers)
    assert not opened.look()
    stripe.hold_deliveries(False)
    until(opened.look, "access of all buyers", 2 * MAX_DELAY)
    owners = dict(StripeCustomer.objects.values_list("stripe_id", "user_id"))
    arrivals = StripeEvent.objects.values("stripe_customer_id").annotate(first=Min("created_at"))
    arrived = {owners[row["stripe_customer_id"]]: row["first"] for row in arrivals if row["stripe_customer_id"] in owners}
    delays = sorted((opened.at[user.pk] - arrived[user.pk]).total_seconds() for user in buyers)
    sys.stdout.write(f"\n{PURCHASES} purchases: access {delays[PURCHASES // 2]:.1f} s (median), {delays[-1]:.1f} s (longest)\n")
    assert delays[0] > 0
    assert delays[-1] < MAX_DELAY
