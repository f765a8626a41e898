"""The end of a subscription."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.events import emit
from dev.stripe.lifecycle.invoices import stop_collecting
from dev.stripe.store import Obj


def end_subscription(account: Account, subscription: Obj, reason: str, **details: Any) -> None:
    """Cancel for good, now. `details` may have a person's `comment` and `feedback`."""
    now = account.now(subscription)
    subscription.update(status="canceled", ended_at=now, canceled_at=subscription["canceled_at"] or now)
    subscription["cancellation_details"].update(reason=subscription["cancellation_details"]["reason"] or reason, **details)
    stop_collecting(account, subscription)
    emit(account, "customer.subscription.deleted", subscription)
