"""Receivers of signals about accounts and refunds."""

from datetime import datetime
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from billing import services, tasks
from billing.models import StripeCustomer
from billing.services import feature_access_changed
from billing.stripe.refund_rules import settlement_due
from core import clock, jobs, rls
from users.models import User
from users.privacy.erasure import erasing
from users.services import token_requested


@receiver(post_save, sender=User)
def create_feature_access(instance: User, created: bool, raw: bool, **_: Any) -> None:
    """Create the feature access of a new account, which shows what the plans sell."""
    if created and not raw:
        with rls.as_customer(instance):
            services.create_feature_access(user=instance, now=clock.now())


@receiver(token_requested)
def require_api_access(user: User, **_: Any) -> Any:
    """Refuse a token without API access (403), and return when the access ends. Staff need no plan, as they work for us."""
    return None if user.is_staff else services.require_plan(user=user, feature="api_access", now=clock.now()).expires_at


@receiver(feature_access_changed)
def limit_tokens(owners: list[Any], now: datetime, **_: Any) -> None:
    """Let the tokens of customers end with their API access."""
    services.limit_tokens(owners=owners, now=now)


@receiver(erasing)
def delete_stripe_customer(user: User, **_: Any) -> None:
    """Clear the user's events, and delete the customer at Stripe in a job, because the erasure can't wait for Stripe."""
    for customer in StripeCustomer.objects.for_user(user).exclude(stripe_id=""):
        services.clear_event_bodies(now=clock.now(), stripe_customer_id=customer.stripe_id)
        jobs.enqueue(tasks.delete_stripe_customer, stripe_customer_id=customer.stripe_id)


@receiver(erasing)
def end_revenue(user: User, **_: Any) -> None:
    """Record the churn of the user, whose movements are retained."""
    services.end_revenue(user=user, now=clock.now())


@receiver(settlement_due)
def settle_customer(stripe_customer_id: str, duplicates: list[str], credits: dict[str, str], **_: Any) -> None:
    """Cancel duplicate subscriptions and send refunds in a job, because a sync may be rolled back and can't wait for Stripe."""
    lock = f"settlement of {stripe_customer_id}"
    given = {"stripe_customer_id": stripe_customer_id, "duplicates": duplicates, "credits": credits}
    jobs.enqueue(tasks.settle_customer, lock=lock, **given)
