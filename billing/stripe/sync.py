"""Sync of a customer's subscriptions, invoices, card and credit from Stripe to our rows.

An event only signals that something may have changed. The data is read from Stripe under a lock on the customer's row, and rows
are written where they differ. The result therefore does not depend on the order or number of events.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from billing.models.invoices import InvoiceStatus
from billing.models.subscriptions import IS_LOCAL, RUNNING, SubscriptionStatus
from billing.services.dunning import record_dunning, stop_dunning
from billing.services.feature_access import sync_feature_access
from billing.services.upsert import upsert_changed
from billing.stripe import client as stripe_client
from billing.stripe import objects as stripe_objects
from billing.stripe.charges import sync_next_charges, with_plan_item_first
from billing.stripe.sync_adjustments import StripeAdjustments

INVOICE_STATUSES = {
    "draft": InvoiceStatus.DRAFT,
    "open": InvoiceStatus.PENDING,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNPAID,
}
SUBSCRIPTION_COUPONS = "data.discounts.source.coupon"
# fields of a subscription that have the same name and meaning at Stripe
COPIED_FIELDS = (
    "status",
    "current_period_start",
    "current_period_end",
    "cancel_at_period_end",
    "cancel_at",
    "canceled_at",
    "ended_at",
    "trial_start",
    "trial_end",
)


@dataclass
class SyncResult:
    """The result of a sync: the numbers of rows, and `problems` that staff must resolve. `is_known` is False without a row."""

    is_known: bool
    subscriptions: int = 0
    invoices: int = 0
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.is_known:
            return "The customer is unknown. Nothing was synced, and the event's body was not stored."
        counts = f"Synced from Stripe: {self.subscriptions} subscriptions, {self.invoices} invoices."
        return " ".join([counts, *self.problems])


@transaction.atomic
def sync_customer(*, stripe_customer_id: str, now: datetime) -> SyncResult:
    """Update the rows of a Stripe customer from Stripe. Raise PaymentsUnavailableError if Stripe is unavailable.

    Data that can't be stored (an unknown price or status, a second running subscription) is skipped and described in
    `problems`. All other data is written.
    """
    ours = (
        StripeCustomer.objects.filter(stripe_id=stripe_customer_id)
        .select_for_update(of=("self",))
        .select_related("user")
        .first()
    )
    if stripe_customer_id == "" or ours is None:
        return SyncResult(is_known=False)
    done = SyncResult(is_known=True)
    found = stripe_client.list_all("subscriptions", customer=stripe_customer_id, status="all", expand=[SUBSCRIPTION_COUPONS])
    plan_prices = set(SubscriptionPlan.objects.exclude(stripe_price_id="").values_list("stripe_price_id", flat=True))
    subscriptions = [with_plan_item_first(stripe_objects.parse_subscription(item), plan_prices) for item in found]
    rows = _sync_subscriptions(ours, subscriptions, done, now)
    _sync_invoices(ours, rows, done, now)
    _sync_payment_details(ours, rows, subscriptions, now)
    sync_feature_access(user=ours.user, now=now)
    for row in rows.values():
        stop_dunning(user=ours.user, subscription=row, now=now)
    return done


def _sync_payment_details(
    ours: StripeCustomer,
    rows: dict[str, Subscription],
    subscriptions: list[stripe_objects.StripeSubscription],
    now: datetime,
) -> None:
    expand = {"expand": ["invoice_settings.default_payment_method", "discount.source.coupon"]}
    customer = stripe_client.call("customers.retrieve", ours.stripe_id, expand)
    running = next((found.id for found in subscriptions if found.status in RUNNING), None)
    expand = {"expand": ["default_payment_method"]}
    subscription = stripe_client.call("subscriptions.retrieve", running, expand) if running else None
    card = stripe_objects.parse_card(customer, subscription)
    ours.card_brand, ours.card_last4 = card.brand, card.last4
    ours.card_exp_month, ours.card_exp_year = card.exp_month, card.exp_year
    ours.credit, ours.currency = stripe_objects.parse_credit(customer)
    sync_next_charges(ours, rows, subscriptions, customer, now)
    ours.synced_at = now
    ours.save()


def _sync_subscriptions(
    ours: StripeCustomer, found: list[stripe_objects.StripeSubscription], done: SyncResult, now: datetime
) -> dict[str, Subscription]:
    """Return the rows by Stripe ID. Ended subscriptions are written first, because a customer has at most one running."""
    rows: dict[str, Subscription] = {}
    running = ""
    for subscription in sorted(found, key=lambda item: (item.status in RUNNING, item.created, item.id)):
        plan = _plan_of(subscription)
        problem = _problem_of(subscription, plan, running)
        if problem or plan is None:
            done.problems.append(problem)
            continue
        if subscription.status in RUNNING:
            running = subscription.id
            _cancel_local_subscriptions(ours, now)
        copied = {name: getattr(subscription, name) for name in COPIED_FIELDS}
        rows[subscription.id] = upsert_changed(
            Subscription,
            {"user": ours.user, "stripe_subscription_id": subscription.id},
            {"plan": plan, "stripe_customer_id": subscription.customer, **copied},
        )
    done.subscriptions = len(rows)
    unknown = Subscription.objects.for_user(ours.user).running().exclude(IS_LOCAL)
    unknown.exclude(stripe_subscription_id__in=[item.id for item in found]).update(
        status=SubscriptionStatus.CANCELED, canceled_at=now, ended_at=now, next_charge_at=None, next_charge_amount=None
    )
    return rows


def _plan_of(subscription: stripe_objects.StripeSubscription) -> SubscriptionPlan | None:
    by_price = SubscriptionPlan.objects.filter(stripe_price_id=subscription.price_id).exclude(stripe_price_id="").first()
    if by_price is None and subscription.plan_id:  # a former price of the plan
        return SubscriptionPlan.objects.filter(pk=subscription.plan_id).first()
    return by_price


def _problem_of(subscription: stripe_objects.StripeSubscription, plan: SubscriptionPlan | None, running: str) -> str:
    if subscription.status not in SubscriptionStatus.values:
        return f"Subscription {subscription.id} has the status {subscription.status!r}, which is unknown here."
    if plan is None:
        return f"Subscription {subscription.id} has the price {subscription.price_id}, which belongs to no plan."
    if running and subscription.status in RUNNING:
        return f"Subscription {subscription.id} runs in addition to {running}. Cancel one of them at Stripe and refund it."
    return ""


def _cancel_local_subscriptions(ours: StripeCustomer, now: datetime) -> None:
    """Cancel granted subscriptions, because a paid subscription has begun."""
    gifts = Subscription.objects.for_user(ours.user).running().filter(IS_LOCAL)
    gifts.update(status=SubscriptionStatus.CANCELED, canceled_at=now, ended_at=now)


def _sync_invoices(ours: StripeCustomer, subscriptions: dict[str, Subscription], done: SyncResult, now: datetime) -> None:
    listed = stripe_client.list_all("invoices", customer=ours.stripe_id, expand=["data.payments"])
    found = [stripe_objects.parse_invoice(item) for item in listed]
    adjustments = StripeAdjustments(ours, {key: item.id for item in found for _, key in item.payments})
    rows: dict[str, BillingHistory] = {}
    for invoice in found:
        refunded = adjustments.refunded_of(invoice.id)
        receipt = adjustments.receipt_of(invoice.id)
        rows[invoice.id] = _write_invoice(ours, invoice, subscriptions.get(invoice.subscription_id), refunded, receipt)
        record_dunning(user=ours.user, invoice=rows[invoice.id], stripe=invoice, now=now)
    adjustments.write(rows)
    done.invoices = len(rows)
    unknown = BillingHistory.objects.for_user(ours.user).exclude(stripe_invoice_id="").exclude(stripe_invoice_id__in=rows)
    unknown.exclude(status=InvoiceStatus.VOID).update(status=InvoiceStatus.VOID)  # such as deleted drafts


def _write_invoice(
    ours: StripeCustomer,
    found: stripe_objects.StripeInvoice,
    subscription: Subscription | None,
    refunded: Decimal,
    receipt: str,
) -> BillingHistory:
    amount = max(found.total, Decimal(0))  # a negative total is part of the customer's credit
    refunded = min(refunded, amount)
    return upsert_changed(
        BillingHistory,
        {"user": ours.user, "stripe_invoice_id": found.id},
        {
            "subscription": subscription,
            "amount": amount,
            "amount_refunded": refunded,
            "amount_due": found.amount_due,
            "discount": found.discount,
            "tax": found.tax,
            "currency": found.currency,
            "status": _status_of(found, amount, refunded),
            "billing_date": found.created,
            "due_date": found.due_date or found.created,
            "paid_at": found.paid_at or (found.created if found.status == "paid" else None),
            "description": found.description,
            "number": found.number,
            "hosted_invoice_url": found.hosted_url,
            "invoice_pdf": found.pdf_url,
            "receipt_url": receipt,
            "metadata": {"total": str(found.total)} if found.total < 0 else {},
        },
    )


def _status_of(found: stripe_objects.StripeInvoice, amount: Decimal, refunded: Decimal) -> str:
    if found.status == "paid" and amount and refunded == amount:
        return InvoiceStatus.REFUNDED
    if found.status == "open" and found.attempt_count:
        return InvoiceStatus.FAILED
    return INVOICE_STATUSES.get(found.status, InvoiceStatus.PENDING)
