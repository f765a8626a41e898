"""What a customer changes about a subscription that Stripe keeps: asked of Stripe, and then read back from it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson
from django.db import transaction

from billing.models import StripeCustomer, Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from billing.stripe.checkout import require_for_sale
from billing.stripe.objects import from_minor_units
from billing.stripe.sync import sync_customer
from core import rls
from core.errors import ConflictError


@dataclass(frozen=True)
class PreviewLine:
    """One line of a bill; a negative amount is given back."""

    description: str
    amount: Decimal


@dataclass(frozen=True)
class Preview:
    """What a change of plan would cost: `due_now` is charged at once, `credit` is kept for the next invoices."""

    due_now: Decimal
    credit: Decimal
    currency: str
    lines: tuple[PreviewLine, ...]
    prorated_at: datetime


def cancel_at_period_end(subscription: Subscription, *, now: datetime) -> None:
    """Let it run out with its period or trial."""
    _ask(subscription, {"cancel_at_period_end": True}, now=now)


def cancel_now(subscription: Subscription, *, now: datetime) -> None:
    """End it at once; nothing is given back."""
    key = subscription.stripe_subscription_id
    stripe_client.write("subscriptions.cancel", key, {}, key=f"cancel-{key}")
    _read_back(subscription, now)


def reactivate(subscription: Subscription, *, now: datetime) -> None:
    """Take a cancellation back that has not come to its end."""
    if not subscription.is_running:
        raise ConflictError(
            "ended", "This subscription has ended. Begin a new one: POST /api/v1/billing/subscriptions/checkout/."
        )
    if not subscription.cancel_at_period_end:
        raise ConflictError("not_cancelled", "This subscription is not cancelled. There is nothing to take back.")
    found = stripe_client.call("subscriptions.retrieve", subscription.stripe_subscription_id)
    # The portal may have written the instant instead of the flag; Stripe takes back one or the other
    _ask(subscription, {"cancel_at_period_end": False} if found["cancel_at_period_end"] else {"cancel_at": ""}, now=now)


def change_plan(subscription: Subscription, *, plan: SubscriptionPlan, now: datetime) -> None:
    """Move to another plan at once. What is dearer is paid now, or nothing changes; what is cheaper becomes a credit.

    Raises CardDeclinedError when the card is declined.
    """
    _require_changeable(subscription, plan)
    asked = {**_proration(subscription, plan, now), "payment_behavior": "error_if_incomplete"}
    _ask(subscription, asked, now=now)


def preview_change(subscription: Subscription, *, plan: SubscriptionPlan, now: datetime) -> Preview:
    """What `change_plan` would cost now; nothing is changed."""
    _require_changeable(subscription, plan)
    asked = {
        "customer": subscription.stripe_customer_id,
        "subscription": subscription.stripe_subscription_id,
        "subscription_details": _proration(subscription, plan, now),
    }
    invoice = stripe_client.call("invoices.create_preview", asked)
    currency = invoice["currency"].upper()
    if Subscription.is_trial.at(subscription, now):  # Stripe shows the bill that comes after it
        total = from_minor_units(invoice["total"], currency)
        said = f"Nothing is due before the trial ends at {subscription.trial_end:%Y-%m-%d %H:%M} UTC; then {total} {currency}"
        return Preview(Decimal(0), Decimal(0), currency, (PreviewLine(said, Decimal(0)),), now)
    lines = [
        PreviewLine(line["description"] or "", from_minor_units(line["amount"], currency)) for line in invoice["lines"]["data"]
    ]
    total = from_minor_units(invoice["total"], currency)
    return Preview(from_minor_units(invoice["amount_due"], currency), max(-total, Decimal(0)), currency, tuple(lines), now)


def _proration(subscription: Subscription, plan: SubscriptionPlan, now: datetime) -> dict[str, Any]:
    [item, *_] = stripe_client.call("subscriptions.retrieve", subscription.stripe_subscription_id)["items"]["data"]
    changed = {"items": [{"id": item["id"], "price": plan.stripe_price_id}], "proration_behavior": "always_invoice"}
    on_trial = Subscription.is_trial.at(subscription, now)  # nothing is paid for yet, so there is nothing to prorate
    return changed if on_trial else {**changed, "proration_date": int(now.timestamp())}


def _require_changeable(subscription: Subscription, plan: SubscriptionPlan) -> None:
    require_for_sale(plan)
    if not subscription.is_active:
        raise ConflictError("not_active", f"This subscription is {subscription.status}. Only an active one changes its plan.")
    if plan.pk == subscription.plan_id:
        raise ConflictError("same_plan", "This is the subscription's plan already.")


def _ask(subscription: Subscription, parameters: dict[str, Any], *, now: datetime) -> None:
    """Have Stripe change it. Until our row has changed, the same call is the same intention, such as after a lost answer."""
    intention = orjson.dumps(
        [str(subscription.pk), subscription.updated_at.isoformat(), parameters], option=orjson.OPT_SORT_KEYS
    )
    key = f"change-{sha256(intention).hexdigest()}"
    stripe_client.write("subscriptions.update", subscription.stripe_subscription_id, parameters, key=key)
    _read_back(subscription, now)


@transaction.atomic
def _read_back(subscription: Subscription, now: datetime) -> None:
    # what follows from a payment is not the customer's own to write
    with rls.as_staff():
        StripeCustomer.objects.for_user(subscription.user).filter(stripe_id="").update(
            stripe_id=subscription.stripe_customer_id
        )
        sync_customer(stripe_customer_id=subscription.stripe_customer_id, now=now)
        subscription.refresh_from_db()
