"""The lines of invoices: the price of a period, and the items that prorations create."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.stripe.values import decimals
from dev.stripe.account import Account
from dev.stripe.billing_periods import period_end, prorated_amount
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

SIGNS = {"usd": "$", "eur": "€", "gbp": "£"}


def money(amount: int, currency: str) -> str:
    """Return an amount in Stripe's units as text: `-$12.30`, `JPY 1,234`."""
    sign, name = "-" if amount < 0 else "", SIGNS.get(currency, f"{currency.upper()} ")
    return f"{sign}{name}{Decimal(abs(amount)).scaleb(-decimals(currency)):,f}"


def day(seconds: int) -> str:
    """Return a day as text: `5 Jan 2026`."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at.day} {at:%b %Y}"


def name_of(account: Account, price: Obj) -> str:
    product = account.store.find(price["product"])
    return str(product["name"]) if product else str(price["product"])


def pricing(price: Obj) -> Obj:
    return {
        "price_details": {"price": price["id"], "product": price["product"]},
        "type": "price_details",
        "unit_amount_decimal": price["unit_amount_decimal"],
    }


def new_line(amount: int, currency: str, description: str, period: tuple[int, int], **more: Any) -> Obj:
    """Return a line of `amount` minor units for a period in seconds since 1970. `more` has its other fields."""
    return new_object(
        "line_item",
        amount=amount,
        currency=currency,
        description=description,
        period={"start": period[0], "end": period[1]},
        quantity_decimal=str(more["quantity"]),
        subtotal=amount,
        **{"discountable": True, "_": {}, **more},
    )


def period_line(account: Account, subscription: Obj, item: Obj, *, trial: bool = False) -> Obj:
    """Return the line that bills an item's current period: 0 during a trial, a part if the subscription ends within it."""
    price, quantity = item["price"], item["quantity"]
    start, end = item["current_period_start"], item["current_period_end"]
    until = min(end, subscription["cancel_at"] or end)
    name, every = name_of(account, price), price["recurring"]["interval"]
    text = f"Free trial for {quantity} × {name}" if trial else f"{quantity} × {name} (at {priced(price)} / {every})"
    return new_line(
        0 if trial else prorated_amount(price["unit_amount"] * quantity, until - start, end - start),
        price["currency"],
        text,
        (start, until),
        quantity=quantity,
        pricing=pricing(price),
        subscription=subscription["id"],
        metadata=dict(subscription["metadata"]),
        parent={
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_item_details",
        },
        _={"subscription_item": item["id"], "rates": [rate["id"] for rate in item["tax_rates"]] or None},
    )


def period_lines(account: Account, subscription: Obj, items: list[Obj] | None = None, *, trial: bool = False) -> list[Obj]:
    """Return the lines that bill the current periods of items, of all by default."""
    billed = subscription["items"]["data"] if items is None else items
    return [period_line(account, subscription, item, trial=trial) for item in billed]


def advance_periods(subscription: Obj, now: int) -> list[Obj]:
    """Begin the next period of the items whose period is over, and return these items."""
    items = [item for item in subscription["items"]["data"] if item["current_period_end"] <= now]
    for item in items:
        recurring, start = item["price"]["recurring"], item["current_period_end"]
        end = period_end(subscription["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], start)
        item.update(current_period_start=start, current_period_end=end)
    return items


def priced(price: Obj) -> str:
    return money(price["unit_amount"], price["currency"])


def item_line(item: Obj) -> Obj:
    subscription = item["_"].get("subscription")
    return new_line(
        item["amount"],
        item["currency"],
        item["description"],
        (item["period"]["start"], item["period"]["end"]),
        quantity=item["quantity"],
        pricing=item["pricing"],
        subscription=subscription,
        discountable=item["discountable"],
        metadata=item["metadata"],
        parent={
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": item["proration"],
                "proration_details": {"credited_items": item["_"].get("credited")},
                "subscription": subscription,
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        _={"subscription_item": item["_"].get("subscription_item"), "rates": item["_"].get("rates")},
    )


def new_invoice_item(account: Account, customer: Obj, amount: int, currency: str, description: str, **more: Any) -> Obj:
    """Create an item of the customer's next invoice. `amount` is in minor units, negative for a credit."""
    now = account.now(customer)
    start, end = more.get("period") or (now, now)
    subscription = more.get("subscription")
    parent = {"subscription": subscription, "subscription_item": more.get("subscription_item")}
    return account.store.add(
        new_object(
            "invoiceitem",
            amount=amount,
            currency=currency,
            customer=customer["id"],
            date=now,
            description=description,
            discountable=not more.get("proration", False),
            metadata=more.get("metadata") or {},
            net_amount=amount,
            parent={"subscription_details": parent, "type": "subscription_details"} if subscription else None,
            period={"start": start, "end": end},
            pricing=more.get("pricing"),
            proration=more.get("proration", False),
            quantity=more.get("quantity", 1),
            quantity_decimal=str(more.get("quantity", 1)),
            test_clock=customer["test_clock"],
            _={"subscription": subscription, **{key: more.get(key) for key in ("subscription_item", "credited", "rates")}},
        )
    )
