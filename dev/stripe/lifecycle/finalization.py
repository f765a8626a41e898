"""The finalization of drafts, which waits for the webhook endpoint to accept `invoice.created`.

Stripe finalizes an hour after the event was accepted, and at the latest 72 hours after the draft was created:
docs.stripe.com/billing/subscriptions/webhooks#understand.
"""

from dev.stripe.account import Account
from dev.stripe.billing_periods import HOUR
from dev.stripe.events import updating
from dev.stripe.store import Obj

MAX_DELAY = 72 * HOUR


def delay_finalization(account: Account, invoice: Obj) -> bool:
    """Move the finalization of a draft by an hour if an endpoint refused its event. Return False if it is not delayed.

    An event that was not posted yet delays nothing: the clock of a test moves over many days at once.
    """
    now, latest = account.now(invoice), invoice["created"] + MAX_DELAY
    deliveries = account.store.where("_delivery", invoice=invoice["id"])
    is_refused = any(row["attempts"] and row["status"] != "taken" for row in deliveries)
    if not is_refused or now >= latest:
        return False
    with updating(account, invoice):
        invoice["automatically_finalizes_at"] = min(now + HOUR, latest)
    return True
