"""Changes of a subscription's items, with prorations to the second.

A change of price within the same interval does not change the period. The rest of the old price is credited and the rest of
the new one charged, both as `amount * seconds left / seconds of the period`, rounded half away from zero. Another interval,
or `billing_cycle_anchor=now`, begins a new period that is billed at once. A trial is not prorated.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.billing_periods import period_end, prorated_amount
from dev.stripe.errors import ApiError, no_such
from dev.stripe.lifecycle.invoice_lines import day, name_of, new_invoice_item, period_lines, pricing
from dev.stripe.lifecycle.invoices import draft, pending_items
from dev.stripe.lifecycle.subscription_creation import new_item, subscription_price
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
    intervals = {(item["price"]["recurring"]["interval"], item["price"]["recurring"]["interval_count"]) for item in items}
    if len(intervals) > 1:
        raise ApiError("All prices of a subscription have one interval here.", param="items")
    old = subscription["items"]["data"][0]["price"]["recurring"]
    subscription["items"]["data"] = items
    return ItemChanges(pairs, intervals != {(old["interval"], old["interval_count"])})


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
        first = subscription["items"]["data"][0]
        price = subscription_price(account, entry.get("price"), param)
        return new_item(subscription, price, entry, now, (first["current_period_start"], first["current_period_end"]))
    if entry.get("deleted"):
        return None
    after = deepcopy(before)
    if entry.get("price"):
        after["price"] = subscription_price(account, entry["price"], param)
        if after["price"]["currency"] != subscription["currency"]:
            raise ApiError("The price's currency must be the subscription's.", param=param)
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
            create_proration_item(account, subscription, before, at, credit=True)
        if after and not change.restarts:
            create_proration_item(account, subscription, after, at, credit=False)


def period_amount(item: Obj) -> int:
    """Return the price of an item for a whole period, in minor units."""
    return int(item["price"]["unit_amount"]) * int(item["quantity"])


def create_proration_item(account: Account, subscription: Obj, item: Obj, at: int, *, credit: bool) -> None:
    """Create the invoice item of a proration's credit or charge."""
    start, end = item["current_period_start"], item["current_period_end"]
    amount = prorated_amount(period_amount(item), end - at, end - start)
    quantity = f"{item['quantity']} × " if item["quantity"] > 1 else ""
    label = "Unused time on" if credit else "Remaining time on"
    new_invoice_item(
        account,
        account.store.get(subscription["customer"]),
        -amount if credit else amount,
        item["price"]["currency"],
        f"{label} {quantity}{name_of(account, item['price'])} after {day(at)}",
        period=(at, end),
        subscription=subscription["id"],
        subscription_item=item["id"],
        pricing=pricing(item["price"]),
        quantity=item["quantity"],
        proration=True,
        credited=credited(account, subscription, item) if credit else None,
    )


def credited(account: Account, subscription: Obj, item: Obj) -> Obj | None:
    """Return the latest invoice lines that charged the price of a credited item."""
    for invoice in reversed(account.store.where("invoice", subscription=subscription["id"])):
        charges = [line for line in invoice["lines"]["data"] if line["amount"] > 0 and line["pricing"]]
        found = [line["id"] for line in charges if line["pricing"]["price_details"]["price"] == item["price"]["id"]]
        if found:
            return {"invoice": invoice["id"], "invoice_line_items": found}
    return None


def restart(account: Account, subscription: Obj, now: int) -> list[Obj]:
    """Begin a new period now. Return the lines that bill it."""
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    end = period_end(now, recurring["interval"], recurring["interval_count"], now)
    subscription["billing_cycle_anchor"] = now
    for item in subscription["items"]["data"]:
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
    first = subscription["items"]["data"][0]
    if not first["current_period_start"] <= at <= first["current_period_end"]:
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
