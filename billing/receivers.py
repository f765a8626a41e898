"""Receivers of signals about accounts and refunds."""

from typing import Any

from django.dispatch import receiver

from billing import services, tasks
from billing.models import StripeCustomer
from billing.stripe.refund_rules import settlement_due
from core import clock, jobs
from users.models import User
from users.privacy.erasure import erasing


@receiver(erasing)
def delete_stripe_customer(user: User, **_: Any) -> None:
    """Clear the user's events, and delete the customer at Stripe in a job, because the erasure can't wait for Stripe."""
    for customer in StripeCustomer.objects.for_user(user).exclude(stripe_id=""):
        services.clear_event_bodies(now=clock.now(), stripe_customer_id=customer.stripe_id)
        jobs.enqueue(tasks.delete_stripe_customer, stripe_customer_id=customer.stripe_id)


@receiver(settlement_due)
def settle_customer(stripe_customer_id: str, duplicates: list[str], **_: Any) -> None:
    """Cancel duplicate subscriptions and send refunds in a job, because a sync may be rolled back and can't wait for Stripe."""
    lock = f"settlement of {stripe_customer_id}"
    jobs.enqueue(tasks.settle_customer, lock=lock, stripe_customer_id=stripe_customer_id, duplicates=duplicates)
