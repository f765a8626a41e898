"""The creation of subscriptions."""

from typing import Any

from dev.stripe.account import Account, new_metadata
from dev.stripe.billing_periods import DAY, HOUR, period_around
from dev.stripe.errors import ApiError, declined, missing_parameter
from dev.stripe.events import emit, updating
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.collection import finalize_and_collect, method_for
from dev.stripe.lifecycle.discounts import set_discounts
from dev.stripe.lifecycle.invoice_lines import period_lines
from dev.stripe.lifecycle.invoices import draft, finalize, void
from dev.stripe.lifecycle.taxes import require_location
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import listing
from dev.stripe.store import Obj

NO_CARD = (
    "This customer has no attached payment source or default payment method. Please consider adding a default payment method. "
    "For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority."
)
PAYING = ("succeeded", "processing", "sent")  # results of a collection that leave nothing to do
REQUIRES_ACTION = {
    "code": "subscription_payment_intent_requires_action",
    "decline_code": None,
    "message": "Payment for this subscription requires additional user action before it can be completed successfully.",
}


def subscription_price(account: Account, name: object, param: str) -> Obj:
    """Return a price that a subscription may have: active and recurring."""
    price = account.find("price", name, param)
    if not price["active"]:
        raise ApiError("The price specified is inactive. This field only accepts active prices.", param=param)
    if not price["recurring"]:
        raise ApiError(
            f"The price specified is set to `type=one_time` but this field only accepts recurring prices: {name}", param=param
        )
    return price


def new_item(subscription: Obj, price: Obj, given: dict[str, Any], now: int, period: tuple[int, int]) -> Obj:
    """Return an item of a subscription for a period in seconds since 1970."""
    quantity = given.get("quantity")
    return new_object(
        "subscription_item",
        created=now,
        current_period_end=period[1],
        current_period_start=period[0],
        metadata=new_metadata(given),
        price=price,
        quantity=1 if quantity is None else quantity,
        subscription=subscription["id"],
        tax_rates=given.get("tax_rates") or [],
    )


def trial_end_of(given: dict[str, Any], now: int) -> int | None:
    """Return the end of the trial from `trial_end` or `trial_period_days`, None without a trial."""
    if given.get("trial_period_days"):
        return now + int(given["trial_period_days"]) * DAY
    end = given.get("trial_end")
    if end in (None, "now"):
        return None
    if int(end) <= now:
        raise ApiError("Invalid timestamp: must be an integer Unix timestamp in the future", param="trial_end")
    return int(end)


def new_subscription(customer: Obj, given: dict[str, Any], now: int, trial_end: int | None) -> Obj:
    name = new_id("sub")
    settings = given.get("payment_settings") or {}
    behavior = ((given.get("trial_settings") or {}).get("end_behavior") or {}).get("missing_payment_method")
    return new_object(
        "subscription",
        id=name,
        billing_cycle_anchor=trial_end or now,
        billing_mode={"flexible": {"proration_discounts": "included"}, "type": "flexible", "updated_at": now},
        cancel_at=given.get("cancel_at"),
        cancel_at_period_end=bool(given.get("cancel_at_period_end")),
        created=now,
        customer=customer["id"],
        description=given.get("description"),
        items=listing(f"/v1/subscription_items?subscription={name}", []),
        metadata=new_metadata(given),
        payment_settings={
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": settings.get("save_default_payment_method") or "off",
        },
        start_date=now,
        collection_method=given.get("collection_method") or "charge_automatically",
        days_until_due=given.get("days_until_due"),
        status="trialing" if trial_end else "active" if given.get("collection_method") == "send_invoice" else "incomplete",
        test_clock=customer["test_clock"],
        trial_end=trial_end,
        trial_settings={"end_behavior": {"missing_payment_method": behavior or "create_invoice"}},
        trial_start=now if trial_end else None,
        _={"told_of_trial_end": False},
    )


def subscribe(
    account: Account, customer: Obj, given: dict[str, Any], *, method: Obj | None = None, authenticated: bool = False
) -> Obj:
    """Create a subscription with its first invoice. `method` becomes its default payment method.

    `payment_behavior` applies to an unpaid first invoice: `allow_incomplete` leaves the subscription incomplete for 23
    hours, `default_incomplete` does not try to collect it, `error_if_incomplete` refuses with 402.
    """
    now = account.now(customer)
    behavior = given.get("payment_behavior") or "allow_incomplete"
    subscription = new_subscription(customer, given, now, trial_end_of(given, now))
    subscription["default_payment_method"] = method["id"] if method else None
    add_items(account, subscription, given["items"], now)
    write_taxes(account, customer, subscription, given)
    set_discounts(account, subscription, given.get("discounts") or [], given.get("checkout_session"))
    if given.get("cancel_at_period_end"):
        ends = min(item["current_period_end"] for item in subscription["items"]["data"])
        subscription.update(cancel_at=ends, canceled_at=now)
    account.store.add(subscription)
    customer["currency"] = customer["currency"] or subscription["currency"]
    lines = period_lines(account, subscription, trial=subscription["status"] == "trialing")
    invoice = draft(account, customer, lines, "subscription_create", subscription)
    emit(account, "customer.subscription.created", subscription)
    free = invoice["total"] + customer["balance"] <= 0
    if subscription["collection_method"] == "send_invoice":
        invoice["automatically_finalizes_at"] = now + HOUR
        return subscription
    if not free and behavior != "default_incomplete":
        require_method(account, invoice)
    if behavior == "default_incomplete" and not free:
        finalize(account, invoice)
        return subscription
    result = finalize_and_collect(account, invoice, on_session=True, authenticated=authenticated)
    if result not in PAYING and behavior == "error_if_incomplete":
        raise refusal(account, invoice)
    return subscription


def require_method(account: Account, invoice: Obj) -> None:
    """Raise ApiError if there is no payment method that could pay an invoice."""
    if method_for(account, invoice) is None:
        raise ApiError(NO_CARD, code="resource_missing")


def write_taxes(account: Account, customer: Obj, subscription: Obj, given: dict[str, Any]) -> None:
    """Write the automatic tax and the default tax rates of a subscription, and the tax rates of its items."""
    if "automatic_tax" in given:
        is_automatic = bool(given["automatic_tax"]["enabled"])
        if is_automatic:
            require_location(customer)
        subscription["automatic_tax"].update(enabled=is_automatic, liability={"type": "self"} if is_automatic else None)
    if "default_tax_rates" in given:
        names = given["default_tax_rates"] or []
        subscription["default_tax_rates"] = [account.find("tax_rate", name, "default_tax_rates") for name in names]
    for item in subscription["items"]["data"]:
        rates = [rate if isinstance(rate, dict) else account.find("tax_rate", rate, "tax_rates") for rate in item["tax_rates"]]
        item["tax_rates"] = rates
    if subscription["automatic_tax"]["enabled"] and subscription["default_tax_rates"]:
        raise ApiError("You cannot set `default_tax_rates` with automatic tax enabled.", param="default_tax_rates")


def add_items(account: Account, subscription: Obj, items: list[dict[str, Any]], now: int) -> None:
    """Add the items. Each has the period of its price's interval, or during a trial that of the trial."""
    prices = [subscription_price(account, entry.get("price"), f"items[{n}][price]") for n, entry in enumerate(items)]
    if not prices:
        raise missing_parameter("items")
    if len({price["currency"] for price in prices}) > 1:
        raise ApiError("All prices of a subscription have one currency.", param="items")
    subscription["currency"] = prices[0]["currency"]
    subscription["items"]["data"] = [
        new_item(subscription, price, entry, now, item_period(subscription, price, now))
        for price, entry in zip(prices, items, strict=True)
    ]


def item_period(subscription: Obj, price: Obj, now: int) -> tuple[int, int]:
    """Return the period of an item at an instant: the trial, or the price's interval counted from the anchor."""
    if subscription["status"] == "trialing":
        items = subscription["items"]["data"]
        return (items[0]["current_period_start"] if items else now), subscription["trial_end"]
    recurring = price["recurring"]
    return period_around(subscription["billing_cycle_anchor"], recurring["interval"], recurring["interval_count"], now)


def refusal(account: Account, invoice: Obj) -> ApiError:
    """Return the error 402 for an unpaid first invoice. It rolls the transaction back."""
    intent = account.intent_of(invoice)
    error = intent["last_payment_error"] if intent else None
    return declined(error or REQUIRES_ACTION, keeps_work=False)


def expire_incomplete(account: Account, subscription: Obj) -> None:
    """Expire a subscription whose first invoice was not paid within 23 hours."""
    invoice = account.store.get(subscription["latest_invoice"])
    with updating(account, subscription):
        subscription.update(status="incomplete_expired", ended_at=account.now(subscription))
    if invoice["status"] in ("open", "uncollectible"):
        void(account, invoice)
