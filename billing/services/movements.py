"""Movements of recurring revenue: written from a customer's recurring charges, and ended by an erasure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from tqdm import tqdm

from billing.models import BillingMovement, RecurringCharge, StripeCustomer, Subscription
from billing.models.movements import MovementKind
from billing.revenue import Charge, ChargedSubscription, Movement, movements_of
from users.models import User


def recurring_charges(user: User) -> list[RecurringCharge]:
    """Return a customer's recurring charges with their invoices and subscriptions, by invoice and line."""
    rows = RecurringCharge.objects.for_user(user).select_related("invoice__subscription")
    return list(rows.order_by("invoice_id", "number"))


def write_movements(*, user: User, charges: Sequence[RecurringCharge], now: datetime) -> int:
    """Write the movements that follow from a customer's charges, and return the number of changes. Idempotent.

    The caller holds the lock on the Stripe customer's row.
    """
    wanted = {(found.currency, found.happened_at): found for found in movements_of(_subscriptions(charges), now=now)}
    stored = {(row.currency, row.happened_at): row for row in BillingMovement.objects.for_user(user)}
    kept = {place for place, row in stored.items() if place in wanted and _is_same(row, wanted[place])}
    outdated = [row.pk for place, row in stored.items() if place not in kept]
    new = [_new_row(user, found) for place, found in wanted.items() if place not in kept]
    if outdated:
        BillingMovement.objects.filter(pk__in=outdated).delete()
    if new:
        BillingMovement.objects.bulk_create(new)
    return len(outdated) + len(new)


def recompute_movements(users: Iterable[User], *, now: datetime) -> Iterator[tuple[User, int]]:
    """Write the movements of customers from the stored charges, and yield each with changes and their number."""
    customers = StripeCustomer.objects.filter(user__in=users).exclude(stripe_id="").order_by("pk").values_list("pk", flat=True)
    for key in tqdm(list(customers), "Computing", unit=" customers", leave=False, disable=None):
        with transaction.atomic():
            customer = StripeCustomer.objects.select_for_update(of=("self",)).select_related("user").get(pk=key)
            number = write_movements(user=customer.user, charges=recurring_charges(customer.user), now=now)
        if number:
            yield customer.user, number


@transaction.atomic
def end_revenue(*, user: User, now: datetime) -> None:
    """Record the churn of a customer whose account is erased, because no later sync can. Idempotent."""
    latest = BillingMovement.objects.for_user(user).order_by("currency", "-happened_at").distinct("currency")
    for row in latest:
        if row.annual_after:
            found = Movement(MovementKind.CHURN, row.currency, now, row.annual_after, Decimal(0))
            _new_row(user, found).save()


def _subscriptions(charges: Iterable[RecurringCharge]) -> list[ChargedSubscription]:
    by_subscription: dict[Subscription, list[Charge]] = {}
    for row in charges:
        subscription, paid_at = row.invoice.subscription, row.invoice.paid_at
        if subscription is None or (paid_at and subscription.ended_at and paid_at > subscription.ended_at):
            continue  # not one of our plans, or a payment after the end, which opens nothing and is refunded
        charge = Charge(row.price_id, row.starts_at, row.ends_at, row.annual_amount, is_paid=paid_at is not None)
        by_subscription.setdefault(subscription, []).append(charge)
    return [
        ChargedSubscription(
            key=subscription.stripe_subscription_id,
            currency=subscription.currency,
            status=subscription.status,
            charges=tuple(found),
            ended_at=subscription.ended_at,
            period_end=subscription.current_period_end,
            is_collection_paused=subscription.is_collection_paused,
        )
        for subscription, found in by_subscription.items()
    ]


def _is_same(row: BillingMovement, found: Movement) -> bool:
    there = (row.kind, row.annual_before, row.annual_after)
    return there == (found.kind, found.annual_before, found.annual_after)


def _new_row(user: User, found: Movement) -> BillingMovement:
    return BillingMovement(
        user=user,
        kind=found.kind,
        currency=found.currency,
        happened_at=found.happened_at,
        annual_change=found.annual_after - found.annual_before,
        annual_before=found.annual_before,
        annual_after=found.annual_after,
    )
