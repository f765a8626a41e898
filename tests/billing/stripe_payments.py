"""Payments as in production: the emulator has the catalog, and its events arrive at the webhook endpoint."""

from datetime import datetime
from typing import Any

import orjson
from django.test import Client

from billing import services
from billing.models import StripeEvent, SubscriptionPlan
from core import jobs, rls
from dev.stripe.emulator import StripeEmulator
from users.models import User

SECRET = "whsec_tests"


class Payments:
    """Purchases in the emulator, and the processing of their events."""

    def __init__(self, stripe: StripeEmulator) -> None:
        self.stripe = stripe

    def buy(self, user: User, plan: SubscriptionPlan, *, now: datetime, card: str = "visa") -> None:
        """Start a checkout and complete it in the emulator."""
        page = services.start_checkout(user=user, plan=plan, now=now)
        self.stripe.complete_checkout(page.id, card=card)

    def events(self) -> list[dict[str, Any]]:
        """Return all events of the emulator, the oldest first."""
        return self.stripe.events()

    def process_events(self, *, now: datetime) -> int:
        """Store all new events, handle them, and return their number. One sync handles all events of a customer."""
        known = set(StripeEvent.objects.values_list("stripe_id", flat=True))
        new = [event for event in self.events() if event["id"] not in known]
        rows = [services.store_event(orjson.dumps(event), headers={}, now=now)[0] for event in new]
        for row in rows:
            services.handle_event(row.pk, now=now)
        return len(new)


def post(event: bytes, signature: str) -> Any:
    """Deliver an event to the webhook endpoint."""
    return Client(raise_request_exception=False).post(
        "/webhooks/stripe/", event, content_type="application/json", headers={"Stripe-Signature": signature}
    )


def run_jobs() -> None:
    """Run the waiting jobs."""
    with rls.as_staff():
        jobs.run_pending()
