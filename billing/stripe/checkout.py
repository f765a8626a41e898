"""How a customer comes to Stripe's pages: the checkout that sells a plan, and the portal where he keeps his card.

Whoever uses what is free is no customer of Stripe's: that begins with the first checkout.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from billing.models import StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from core.errors import ConflictError, DomainError

logger = logging.getLogger(__name__)

RETURN_PATH = "/billing/return/"


@dataclass(frozen=True)
class StripePage:
    """A page of Stripe's to send a customer to; `expires_at` is None where Stripe does not say."""

    id: str
    url: str
    expires_at: datetime | None = None


@transaction.atomic
def start_checkout(*, user: Any, plan: SubscriptionPlan, now: datetime) -> StripePage:
    """Open the page where `user` pays for `plan`; his first plan begins with a trial of BILLING_TRIAL_DAYS.

    Any number of calls make one customer at Stripe, and one open page: that for the same plan is given again, one for another
    plan is closed. Raises ConflictError when he has a running subscription at Stripe, or the plan is not for sale.
    """
    require_for_sale(plan)
    customer = _get_or_create_customer(user)
    running = Subscription.objects.for_user(user).running().exclude(stripe_subscription_id="").first()
    if running is not None:
        sentence = "You have a subscription already. Change its plan: POST /api/v1/billing/subscriptions/{id}/change-plan/."
        raise ConflictError("already_subscribed", sentence)
    pages = list(stripe_client.list_all("checkout.sessions", customer=customer.stripe_id))
    again = _close_open_pages(pages, keep=plan)
    # After a lost answer the newest page is still the same, and so is the key: Stripe gives what it made then
    key = f"checkout-{user.pk}-{plan.pk}-after-{pages[0]['id'] if pages else 'none'}"
    return _page(again or stripe_client.write("checkout.sessions.create", _checkout_parameters(user, customer, plan), key=key))


def require_for_sale(plan: SubscriptionPlan) -> None:
    """Raise unless a plan is offered and Stripe knows its price."""
    if not plan.is_active:
        raise DomainError("plan_retired", "This plan is no longer offered. Choose another.", field="plan")
    if stripe_client.is_connected() and not plan.stripe_price_id:
        raise ConflictError("not_for_sale", "Stripe does not know this plan yet. The operator runs: manage.py sync_plans.")


@transaction.atomic
def open_portal(*, user: Any, now: datetime) -> StripePage:
    """Open the page where `user` changes his card and sees his invoices; ConflictError for whoever never paid."""
    customer = StripeCustomer.objects.for_user(user).exclude(stripe_id="").first()
    if customer is None:
        raise ConflictError("no_customer", "There is nothing to pay for yet. Begin with a checkout.")
    asked = {"customer": customer.stripe_id, "return_url": settings.FRONTEND_URL + RETURN_PATH}
    return _page(stripe_client.write("billing_portal.sessions.create", asked, key=f"portal-{user.pk}-{now.isoformat()}"))


def delete_stripe_customer(stripe_customer_id: str) -> None:
    """Close a customer's open pages and delete him at Stripe, which ends his subscriptions; nothing if that was done before."""
    try:
        _close_open_pages(stripe_client.list_all("checkout.sessions", customer=stripe_customer_id))
        stripe_client.write("customers.delete", stripe_customer_id, {}, key=f"forget-{stripe_customer_id}")
    except stripe_client.StripeNotFoundError:
        logger.info("Stripe has no customer %s any more.", stripe_customer_id)


def _get_or_create_customer(user: Any) -> StripeCustomer:
    """The customer's row, locked until the transaction ends, with his id at Stripe; made there if need be."""
    StripeCustomer.objects.bulk_create([StripeCustomer(user=user)], ignore_conflicts=True)
    customer: StripeCustomer = StripeCustomer.objects.for_user(user).select_for_update().get()
    if not customer.stripe_id:
        asked = {"email": user.email, "metadata": {"user_id": str(user.pk)}}
        customer.stripe_id = stripe_client.write("customers.create", asked, key=f"customer-{user.pk}")["id"]
        customer.save(update_fields=["stripe_id"])
    return customer


def _checkout_parameters(user: Any, customer: StripeCustomer, plan: SubscriptionPlan) -> dict[str, Any]:
    back = settings.FRONTEND_URL + RETURN_PATH
    labels = {"user_id": str(user.pk), "plan_id": str(plan.pk)}
    subscription: dict[str, Any] = {"metadata": labels}
    if settings.BILLING_TRIAL_DAYS and not had_trial(user):
        subscription["trial_period_days"] = settings.BILLING_TRIAL_DAYS
    return {
        "mode": "subscription",
        "customer": customer.stripe_id,
        "client_reference_id": str(user.pk),
        "line_items": [{"price": plan.stripe_price_id, "quantity": 1}],
        "subscription_data": subscription,
        "metadata": labels,
        "success_url": f"{back}?checkout={{CHECKOUT_SESSION_ID}}",
        "cancel_url": f"{back}?cancelled=1",
    }


def had_trial(user: Any) -> bool:
    """Whether there was a trial or a paid plan before; a trial is given once."""
    past = Subscription.objects.for_user(user)
    return past.exclude(trial_start=None).exists() or past.exclude(stripe_subscription_id="").exists()


def _close_open_pages(pages: Iterable[dict[str, Any]], *, keep: SubscriptionPlan | None = None) -> dict[str, Any] | None:
    """Close the pages that can still be paid, except those for the plan `keep`. Return the newest of these, if there is one."""
    kept = None
    for page in pages:
        if page["status"] != "open":
            continue
        if keep is not None and page["metadata"].get("plan_id") == str(keep.pk):
            kept = kept or page
        else:
            stripe_client.write("checkout.sessions.expire", page["id"], {}, key=f"expire-{page['id']}")
    return kept


def _page(session: dict[str, Any]) -> StripePage:
    ends = session.get("expires_at")
    return StripePage(session["id"], session["url"], datetime.fromtimestamp(ends, UTC) if ends else None)
