"""The parameter `expand[]`, which replaces ids by their objects and adds fields that are only sent on request."""

from collections.abc import Callable
from typing import Any

from dev.stripe.account import Account
from dev.stripe.api_versions import serialize
from dev.stripe.errors import ApiError
from dev.stripe.pagination import listing
from dev.stripe.store import Obj

# includes `data`: docs.stripe.com/expand names data.payment_intent.customer.default_source as the deepest
MAX_EXPAND_DEPTH = 4


def payments(account: Account, invoice: Obj) -> Obj:
    return listing("/v1/invoice_payments", account.store.where("invoice_payment", invoice=invoice["id"]))


def refunds(account: Account, charge: Obj) -> Obj:
    """Return a charge's refunds, newest first."""
    return listing(f"/v1/charges/{charge['id']}/refunds", account.store.where("refund", charge=charge["id"])[::-1])


def subscriptions(account: Account, customer: Obj) -> Obj:
    """Return a customer's subscriptions that have not ended."""
    found = [obj for obj in account.store.where("subscription", customer=customer["id"]) if obj["ended_at"] is None]
    return listing(f"/v1/customers/{customer['id']}/subscriptions", found[::-1])


def line_items(account: Account, session: Obj) -> Obj:
    return listing(f"/v1/checkout/sessions/{session['id']}/line_items", account.store.get(session["id"])["_"]["lines"])


def confirmation_secret(account: Account, invoice: Obj) -> Obj | None:
    """Return the secret by which a browser confirms the payment of an invoice."""
    intent = account.intent_of(invoice)
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


ON_REQUEST: dict[tuple[str, str], Callable[[Account, Obj], Any]] = {
    ("invoice", "payments"): payments,
    ("invoice", "confirmation_secret"): confirmation_secret,
    ("charge", "refunds"): refunds,
    ("customer", "subscriptions"): subscriptions,
    ("checkout.session", "line_items"): line_items,
}


def expanded(account: Account, response: Any, paths: list[str], version: str | None) -> Any:
    """Return a response with every path, such as `data.latest_invoice.payments`, expanded."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > MAX_EXPAND_DEPTH:
            raise ApiError(
                f"You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property. Property: {path}", param="expand"
            )
        expand_path(account, response, steps, path, version)
    return response


def expand_path(account: Account, here: Any, steps: list[str], path: str, version: str | None) -> None:
    """Expand the first step of a path in place, and then the others. A deleted object has nothing to expand."""
    if not steps or here is None or (isinstance(here, dict) and here.get("deleted")):
        return
    if isinstance(here, list):
        for entry in here:
            expand_path(account, entry, steps, path, version)
        return
    step, rest = steps[0], steps[1:]
    if not isinstance(here, dict) or not expand_field(account, here, step, version):
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    expand_path(account, here[step], rest, path, version)


def expand_field(account: Account, here: Obj, step: str, version: str | None) -> bool:
    """Replace the id in a field by its object. Return False when there is no such field or object."""
    make = ON_REQUEST.get((str(here.get("object")), step))
    if make and step not in here:
        here[step] = serialize(account, make(account, here), version)
    if step not in here:
        return False
    value = here[step]
    if isinstance(value, list):
        here[step] = [found_object(account, entry, version) if isinstance(entry, str) else entry for entry in value]
        return None not in here[step]
    if isinstance(value, str):
        found = found_object(account, value, version) if step != "id" else None
        if found is None:
            return False
        here[step] = found
    return True


def found_object(account: Account, name: str, version: str | None) -> Obj | None:
    """Return the object of an id in the format of a version, None if it is unknown or internal."""
    found = account.store.find(name)
    return None if found is None or found["object"].startswith("_") else serialize(account, found, version)
