"""Changes of a subscription's items, with prorations to the second.

A change of price within the same interval does not change the period, and is prorated as `prorations` describes. Another
interval of all items, or `billing_cycle_anchor=now`, begins a new period that is billed at once. An item whose interval differs
from the others' has its own period, counted from the same anchor. A trial is not prorated.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.billing_periods import period_end
from dev.stripe.errors import ApiError, no_such
from dev.stripe.lifecycle.invoice_lines import period_lines
from dev.stripe.lifecycle.invoices import draft, pending_items
from dev.stripe.lifecycle.prorations import charge_item, credit_item, period_amount
from dev.stripe.lifecycle.subscription_creation import item_period, new_item, subscription_price
from dev.stripe.store import Obj


@dataclass
class ItemChanges:
    """The changes of a subscription's items as pairs of (before, after). With `restarts`, a new period begins."""

    pairs: list[tuple[Obj | None, Obj | None]]
    restarts: bool = False


def change_items(account: Account, subscription: Obj, given: list[dict[str, Any]], now: int) -> ItemChanges:
    """Change a subscription's items: an entry with `id` changes or deletes one, any other adds one."""
    items: list[Obj] = subscription["items"]["data"]
    pairs: list[tuple[Obj | None, Obj | None]] = []
    for number, entry in enumerate(given):
        before = item_of(items, entry.get("id"), f"items[{number}][id]") if entry.get("id") else None
        after = changed_item(account, subscription, before, entry, now, f"items[{number}][price]")
        pairs.append((deepcopy(before), after))
        remaining = [after if item is before else item for item in items] if before else [*items, after]
        items = [item for item in remaining if item is not None]
    if not items:
        raise ApiError("A subscription must have at least one active price.", param="items")
    old, new = intervals_of(subscription["items"]["data"]), intervals_of(items)
    subscription["items"]["data"] = items
    return ItemChanges(pairs, len(old) == len(new) == 1 and old != new)


def intervals_of(items: list[Obj]) -> set[tuple[str, int]]:
    return {(item["price"]["recurring"]["interval"], item["price"]["recurring"]["interval_count"]) for item in items}


def item_of(items: list[Obj], name: object, param: str) -> Obj:
    for item in items:
        if item["id"] == name:
            return item
    raise no_such("subscription_item", name, param)


def changed_item(
    account: Account, subscription: Obj, before: Obj | None, entry: dict[str, Any], now: int, param: str
) -> Obj | None:
    """Return the item after the change, None if it is deleted."""
    if before is None:
        price = subscription_price(account, entry.get("price"), param)
        return new_item(subscription, price, entry, now, item_period(subscription, price, now))
    if entry.get("deleted"):
        return None
    after = deepcopy(before)
    if entry.get("price"):
        after["price"] = subscription_price(account, entry["price"], param)
        if after["price"]["currency"] != subscription["currency"]:
            raise ApiError("The price's currency must be the subscription's.", param=param)
        start, end = item_period(subscription, after["price"], now)
        after.update(current_period_start=start, current_period_end=end)
    if entry.get("quantity") is not None:
        after["quantity"] = entry["quantity"]
    set_metadata(after, entry)
    return after


def prorate(account: Account, subscription: Obj, change: ItemChanges, at: int) -> None:
    """Create invoice items for the credit of the old items and, unless a new period begins, the charge of the new ones."""
    for before, after in change.pairs:
        if before and after and not change.restarts:
            is_same_price = before["price"]["id"] == after["price"]["id"]
            if is_same_price and period_amount(before) == period_amount(after):
                continue
        if before:
            credit_item(account, subscription, before, at)
        if after and not change.restarts:
            charge_item(account, subscription, after, at)


def restart(account: Account, subscription: Obj, now: int) -> list[Obj]:
    """Begin a new period now. Return the lines that bill it."""
    subscription["billing_cycle_anchor"] = now
    for item in subscription["items"]["data"]:
        recurring = item["price"]["recurring"]
        end = period_end(now, recurring["interval"], recurring["interval_count"], now)
        item.update(current_period_start=now, current_period_end=end)
    return period_lines(account, subscription)


def invoice_for_change(account: Account, subscription: Obj, lines: list[Obj]) -> Obj | None:
    """Create a draft of the amounts that a change makes due at once. Return None if there are none."""
    customer = account.store.get(subscription["customer"])
    if not lines and not pending_items(account, customer["id"], subscription["id"]):
        return None
    first = subscription["items"]["data"][0]
    period = {"period_start": first["current_period_start"], "period_end": account.now(subscription)}
    return draft(account, customer, lines, "subscription_update", subscription, **period)


def apply_change(account: Account, subscription: Obj, given: dict[str, Any]) -> Obj | None:
    """Change items, trial and anchor by the parameters of an update. Return the draft of amounts due at once, or None.

    `items`, `proration_behavior` (default `create_prorations`), `proration_date` (seconds), `billing_cycle_anchor`,
    `trial_end`.
    """
    now = account.now(subscription)
    behavior = given.get("proration_behavior") or "create_prorations"
    trialing = subscription["status"] == "trialing"
    change = change_items(account, subscription, given.get("items") or [], now)
    if given.get("trial_end") is not None:
        return change_trial(account, subscription, given["trial_end"], now)
    if trialing:
        return None
    change.restarts = change.restarts or given.get("billing_cycle_anchor") == "now"
    if change.restarts and not change.pairs:
        change.pairs = [(deepcopy(item), item) for item in subscription["items"]["data"]]
    if behavior != "none":
        prorate(account, subscription, change, proration_date(subscription, given, now))
    if change.restarts:
        return invoice_for_change(account, subscription, restart(account, subscription, now))
    return invoice_for_change(account, subscription, []) if behavior == "always_invoice" and change.pairs else None


def proration_date(subscription: Obj, given: dict[str, Any], now: int) -> int:
    """Return the time of the proration, which must be within the period."""
    at = int(given["proration_date"]) if given.get("proration_date") else now
    items = subscription["items"]["data"]
    start, end = (edge(item[f"current_period_{name}"] for item in items) for edge, name in ((min, "start"), (max, "end")))
    if not start <= at <= end:
        raise ApiError("Cannot specify `proration_date` outside of the current period.", param="proration_date")
    return at


def change_trial(account: Account, subscription: Obj, end: int | str, now: int) -> Obj | None:
    """End the trial now, which begins and bills a period, or move its end."""
    if end == "now":
        if subscription["status"] != "trialing":
            return None
        subscription.update(status="active", trial_end=now)
        return invoice_for_change(account, subscription, restart(account, subscription, now))
    if int(end) <= now:
        raise ApiError("Invalid timestamp: must be an integer Unix timestamp in the future", param="trial_end")
    subscription.update(status="trialing", trial_end=int(end), trial_start=subscription["trial_start"] or now)
    subscription["billing_cycle_anchor"] = int(end)
    subscription["_"]["told_of_trial_end"] = False
    for item in subscription["items"]["data"]:
        item.update(current_period_start=now, current_period_end=int(end))
    return None
