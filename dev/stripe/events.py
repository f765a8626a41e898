"""Events. Each has a change's type, the object after it, and the previous values."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from dev.stripe.account import Account
from dev.stripe.api_versions import is_pre_basil, serialize
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

EVENT_PREFIXES = {"subscription": "customer.subscription", "dispute": "charge.dispute"}  # other kinds are their own prefix


def emit(account: Account, kind: str, obj: Obj, before: Obj | None = None) -> Obj:
    """Store an event and schedule its deliveries. `before` is the object before the change, for `previous_attributes`."""
    version = account.settings["api_version"]
    hidden: Obj = {"clock": account.clock_of(obj), "other": None, "failed": 0}
    event = new_object(
        "event",
        api_version=version,
        created=account.now(obj),
        data=data(account, obj, before, version),
        request={"id": account.request.id, "idempotency_key": account.request.idempotency_key},
        type=kind,
        _=hidden,
    )
    account.store.add(event)
    for endpoint in account.store.where("webhook_endpoint", status="enabled"):
        if {"*", kind} & set(endpoint["enabled_events"]):
            if is_pre_basil(endpoint["api_version"] or version) != is_pre_basil(version) and hidden["other"] is None:
                hidden["other"] = data(account, obj, before, endpoint["api_version"])
            event["pending_webhooks"] += 1
            delivery = {"event": event["id"], "endpoint": endpoint["id"], "clock": hidden["clock"], "at": event["created"]}
            delivery["invoice"] = obj["id"] if kind == "invoice.created" else None  # its finalization waits for the delivery
            account.store.add(new_object("_delivery", **delivery))
    return event


def data(account: Account, obj: Obj, before: Obj | None, version: str | None) -> Obj:
    """Return an event's `data` in the format of a version."""
    now = serialize(account, obj, version)
    if before is None:
        return {"object": now}
    return {"object": now, "previous_attributes": previous(serialize(account, before, version), now)}


def previous(before: Obj, now: Obj) -> Obj:
    """Return the old values of changed fields. Nested objects have only the changed names, lists are whole."""
    found: dict[str, Any] = {}
    for key in {**before, **now}:
        old, new = before.get(key), now.get(key)
        if old != new:
            found[key] = previous(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return found


@contextmanager
def updating(account: Account, obj: Obj) -> Iterator[None]:
    """Emit the event of an update, such as `invoice.updated`, if the block changes the object."""
    before = deepcopy(obj)
    yield
    if before != obj:
        emit(account, f"{EVENT_PREFIXES.get(obj['object'], obj['object'])}.updated", obj, before)
