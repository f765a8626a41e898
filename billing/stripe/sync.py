"""Sync of a customer's subscriptions, invoices, card and credit from Stripe to our rows.

An event only signals that something may have changed. The data is read from Stripe under a lock on the customer's row, and rows
are written where they differ. The result therefore does not depend on the order or number of events.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from billing.models import StripeCustomer, Subscription, SubscriptionPlan
from billing.models.subscriptions import ACTIVE, IS_LOCAL, RUNNING, SubscriptionStatus
from billing.services.cancellations import record_cancellation
from billing.services.dunning import stop_dunning
from billing.services.feature_access import sync_feature_access
from billing.services.pauses import record_pause
from billing.services.upsert import upsert_changed
from billing.stripe import client as stripe_client
from billing.stripe import objects as stripe_objects
from billing.stripe.charges import sync_next_charges, with_plan_item_first
from billing.stripe.customer_objects import CustomerObjects, read_customer
from billing.stripe.invoice_lines import parse_invoice_with_lines
from billing.stripe.open_payments import with_open_payments
from billing.stripe.problems import leaving_out, naming, parsed, readable_object, record_problems
from billing.stripe.readable import key_in
from billing.stripe.recurring_charges import intervals_a_year, sync_recurring_revenue
from billing.stripe.refund_rules import RefundRules, granted_withdrawals
from billing.stripe.subscription_objects import StripeSubscription, parse_subscription
from billing.stripe.sync_invoices import sync_invoices
from billing.stripe.terms import StripeItem

UNKNOWN_PRICE = "belongs to no plan, so its subscriptions grant no access. Give it to a plan, or move them to another price."
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
    "pending_until",
)


@dataclass
class SyncResult:
    """The result of a sync: the numbers of rows, and `problems` that staff must resolve. `is_known` is False without a row."""

    is_known: bool
    subscriptions: int = 0
    invoices: int = 0
    problems: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)  # IDs of subscriptions that a job cancels and refunds

    def __str__(self) -> str:
        if not self.is_known:
            return "The customer is unknown. Nothing was synced, and the event's body was not stored."
        counts = f"Synced from Stripe: {self.subscriptions} subscriptions, {self.invoices} invoices."
        return " ".join([counts, *self.duplicate_sentences, *self.problems])

    @property
    def duplicate_sentences(self) -> list[str]:
        """A sentence about each duplicate subscription."""
        return [f"Subscription {key} was bought in addition. It is canceled and refunded." for key in self.duplicates]


@transaction.atomic
def sync_customer(
    *,
    stripe_customer_id: str,
    now: datetime,
    with_refunds: bool = True,
    receipts: Mapping[str, str] | None = None,
    read: Callable[[StripeCustomer], CustomerObjects] | None = None,
) -> SyncResult:
    """Update the rows of a Stripe customer from Stripe. Raise PaymentsUnavailableError if Stripe is unavailable.

    Data that can't be stored (an unknown status, a second running subscription, an impossible amount) is left out and described
    in `problems`. All other data is written. Refunds and disputes are only read `with_refunds`, and at the first sync.
    `receipts` has the URLs of receipts that events told. `read` replaces the calls to Stripe, with the locked row.
    """
    ours = lock_customer(stripe_customer_id)
    if ours is None:
        return SyncResult(is_known=False)
    done = SyncResult(is_known=True)
    try:
        is_first = ours.synced_at is None
        found = read(ours) if read else read_customer(stripe_customer_id, with_refunds=with_refunds or is_first)
    except stripe_client.StripeNotFoundError:
        # only `deleted` says that a customer is gone; with the key of another account, every customer is missing
        done.problems.append(f"Customer {stripe_customer_id} is not in this Stripe account. Check STRIPE_SECRET_KEY.")
    else:
        found.receipts |= receipts or {}
        _sync_objects(ours, found, done, now)
    record_problems(ours, done.problems, now=now)
    ours.save()
    return done


def lock_customer(stripe_customer_id: str) -> StripeCustomer | None:
    """Lock the row of a Stripe customer until the end of the transaction and return it, None without one."""
    rows = StripeCustomer.objects.exclude(stripe_id="").filter(stripe_id=stripe_customer_id)
    return rows.select_for_update(of=("self",)).select_related("user").first()


def _sync_objects(ours: StripeCustomer, found: CustomerObjects, done: SyncResult, now: datetime) -> None:
    plan_cycles = dict(SubscriptionPlan.objects.exclude(stripe_price_id="").values_list("stripe_price_id", "billing_cycle"))
    at_stripe = parsed(found.subscriptions, parse_subscription, done.problems)
    subscriptions = [with_plan_item_first(item, plan_cycles) for item in at_stripe]
    rows = _sync_subscriptions(ours, subscriptions, [item["id"] for item in found.subscriptions], done, now)
    _sync_payment_details(ours, found, subscriptions, done, now)  # before the invoices, whose notices name the card
    invoices = with_open_payments(parsed(found.invoices, parse_invoice_with_lines, done.problems), subscriptions)
    ends = {item.id: item.ended_at for item in subscriptions}
    rules = RefundRules(ends, done.duplicates, granted_withdrawals(subscriptions), now)
    bills = sync_invoices(ours, found, invoices, rows, rules, done.problems)
    done.invoices = len(bills)
    sync_next_charges(ours, rows, subscriptions, readable_object(found.customer, []), done.problems, now)
    sync_recurring_revenue(ours, invoices, bills, intervals_a_year(plan_cycles, subscriptions), done.problems, now)
    sync_feature_access(user=ours.user, now=now)
    for item in subscriptions:
        if row := rows.get(item.id):
            stop_dunning(user=ours.user, subscription=row, now=now)
            record_pause(subscription=row, now=now)
            is_requested = item.is_cancellation_requested
            record_cancellation(subscription=row, feedback=item.feedback, is_requested=is_requested, now=now)


def _sync_payment_details(
    ours: StripeCustomer, found: CustomerObjects, subscriptions: list[StripeSubscription], done: SyncResult, now: datetime
) -> None:
    customer: stripe_client.Object = readable_object(found.customer, done.problems)
    running = next((item.id for item in subscriptions if item.status in RUNNING), None)
    paying = next((item for item in found.subscriptions if item["id"] == running), None)
    card = stripe_objects.parse_card(customer, readable_object(paying, []) if paying else None)
    ours.card_brand, ours.card_last4 = card.brand, card.last4
    ours.card_exp_month, ours.card_exp_year = card.exp_month, card.exp_year
    if customer.get("currency") or not found.customer.get("currency"):  # an amount in an unknown currency can't be shown
        with naming(f"The credit of customer {ours.stripe_id}", done.problems):
            ours.credit, ours.currency = stripe_objects.parse_credit(customer)
    if found.is_deleted:
        ours.deleted_at = ours.deleted_at or now
        sentence = "was deleted at Stripe, which ended its subscriptions. The next checkout creates another customer."
        done.problems.append(f"Customer {ours.stripe_id} {sentence}")
    ours.synced_at = now
    ours.save()  # notices name the card


def _sync_subscriptions(
    ours: StripeCustomer,
    found: list[StripeSubscription],
    keys: list[str],
    done: SyncResult,
    now: datetime,
) -> dict[str, Subscription]:
    """Return the rows by Stripe ID. Ended subscriptions are written first, because a customer has at most one running.

    A subscription that never had a plan, such as another app's, has no row, because there is nothing to show.
    """
    rows: dict[str, Subscription] = {}
    running = ""
    for subscription in sorted(found, key=_order):
        plan, unknown_price = _plan_of(ours, subscription)
        if unknown_price:
            done.problems.append(f"The price {unknown_price} {UNKNOWN_PRICE}")
        if plan is None:
            continue
        if running and subscription.status in RUNNING:
            # bought in our checkout, which sets the metadata; one that staff created at Stripe is left alone
            if subscription.metadata.get("user_id") == str(ours.user_id):
                done.duplicates.append(subscription.id)
                continue
            problem = f"runs in addition to {running}. Cancel one of them at Stripe and refund it."
            done.problems.append(f"Subscription {subscription.id} {problem}")
            continue
        with leaving_out(f"Subscription {subscription.id}", done.problems):
            row = _write_subscription(ours, subscription, plan, unknown_price, done, now)
            rows[subscription.id] = row
            running = subscription.id if row.is_running else running
    done.subscriptions = len(rows)
    unknown = Subscription.objects.for_user(ours.user).running().exclude(IS_LOCAL)
    ended = {"canceled_at": now, "ended_at": now, "next_charge_at": None, "next_charge_amount": None}
    unknown.exclude(stripe_subscription_id__in=keys).update(status=SubscriptionStatus.CANCELED, **ended)
    return rows


def _order(subscription: StripeSubscription) -> tuple[bool, bool, datetime, str]:
    """Return the place of a subscription. Of several that run, the oldest that grants access comes first and is retained."""
    has_access = subscription.status in ACTIVE
    return subscription.status in RUNNING, not has_access, subscription.created, subscription.id


def _plan_of(ours: StripeCustomer, found: StripeSubscription) -> tuple[SubscriptionPlan | None, str]:
    """Return the plan of a subscription, and the price if it belongs to no plan; then the plan is the last known one."""
    plan = _plan_of_items(found.items)
    if plan is not None:
        return plan, ""
    stored = Subscription.objects.for_user(ours.user).filter(stripe_subscription_id=found.id).select_related("plan").first()
    bought = key_in(found.metadata, "plan_id")  # our checkout writes it
    last_known = stored.plan if stored else SubscriptionPlan.objects.filter(pk=bought).first() if bought else None
    return last_known, found.items[0].price_id if found.items else "unknown"


def _plan_of_items(items: Sequence[StripeItem]) -> SubscriptionPlan | None:
    """Return the plan of the first item that has one."""
    plans = SubscriptionPlan.objects.order_by("price", "pk")
    prices = [item.price_id for item in items if item.price_id]
    by_price = {plan.stripe_price_id: plan for plan in plans.filter(stripe_price_id__in=prices)}
    current = next((by_price[price] for price in prices if price in by_price), None)
    return current or plans.filter(pk__in=[item.plan_id for item in items]).last()  # a former price of the plan


def _write_subscription(
    ours: StripeCustomer,
    found: StripeSubscription,
    plan: SubscriptionPlan,
    unknown_price: str,
    done: SyncResult,
    now: datetime,
) -> Subscription:
    if found.status in RUNNING:
        _cancel_local_subscriptions(ours, now)
    copied = {name: getattr(found, name) for name in COPIED_FIELDS}
    if found.status not in SubscriptionStatus.values:
        sentence = f"has an unknown status, so it grants no access: {found.status or 'none'}."
        done.problems.append(f"Subscription {found.id} {sentence}")
        copied["status"] = SubscriptionStatus.PAUSED
    pending = _plan_of_items(found.pending_items)
    copied["pending_plan"] = None if pending == plan else pending  # a resumption waits too, with the same plan
    return upsert_changed(
        Subscription,
        {"user": ours.user, "stripe_subscription_id": found.id},
        {"plan": plan, "unknown_price_id": unknown_price, "stripe_customer_id": ours.stripe_id, **copied},
    )


def _cancel_local_subscriptions(ours: StripeCustomer, now: datetime) -> None:
    """Cancel granted subscriptions, because a paid subscription has begun."""
    gifts = Subscription.objects.for_user(ours.user).running().filter(IS_LOCAL)
    gifts.update(status=SubscriptionStatus.CANCELED, canceled_at=now, ended_at=now)
