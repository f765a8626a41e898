"""Reconciliation with Stripe: each customer is synced and compared with the rows before, then rolled back unless `fix` is set.

The differences are therefore those that a sync corrects. Customers and events that were never received are reported too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import transaction

from billing.models import Adjustment, BillingHistory, StripeCustomer, StripeEvent, Subscription
from billing.services.staff_notices import notify_staff
from billing.stripe import client as stripe_client
from billing.stripe.events import handle_event, store_event
from billing.stripe.sync import sync_customer
from users.models import User

EVENT_LOOKBACK = timedelta(days=29)  # Stripe lists events for 30 days
DELIVERY_ALLOWANCE = timedelta(minutes=5)  # a newer event may still be in delivery
COMPARED_FIELDS: dict[type[Any], tuple[str, ...]] = {
    Subscription: (
        "status",
        "plan_id",
        "current_period_start",
        "current_period_end",
        "cancel_at_period_end",
        "cancel_at",
        "canceled_at",
        "ended_at",
        "trial_end",
        "unit_price",
        "quantity",
        "discount",
        "recurring_amount",
        "tax",
        "next_charge_at",
        "next_charge_amount",
        "is_collection_paused",
    ),
    BillingHistory: ("status", "amount", "amount_refunded", "currency", "paid_at", "subscription_id"),
    Adjustment: ("kind", "status", "amount", "currency", "invoice_id"),
    StripeCustomer: ("card_brand", "card_last4", "card_exp_month", "card_exp_year", "credit"),
}
STRIPE_ID_FIELDS = {Subscription: "stripe_subscription_id", BillingHistory: "stripe_invoice_id"}
Snapshot = dict[tuple[type[Any], str], dict[str, Any]]


@dataclass(frozen=True)
class Difference:
    """One difference from Stripe. `where` is the ID of a customer or event."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


def compare_customer(customer: StripeCustomer, *, now: datetime, fix: bool = False) -> list[Difference]:
    """Return the differences between one customer's rows and Stripe. With `fix`, the rows are updated."""
    with transaction.atomic():
        before = _snapshot(customer)
        result = sync_customer(stripe_customer_id=customer.stripe_id, now=now)
        after = _snapshot(customer)
        transaction.set_rollback(not fix)
    problems = [Difference(customer.stripe_id, problem) for problem in result.problems]
    return [*_differences(customer.stripe_id, before, after), *problems]


def reconcile(*, now: datetime) -> int:
    """Compare all customers, notify staff of differences, and return their number. No rows are changed."""
    if not stripe_client.is_connected():
        return 0
    found = [difference for customer in customers_to_compare() for difference in compare_customer(customer, now=now)]
    found += [*missing_customers(), *missing_events(now=now)]
    if found:
        message = f"{len(found)} differences, the first: {found[0]} List all with: manage.py reconcile_stripe"
        notify_staff(title="Local data differs from Stripe", message=message, now=now)
    return len(found)


def customers_to_compare(user: Any = None) -> list[StripeCustomer]:
    """Return all customers with a Stripe ID, or that of one user."""
    rows = StripeCustomer.objects.exclude(stripe_id="").select_related("user").order_by("pk")
    return list(rows.filter(user=user) if user else rows)


def missing_customers(*, fix: bool = False) -> Iterator[Difference]:
    """Yield customers at Stripe with a user's key that have no row here. With `fix`, the rows are created."""
    known = set(StripeCustomer.objects.values_list("stripe_id", flat=True))
    for found in stripe_client.list_all("customers"):
        key = (found.get("metadata") or {}).get("user_id")
        if key and found["id"] not in known:
            yield _missing_customer(found["id"], key, fix=fix)


def _missing_customer(stripe_id: str, key: str, *, fix: bool) -> Difference:
    user = User.objects.filter(pk=key).first()
    if user is None:
        return Difference(stripe_id, f"is at Stripe for the deleted user {key}. Cancel their subscriptions at Stripe.")
    has_other = StripeCustomer.objects.for_user(user).exclude(stripe_id="").exists()
    if has_other:
        return Difference(stripe_id, f"is a second customer at Stripe for the user {key}. Merge the two at Stripe.")
    if fix:
        StripeCustomer.objects.update_or_create(user=user, defaults={"stripe_id": stripe_id})
    return Difference(stripe_id, f"is at Stripe for the user {key}, and not here.")


def missing_events(*, now: datetime, fix: bool = False) -> Iterator[Difference]:
    """Yield events of the last weeks that were never received. With `fix`, they are stored and processed."""
    known = set(StripeEvent.objects.values_list("stripe_id", flat=True))
    since = int((now - EVENT_LOOKBACK).timestamp())
    for event in stripe_client.list_all("events", created={"gte": since}):
        if event["id"] not in known and event["created"] < (now - DELIVERY_ALLOWANCE).timestamp():
            if fix:
                row, _ = store_event(orjson.dumps(event, default=str), headers={}, now=now)
                handle_event(row.pk, now=now)
            yield Difference(event["id"], f"{event['type']} was never received.")


def _snapshot(customer: StripeCustomer) -> Snapshot:
    found: Snapshot = {}
    for model, fields in COMPARED_FIELDS.items():
        name = STRIPE_ID_FIELDS.get(model, "stripe_id")
        rows = model.objects.for_user(customer.user).exclude(**{name: ""})
        found |= {(model, row[name]): {field: row[field] for field in fields} for row in rows.values(name, *fields)}
    return found


def _differences(where: str, before: Snapshot, after: Snapshot) -> Iterator[Difference]:
    for place, there in after.items():
        model, key = place
        label = f"{model._meta.verbose_name} {key}"
        if place not in before:
            yield Difference(where, f"{label} is at Stripe and not here.")
            continue
        for name, value in there.items():
            if before[place][name] != value:
                yield Difference(where, f"{label} has {name} {before[place][name]} here and {value} at Stripe.")
