"""Previews of plan changes, with the amounts that Stripe computes for the customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.models import Subscription, SubscriptionPlan
from billing.stripe import client as stripe_client
from billing.stripe.plan_changes import proration, require_changeable, retrieve
from billing.stripe.values import Object, from_minor_units, instant
from core import clock

ZERO = Decimal(0)


@dataclass(frozen=True)
class PreviewLine:
    """One line of an invoice. A negative amount is a credit."""

    description: str
    amount: Decimal


@dataclass(frozen=True)
class Preview:
    """The cost of a plan change, whose amounts add up.

    The lines add up to `subtotal`, `subtotal - discount + tax` is `total`, and `total - starting_credit + credit` is `due_now`.
    `tax` is added to the prices, and `included_tax` is a part of them. A negative credit is an amount that the customer owes.
    """

    currency: str
    prorated_at: datetime
    lines: tuple[PreviewLine, ...]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    included_tax: Decimal
    total: Decimal
    starting_credit: Decimal
    credit: Decimal
    due_now: Decimal
    next_charge_at: datetime | None = None
    next_charge_amount: Decimal | None = None


def preview_change(subscription: Subscription, *, plan: SubscriptionPlan, now: datetime) -> Preview:
    """Return the cost of `change_plan` at `now` without a change."""
    return preview_changes(subscription, plans=[plan], now=now)[0]


def preview_changes(subscription: Subscription, *, plans: Sequence[SubscriptionPlan], now: datetime) -> list[Preview]:
    """Return the cost of the change to each of several plans."""
    for plan in plans:
        require_changeable(subscription, plan)
    found = retrieve(subscription) if plans else {}
    return [_preview_change(found, subscription, plan, now) for plan in plans]


def _preview_change(found: Object, subscription: Subscription, plan: SubscriptionPlan, now: datetime) -> Preview:
    parameters = {
        "customer": subscription.stripe_customer_id,
        "subscription": subscription.stripe_subscription_id,
        "subscription_details": proration(found, subscription, plan, now),
    }
    invoice = stripe_client.call("invoices.create_preview", parameters)
    if Subscription.is_trial.at(subscription, now):  # Stripe previews the invoice after the trial
        return _preview_on_trial(subscription, invoice, now)
    return parse_preview(invoice, now)


def preview_resumption(subscription: Subscription) -> Decimal:
    """Return what is charged if a paused subscription resumes now, less its credit."""
    parameters = {
        "customer": subscription.stripe_customer_id,
        "subscription": subscription.stripe_subscription_id,
        "subscription_details": {"resume_at": "now"},
    }
    invoice = stripe_client.call("invoices.create_preview", parameters)
    return from_minor_units(invoice["amount_due"], invoice["currency"].upper())


def parse_preview(invoice: Object, now: datetime) -> Preview:
    """Parse an invoice that a change would create at once."""
    currency = invoice["currency"].upper()

    def amount(units: int) -> Decimal:
        return from_minor_units(units, currency)

    taxes = {
        kind: sum(tax["amount"] for tax in invoice.get("total_taxes") or [] if tax["tax_behavior"] == kind) for kind in TAXES
    }
    discount = sum(entry["amount"] for entry in invoice.get("total_discount_amounts") or [])
    starting_credit = -invoice["starting_balance"]  # Stripe stores a credit as a negative balance
    return Preview(
        currency=currency,
        prorated_at=now,
        lines=tuple(PreviewLine(line["description"] or "", amount(line["amount"])) for line in invoice["lines"]["data"]),
        subtotal=amount(invoice["subtotal"]),
        discount=amount(discount),
        tax=amount(taxes["exclusive"]),
        included_tax=amount(taxes["inclusive"]),
        total=amount(invoice["total"]),
        starting_credit=amount(starting_credit),
        credit=amount(invoice["amount_due"] - invoice["total"] + starting_credit),
        due_now=amount(invoice["amount_due"]),
    )


TAXES = ("exclusive", "inclusive")


def free_preview(plan: SubscriptionPlan, *, now: datetime) -> Preview:
    """Return the preview of a change of a subscription that staff granted, which costs nothing."""
    nothing = from_minor_units(0, plan.currency)
    return Preview(plan.currency, now, (), nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing)


def _preview_on_trial(subscription: Subscription, invoice: Object, now: datetime) -> Preview:
    """Return a preview without costs, whose next charge is the invoice after the trial."""
    currency = invoice["currency"].upper()
    due, credit = from_minor_units(invoice["amount_due"], currency), from_minor_units(-invoice["starting_balance"], currency)
    nothing = from_minor_units(0, currency)
    end = clock.text_in(subscription.user.zone, subscription.trial_end) if subscription.trial_end else "its end"
    text = f"Nothing is due before the trial ends at {end}; then {due} {currency}"
    return Preview(
        currency=currency,
        prorated_at=now,
        lines=(PreviewLine(text, nothing),),
        **dict.fromkeys(("subtotal", "discount", "tax", "included_tax", "total", "due_now"), nothing),
        starting_credit=credit,
        credit=credit,
        next_charge_at=instant(invoice.get("next_payment_attempt")) or subscription.trial_end,
        next_charge_amount=due,
    )
