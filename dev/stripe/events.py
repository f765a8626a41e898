"""Events: what happened, with the object as it was then, and what of it was different before."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from dev.stripe.account import Account
from dev.stripe.api_versions import is_pre_basil, serialize
from dev.stripe.ids import new_id
from dev.stripe.store import Obj

HIDDEN = "_"


def emit(account: Account, kind: str, obj: Obj, before: Obj | None = None) -> Obj:
    """Put an event on record and have it delivered. `before` is the object as it was, for `previous_attributes`."""
    version = account.settings["api_version"]
    event = {
        "id": new_id("evt"),
        "object": "event",
        "account": None,
        "api_version": version,
        "context": None,
        "created": account.now(obj),
        "data": data(account, obj, before, version),
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": account.request.id, "idempotency_key": account.request.idempotency_key},
        "type": kind,
        HIDDEN: {"clock": account.clock_of(obj), "other": None, "failed": 0},
    }
    account.store.add(event)
    for endpoint in account.store.where("webhook_endpoint"):
        if endpoint["status"] == "enabled" and wants(endpoint, kind):
            if is_pre_basil(endpoint["api_version"] or version) != is_pre_basil(version) and event[HIDDEN]["other"] is None:
                event[HIDDEN]["other"] = data(account, obj, before, endpoint["api_version"])
            schedule(account, event, endpoint)
    return event


def data(account: Account, obj: Obj, before: Obj | None, version: str | None) -> Obj:
    """An event's `data` in a version's shape."""
    now = serialize(account, obj, version)
    return (
        {"object": now}
        if before is None
        else {"object": now, "previous_attributes": previous(serialize(account, before, version), now)}
    )


def previous(before: Obj, now: Obj) -> Obj:
    """What was different: the old values, in nested objects only of the names that changed; lists whole."""
    found: dict[str, Any] = {}
    for key in {**before, **now}:
        old, new = before.get(key), now.get(key)
        if old != new:
            found[key] = previous(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return found


def wants(endpoint: Obj, kind: str) -> bool:
    """Whether an endpoint asked for this kind of event."""
    return "*" in endpoint["enabled_events"] or kind in endpoint["enabled_events"]


def schedule(account: Account, event: Obj, endpoint: Obj) -> None:
    """A delivery of the event, to be made at once."""
    event["pending_webhooks"] += 1
    account.store.add(
        {
            "id": new_id("_dlv"),
            "object": "_delivery",
            "event": event["id"],
            "endpoint": endpoint["id"],
            "clock": event[HIDDEN]["clock"],
            "attempts": 0,
            "at": event["created"],
            "status": "pending",
            "answers": [],
        }
    )


@contextmanager
def updating(account: Account, obj: Obj, kind: str) -> Iterator[Obj]:
    """Emit an event of this kind if the object is different afterwards."""
    before = deepcopy(obj)
    yield obj
    if before != obj:
        emit(account, kind, obj, before)
