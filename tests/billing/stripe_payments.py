"""Payments as they are in production: the stand-in knows the catalogue, and its webhooks come in through our own address."""

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
    """Alice's payments and everybody's: buy, pay, fail, and hear of it."""

    def __init__(self, stripe: StripeEmulator) -> None:
        self.stripe = stripe

    def buy(self, user: User, plan: SubscriptionPlan, *, now: datetime, card: str = "visa") -> None:
        """Go through the checkout's page."""
        page = services.start_checkout(user=user, plan=plan, now=now)
        self.stripe.complete_checkout(page.id, card=card)

    def events(self) -> list[dict[str, Any]]:
        """All that Stripe has to tell, the oldest first."""
        return self.stripe.events()

    def process_events(self, *, now: datetime) -> int:
        """Take every event in that was not heard yet, and do what follows; gives how many."""
        known = set(StripeEvent.objects.values_list("stripe_id", flat=True))
        new = [event for event in self.events() if event["id"] not in known]
        for event in new:
            row, _ = services.store_event(orjson.dumps(event), headers={}, now=now)
            services.handle_event(row.pk, now=now)
        return len(new)


def post(event: bytes, signature: str) -> Any:
    """Deliver an event to the product's own address."""
    return Client(raise_request_exception=False).post(
        "/webhooks/stripe/", event, content_type="application/json", headers={"Stripe-Signature": signature}
    )


def work() -> None:
    """Carry out what is waiting."""
    with rls.as_staff():
        jobs.run_pending()
