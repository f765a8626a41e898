"""Prorations to the second, as flexible billing mode calculates them.

The unused part of what an item was charged becomes a credit: of the amount after discounts and with the tax rates of that
charge, whatever the price is by then. Without a charge there is no credit. The rest of the new price becomes a charge, lowered
by the discounts that are in force. Discounts are included in the amounts (`proration_discounts: included`), so prorations
themselves are not discountable.
"""

from collections.abc import Iterator

from dev.stripe.account import Account
from dev.stripe.billing_periods import prorated_amount
from dev.stripe.lifecycle.discounts import active_discounts, coupon_of
from dev.stripe.lifecycle.invoice_amounts import discount_lines, net_amount
from dev.stripe.lifecycle.invoice_lines import day, item_line, name_of, new_invoice_item, new_line, pricing
from dev.stripe.store import Obj

UNCHARGED = ("void", "uncollectible")


def period_amount(item: Obj) -> int:
    """Return the price of an item for a whole period, in minor units."""
    return int(item["price"]["unit_amount"]) * int(item["quantity"])


def charges_of(account: Account, subscription: Obj, item: Obj) -> Iterator[tuple[Obj, Obj | None]]:
    """Yield the lines that charged an item, newest first, each with its invoice (None while it waits for one)."""
    waiting = account.store.where("invoiceitem", customer=subscription["customer"], invoice=None)
    found: list[tuple[Obj, Obj | None]] = [(item_line(one), None) for one in reversed(waiting)]
    for invoice in reversed(account.store.where("invoice", subscription=subscription["id"])):
        if invoice["status"] not in UNCHARGED:
            found += [(line, invoice) for line in reversed(invoice["lines"]["data"])]
    for charge in found:
        if charge[0]["_"].get("subscription_item") == item["id"] and charge[0]["amount"] > 0:
            yield charge


def credit_item(account: Account, subscription: Obj, item: Obj, at: int) -> None:
    """Create the invoice item that credits the unused part of an item's latest charge, if that covers the instant."""
    charge = next(charges_of(account, subscription, item), None)
    if charge is None or not charge[0]["period"]["start"] <= at < charge[0]["period"]["end"]:
        return
    line, invoice = charge
    start, end = line["period"]["start"], line["period"]["end"]
    amount = prorated_amount(net_amount({"discount_amounts": [], **line}), end - at, end - start)
    create_proration(
        account,
        subscription,
        item,
        -amount,
        "Unused time on",
        (at, end),
        credited={"invoice": invoice["id"], "invoice_line_items": [line["id"]]} if invoice else None,
        rates=[tax["tax_rate_details"]["tax_rate"] for tax in line["taxes"] if tax["taxable_amount"]] if invoice else None,
    )


def charge_item(account: Account, subscription: Obj, item: Obj, at: int) -> None:
    """Create the invoice item that charges an item for the rest of its period."""
    start, end = item["current_period_start"], item["current_period_end"]
    until = min(end, subscription["cancel_at"] or end)
    amount = prorated_amount(discounted_amount(account, subscription, item, at), until - at, end - start)
    rates = [rate["id"] for rate in item["tax_rates"]] or None
    create_proration(account, subscription, item, amount, "Remaining time on", (at, until), rates=rates)


def discounted_amount(account: Account, subscription: Obj, item: Obj, at: int) -> int:
    """Return an item's amount for a whole period after its share of the discounts. A coupon that is valid once has no share."""
    customer = account.store.get(subscription["customer"])
    found = active_discounts(account, customer, subscription, at)
    discounts = [discount for discount in found if coupon_of(account, discount)["duration"] != "once"]
    items = subscription["items"]["data"]
    lines = [new_line(period_amount(one), one["price"]["currency"], "", (at, at), quantity=1) for one in items]
    discount_lines(account, lines, discounts)
    return next(net_amount(line) for one, line in zip(items, lines, strict=True) if one["id"] == item["id"])


def create_proration(
    account: Account, subscription: Obj, item: Obj, amount: int, label: str, period: tuple[int, int], **more: object
) -> None:
    """Create the invoice item of a proration's credit or charge."""
    quantity = f"{item['quantity']} × " if item["quantity"] > 1 else ""
    new_invoice_item(
        account,
        account.store.get(subscription["customer"]),
        amount,
        item["price"]["currency"],
        f"{label} {quantity}{name_of(account, item['price'])} after {day(period[0])}",
        period=period,
        subscription=subscription["id"],
        subscription_item=item["id"],
        pricing=pricing(item["price"]),
        quantity=item["quantity"],
        proration=True,
        **more,
    )


def prorate_end(account: Account, subscription: Obj, before: int | None, at: int) -> None:
    """Credit the time after the end of a subscription that is set to an instant within the current period."""
    end = subscription["cancel_at"]
    for item in subscription["items"]["data"]:
        if before is None and at <= end < item["current_period_end"] and subscription["status"] != "trialing":
            credit_item(account, subscription, item, end)
