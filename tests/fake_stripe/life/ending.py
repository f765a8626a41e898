"""The end of a subscription."""

from typing import Any

from ..account import Account
from ..events import emit
from ..store import Obj
from .invoices import stop_collecting


def end_subscription(account: Account, subscription: Obj, reason: str, **details: Any) -> None:
    """Cancel for good, now. `details` may have a person's `comment` and `feedback`."""
    now = account.now(subscription)
    subscription.update(status="canceled", ended_at=now, canceled_at=subscription["canceled_at"] or now)
    subscription["cancellation_details"].update(reason=subscription["cancellation_details"]["reason"] or reason, **details)
    stop_collecting(account, subscription)
    emit(account, "customer.subscription.deleted", subscription)
