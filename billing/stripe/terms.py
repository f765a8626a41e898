"""Parsers of what a subscription charges: its items and its discounts, in Stripe's units."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from billing.models.subscription_charges import BillingInterval
from billing.stripe.readable import key_in

Object = dict[str, Any]


@dataclass(frozen=True)
class StripeItem:
    """An item of a subscription. `unit_amount` may have fractions of Stripe's unit, and is None for a price with tiers."""

    id: str
    price_id: str
    plan_id: UUID | None  # our plan's key, which sync_plans writes to the price's metadata
    unit_amount: Decimal | None
    quantity: int
    interval: str
    interval_count: int
    period_start: datetime | None
    period_end: datetime | None


@dataclass(frozen=True)
class StripeDiscount:
    """A discount: a percentage or an amount, for one invoice (`once`), until `ends_at` (`repeating`) or `forever`."""

    id: str
    percent_off: Decimal | None
    amount_off: int | None
    duration: str
    ends_at: datetime | None


def parse_item(item: Object, subscription: Object) -> StripeItem:
    """Parse an item of a subscription, whose period is the subscription's own before API version 2025-03-31."""
    price = price_of(item) or {}
    price = price if isinstance(price, dict) else {"id": price}
    recurring = price.get("recurring") or price  # a plan has the fields itself
    interval = recurring.get("interval")
    amount = price.get("unit_amount_decimal") or price.get("unit_amount")
    amount = price.get("amount") if amount is None else amount
    return StripeItem(
        id=item.get("id") or "",
        price_id=price.get("id") or "",
        plan_id=key_in(price.get("metadata") or {}, "plan_id"),
        unit_amount=None if amount is None else Decimal(amount),
        quantity=1 if item.get("quantity") is None else item["quantity"],
        interval=interval if interval in BillingInterval.values else "",
        interval_count=recurring.get("interval_count") or 1,
        period_start=_instant(subscription.get("current_period_start") or item.get("current_period_start")),
        period_end=_instant(subscription.get("current_period_end") or item.get("current_period_end")),
    )


def price_of(item: Object) -> Object | str | None:
    """Return the price of an item, or its plan, which Stripe had before prices."""
    return item.get("price") or item.get("plan")


def parse_discounts(obj: Object) -> tuple[StripeDiscount, ...]:
    """Parse the discounts of a subscription or a customer, which must be expanded with their coupons."""
    found = obj.get("discounts") or ([obj["discount"]] if obj.get("discount") else [])
    return tuple(_parse_discount(entry) for entry in found if isinstance(entry, dict))


def _parse_discount(obj: Object) -> StripeDiscount:
    coupon = obj.get("coupon") or (obj.get("source") or {}).get("coupon")
    coupon = coupon if isinstance(coupon, dict) else {}
    percent = coupon.get("percent_off")
    return StripeDiscount(
        id=obj.get("id") or "",
        percent_off=None if percent is None else Decimal(str(percent)),
        amount_off=coupon.get("amount_off"),
        duration=coupon.get("duration") or "once",
        ends_at=_instant(obj.get("end")),
    )


def parse_tax_rates(obj: Object) -> tuple[str, ...]:
    """Return the IDs of the tax rates of a subscription and its items."""
    owners = [obj.get("default_tax_rates"), *(item.get("tax_rates") for item in (obj.get("items") or {}).get("data") or ())]
    return tuple(rate["id"] for rates in owners for rate in rates or [])


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
