"""Subscription items. A change of an item updates its subscription."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import no_such
from dev.stripe.lifecycle.subscription_changes import item_of
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


def owner_of(account: Account, name: str) -> Obj:
    for subscription in account.store.where_read_only("subscription"):
        if any(item["id"] == name for item in subscription["items"]["data"]):
            return subscription
    raise no_such("subscription_item", name)


@route("POST /v1/subscription_items/{id}", CHANGE)
def updated(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Update the subscription by one entry of `items` with the parameters about the item."""
    entry = {key: value for key, value in given.items() if key in ITEM_FIELDS}
    rest = {key: value for key, value in given.items() if key not in ITEM_FIELDS}
    subscription = update(account, {**rest, "items": [{"id": name, **entry}]}, owner_of(account, name)["id"])
    return item_of(subscription["items"]["data"], name, "id")
