"""Lists by cursor, newest first: `{object: list, data, has_more, url}`."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import ApiError, no_such
from dev.stripe.parameters import Table, integer, text
from dev.stripe.store import Obj

PAGING: Table = {"limit": integer, "starting_after": text, "ending_before": text}
MAX_LIMIT = 100


def listing(url: str, data: list[Any], has_more: bool = False) -> Obj:
    """Return Stripe's envelope around a page."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page(url: str, newest_first: list[Obj], given: dict[str, Any]) -> Obj:
    """Return a page of a list by `limit`, `starting_after` and `ending_before`."""
    limit = given.get("limit") or 10
    if not 1 <= limit <= MAX_LIMIT:
        raise ApiError("Invalid integer: limit must be between 1 and 100", code="parameter_invalid_integer", param="limit")
    after, before = given.get("starting_after"), given.get("ending_before")
    if after and before:
        raise ApiError("You can only use one of starting_after and ending_before.", param="ending_before")
    if before:
        left = newest_first[: position(newest_first, before, "ending_before")]
        return listing(url, left[-limit:], len(left) > limit)
    left = newest_first[position(newest_first, after, "starting_after") + 1 :] if after else newest_first
    return listing(url, left[:limit], len(left) > limit)


def position(objects: list[Obj], name: str, param: str) -> int:
    for number, obj in enumerate(objects):
        if obj["id"] == name:
            return number
    raise no_such("object", name, param)


def within(span: Any, value: int) -> bool:
    """Return True if a time matches a filter of `parameters.span`."""
    if span is None or isinstance(span, int):
        return span in (None, value)
    tests = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__, "lte": value.__le__}
    return all(tests[name](limit) for name, limit in span.items() if limit is not None)


def newest_first(account: Account, kind: str, given: dict[str, Any], *names: str) -> list[Obj]:
    """Return the objects of a kind by equality of the named parameters and, if given, by `created`."""
    wanted = {name: given[name] for name in names if given.get(name) is not None}
    if "customer" in wanted:
        account.require_customer(wanted["customer"])
    if account.settings["other_mode"]:
        return []
    return [
        obj for obj in reversed(account.store.where_read_only(kind, **wanted)) if within(given.get("created"), obj["created"])
    ]
