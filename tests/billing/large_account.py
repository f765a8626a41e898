"""A large account: copies of a few customers at Stripe and here, which are made without a call for each of them."""

from typing import Any

import orjson

from billing.models import (
    Adjustment,
    BillingHistory,
    FeatureAccess,
    StripeCustomer,
    StripeEvent,
    Subscription,
    SubscriptionPlan,
)
from billing.models.stripe_events import EventState
from billing.stripe.account_objects import read_account
from billing.stripe.charges import digest_of_basis, with_plan_item_first
from billing.stripe.subscription_objects import parse_subscription
from billing.stripe.terms import parse_discounts
from core import clock
from dev.stripe.emulator import StripeEmulator
from users.models import User

BATCH = 100
MARK = "copy"  # the ids of copies contain it
COPIED: tuple[type[Any], ...] = (StripeCustomer, Subscription, BillingHistory, Adjustment, FeatureAccess)
IDS_OF_STRIPE = ("stripe_id", "stripe_subscription_id", "stripe_customer_id", "stripe_invoice_id", "stripe_payment_id")
Owners = dict[tuple[str, Any], User]


def copy_accounts(stripe: StripeEmulator, originals: list[User], copies: int) -> None:
    """Copy each of the customers, all of whose events were received."""
    for first in range(0, copies, BATCH):
        suffixes = [f"{MARK}{number}" for number in range(first, min(first + BATCH, copies))]
        owners = {(suffix, user.pk): User(email=f"{suffix}-{user.email}") for suffix in suffixes for user in originals}
        User.objects.bulk_create(owners.values())
        words = {suffix: {str(user.pk): str(owners[suffix, user.pk].pk) for user in originals} for suffix in suffixes}
        stripe.copy_customers(MARK, words)
        copy_rows(originals, suffixes, owners)
        copy_events(suffixes)
    note_charges()


def copy_rows(originals: list[User], suffixes: list[str], owners: Owners) -> None:
    """Copy the rows of the customers, with the ids and references of the copies."""
    keys: dict[tuple[str, Any], Any] = {}
    for model in COPIED:
        rows = [
            copied(row, suffix, owners, keys)
            for row in model._default_manager.filter(user__in=originals)
            for suffix in suffixes
        ]
        model._default_manager.bulk_create(rows, batch_size=1000)


def copied(row: Any, suffix: str, owners: Owners, keys: dict[tuple[str, Any], Any]) -> Any:
    """Return an unsaved copy of a row. `keys` has the primary keys of the copies by those of the originals."""
    copy = type(row)(**{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields})
    copy.pk, copy.user = row._meta.pk.get_default(), owners[suffix, row.user_id]
    keys[suffix, row.pk] = copy.pk
    for name in IDS_OF_STRIPE:
        if getattr(row, name, ""):
            setattr(copy, name, getattr(row, name) + suffix)
    for name in ("subscription_id", "invoice_id"):
        if getattr(row, name, None):
            setattr(copy, name, keys[suffix, getattr(row, name)])
    return copy


def copy_events(suffixes: list[str]) -> None:
    originals = StripeEvent.objects.exclude(stripe_id__contains=MARK)
    shared = ("type", "happened_at", "handled_at")
    StripeEvent.objects.bulk_create(
        StripeEvent(
            stripe_id=row.stripe_id + suffix,
            stripe_customer_id=row.stripe_customer_id + suffix,
            state=EventState.HANDLED,
            **{name: getattr(row, name) for name in shared},
        )
        for row in originals
        for suffix in suffixes
    )


def note_charges() -> None:
    """Store what the known next charges of the copies depend on, which includes the ids of their subscriptions."""
    prices = set(SubscriptionPlan.objects.exclude(stripe_price_id="").values_list("stripe_price_id", flat=True))
    rows = list(StripeCustomer.objects.filter(stripe_id__contains=MARK))
    account = read_account([row.stripe_id for row in rows], now=clock.now())
    for row in rows:
        customer = orjson.loads(account.customers[row.stripe_id])
        found = [parse_subscription(orjson.loads(item)) for item in account.subscriptions.get(row.stripe_id, ())]
        subscriptions = [with_plan_item_first(item, prices) for item in found]
        row.charge_basis = digest_of_basis(subscriptions, parse_discounts(customer), customer)
    StripeCustomer.objects.bulk_update(rows, ["charge_basis"], batch_size=1000)
