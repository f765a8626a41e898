"""The charges of subscriptions as Stripe computes them: the own price, the discounts, and the next charge with its tax.

The next charge is a preview by Stripe, which is read again only after something that determines it has changed.
"""

import logging
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Any

from billing.models import StripeCustomer, Subscription
from billing.models.subscriptions import SubscriptionStatus
from billing.services.upsert import update_changed
from billing.stripe import client as stripe_client
from billing.stripe.problems import naming
from billing.stripe.subscription_objects import StripeSubscription
from billing.stripe.terms import StripeDiscount, StripeItem, parse_discounts
from billing.stripe.values import Object, UnreadableObjectError, from_minor_units, id_of, instant
from core.errors import ConflictError

logger = logging.getLogger(__name__)

CHARGED_STATUSES = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
MONTHS = {"month": Decimal(1), "year": Decimal(12), "week": Decimal(84) / 365, "day": Decimal(12) / 365}
NO_CHARGE: dict[str, Any] = {"next_charge_at": None, "next_charge_amount": None, "tax": Decimal(0)}
CUSTOMER_BASIS = ("balance", "address", "tax_exempt", "tax", "tax_ids")  # what a customer's next charge depends on


@dataclass(frozen=True)
class NextCharge:
    """The next charge of a subscription. `tax` is a part of `amount`. `included_tax` is the share of tax in its price."""

    at: datetime
    amount: Decimal
    tax: Decimal
    included_tax: Decimal


def with_plan_item_first(subscription: StripeSubscription, plan_prices: Container[str]) -> StripeSubscription:
    """Return a subscription with the item first that has a plan's price, and with the period of that item.

    Stripe returns the items in any order, and an item that is not a plan, such as an extra seat, may have another interval.
    """
    ranked = sorted(subscription.items, key=lambda item: (item.price_id not in plan_prices, item.plan_id is None))
    if not ranked or ranked[0] == subscription.items[0]:
        return subscription
    first, ends = ranked[0], subscription.cancel_at
    return replace(
        subscription,
        items=tuple(ranked),
        current_period_start=first.period_start,
        current_period_end=first.period_end,
        cancel_at_period_end=subscription.cancel_at_period_end if ends is None else ends == first.period_end,
    )


def price_fields(found: StripeSubscription, customer_discounts: Sequence[StripeDiscount], now: datetime) -> dict[str, Any]:
    """Return the fields of our row that hold the subscription's own price, of the plan's item, and its discount."""
    item, currency = found.items[0], found.currency
    discounts = found.discounts or customer_discounts
    gross = sum((_in_interval_of(item, other) for other in found.items), Decimal(0))
    net = discounted(gross, [one for one in discounts if one.duration != "once" and is_in_force(one, now)])
    in_currency = from_minor_units
    return {
        "currency": currency,
        "unit_price": None if item.unit_amount is None else in_currency(_whole(item.unit_amount), currency),
        "quantity": item.quantity,
        "interval": item.interval,
        "interval_count": item.interval_count,
        "discount": in_currency(_whole(gross), currency) - in_currency(_whole(net), currency),
        "recurring_amount": in_currency(_whole(net), currency),
        "is_collection_paused": found.is_collection_paused,
    }


def is_in_force(discount: StripeDiscount, at: datetime | None) -> bool:
    """Return True if a discount has not ended at a time; None is any time."""
    return discount.ends_at is None or at is None or discount.ends_at > at


def discounted(amount: Decimal, discounts: Iterable[StripeDiscount]) -> Decimal:
    """Return an amount in Stripe's unit after discounts, one after the other, not below 0."""
    for discount in discounts:
        if discount.percent_off is not None:
            amount -= _whole(amount * discount.percent_off / 100)
        else:
            amount = max(amount - (discount.amount_off or 0), Decimal(0))
    return amount


def sync_next_charges(
    ours: StripeCustomer,
    rows: Mapping[str, Subscription],
    found: Sequence[StripeSubscription],
    customer: Object,
    problems: list[str],
    now: datetime,
) -> None:
    """Store the price and the next charge of the customer's subscriptions that have not ended.

    `customer` is Stripe's, with `discount.source.coupon` expanded. What can't be stored is described in `problems`.
    """
    discounts = parse_discounts(customer)
    basis = digest_of_basis(found, discounts, customer)
    has_same_basis = basis == ours.charge_basis
    for subscription in found:
        row = rows.get(subscription.id)
        if row is None or not subscription.items:
            continue
        # the last amounts of a subscription that has ended stay, because the metrics of earlier months need them
        is_final = subscription.ended_at is not None and row.unit_price is not None
        with naming(f"The next charge of subscription {subscription.id}", problems):
            fields = {} if is_final else price_fields(subscription, discounts, now)
            is_same = has_same_basis and _is_charged_as_before(row, subscription, now)
            if is_charged(subscription) and not is_same:
                charge = read_next_charge(subscription)
                fields |= _charge_fields(charge, fields["recurring_amount"], subscription.currency) if charge else NO_CHARGE
            elif all(getattr(row, name) == fields.get(name) for name in ("unit_price", "quantity", "discount")):
                del fields["recurring_amount"]  # known from the last preview, without the tax that the price may include
            if not is_charged(subscription):
                fields |= NO_CHARGE
            elif is_same:
                fields["next_charge_at"] = _next_charge_at(row, subscription, now)
            update_changed(row, fields)
    ours.charge_basis = basis


def _is_charged_as_before(row: Subscription, found: StripeSubscription, now: datetime) -> bool:
    """Return True if the next charge is the stored one or, after a renewal, like it.

    After a renewal, rates of automatic tax may have changed, and items of several intervals are charged on different days.
    """
    if row.next_charge_at is None:
        return False
    intervals = {(item.interval, item.interval_count) for item in found.items}
    return row.next_charge_at > now or not (found.is_tax_automatic or len(intervals) > 1)


def _next_charge_at(row: Subscription, found: StripeSubscription, now: datetime) -> datetime | None:
    """Return the time of a charge like the last one, which is as long after the period's end as that one was."""
    last, start, end = row.next_charge_at, found.current_period_start, found.current_period_end
    if last is None or last > now or start is None or end is None:
        return last
    return end + max(last - start, timedelta(0))


def is_charged(found: StripeSubscription) -> bool:
    """Return True if Stripe will charge the subscription again: it renews, and its collection is not paused."""
    ends = found.cancel_at or (found.current_period_end if found.cancel_at_period_end else None)
    renews = ends is None or found.current_period_end is None or ends > found.current_period_end
    return found.status in CHARGED_STATUSES and renews and not found.is_collection_paused


def read_next_charge(found: StripeSubscription) -> NextCharge | None:
    """Return the next charge as Stripe previews it, after discounts, tax and credit. None if Stripe plans no charge."""
    try:
        preview = stripe_client.call("invoices.create_preview", {"customer": found.customer, "subscription": found.id})
    except ConflictError as refusal:  # such as invoice_upcoming_none of a schedule that ends
        logger.info("Stripe previews no charge of %s: %s", found.id, refusal)
        return None
    currency = preview["currency"].upper()
    tax = max(sum(entry["amount"] for entry in preview.get("total_taxes") or []), 0)  # negative if more is credited
    at = instant(preview.get("next_payment_attempt") or preview["period_end"])
    if at is None:
        raise UnreadableObjectError("Stripe's preview has no date")
    amount = from_minor_units(preview["amount_due"], currency)
    return NextCharge(at, amount, from_minor_units(tax, currency), _included_tax(preview, found.items[0].price_id))


def _included_tax(preview: Object, price: str) -> Decimal:
    """Return the share of tax that is included in a price, such as 0.16 of 119.00 with 19 % tax; 0 without."""
    for line in preview["lines"]["data"]:
        details = (line.get("pricing") or {}).get("price_details") or {}
        net = line["amount"] - sum(entry["amount"] for entry in line.get("discount_amounts") or [])
        if id_of(details.get("price")) == price and net > 0:
            taxes = line.get("taxes") or []
            return Decimal(sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")) / net
    return Decimal(0)


def _charge_fields(charge: NextCharge, recurring: Decimal, currency: str) -> dict[str, Any]:
    unit = Decimal(1).scaleb(recurring.as_tuple().exponent)  # type: ignore[arg-type]  # amounts are finite
    return {
        "next_charge_at": charge.at,
        "next_charge_amount": charge.amount,
        "tax": charge.tax,
        "recurring_amount": (recurring * (1 - charge.included_tax)).quantize(unit, ROUND_HALF_UP),
    }


def _in_interval_of(item: StripeItem, other: StripeItem) -> Decimal:
    """Return the amount of another item, converted to the interval of `item`."""
    amount = (other.unit_amount or Decimal(0)) * other.quantity
    if (item.interval, item.interval_count) == (other.interval, other.interval_count) or not (item.interval and other.interval):
        return amount
    length, others = (MONTHS[one.interval] * one.interval_count for one in (item, other))
    return amount * length / others


def digest_of_basis(found: Sequence[StripeSubscription], discounts: Sequence[StripeDiscount], customer: Object) -> str:
    """Return a digest of everything that determines the customer's next charges, except the period.

    A renewal therefore has the same digest, unless it used credit, or a discount ends before the next one.
    """
    subscriptions = sorted(found, key=lambda one: one.id)
    parts = [
        [
            one.id,
            one.status in CHARGED_STATUSES,
            is_charged(one),
            [replace(item, period_start=None, period_end=None) for item in one.items],
            [[discount, is_in_force(discount, one.current_period_end)] for discount in (*one.discounts, *discounts)],
            one.trial_end,
            one.cancel_at,
            one.currency,
            one.is_tax_automatic,
            one.tax_rates,
        ]
        for one in subscriptions
    ]
    return sha256(repr([parts, {name: customer.get(name) for name in CUSTOMER_BASIS}]).encode()).hexdigest()


def _whole(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
