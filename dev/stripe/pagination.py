"""Lists by cursor, newest first: `{object: list, data, has_more, url}`."""

from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import ApiError, no_such
from dev.stripe.parameters import Table, integer, text
from dev.stripe.store import Obj, created_at, matches

PAGING: Table = {"limit": integer, "starting_after": text, "ending_before": text}
MAX_LIMIT = 100


def listing(url: str, data: list[Any], has_more: bool = False) -> Obj:
    """Return Stripe's envelope around a page."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page(url: str, found: Iterable[Obj], given: dict[str, Any]) -> Obj:
    """Return a page of what `newest_first` has found with the same parameters."""
    limit = limit_of(given)
    if given.get("ending_before"):
        left = list(takewhile(lambda obj: obj["id"] != given["ending_before"], found))
        return listing(url, left[-limit:], len(left) > limit)
    left = list(islice(found, limit + 1))
    return listing(url, left[:limit], len(left) > limit)


def limit_of(given: dict[str, Any]) -> int:
    """Return the size of a page, by default 10."""
    limit: int = given.get("limit") or 10
    if not 1 <= limit <= MAX_LIMIT:
        raise ApiError("Invalid integer: limit must be between 1 and 100", code="parameter_invalid_integer", param="limit")
    return limit


def within(span: Any, value: int) -> bool:
    """Return True if a time matches a filter of `parameters.span`."""
    if span is None or isinstance(span, int):
        return span in (None, value)
    tests = {"gt": value.__gt__, "gte": value.__ge__, "lt": value.__lt__, "lte": value.__le__}
    return all(tests[name](limit) for name, limit in span.items() if limit is not None)


def newest_first(account: Account, kind: str, given: dict[str, Any], *names: str) -> Iterator[Obj]:
    """Return the objects of a kind by equality of the named parameters and by `created`, from `starting_after` on."""
    wanted = {name: given[name] for name in names if given.get(name) is not None}
    if "customer" in wanted:
        account.require_customer(wanted["customer"])
    after, span = given.get("starting_after"), given.get("created")
    if after and given.get("ending_before"):
        raise ApiError("You can only use one of starting_after and ending_before.", param="ending_before")
    for param in ("starting_after", "ending_before"):
        if given.get(param) and not matches(account.find(kind, given[param], param), wanted):
            raise no_such(kind, given[param], param)
    if account.settings["other_mode"]:
        return iter(())
    found = account.store.newest_first(kind, after, since(span), **wanted)
    return (obj for obj in found if within(span, created_at(obj)))


def since(span: Any) -> int:
    """Return the earliest time that a filter of `parameters.span` admits."""
    bounds = [span] if isinstance(span, int) else [(span or {}).get("gt"), (span or {}).get("gte")]
    return max(bound or 0 for bound in bounds)
