"""The commands below `/_control/`, which tests and the demo send to the emulator as JSON with the API key."""

from collections.abc import Callable
from typing import Any

import orjson

from dev.stripe import api_versions, playback
from dev.stripe.account import DEFAULTS, SETTINGS
from dev.stripe.account_commands import ACCOUNT_COMMANDS
from dev.stripe.application import ApiRequest, ApiResponse, Application, authenticate
from dev.stripe.bank_commands import BANK_COMMANDS
from dev.stripe.copies import copy_customers, read_catalog, store_catalog
from dev.stripe.errors import ApiError
from dev.stripe.ids import new_id
from dev.stripe.lifecycle import collection
from dev.stripe.lifecycle.checkout import complete
from dev.stripe.lifecycle.checkout_offers import Entries
from dev.stripe.lifecycle.discounts import redeem
from dev.stripe.lifecycle.refund_results import RESULTS
from dev.stripe.pages import portal
from dev.stripe.pages.invoice import save_new_method
from dev.stripe.payment_methods import METHODS
from dev.stripe.resources.customers import session_customer
from dev.stripe.resources.events_and_test_clocks import register

Command = Callable[[Application, dict[str, Any]], Any]
CHANGEABLE = ("api_version", "retry_days", "after_last_retry", "refunds", "signs_with", "debit_days")


def handle(application: Application, call: ApiRequest) -> ApiResponse:
    """Run a command. If it fails, return its error with 400 or the error's own status."""
    try:
        authenticate(call.headers.get("authorization", ""), application.account.key)
        command = COMMANDS.get(call.path.removeprefix("/_control/"))
        if command is None:
            raise ApiError(f"No such command. Choose one of: {', '.join(COMMANDS)}", status=404)
        result = command(application, orjson.loads(call.body or b"{}"))
    except (ApiError, KeyError, TypeError, ValueError) as error:
        status = error.status if isinstance(error, ApiError) else 400
        return ApiResponse(status, orjson.dumps({"error": f"{type(error).__name__}: {error}"}))
    return ApiResponse(200, orjson.dumps(result))


def clock(application: Application, given: dict[str, Any]) -> Any:
    """Change the clock by `{freeze: seconds}`, `{advance: seconds}` or `{to: seconds}`.

    With `deliver`, webhooks are posted after each step. Return `{now, frozen}` in seconds since 1970.
    """
    account, store = application.account, application.store
    with store.transaction():
        if "freeze" in given:
            account.settings["frozen"] = int(given["freeze"])
        until = int(given["to"]) if "to" in given else account.now() + int(given.get("advance") or 0)
    if "to" in given or "advance" in given:
        advance_account(application, until, deliver=bool(given.get("deliver")))
    with store.transaction():
        return {"now": account.now(), "frozen": account.settings["frozen"] is not None}


def advance_account(application: Application, until: int, *, deliver: bool) -> None:
    """Advance the account's clock step by step, and post webhooks between the steps if `deliver` is set."""
    while True:
        stepped = application.scheduler.step("", until)
        if deliver:
            application.deliveries.post_until_quiet()
        if not stepped:
            break
    with application.store.transaction():
        application.account.move("", until)


def fault(application: Application, given: dict[str, Any]) -> Any:
    """Add a fault; see `faults.Fault`."""
    application.faults.add(**given)
    return {"faults": len(application.faults.added)}


def clear_faults(application: Application, given: dict[str, Any]) -> Any:
    application.faults.clear()
    return {}


def hold(application: Application, given: dict[str, Any]) -> Any:
    """Hold deliveries back, or with `{held: false}` resume them."""
    with application.store.transaction():
        application.account.settings["held"] = bool(given.get("held", True))
    application.deliveries.wake.set()
    return {}


def deliver(application: Application, given: dict[str, Any]) -> Any:
    """Post all pending deliveries, and those that they cause. Return the posts."""
    application.catch_up()
    return {"posted": application.deliveries.post_until_quiet()}


def settings(application: Application, given: dict[str, Any]) -> Any:
    unknown = set(given) - set(CHANGEABLE)
    if unknown:
        raise ValueError(f"no such setting: {sorted(unknown)}")
    if given.get("refunds", "succeed") not in RESULTS:
        raise ValueError(f"refunds must be one of {', '.join(RESULTS)}")
    with application.store.transaction():
        application.account.settings.update(given)
        return {name: application.account.settings.get(name) for name in (*CHANGEABLE, "history")} | {
            "state": application.state
        }


def endpoint(application: Application, given: dict[str, Any]) -> Any:
    """Register `{url, secrets, api_version, enabled_events}`, or change the secrets of the endpoint with this URL."""
    with application.store.transaction():
        for found in application.store.where("webhook_endpoint", url=given["url"]):
            found["_"]["secrets"] = given["secrets"]
            found["api_version"] = given.get("api_version", found["api_version"])
            return {"id": found["id"]}
        more = {name: given[name] for name in ("api_version", "enabled_events") if name in given}
        return {"id": register(application.account, given["secrets"], url=given["url"], **more)["id"]}


def complete_checkout(application: Application, given: dict[str, Any]) -> Any:
    """Complete a checkout page as a customer does.

    `{session, card: a name of METHODS or null, email, authenticated, promotion_code, country, state, tax_id}`.
    """
    account = application.account
    card = given.get("card", "visa")
    if card is not None:
        require_method_name(card)
    with application.store.transaction():
        session = account.find("checkout.session", given["session"])
        customer = session_customer(account, session, given.get("email") or session["customer_email"] or "person@example.com")
        entries = Entries(**{name: given[name] for name in Entries.__dataclass_fields__ if given.get(name)})
        complete(account, session, customer, card, authenticated=bool(given.get("authenticated")), entries=entries)
        return api_versions.visible(session)


def discount_customer(application: Application, given: dict[str, Any]) -> Any:
    """Give a customer the discount of a coupon, as the dashboard does: `{customer, coupon}`."""
    account = application.account
    with application.store.transaction():
        customer = account.find("customer", given["customer"])
        customer["discount"] = redeem(account, customer, account.find("coupon", given["coupon"]))
        return {"id": customer["discount"]["id"]}


def require_method_name(name: str) -> None:
    """Raise ValueError for a name that is neither a test card nor a test bank account."""
    if name not in METHODS:
        raise ValueError(f"no such card or bank account: {name}")


def change_card(application: Application, given: dict[str, Any]) -> Any:
    """Change the card or bank account in the portal as a customer does: `{customer, card: a name of METHODS}`."""
    account = application.account
    require_method_name(given["card"])
    with application.store.transaction():
        portal.change_card(account, account.find("customer", given["customer"]), given["card"])
    return {}


def pay_invoice(application: Application, given: dict[str, Any]) -> Any:
    """Pay on the page of an invoice as a customer does: `{invoice, card: a name of METHODS, authenticated}`."""
    require_method_name(given["card"])
    with application.store.transaction():
        invoice = application.account.find("invoice", given["invoice"])
        if invoice["status"] not in ("open", "uncollectible"):
            raise ValueError(f"this invoice is {invoice['status']}")
        method = save_new_method(application, invoice, given["card"])
        is_confirmed = bool(given.get("authenticated"))
        result = collection.collect(application.account, invoice, method=method, on_session=True, authenticated=is_confirmed)
        return {"result": result}


def authenticate_payment(application: Application, given: dict[str, Any]) -> Any:
    """Complete or fail the bank's authentication as a customer does: `{payment_intent, succeed}`."""
    account = application.account
    with application.store.transaction():
        intent = account.find("payment_intent", given["payment_intent"])
        if intent["status"] != "requires_action":
            raise ValueError("this payment does not wait for authentication")
        collection.authenticate(account, intent, succeed=bool(given.get("succeed", True)))
        return {"status": intent["status"]}


def requests(application: Application, given: dict[str, Any]) -> Any:
    """Return the last API requests, oldest first, and the numbers of all by method and resource, such as `GET invoices`."""
    return {"requests": list(application.log), "counts": dict(application.counts)}


def deliveries(application: Application, given: dict[str, Any]) -> Any:
    """Return every delivery with the statuses of its attempts (0: no response), oldest first."""
    with application.store.transaction():
        kinds = {event["id"]: event["type"] for event in application.store.where("event")}
        return {"deliveries": [{**row, "type": kinds.get(row["event"])} for row in application.store.where("_delivery")]}


def redeliver(application: Application, given: dict[str, Any]) -> Any:
    """Post an event again, as Stripe's dashboard does: `{event}`."""
    store = application.store
    with store.transaction():
        rows = store.where("_delivery", event=given["event"])
        for row in rows:
            again = {"id": new_id("_dlv"), "status": "pending", "attempts": 0, "responses": []}
            store.add({**row, **again})
            store.get(row["event"])["pending_webhooks"] += 1
    return {"scheduled": len(rows)}


def drop_state(application: Application, given: dict[str, Any]) -> Any:
    """Delete every object; with `{everything: true}` also endpoints, settings and the clock."""
    store = application.store
    with application.deliveries.round, store.transaction():
        retained = [] if given.get("everything") else [application.account.settings, *store.where("webhook_endpoint")]
        store.clear()
        application.scheduler.clear()
        application.deliveries.waiting.clear()
        for obj in retained:
            store.add(obj)
        application.account.create_settings()
    application.faults.clear()
    application.log.clear()
    return {}


def state(application: Application, given: dict[str, Any]) -> Any:
    store = application.store
    with store.transaction():
        kinds = [name for name in store.index if "=" not in name]
        return {"objects": {kind: len(store.where(kind)) for kind in kinds}, "settings": {**DEFAULTS, **store.get(SETTINGS)}}


def play(application: Application, given: dict[str, Any]) -> Any:
    """Play a history within the emulator; see `playback.play`."""
    return playback.play(application, COMMANDS, given)


COMMANDS: dict[str, Command] = {
    **ACCOUNT_COMMANDS,
    "clock": clock,
    "fault": fault,
    "clear_faults": clear_faults,
    "hold": hold,
    "deliver": deliver,
    "settings": settings,
    "endpoint": endpoint,
    "complete_checkout": complete_checkout,
    "discount_customer": discount_customer,
    "change_card": change_card,
    "pay_invoice": pay_invoice,
    "play": play,
    "authenticate_payment": authenticate_payment,
    **BANK_COMMANDS,
    "copy_customers": copy_customers,
    "read_catalog": read_catalog,
    "store_catalog": store_catalog,
    "requests": requests,
    "deliveries": deliveries,
    "redeliver": redeliver,
    "drop_state": drop_state,
    "state": state,
}
