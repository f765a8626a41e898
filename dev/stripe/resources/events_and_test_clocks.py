"""Events, webhook endpoints and test clocks."""

from copy import deepcopy
from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.billing_periods import DAY
from dev.stripe.errors import ApiError, no_such
from dev.stripe.events import emit
from dev.stripe.ids import new_id
from dev.stripe.new_objects import new_object
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, each, integer, metadata, span, text, url
from dev.stripe.resources.standard import list_route, retrieve_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

EVENT_RETENTION = 30 * DAY
CLOCK = "test_helpers.test_clock"
MAX_CLOCK_ADVANCE = 2 * 366 * DAY  # two years; Stripe's limit is two intervals of the shortest subscription


retrieve_route("/v1/webhook_endpoints", "webhook_endpoint")
list_route("/v1/webhook_endpoints", "webhook_endpoint")
retrieve_route("/v1/test_helpers/test_clocks", CLOCK)
list_route("/v1/test_helpers/test_clocks", CLOCK)

FILTERS: Table = {**PAGING, "type": text, "types": each(text), "created": span, "delivery_success": boolean}


@route("GET /v1/events", FILTERS)
def list_events(account: Account, given: dict[str, Any]) -> Obj:
    """List events, newest first, by type (also `invoice.*`), time and whether every endpoint accepted them."""
    if given.get("type") and given.get("types"):
        raise ApiError("You may only specify one of these parameters: type, types.", param="types")
    kinds = given.get("types") or ([given["type"]] if given.get("type") else ["*"])
    recent = (event for event in newest_first(account, "event", given) if is_retained(account, event))
    found = (event for event in recent if any(is_kind(event, kind) for kind in kinds))
    if given.get("delivery_success") is not None:
        found = (
            event
            for event in found
            if (event["pending_webhooks"] == 0 and event["_"]["failed"] == 0) == given["delivery_success"]
        )
    return page("/v1/events", found, given)


@route("GET /v1/events/{id}")
def retrieve_event(account: Account, given: dict[str, Any], name: str) -> Obj:
    event = account.find("event", name)
    if not is_retained(account, event):
        raise no_such("event", name)
    return event


def is_retained(account: Account, event: Obj) -> bool:
    """Return True for 30 days, after which the API has no event: docs.stripe.com/api/events."""
    return bool(event["created"] > account.now(event) - EVENT_RETENTION)


def is_kind(event: Obj, kind: str) -> bool:
    """Return True if an event's type is `kind`. A `*` at its end matches any suffix."""
    name = str(event["type"])
    return name.startswith(kind[:-1]) if kind.endswith("*") else name == kind


ENDPOINT: Table = {"url!": url, "enabled_events!": each(text), "api_version": text, "description": text, "metadata": metadata}


@route("POST /v1/webhook_endpoints", ENDPOINT)
def create_endpoint(account: Account, given: dict[str, Any]) -> Obj:
    """Register an endpoint. Only this response has the secret."""
    secret = new_id("whsec")
    return {**register(account, [secret], **given), "secret": secret}


def register(account: Account, secrets: list[str], **given: Any) -> Obj:
    """Create an endpoint whose deliveries are signed with all of these secrets."""
    endpoint = account.store.add(
        new_object(
            "webhook_endpoint",
            api_version=given.get("api_version"),
            created=account.now(),
            description=given.get("description"),
            enabled_events=given.get("enabled_events") or ["*"],
            url=given["url"],
            _={"secrets": secrets},
        )
    )
    set_metadata(endpoint, given)
    return endpoint


CHANGE: Table = {"url": url, "enabled_events": each(text), "disabled": boolean, "description": text, "metadata": metadata}


@route("POST /v1/webhook_endpoints/{id}", CHANGE)
def update_endpoint(account: Account, given: dict[str, Any], name: str) -> Obj:
    endpoint = account.find("webhook_endpoint", name)
    endpoint.update({key: given[key] for key in ("url", "enabled_events", "description") if given.get(key)})
    if "disabled" in given:
        endpoint["status"] = "disabled" if given["disabled"] else "enabled"
    set_metadata(endpoint, given)
    return endpoint


@route("POST /v1/test_helpers/test_clocks", {"frozen_time!": integer, "name": text})
def create_clock(account: Account, given: dict[str, Any]) -> Obj:
    """Create a test clock, which is stopped until it is advanced."""
    times = {"created": account.now(), "deletes_after": account.now() + 30 * DAY, "frozen_time": given["frozen_time"]}
    clock = account.store.add(new_object(CLOCK, name=given.get("name"), **times))
    emit(account, "test_helpers.test_clock.created", clock)
    return clock


@route("POST /v1/test_helpers/test_clocks/{id}/advance", {"frozen_time!": integer})
def advance_clock(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Advance a test clock to `frozen_time`.

    The response has the status `advancing`, as Stripe's does. The clock has advanced before the next request.
    """
    clock = account.find(CLOCK, name)
    target = given["frozen_time"]
    if target <= clock["frozen_time"]:
        raise ApiError("The `frozen_time` must be after the current frozen time.", param="frozen_time")
    if target > clock["frozen_time"] + MAX_CLOCK_ADVANCE:
        raise ApiError("The `frozen_time` is too far ahead.", code="test_clock_advancing_too_far", param="frozen_time")
    if clock["status"] != "ready":
        raise ApiError("The test clock is advancing.")
    clock.update(status="advancing", status_details={"advancing": {"target_frozen_time": target}})
    emit(account, "test_helpers.test_clock.advancing", clock)
    response = deepcopy(clock)
    account.advance(name, target)
    clock.update(status="ready", status_details={})
    emit(account, "test_helpers.test_clock.ready", clock)
    return response
