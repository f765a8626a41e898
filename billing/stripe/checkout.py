"""Stripe's checkout, which sells a plan, and its customer portal, where customers manage their card.

A user becomes a customer at Stripe with the first checkout.
"""

import logging
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac

from billing.models import StripeCustomer, Subscription, SubscriptionPlan
from billing.models.subscriptions import RUNNING
from billing.stripe import client as stripe_client
from billing.stripe.return_urls import return_url
from core.errors import ConflictError, DomainError

logger = logging.getLogger(__name__)

CHECKOUT_ID = "{CHECKOUT_SESSION_ID}"  # Stripe replaces it
PORTAL_OVERVIEW, PORTAL_CARD = PORTAL_PAGES = ("overview", "card")
PRICE_LABEL = "price_id"  # in a page's metadata, because Stripe lists pages without what they sell


@dataclass(frozen=True)
class StripePage:
    """A page hosted by Stripe. `expires_at` is None if Stripe sets no expiry."""

    id: str
    url: str
    expires_at: datetime | None = None


@transaction.atomic
def start_checkout(
    *, user: Any, plan: SubscriptionPlan, now: datetime, success_url: str | None = None, cancel_url: str | None = None
) -> StripePage:
    """Return a checkout page where `user` buys `plan`. Their first plan begins with a trial of BILLING_TRIAL_DAYS.

    A user has one customer at Stripe and one open page: an open page for the same price and URLs is returned again, and others
    are closed. Raise DomainError if the user has a running subscription at Stripe, the plan is not for sale, or a URL is not
    permitted.
    """
    require_for_sale(plan)
    urls = {
        "success_url": return_url(success_url, "success_url", f"?checkout={CHECKOUT_ID}"),
        "cancel_url": return_url(cancel_url, "cancel_url", "?canceled=1"),
    }
    customer = _get_or_create_customer(user)
    running = Subscription.objects.for_user(user).running().exclude(stripe_subscription_id="").first()
    if running is not None:
        sentence = "You already have a subscription. Change its plan: POST /api/v1/billing/subscriptions/{id}/change-plan/."
        raise ConflictError("already_subscribed", sentence)
    pages = list(stripe_client.list_all("checkout.sessions", customer=customer.stripe_id))
    _require_nothing_bought(customer)  # after the pages, so that none of them was completed in between unseen
    open_page = _close_open_pages(pages, keep=plan, urls=urls)
    # After a lost response the newest page and so the key are the same, and Stripe returns the page that it created
    key = f"checkout-{user.pk}-{plan.pk}-after-{pages[0]['id'] if pages else 'none'}"
    if success_url or cancel_url:
        key += f"-to-{salted_hmac('checkout', str(urls)).hexdigest()[:16]}"  # Stripe refuses a key with other parameters
    parameters = _checkout_parameters(user, customer, plan) | urls
    return _page(open_page or stripe_client.write("checkout.sessions.create", parameters, key=key))


def _require_nothing_bought(customer: StripeCustomer) -> None:
    """Raise ConflictError if a subscription runs at Stripe whose event has not arrived yet, so that it is not bought twice."""
    bought = stripe_client.list_all("subscriptions", customer=customer.stripe_id)
    if any(subscription["status"] in RUNNING for subscription in bought):
        sentence = "You have bought a plan already. It appears in your subscriptions in a moment; then you can change its plan."
        raise ConflictError("already_subscribed", sentence)


def require_for_sale(plan: SubscriptionPlan) -> None:
    """Raise DomainError unless a plan is offered and has a price at Stripe."""
    if not plan.is_active:
        raise DomainError("plan_retired", "This plan is no longer offered. Choose another.", field="plan")
    if stripe_client.is_connected() and not plan.stripe_price_id:
        raise ConflictError("not_for_sale", "This plan is not at Stripe yet. The operator must run: manage.py sync_plans.")


@transaction.atomic
def open_portal(*, user: Any, now: datetime, page: str = PORTAL_OVERVIEW, return_to: str | None = None) -> StripePage:
    """Return a portal page, where `user` changes the card and views invoices, or with PORTAL_CARD only adds a card.

    Raise ConflictError before a first checkout, and DomainError if the URL `return_to` is not permitted.
    """
    back = return_url(return_to, "return_url")
    customer = StripeCustomer.objects.for_user(user).exclude(stripe_id="").first()
    if customer is None:
        raise ConflictError("no_customer", "You have not bought a plan yet. Start with a checkout.")
    parameters: dict[str, Any] = {"customer": customer.stripe_id, "return_url": back}
    if page == PORTAL_CARD:
        completion = {"type": "redirect", "redirect": {"return_url": back}}
        parameters["flow_data"] = {"type": "payment_method_update", "after_completion": completion}
    key = f"portal-{user.pk}-{page}-{now.isoformat()}"
    return _page(stripe_client.write("billing_portal.sessions.create", parameters, key=key))


def delete_stripe_customer(stripe_customer_id: str) -> None:
    """Close a customer's open pages and delete the customer at Stripe, which ends their subscriptions. Idempotent."""
    try:
        _close_open_pages(stripe_client.list_all("checkout.sessions", customer=stripe_customer_id))
        stripe_client.write("customers.delete", stripe_customer_id, {}, key=f"forget-{stripe_customer_id}")
    except stripe_client.StripeNotFoundError:
        logger.info("Customer %s no longer exists at Stripe.", stripe_customer_id)


def _get_or_create_customer(user: Any) -> StripeCustomer:
    """Return the user's row, locked until the transaction ends. Create the customer at Stripe if there is none (left)."""
    StripeCustomer.objects.bulk_create([StripeCustomer(user=user)], ignore_conflicts=True)
    customer: StripeCustomer = StripeCustomer.objects.for_user(user).select_for_update().get()
    if not customer.stripe_id or customer.deleted_at is not None:
        parameters = {"email": user.email, "metadata": {"user_id": str(user.pk)}}
        key = f"customer-{user.pk}" + (f"-after-{customer.stripe_id}" if customer.stripe_id else "")
        customer.stripe_id = stripe_client.write("customers.create", parameters, key=key)["id"]
        customer.deleted_at, customer.synced_at, customer.problems = None, None, ""
        customer.save(update_fields=["stripe_id", "deleted_at", "synced_at", "problems"])
    return customer


def _checkout_parameters(user: Any, customer: StripeCustomer, plan: SubscriptionPlan) -> dict[str, Any]:
    labels = {"user_id": str(user.pk), "plan_id": str(plan.pk)}
    page_labels = {**labels, PRICE_LABEL: plan.stripe_price_id}
    subscription: dict[str, Any] = {"metadata": labels}
    if settings.BILLING_TRIAL_DAYS and not had_trial(user):
        subscription["trial_period_days"] = settings.BILLING_TRIAL_DAYS
    return {
        **_offer_parameters(),
        "mode": "subscription",
        "customer": customer.stripe_id,
        "client_reference_id": str(user.pk),
        "line_items": [{"price": plan.stripe_price_id, "quantity": 1}],
        "subscription_data": subscription,
        "metadata": page_labels,
    }


def _offer_parameters() -> dict[str, Any]:
    """Return the parameters by the operator's settings: promotion codes, tax by the customer's address, tax IDs."""
    given: dict[str, Any] = {}
    updates = {}
    if settings.BILLING_PROMOTION_CODES:
        given["allow_promotion_codes"] = True
    if settings.BILLING_AUTOMATIC_TAX:  # Stripe needs the address that the customer enters for the tax of all renewals
        given |= {"automatic_tax": {"enabled": True}, "billing_address_collection": "required"}
        updates["address"] = "auto"
    if settings.BILLING_TAX_IDS:
        given["tax_id_collection"] = {"enabled": True}
        updates["name"] = "auto"
    return given | ({"customer_update": updates} if updates else {})


def had_trial(user: Any) -> bool:
    """Return True if the user had a trial or a paid plan before. Only one trial is granted."""
    past = Subscription.objects.for_user(user)
    return past.exclude(trial_start=None).exists() or past.exclude(stripe_subscription_id="").exists()


def _close_open_pages(
    pages: Iterable[dict[str, Any]], *, keep: SubscriptionPlan | None = None, urls: dict[str, str] | None = None
) -> dict[str, Any] | None:
    """Close the open pages except those for the price of the plan `keep` with these `urls`. Return the newest of them."""
    newest = None
    for page in pages:
        if page["status"] != "open":
            continue
        has_urls = urls is None or all(page[name] == url for name, url in urls.items())
        if keep is not None and has_urls and page["metadata"].get(PRICE_LABEL) == keep.stripe_price_id:
            newest = newest or page
        else:
            _close_page(page)
    return newest


def open_pages_with_former_prices(prices: Container[str]) -> list[dict[str, Any]]:
    """Return the open pages of all customers that sell a price of ours that is not in `prices`."""
    pages = stripe_client.list_all("checkout.sessions", status="open")
    return [page for page in pages if page["metadata"].get("plan_id") and page["metadata"].get(PRICE_LABEL) not in prices]


def close_pages(pages: Iterable[dict[str, Any]]) -> None:
    for page in pages:
        _close_page(page)


def _close_page(page: dict[str, Any]) -> None:
    stripe_client.write("checkout.sessions.expire", page["id"], {}, key=f"expire-{page['id']}")


def _page(session: dict[str, Any]) -> StripePage:
    ends = session.get("expires_at")
    return StripePage(session["id"], session["url"], datetime.fromtimestamp(ends, UTC) if ends else None)
