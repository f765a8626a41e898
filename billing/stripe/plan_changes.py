"""Changes of subscriptions that Stripe manages: each is sent to Stripe, and the customer is synced afterwards."""

from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.db import transaction

from billing.models import StripeCustomer, Subscription, SubscriptionPlan
from billing.models.subscriptions import SubscriptionStatus
from billing.services.cancellations import NO_FEEDBACK, CancellationFeedback
from billing.stripe import client as stripe_client
from billing.stripe.charges import with_plan_item_first
from billing.stripe.checkout import require_for_sale
from billing.stripe.open_payments import pays_by_bank_debit
from billing.stripe.subscription_objects import parse_subscription
from billing.stripe.sync import sync_customer
from core import rls
from core.errors import ConflictError

PAYMENT_METHODS = ["default_payment_method", "customer.invoice_settings.default_payment_method"]


def cancel_at_period_end(subscription: Subscription, *, feedback: CancellationFeedback = NO_FEEDBACK, now: datetime) -> None:
    """Cancel a subscription at the end of its period, and store the customer's reason at Stripe."""
    _update(subscription, {"cancel_at_period_end": True, "cancellation_details": feedback.as_details()}, now=now)


def cancel_now(subscription: Subscription, *, feedback: CancellationFeedback = NO_FEEDBACK, now: datetime) -> None:
    """End a subscription immediately, without a refund. The unused time of a pause becomes a credit."""
    key, parameters = subscription.stripe_subscription_id, dict[str, Any](cancellation_details=feedback.as_details())
    if subscription.status == SubscriptionStatus.PAUSED:
        parameters["invoice_now"] = True
    stripe_client.write("subscriptions.cancel", key, parameters, key=f"cancel-{key}-{digest(parameters)}")
    read_back(subscription, now)


def pause(subscription: Subscription, *, now: datetime) -> None:
    """Pause a subscription now. The unused time becomes a credit on the invoice of the resumption."""
    key = subscription.stripe_subscription_id
    stripe_client.write("subscriptions.pause", key, {}, key=f"pause-{key}-{now.isoformat()}")
    read_back(subscription, now)


def reactivate(subscription: Subscription, *, now: datetime) -> None:
    """Undo a cancellation that has not taken effect."""
    if not subscription.is_running:
        sentence = "This subscription has ended. Start a new one: POST /api/v1/billing/subscriptions/checkout/."
        raise ConflictError("ended", sentence)
    if subscription.ends_at is None:
        raise ConflictError("not_cancelled", "This subscription is not canceled. There is nothing to undo.")
    found = stripe_client.call("subscriptions.retrieve", subscription.stripe_subscription_id)
    # The portal may have set cancel_at instead of the flag, and Stripe resets only the one that is sent
    ends: dict[str, Any] = {"cancel_at_period_end": False} if found["cancel_at_period_end"] else {"cancel_at": ""}
    _update(subscription, {**ends, "cancellation_details": NO_FEEDBACK.as_details()}, now=now)


def resume(subscription: Subscription, *, now: datetime) -> None:
    """Resume a paused subscription, or the collection of its invoices. A new period begins and is charged.

    If the payment fails or the customer must confirm it, the subscription stays paused until it is paid at `payment_url`.
    Raise NoPaymentMethodError, without a change, if there is nothing to charge.
    """
    key = subscription.stripe_subscription_id
    found = retrieve(subscription)
    if found["status"] == SubscriptionStatus.PAUSED and not found["pending_update"]:
        # only the flexible billing mode, which is the default, has this choice; in the other one the invoice waits to be paid
        is_flexible = (found.get("billing_mode") or {}).get("type") == "flexible"
        parameters = {"payment_behavior": "resume_on_payment_success"} if is_flexible else {}
        stripe_client.write("subscriptions.resume", key, parameters, key=f"resume-{key}-{now.isoformat()}")
    elif found["pause_collection"]:
        stripe_client.write("subscriptions.update", key, {"pause_collection": ""}, key=f"collect-{key}-{now.isoformat()}")
    elif found["status"] != SubscriptionStatus.PAUSED:
        raise ConflictError("not_paused", "This subscription is not paused. There is nothing to resume.")
    read_back(subscription, now)


def change_plan(subscription: Subscription, *, plan: SubscriptionPlan, now: datetime) -> None:
    """Move to another plan. A higher price is charged now, and a lower price becomes a credit.

    If the card is declined or the bank asks the customer to confirm, the plan stays and the change waits as `pending_plan` for
    the payment at `payment_url`. Raise NoPaymentMethodError, without a change, if there is nothing to charge.
    """
    require_changeable(subscription, plan)
    if subscription.pending_plan_id == plan.pk and subscription.pending_until and subscription.pending_until > now:
        return  # the same change already waits for its payment
    found = retrieve(subscription)
    # Stripe refuses pending_if_incomplete for bank debits, whose payment does not fail at once
    behavior = "error_if_incomplete" if pays_by_bank_debit(found) else "pending_if_incomplete"
    _update(subscription, {**proration(found, subscription, plan, now), "payment_behavior": behavior}, now=now)


def retrieve(subscription: Subscription) -> stripe_client.Object:
    """Read a subscription from Stripe, with the payment methods that may pay it."""
    return stripe_client.call("subscriptions.retrieve", subscription.stripe_subscription_id, {"expand": PAYMENT_METHODS})


def proration(found: stripe_client.Object, subscription: Subscription, plan: SubscriptionPlan, now: datetime) -> dict[str, Any]:
    """Return the parameters of a change to another plan: of the item that has the plan, and no other."""
    item = with_plan_item_first(parse_subscription(found), {subscription.plan.stripe_price_id}).items[0]
    changed = {"items": [{"id": item.id, "price": plan.stripe_price_id}], "proration_behavior": "always_invoice"}
    on_trial = Subscription.is_trial.at(subscription, now)  # nothing is paid for yet, so there is nothing to prorate
    return changed if on_trial else {**changed, "proration_date": int(now.timestamp())}


def require_changeable(subscription: Subscription, plan: SubscriptionPlan) -> None:
    require_for_sale(plan)
    if not subscription.is_active:
        sentence = f"This subscription is {subscription.status}. Only an active subscription can change its plan."
        raise ConflictError("not_active", sentence)
    if plan.pk == subscription.plan_id:
        raise ConflictError("same_plan", "The subscription already has this plan.")


def _update(subscription: Subscription, parameters: dict[str, Any], *, now: datetime) -> None:
    """Update a subscription at Stripe. Until our row changes, the idempotency key of the same call stays the same."""
    key = f"change-{digest([str(subscription.pk), subscription.updated_at.isoformat(), parameters])}"
    stripe_client.write("subscriptions.update", subscription.stripe_subscription_id, parameters, key=key)
    read_back(subscription, now)


def digest(parameters: Any) -> str:
    """Return a digest of parameters for an idempotency key, which Stripe refuses for other parameters."""
    return sha256(orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)).hexdigest()


@transaction.atomic
def read_back(subscription: Subscription, now: datetime) -> None:
    """Sync the customer of a subscription and reload its row."""
    # a customer may not write the rows that a sync writes
    with rls.as_staff():
        StripeCustomer.objects.for_user(subscription.user).filter(stripe_id="").update(
            stripe_id=subscription.stripe_customer_id
        )
        sync_customer(stripe_customer_id=subscription.stripe_customer_id, now=now)
        subscription.refresh_from_db()
