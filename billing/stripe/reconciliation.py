"""Whether our picture of Stripe is what Stripe says: each customer is drawn anew, compared, and left as he was.

What differs is, by its making, just what a projection repairs. Besides, it looks for customers and events that never arrived.
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

EVENT_LOOKBACK = timedelta(days=29)  # Stripe gives them for 30 days
DELIVERY_ALLOWANCE = timedelta(minutes=5)  # what is younger may still be on its way
COMPARED_FIELDS: dict[type[Any], tuple[str, ...]] = {
    Subscription: (
        "status",
        "plan_id",
        "current_period_start",
        "current_period_end",
        "cancel_at_period_end",
        "canceled_at",
        "trial_end",
    ),
    BillingHistory: ("status", "amount", "amount_refunded", "currency", "paid_at", "subscription_id"),
    Adjustment: ("kind", "status", "amount", "currency", "invoice_id"),
    StripeCustomer: ("card_brand", "card_last4", "card_exp_month", "card_exp_year", "credit"),
}
STRIPE_ID_FIELDS = {Subscription: "stripe_subscription_id", BillingHistory: "stripe_invoice_id"}
Snapshot = dict[tuple[type[Any], str], dict[str, Any]]


@dataclass(frozen=True)
class Difference:
    """One thing that is not here as it is at Stripe: of which customer or event, and a sentence."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


def compare_customer(customer: StripeCustomer, *, now: datetime, fix: bool = False) -> list[Difference]:
    """How one customer's rows differ from what Stripe says; with `fix` they are brought in line."""
    with transaction.atomic():
        before = _snapshot(customer)
        done = sync_customer(stripe_customer_id=customer.stripe_id, now=now)
        after = _snapshot(customer)
        transaction.set_rollback(not fix)
    problems = [Difference(customer.stripe_id, problem) for problem in done.problems]
    return [*_differences(customer.stripe_id, before, after), *problems]


def reconcile(*, now: datetime) -> int:
    """Compare everybody and tell staff how much differs; changes nothing. Gives the number of differences."""
    if not stripe_client.is_connected():
        return 0
    found = [difference for customer in customers_to_compare() for difference in compare_customer(customer, now=now)]
    found += [*missing_customers(), *missing_events(now=now)]
    if found:
        message = f"{len(found)} differences, the first: {found[0]} Look with: manage.py reconcile_stripe"
        notify_staff(title="What is here is not what Stripe says", message=message, now=now)
    return len(found)


def customers_to_compare(user: Any = None) -> list[StripeCustomer]:
    """Whom to compare: everybody whom Stripe knows, or one user."""
    rows = StripeCustomer.objects.exclude(stripe_id="").select_related("user").order_by("pk")
    return list(rows.filter(user=user) if user else rows)


def missing_customers(*, fix: bool = False) -> Iterator[Difference]:
    """Customers at Stripe that carry a user's key, whom nobody here is; with `fix` they are noted."""
    known = set(StripeCustomer.objects.values_list("stripe_id", flat=True))
    for found in stripe_client.list_all("customers"):
        key = (found.get("metadata") or {}).get("user_id")
        if key and found["id"] not in known:
            yield _missing_customer(found["id"], key, fix=fix)


def _missing_customer(stripe_id: str, key: str, *, fix: bool) -> Difference:
    user = User.objects.filter(pk=key).first()
    if user is None:
        return Difference(stripe_id, f"is at Stripe for the user {key}, who is not here any more. End what he pays for there.")
    has_other = StripeCustomer.objects.for_user(user).exclude(stripe_id="").exists()
    if has_other:
        return Difference(stripe_id, f"is a second customer at Stripe for the user {key}. Merge them there.")
    if fix:
        StripeCustomer.objects.update_or_create(user=user, defaults={"stripe_id": stripe_id})
    return Difference(stripe_id, f"is at Stripe for the user {key}, and was not known here.")


def missing_events(*, now: datetime, fix: bool = False) -> Iterator[Difference]:
    """Events of the last weeks that never arrived; with `fix` they are taken in and handled."""
    known = set(StripeEvent.objects.values_list("stripe_id", flat=True))
    since = int((now - EVENT_LOOKBACK).timestamp())
    for event in stripe_client.list_all("events", created={"gte": since}):
        if event["id"] not in known and event["created"] < (now - DELIVERY_ALLOWANCE).timestamp():
            if fix:
                row, _ = store_event(orjson.dumps(event, default=str), headers={}, now=now)
                handle_event(row.pk, now=now)
            yield Difference(event["id"], f"{event['type']} never arrived.")


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
        what = f"{model._meta.verbose_name} {key}"
        if place not in before:
            yield Difference(where, f"{what} is at Stripe and not here.")
            continue
        for name, value in there.items():
            if before[place][name] != value:
                yield Difference(where, f"{what} has {name} {before[place][name]} here and {value} at Stripe.")
