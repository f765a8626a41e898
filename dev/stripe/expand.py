"""`expand[]`: identifiers replaced by what they name, and the parts that are only there when asked for."""

from collections.abc import Callable
from typing import Any

from dev.stripe.account import Account
from dev.stripe.api_versions import serialize
from dev.stripe.errors import ApiError
from dev.stripe.pagination import listing
from dev.stripe.store import Obj

MAX_EXPAND_DEPTH = (
    4  # counted with `data`: docs.stripe.com/expand names data.payment_intent.customer.default_source as the deepest
)


def payments(account: Account, invoice: Obj) -> Obj:
    """An invoice's payments."""
    return listing("/v1/invoice_payments", account.store.where("invoice_payment", invoice=invoice["id"]))


def refunds(account: Account, charge: Obj) -> Obj:
    """A charge's refunds, newest first."""
    return listing(f"/v1/charges/{charge['id']}/refunds", account.store.where("refund", charge=charge["id"])[::-1])


def subscriptions(account: Account, customer: Obj) -> Obj:
    """A customer's subscriptions that haven't ended."""
    found = [obj for obj in account.store.where("subscription", customer=customer["id"]) if obj["ended_at"] is None]
    return listing(f"/v1/customers/{customer['id']}/subscriptions", found[::-1])


def line_items(account: Account, session: Obj) -> Obj:
    """What a checkout session sells."""
    return listing(f"/v1/checkout/sessions/{session['id']}/line_items", account.store.get(session["id"])["_"]["lines"])


def confirmation_secret(account: Account, invoice: Obj) -> Obj | None:
    """What a browser would confirm the invoice's payment with."""
    intent = account.intent_of(invoice)
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


ON_REQUEST: dict[tuple[str, str], Callable[[Account, Obj], Any]] = {
    ("invoice", "payments"): payments,
    ("invoice", "confirmation_secret"): confirmation_secret,
    ("charge", "refunds"): refunds,
    ("customer", "subscriptions"): subscriptions,
    ("checkout.session", "line_items"): line_items,
}


def expanded(account: Account, answer: Any, paths: list[str], version: str | None) -> Any:
    """The answer with every path followed: `data.latest_invoice.payments`."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > MAX_EXPAND_DEPTH:
            raise ApiError(
                f"You cannot expand more than {MAX_EXPAND_DEPTH} levels of a property. Property: {path}", param="expand"
            )
        follow(account, answer, steps, path, version)
    return answer


def follow(account: Account, here: Any, steps: list[str], path: str, version: str | None) -> None:
    """Expand the first step in place and go on with the others."""
    if not steps or here is None:
        return
    if isinstance(here, list):
        for entry in here:
            follow(account, entry, steps, path, version)
        return
    step, rest = steps[0], steps[1:]
    if not isinstance(here, dict) or not fill(account, here, step, version):
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    follow(account, here[step], rest, path, version)


def fill(account: Account, here: Obj, step: str, version: str | None) -> bool:
    """Put what `step` names in its place; False when there is no such thing."""
    make = ON_REQUEST.get((str(here.get("object")), step))
    if make and step not in here:
        here[step] = serialize(account, make(account, here), version)
    if step not in here:
        return False
    value = here[step]
    if isinstance(value, str):
        found = account.store.find(value) if step != "id" else None
        if found is None or found["object"].startswith("_"):
            return False
        here[step] = serialize(account, found, version)
    return True
