"""Reconciliation with Stripe: each customer is synced and compared with the rows before, then rolled back unless `fix` is set.

The differences are therefore those that a sync corrects. Customers and events that were never received are reported too. Pages
of the whole account replace most calls: a customer needs one call for the invoices, and one more if the credit differs.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import Max
from tqdm import tqdm

from billing.models import Adjustment, BillingHistory, StripeCustomer, StripeEvent, Subscription
from billing.services.staff_notices import notify_staff
from billing.stripe import client as stripe_client
from billing.stripe.account_objects import AccountObjects, read_account
from billing.stripe.client import Object, PaymentsUnavailableError, StripeNotFoundError, WrongStripeAccountError
from billing.stripe.event_payload import parsed_event
from billing.stripe.event_types import SYNCED_EVENT_TYPES
from billing.stripe.events import finish_events, handle_event, store_event
from billing.stripe.readable import key_in
from billing.stripe.sync import sync_customer
from core.postgres.failures import QUERY_TIMEOUT, failure_of
from users.models import User

logger = logging.getLogger(__name__)

EVENT_LOOKBACK = timedelta(days=29)  # Stripe lists events for 30 days
DELIVERY_ALLOWANCE = timedelta(minutes=5)  # a newer event may still be in delivery
COMPARED_FIELDS: dict[type[Any], tuple[str, ...]] = {
    Subscription: (
        "status",
        "plan_id",
        "unknown_price_id",
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
    BillingHistory: ("status", "amount", "amount_collected", "amount_refunded", "currency", "paid_at", "subscription_id"),
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


def find_differences(*, now: datetime, fix: bool = False, receive_lost: bool = False) -> Iterator[Difference]:
    """Yield the differences between our rows and Stripe. With `fix` the rows are updated.

    With `receive_lost` the events that were never received are stored, and their customers are synced, as if they had arrived.
    """
    customers = customers_to_compare()
    lost = list(lost_events({customer.stripe_id for customer in customers}, now=now))
    rows = [store_event(orjson.dumps(event, default=str), headers={}, now=now)[0] for event in lost if fix or receive_lost]
    by_customer: dict[str, list[StripeEvent]] = {}
    for row in rows:
        by_customer.setdefault(row.stripe_customer_id, []).append(row)
    account = read_account([customer.stripe_id for customer in customers], now=now)
    if customers and not account.customers and _is_other_account(customers[0]):
        sentence = f"none of our {len(customers)} customers is in this Stripe account. Check STRIPE_SECRET_KEY."
        yield Difference("account", sentence)
        return
    yield from missing_customers(account, fix=fix)
    for customer in tqdm(customers, "Comparing", unit=" customers", leave=False, disable=None):
        events = by_customer.pop(customer.stripe_id, [])
        yield from _compare_safely(customer, account, events, now=now, fix=fix or bool(events))
    for row in (row for rest in by_customer.values() for row in rest):
        handle_event(row.pk, now=now)
    yield from (Difference(event["id"], f"{event['type']} was never received.") for event in lost)
    yield from _silence(now=now)


def compare_customer(
    customer: StripeCustomer,
    *,
    now: datetime,
    fix: bool = False,
    account: AccountObjects | None = None,
    events: Iterable[StripeEvent] = (),
) -> list[Difference]:
    """Return the differences between one customer's rows and Stripe. With `fix`, the rows are updated.

    `account` saves calls to Stripe. `events` are lost events of the customer, which this sync processes too.
    """
    with transaction.atomic():
        before = _snapshot(customer)
        result = sync_customer(stripe_customer_id=customer.stripe_id, now=now, read=account.read if account else None)
        after = _snapshot(customer)
        finish_events(events, result, now=now)
        transaction.set_rollback(not fix)
    problems = [Difference(customer.stripe_id, problem) for problem in (*result.duplicate_sentences, *result.problems)]
    return [*_differences(customer.stripe_id, before, after), *problems]


def _compare_safely(
    customer: StripeCustomer, account: AccountObjects, events: list[StripeEvent], *, now: datetime, fix: bool
) -> list[Difference]:
    """Compare a customer. An error about one customer is reported and does not stop the comparison of the others."""
    try:
        return compare_customer(customer, now=now, fix=fix, account=account, events=events)
    except PaymentsUnavailableError:
        raise
    except Exception as error:
        if failure_of(error) not in (None, QUERY_TIMEOUT):
            raise
        logger.exception("The customer %s could not be compared with Stripe.", customer.stripe_id)
        return [Difference(customer.stripe_id, f"could not be compared: {type(error).__name__}. See the log.")]


def reconcile(*, now: datetime) -> int:
    """Receive lost events, compare all customers, notify staff of differences, and return their number.

    Only the rows of customers with lost events are changed. Other differences are left for `manage.py reconcile_stripe --fix`.
    """
    if not stripe_client.is_connected():
        return 0
    found = list(find_differences(now=now, receive_lost=True))
    if found:
        message = f"{len(found)} differences, the first: {found[0]} List all with: manage.py reconcile_stripe"
        notify_staff(title="Local data differs from Stripe", message=message, now=now)
    return len(found)


def customers_to_compare(user: Any = None) -> list[StripeCustomer]:
    """Return all customers at Stripe, or that of one user, even if it is deleted."""
    rows = StripeCustomer.objects.exclude(stripe_id="").select_related("user").order_by("pk")
    return list(rows.filter(user=user) if user else rows.filter(deleted_at=None))


def _is_other_account(customer: StripeCustomer) -> bool:
    """Return True if the key is of another account, or of the other mode. A deleted customer is still known to its account."""
    try:
        stripe_client.call("customers.retrieve", customer.stripe_id)
    except (StripeNotFoundError, WrongStripeAccountError):
        return True
    return False


def missing_customers(account: AccountObjects, *, fix: bool = False) -> Iterator[Difference]:
    """Yield customers at Stripe with a user's key that have no row here. With `fix`, the rows are created.

    Customers of other apps that share the account have no such key.
    """
    for stripe_id, metadata in account.other_customers.items():
        key = key_in(metadata, "user_id")
        if key is not None:
            yield _missing_customer(stripe_id, key, fix=fix)


def _missing_customer(stripe_id: str, key: UUID, *, fix: bool) -> Difference:
    user = User.objects.filter(pk=key).first()
    if user is None:
        return Difference(stripe_id, f"is at Stripe for the deleted user {key}. Cancel their subscriptions at Stripe.")
    has_other = StripeCustomer.objects.for_user(user).exclude(stripe_id="").exists()
    if has_other:
        return Difference(stripe_id, f"is a second customer at Stripe for the user {key}. Merge the two at Stripe.")
    if fix:
        StripeCustomer.objects.update_or_create(user=user, defaults={"stripe_id": stripe_id})
    return Difference(stripe_id, f"is at Stripe for the user {key}, and not here.")


def lost_events(customers: set[str], *, now: datetime) -> Iterator[Object]:
    """Yield the events of the last weeks that were never received, without those of other apps' customers."""
    since = int((now - EVENT_LOOKBACK).timestamp())
    received = StripeEvent.objects.filter(happened_at__gte=now - EVENT_LOOKBACK - DELIVERY_ALLOWANCE)
    known = set(received.values_list("stripe_id", flat=True))
    for event in stripe_client.list_all("events", created={"gte": since}):
        is_due = event["created"] < (now - DELIVERY_ALLOWANCE).timestamp()
        if is_due and event["id"] not in known and event["type"].startswith(SYNCED_EVENT_TYPES):
            customer = parsed_event(orjson.dumps(event, default=str), now=now).customer
            if not customer or customer in customers:
                yield event


def _silence(*, now: datetime) -> Iterator[Difference]:
    """Yield a difference if events stopped arriving so long ago that Stripe no longer lists the first lost ones."""
    newest = StripeEvent.objects.aggregate(newest=Max("created_at"))["newest"]
    if newest is not None and newest < now - EVENT_LOOKBACK:
        sentence = (
            f"the last event was received on {newest:%Y-%m-%d}, and older lost events can't be listed. Check the endpoint."
        )
        yield Difference("events", sentence)


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
