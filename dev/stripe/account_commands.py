"""Commands below `/_control/` about the account as a whole: another app in it, the key's mode, thin events, strange objects."""

from datetime import UTC, datetime
from typing import Any

from dev.stripe.account import Account
from dev.stripe.api_versions import visible
from dev.stripe.application import Application
from dev.stripe.events import emit
from dev.stripe.lifecycle.disputes import open_dispute
from dev.stripe.lifecycle.payments import attach
from dev.stripe.lifecycle.subscription_creation import subscribe
from dev.stripe.new_objects import new_object
from dev.stripe.payment_methods import payment_method
from dev.stripe.resources import catalog, customers, refunds
from dev.stripe.store import Obj

FOREIGN_METADATA = {"plan_id": "gold", "user_id": "acme-17", "adjustment": "none"}


def alter(application: Application, given: dict[str, Any]) -> Any:
    """Show fields of an object with any value, also one that Stripe does not send: `{id, fields: {path: value}}`.

    A path such as `items.data.0.price` names a nested field. The fields replace those of the last call. The object itself does
    not change, and no event is sent.
    """
    with application.store.transaction():
        application.store.get(given["id"]).setdefault("_", {})["altered"] = given["fields"]
    return {}


def other_mode(application: Application, given: dict[str, Any]) -> Any:
    """Serve requests as for a key of the other mode, for which no object exists, or with `{on: false}` as before."""
    with application.store.transaction():
        application.account.settings["other_mode"] = bool(given.get("on", True))
    return {}


def foreign_app(application: Application, given: dict[str, Any]) -> Any:
    """Add objects of another app that shares the account. They have its own metadata under our names.

    With `{customer}` that customer subscribes to its price as well. Return the ids.
    """
    account = application.account
    with application.store.transaction():
        product = catalog.create_product(account, {"name": "Acme", "metadata": FOREIGN_METADATA})
        price = catalog.create_price(
            account,
            {
                "product": product["id"],
                "currency": "eur" if not given.get("customer") else "usd",
                "unit_amount": 700,
                "recurring": {"interval": "week"},
                "metadata": FOREIGN_METADATA,
            },
        )
        customer = account.find("customer", given["customer"]) if given.get("customer") else new_customer(account)
        method = account.store.where("payment_method", customer=customer["id"])[0]
        subscription = subscribe(
            account, customer, {"items": [{"price": price["id"]}], "metadata": FOREIGN_METADATA}, method=method
        )
        charge = account.store.where("charge", customer=customer["id"])[-1]
        refunds.create(account, {"charge": charge["id"], "amount": 100, "metadata": FOREIGN_METADATA})
        open_dispute(account, charge, "general")
        payout = new_payout(account)
        ids = {"customer": customer, "product": product, "price": price, "subscription": subscription, "payout": payout}
        return {name: obj["id"] for name, obj in ids.items()}


def new_customer(account: Account) -> Obj:
    customer = customers.create(account, {"email": "buyer@acme.example", "metadata": FOREIGN_METADATA})
    attach(account, payment_method(account, "visa", account.now()), customer)
    return customer


def new_payout(account: Account) -> Obj:
    now = account.now()
    payout = account.store.add(new_object("payout", amount=10_000, arrival_date=now, created=now, currency="usd"))
    emit(account, "payout.paid", payout)
    return payout


def thin_event(application: Application, given: dict[str, Any]) -> Any:
    """Send a thin event to every endpoint: `{type, related: {id, type, url}}`."""
    account = application.account
    with application.store.transaction():
        created = datetime.fromtimestamp(account.now(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        about = {"type": given["type"], "related_object": given["related"]}
        event = account.store.add(new_object("v2.core.event", created=created, **about, _={"failed": 0, "other": None}))
        for endpoint in account.store.where("webhook_endpoint", status="enabled"):
            event["pending_webhooks"] += 1
            row = {"event": event["id"], "endpoint": endpoint["id"], "clock": None, "at": account.now()}
            account.store.add(new_object("_delivery", **row))
    return {"id": event["id"]}


def check_objects(application: Application, given: dict[str, Any]) -> Any:
    """Check all following responses against the library's annotations, or with `{on: false}` no longer.

    Return the errors since the last call, each once.
    """
    application.checks_objects = bool(given.get("on", True))
    errors, application.object_errors = sorted(application.object_errors), set()
    return {"errors": errors}


def events(application: Application, given: dict[str, Any]) -> Any:
    """Return all events, or with `{after}` those after that one, oldest first. The API lists those of 30 days."""
    with application.store.transaction():
        index = application.store.index_of("event", {})
        later = index.names[index.places[given["after"]] + 1 :] if given.get("after") else index.names
        found = (application.store.find_read_only(name) for name in later)
        return {"events": [visible(event) for event in found if event is not None]}


ACCOUNT_COMMANDS = {
    "events": events,
    "alter": alter,
    "check_objects": check_objects,
    "foreign_app": foreign_app,
    "other_mode": other_mode,
    "thin_event": thin_event,
}
