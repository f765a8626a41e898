"""The cancellation of subscriptions."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.pending_updates import discard_update
from dev.stripe.store import Obj


def end_subscription(account: Account, subscription: Obj, reason: str, **details: Any) -> None:
    """Cancel a subscription now and stop collecting its invoices. `details` may have `comment` and `feedback`."""
    now = account.now(subscription)
    discard_update(account, subscription)
    subscription.update(status="canceled", ended_at=now, canceled_at=subscription["canceled_at"] or now)
    subscription["cancellation_details"].update(reason=subscription["cancellation_details"]["reason"] or reason, **details)
    for invoice in account.store.where("invoice", subscription=subscription["id"]):
        if invoice["status"] in ("draft", "open"):
            with updating(account, invoice):
                invoice.update(auto_advance=False, next_payment_attempt=None, automatically_finalizes_at=None)
    emit(account, "customer.subscription.deleted", subscription)
