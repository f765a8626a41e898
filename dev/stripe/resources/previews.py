"""Previews of the next invoice. They apply a change and undo it."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.billing_periods import HOUR
from dev.stripe.errors import ApiError
from dev.stripe.ids import new_id
from dev.stripe.lifecycle.discounts import set_discounts
from dev.stripe.lifecycle.invoice_lines import advance_periods, period_lines
from dev.stripe.lifecycle.invoices import apply_balance, draft
from dev.stripe.lifecycle.pauses import begin_period
from dev.stripe.lifecycle.prorations import credit_item
from dev.stripe.lifecycle.renewal import end_of_period
from dev.stripe.lifecycle.subscription_changes import apply_change, invoice_for_change, proration_date
from dev.stripe.lifecycle.subscription_creation import subscribe
from dev.stripe.parameters import Table, boolean, each, fields, instant, integer, one_of, text
from dev.stripe.resources.subscriptions import AUTOMATIC_TAX, DISCOUNT, ITEM, PRORATION_BEHAVIOR
from dev.stripe.routes import route
from dev.stripe.store import Obj

DETAILS: Table = {
    "items": each(fields(ITEM)),
    "proration_behavior": PRORATION_BEHAVIOR,
    "proration_date": integer,
    "billing_cycle_anchor": one_of("now", "unchanged"),
    "trial_end": instant,
    "cancel_at_period_end": boolean,
    "cancel_at": integer,
    "cancel_now": boolean,
    "default_tax_rates": each(text),
    "resume_at": one_of("now"),
}


PREVIEW: Table = {
    "customer": text,
    "subscription": text,
    "subscription_details": fields(DETAILS),
    "automatic_tax": AUTOMATIC_TAX,
    "discounts": each(fields(DISCOUNT)),
}


@route("POST /v1/invoices/create_preview", PREVIEW)
def create_preview(account: Account, given: dict[str, Any]) -> Obj:
    """Return the invoice that a change would create at once, or the next renewal including the change's prorations."""
    details = given.get("subscription_details") or {}
    with account.store.sandbox():
        if given.get("subscription"):
            subscription = account.find("subscription", given["subscription"], "subscription")
            if "discounts" in given:
                set_discounts(account, subscription, given["discounts"])
            return as_preview(account, of_change(account, subscription, details))
        if not given.get("customer"):
            raise ApiError("You must specify a customer or a subscription.", param="customer")
        customer = account.find("customer", given["customer"], "customer")
        more: dict[str, Any] = {name: given[name] for name in ("automatic_tax", "discounts") if name in given}
        subscription = subscribe(account, customer, {**details, **more, "payment_behavior": "default_incomplete"})
        return as_preview(account, account.store.get(subscription["latest_invoice"]))


def of_change(account: Account, subscription: Obj, details: dict[str, Any]) -> Obj:
    """Return a draft of the amounts due at once, or else of the renewal."""
    nothing = ApiError("No upcoming invoices for customer", status=404, code="invoice_upcoming_none")
    if subscription["ended_at"] is not None:
        raise nothing
    if details.get("resume_at"):
        return of_resumption(account, subscription)
    if details.get("cancel_now"):
        at_once = of_cancellation(account, subscription, details)
        if at_once is None:
            raise nothing
        return at_once
    at_once = apply_change(account, subscription, details)
    if at_once:
        return at_once
    ends = subscription["cancel_at"]
    if details.get("cancel_at_period_end") or ends is not None and ends <= end_of_period(subscription):
        raise nothing
    return renewal(account, subscription)


def of_cancellation(account: Account, subscription: Obj, details: dict[str, Any]) -> Obj | None:
    """Return a draft of what waits for an invoice and, unless `proration_behavior` is `none`, the credit of the unused time."""
    if details.get("proration_behavior") != "none" and subscription["status"] not in ("trialing", "paused"):
        at = proration_date(subscription, details, account.now(subscription))
        for item in subscription["items"]["data"]:
            credit_item(account, subscription, item, at)
    return invoice_for_change(account, subscription, [])


def of_resumption(account: Account, subscription: Obj) -> Obj:
    if subscription["status"] != "paused":
        raise ApiError("You can only preview the resumption of a paused subscription.", param="subscription_details[resume_at]")
    return begin_period(account, subscription)


def renewal(account: Account, subscription: Obj) -> Obj:
    """Return a draft of the next period, dated at its beginning."""
    end = end_of_period(subscription)
    items = advance_periods(subscription, end)
    customer, lines = account.store.get(subscription["customer"]), period_lines(account, subscription, items)
    dates = {"created": end, "period_end": end, "next_payment_attempt": end + HOUR}
    return draft(account, customer, lines, "upcoming", subscription, **dates)


def as_preview(account: Account, invoice: Obj) -> Obj:
    """Return a draft with temporary ids and the customer's balance applied."""
    balance = account.store.get(invoice["customer"])["balance"] if invoice["status"] == "draft" else invoice["starting_balance"]
    due, _ = apply_balance(invoice["total"], balance, invoice["currency"])
    invoice["id"] = new_id("upcoming_in")
    invoice.update(status="draft", number=None, hosted_invoice_url=None, invoice_pdf=None, starting_balance=balance)
    invoice.update(amount_due=due, amount_remaining=due, ending_balance=None)
    for line in invoice["lines"]["data"]:
        line.update(id=new_id("il_tmp"), invoice=invoice["id"])
    return invoice
