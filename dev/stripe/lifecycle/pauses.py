"""Pauses of subscriptions and their resumption: docs.stripe.com/billing/subscriptions/pause.

A paused subscription gets no invoices. Its resumption begins a period and bills it. It takes effect when the invoice is paid:
with `resume_on_payment_success` Stripe tries to collect it at once and retries for a year, with `resume_on_payment_attempt`
it must be paid by another request within 23 hours, and a failed attempt makes the subscription past due.
"""

from copy import deepcopy
from typing import Any

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY, HOUR
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.collection import finalize_and_collect
from dev.stripe.lifecycle.invoice_lines import advance_periods, period_lines
from dev.stripe.lifecycle.invoices import draft, finalize
from dev.stripe.lifecycle.pending_updates import discard_update, hold_update
from dev.stripe.lifecycle.prorations import credit_item
from dev.stripe.lifecycle.subscription_changes import invoice_for_change
from dev.stripe.lifecycle.subscription_creation import require_method
from dev.stripe.store import Obj

ON_SUCCESS = "resume_on_payment_success"
RESUMABLE_FOR = {ON_SUCCESS: 365 * DAY, "resume_on_payment_attempt": 23 * HOUR}
PAUSABLE_STATUSES = ("active", "past_due", "unpaid")


def pause(account: Account, subscription: Obj, reason: str) -> None:
    """Set the status `paused` with its reason, and emit the events."""
    details = {"subscription": {"type": reason}, "transitioned_at": account.now(subscription), "type": "subscription"}
    with updating(account, subscription):
        subscription.update(status="paused", status_details={"paused": details})
        if reason == "pause_requested":
            for item in subscription["items"]["data"]:
                item["current_period_end"] = account.now(subscription)
    emit(account, "customer.subscription.paused", subscription)


def pause_on_request(account: Account, subscription: Obj, given: dict[str, Any]) -> None:
    """Pause a subscription now. The unused time becomes a credit, on the next invoice or at once."""
    if subscription["status"] not in PAUSABLE_STATUSES:
        raise ApiError(f"You can't pause a subscription whose status is `{subscription['status']}`.")
    if subscription["collection_method"] == "send_invoice":
        raise ApiError("You can't pause a subscription whose `collection_method` is `send_invoice`.")
    discard_update(account, subscription)
    unused = ((given.get("bill_for") or {}).get("unused_time_from") or {}).get("type") or "now"
    if unused != "none":
        for item in subscription["items"]["data"]:
            at = account.now(subscription) if unused == "now" else item["current_period_start"]
            credit_item(account, subscription, item, at)
    invoice = invoice_for_change(account, subscription, []) if given.get("invoicing_behavior") == "invoice" else None
    pause(account, subscription, "pause_requested")
    if invoice is not None:
        finalize_and_collect(account, invoice)


def resume(account: Account, subscription: Obj, given: dict[str, Any]) -> None:
    """Draft the invoice of a new period that begins now. The subscription is active when it is paid."""
    behavior = given.get("payment_behavior") or "resume_on_payment_attempt"
    discard_update(account, subscription)
    before = deepcopy(subscription)
    invoice = begin_period(account, subscription)
    if invoice["amount_due"] and behavior == ON_SUCCESS:
        require_method(account, invoice)
    hold_update(account, subscription, before, invoice, expires_at=account.now(subscription) + RESUMABLE_FOR[behavior])
    subscription["_"]["held"]["retries"] = behavior == ON_SUCCESS
    if behavior == ON_SUCCESS or not invoice["amount_due"]:
        finalize_and_collect(account, invoice, on_session=True)
    else:
        finalize(account, invoice)
    if subscription["pending_update"]:
        emit(account, "customer.subscription.updated", subscription, before)


def begin_period(account: Account, subscription: Obj) -> Obj:
    """Begin the period of a resumption now, and return the draft that bills it."""
    now, customer = account.now(subscription), account.store.get(subscription["customer"])
    subscription.update(status="active", billing_cycle_anchor=now)
    for item in subscription["items"]["data"]:
        item["current_period_end"] = now
    advance_periods(subscription, now)
    return draft(account, customer, period_lines(account, subscription), "subscription_update", subscription)
