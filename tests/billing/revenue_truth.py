"""The recurring revenue of a customer at an instant, computed from Stripe's objects alone, to compare with the movements."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from billing.stripe import client as stripe_client
from tests.billing.stripe_truth import AccountOfACustomer, is_proration, period_of, subscription_of

IN_A_YEAR = {"month": 12, "year": 1}
RUNNING = ("active", "past_due", "trialing")


@cache
def found(kind: str, key: str) -> Any:
    return stripe_client.call(f"{kind}.retrieve", key)


def revenue_at(accounts: Iterable[AccountOfACustomer], at: int) -> Decimal:
    """Return the revenue of a year at an instant in seconds since 1970: that of the subscription that was created first."""
    pairs = [(account, item) for account in accounts for item in account.subscriptions]
    for account, item in sorted(pairs, key=lambda pair: (pair[1]["created"], pair[1]["id"])):
        amount = revenue_of(account, item, at)
        if amount is not None:
            return amount
    return Decimal(0)


def revenue_of(account: AccountOfACustomer, subscription: Any, at: int) -> Decimal | None:
    """Return what the newest line that was charged for an instant costs in a year; None if the instant was not charged."""
    if subscription["ended_at"] and at >= subscription["ended_at"]:
        return None
    if subscription["status"] == "paused" and at >= period_of(subscription)[1]:
        return None
    bills = [bill for bill in account.invoices if subscription_of(bill) == subscription["id"]]
    lines = [(line, bill) for bill in bills if bill["status"] == "paid" or is_tried(account, bill) for line in lines_of(bill)]
    charges = [(line, bill) for line, bill in lines if not is_credit(line) and begin(line) <= at < line["period"]["end"]]
    charges = [pair for pair in charges if counts(account, subscription, *pair)]
    if not charges:
        return None
    line, bill = max(charges, key=lambda pair: begin(pair[0]))
    credits_later = [one for one, _ in lines if is_credit(one) and begin(line) < begin(one) <= at]
    return None if credits_later else annual_price(line, bill)


def counts(account: AccountOfACustomer, subscription: Any, line: Any, bill: Any) -> bool:
    """Return True if a charge was paid before the end, or is being tried after a time that counts."""
    paid_at, ended_at = bill["status_transitions"]["paid_at"], subscription["ended_at"]
    if bill["status"] == "paid":
        return not ended_at or paid_at <= ended_at
    is_running = subscription["status"] in RUNNING
    return is_running and bool(revenue_of(account, subscription, begin(line) - 1))


def is_tried(account: AccountOfACustomer, bill: Any) -> bool:
    if bill["billing_reason"] != "subscription_cycle" or bill["status"] not in ("draft", "open"):
        return False
    is_new = bill["auto_advance"] and (bill["status"] == "draft" or not bill["attempt_count"])
    return bool(is_new or bill["next_payment_attempt"] or bill["id"] in account.processing)


def lines_of(bill: Any) -> list[Any]:
    """Return the lines of an invoice that are about a subscription's time."""
    lines = bill["lines"]["data"]
    return [line for line in lines if line["parent"]["type"] == "subscription_item_details" or is_proration(line)]


def is_credit(line: Any) -> bool:
    return is_proration(line) and line["amount"] < 0


def begin(line: Any) -> int:
    return int(line["period"]["start"])


def annual_price(line: Any, bill: Any) -> Decimal:
    """Return the price of a line in a year, after the percentages that last; 0 for a line that charges nothing."""
    price = found("prices", line["pricing"]["price_details"]["price"])
    amount = Decimal(price["unit_amount"] * line["quantity"] * IN_A_YEAR[price["recurring"]["interval"]]).scaleb(-2)
    for discount in bill["discounts"]:
        coupon = found("coupons", discount["source"]["coupon"])
        if coupon["duration"] != "once":
            amount *= 1 - Decimal(str(coupon["percent_off"])) / 100
    return amount if line["amount"] else Decimal(0)
