"""Subscription items. A change of an item updates its subscription."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import no_such
from dev.stripe.pagination import PAGING, page
from dev.stripe.parameters import Table, boolean, integer, metadata, natural, text
from dev.stripe.resources.subscriptions import PAYMENT_BEHAVIOR, PRORATION_BEHAVIOR, update
from dev.stripe.routes import route
from dev.stripe.store import Obj

CHANGE: Table = {
    "price": text,
    "quantity": natural,
    "metadata": metadata,
    "proration_behavior": PRORATION_BEHAVIOR,
    "proration_date": integer,
    "off_session": boolean,
    "payment_behavior": PAYMENT_BEHAVIOR,
}
ITEM_FIELDS = ("price", "quantity", "metadata")


def owner_of(account: Account, name: str) -> tuple[Obj, Obj]:
    for subscription in account.store.where("subscription"):
        for item in subscription["items"]["data"]:
            if item["id"] == name:
                return subscription, item
    raise no_such("subscription_item", name)


def change(account: Account, subscription: Obj, entry: dict[str, Any], given: dict[str, Any]) -> Obj:
    """Update the subscription by one entry of `items` with the parameters about the item."""
    item_changes = {key: value for key, value in given.items() if key in ITEM_FIELDS}
    rest = {key: value for key, value in given.items() if key not in (*ITEM_FIELDS, "subscription")}
    return update(account, {**rest, "items": [{**entry, **item_changes}]}, subscription["id"])


@route("GET /v1/subscription_items", {**PAGING, "subscription!": text})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    subscription = account.find("subscription", given["subscription"], "subscription")
    return page("/v1/subscription_items", subscription["items"]["data"][::-1], given)


@route("GET /v1/subscription_items/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    return owner_of(account, name)[1]


@route("POST /v1/subscription_items", {**CHANGE, "subscription!": text, "price!": text})
def create(account: Account, given: dict[str, Any]) -> Obj:
    subscription = account.find("subscription", given["subscription"], "subscription")
    return change(account, subscription, {}, given)["items"]["data"][-1]


@route("POST /v1/subscription_items/{id}", CHANGE)
def updated(account: Account, given: dict[str, Any], name: str) -> Obj:
    subscription, _ = owner_of(account, name)
    change(account, subscription, {"id": name}, given)
    return owner_of(account, name)[1]


@route("DELETE /v1/subscription_items/{id}", {"proration_behavior": CHANGE["proration_behavior"], "proration_date": integer})
def delete(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Delete an item. The last one can't be deleted."""
    subscription, _ = owner_of(account, name)
    change(account, subscription, {"id": name, "deleted": True}, given)
    return {"id": name, "object": "subscription_item", "deleted": True}
