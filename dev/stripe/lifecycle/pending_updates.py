"""Updates of a subscription that wait for the payment of an invoice, and are applied when it is paid.

`payment_behavior=pending_if_incomplete` and a resumption wait this way: docs.stripe.com/billing/subscriptions/pending-updates.
The subscription continues as if nothing had been requested, and shows the update in `pending_update` until it expires.
"""

from copy import deepcopy
from typing import Any

from dev.stripe.account import Account
from dev.stripe.billing_periods import HOUR
from dev.stripe.errors import ApiError
from dev.stripe.events import emit, updating
from dev.stripe.lifecycle.invoices import void
from dev.stripe.store import Obj

PENDING_FOR = 23 * HOUR
HELD_FIELDS = ("billing_cycle_anchor", "items", "metadata", "status", "trial_end", "trial_start")
SUPPORTED = {
    "billing_cycle_anchor",
    "expand",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "proration_behavior",
    "proration_date",
    "trial_end",
}


def refuse_unsupported(account: Account, subscription: Obj, given: dict[str, Any], method: Obj | None) -> None:
    """Raise ApiError for an update that cannot wait for its payment."""
    other = sorted(set(given) - SUPPORTED)
    if other:
        message = f"You can't pass `{other[0]}` when `payment_behavior` is set to `pending_if_incomplete`."
        raise ApiError(message, param=other[0])
    if subscription["collection_method"] == "send_invoice":
        raise ApiError("`pending_if_incomplete` can't be used when `collection_method` is `send_invoice`.")
    if method and method["type"] != "card":
        raise ApiError("`pending_if_incomplete` can't be used when the payment method is a bank debit.")


def hold_update(account: Account, subscription: Obj, before: Obj, invoice: Obj, *, expires_at: int | None = None) -> None:
    """Undo an update, and keep it until the invoice is paid. `before` is the subscription before the update."""
    held = {name: deepcopy(subscription[name]) for name in HELD_FIELDS if subscription[name] != before[name]}
    subscription.update({name: deepcopy(before[name]) for name in held})
    ends = [before["trial_end"] if before["status"] == "trialing" else None]
    ends += [item["current_period_end"] for item in before["items"]["data"] if before["status"] != "paused"]
    soonest = min([account.now(subscription) + PENDING_FOR, *(end for end in ends if end)])
    subscription["_"]["held"] = {"invoice": invoice["id"], "fields": held, "is_resumption": before["status"] == "paused"}
    subscription["pending_update"] = {
        "billing_cycle_anchor": held.get("billing_cycle_anchor"),
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires_at or soonest,
        "metadata": held.get("metadata"),
        "subscription_items": held["items"]["data"] if "items" in held else None,
        "trial_end": held.get("trial_end"),
        "trial_from_plan": None,
    }


def is_held_by(subscription: Obj, invoice: Obj) -> bool:
    """Return True if an update of the subscription waits for this invoice."""
    held = subscription["_"].get("held")
    return bool(held) and held["invoice"] == invoice["id"]


def apply_held_update(account: Account, subscription: Obj, invoice: Obj) -> None:
    """Apply the update that waited for this invoice, if any."""
    if not is_held_by(subscription, invoice):
        return
    held = subscription["_"].pop("held")
    fields = held["fields"]
    if "items" in fields and "billing_cycle_anchor" not in fields:
        copy_periods(subscription["items"]["data"], fields["items"]["data"])  # the subscription may have renewed in between
    was_shown = held.get("is_shown")
    with updating(account, subscription):
        subscription.update(fields, pending_update=None)
        if held["is_resumption"]:
            subscription.pop("status_details", None)
    if held["is_resumption"]:
        emit(account, "customer.subscription.resumed", subscription)
    elif was_shown:
        emit(account, "customer.subscription.pending_update_applied", subscription)


def copy_periods(current: list[Obj], items: list[Obj]) -> None:
    """Set the periods of items to those of the subscription's current items."""
    for item in items:
        item.update({name: current[0][name] for name in ("current_period_start", "current_period_end")})


def next_expiry(subscription: Obj) -> int | None:
    pending = subscription["pending_update"]
    return int(pending["expires_at"]) if pending else None


def discard_update(account: Account, subscription: Obj, *, expired: bool = False) -> None:
    """Discard the update that waits, if any, and void its invoice."""
    held = subscription["_"].pop("held", None)
    if held is None:
        return
    with updating(account, subscription):
        subscription["pending_update"] = None
    if expired and not held["is_resumption"]:
        emit(account, "customer.subscription.pending_update_expired", subscription)
    invoice = account.store.get(held["invoice"])
    if invoice["status"] in ("open", "uncollectible"):
        void(account, invoice)
