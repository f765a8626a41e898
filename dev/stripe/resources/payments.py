"""Payment intents, setup intents and charges."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.api_versions import visible
from dev.stripe.cards import resolved
from dev.stripe.errors import ApiError, declined, wrong_state
from dev.stripe.events import updating
from dev.stripe.lifecycle.collection import collect
from dev.stripe.lifecycle.payments import cancel_intent, confirm, new_intent
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, boolean, metadata, natural, one_of, span, text
from dev.stripe.routes import route
from dev.stripe.store import Obj

CREATE: Table = {
    "amount!": natural,
    "currency!": text,
    "customer": text,
    "payment_method": text,
    "confirm": boolean,
    "off_session": boolean,
    "description": text,
    "metadata": metadata,
}


@route("POST /v1/payment_intents", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """A payment that no invoice asks for."""
    customer = account.find("customer", given["customer"], "customer") if given.get("customer") else None
    data = {key: words for key, words in (given.get("metadata") or {}).items() if words}
    currency = given["currency"].lower()
    more = {"metadata": data, "description": given.get("description")}
    intent = new_intent(account, customer, given["amount"], currency, account.now(customer), **more)
    if given.get("payment_method"):
        intent["payment_method"] = resolved(account, given["payment_method"], account.now(customer))["id"]
        intent["status"] = "requires_confirmation"
    if given.get("confirm"):
        return confirmed(account, {"off_session": given.get("off_session")}, intent["id"])
    return intent


@route("GET /v1/payment_intents/{id}", {"client_secret": text})
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A payment intent."""
    return account.find("payment_intent", name)


@route("GET /v1/payment_intents", {**PAGING, "customer": text, "created": span})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    """Payment intents of a customer."""
    return page(account, "/v1/payment_intents", newest_first(account, "payment_intent", given, "customer"), given)


@route("POST /v1/payment_intents/{id}", {"metadata": metadata, "description": text})
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Metadata and description."""
    intent = account.find("payment_intent", name)
    set_metadata(intent, given.get("metadata"))
    if "description" in given:
        intent["description"] = given["description"]
    return intent


@route("POST /v1/payment_intents/{id}/confirm", {"payment_method": text, "off_session": boolean, "return_url": text})
def confirmed(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Try to pay: 402 if the card is declined. Paying an invoice's intent pays the invoice."""
    intent = account.find("payment_intent", name)
    if intent["status"] in ("succeeded", "canceled"):
        message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        raise wrong_state(message, "payment_intent_unexpected_state")
    method_name = given.get("payment_method") or intent["payment_method"]
    if method_name is None:
        raise ApiError(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    method = resolved(account, method_name, account.now(intent))
    invoice = account.store.find(intent["_"]["invoice"]) if intent["_"]["invoice"] else None
    on_session = not given.get("off_session")
    result = (
        collect(account, invoice, method=method, on_session=on_session)
        if invoice
        else confirm(account, intent, method, on_session=on_session)
    )
    if result == "requires_payment_method":
        error = intent["last_payment_error"]
        raise declined(error, charge=error["charge"], payment_intent=visible(intent))
    return intent


REASONS = one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer")


@route("POST /v1/payment_intents/{id}/cancel", {"cancellation_reason": REASONS})
def canceled(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Cancel a payment that wasn't made."""
    intent = account.find("payment_intent", name)
    if intent["status"] in ("succeeded", "canceled") or intent["_"]["invoice"]:
        message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        raise wrong_state(message, "payment_intent_unexpected_state")
    cancel_intent(account, intent, given.get("cancellation_reason"))
    return intent


@route("GET /v1/setup_intents/{id}", {"client_secret": text})
def retrieve_setup(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A setup intent, as checkout in mode `setup` makes it."""
    return account.find("setup_intent", name)


@route("GET /v1/setup_intents", {**PAGING, "customer": text, "payment_method": text, "created": span})
def list_setups(account: Account, given: dict[str, Any]) -> Obj:
    """Setup intents of a customer."""
    return page(account, "/v1/setup_intents", newest_first(account, "setup_intent", given, "customer", "payment_method"), given)


@route("GET /v1/charges/{id}")
def retrieve_charge(account: Account, given: dict[str, Any], name: str) -> Obj:
    """A charge; `refunds` is there when it is expanded."""
    return account.find("charge", name)


@route("GET /v1/charges", {**PAGING, "customer": text, "payment_intent": text, "created": span})
def list_charges(account: Account, given: dict[str, Any]) -> Obj:
    """Charges of a customer or a payment intent."""
    return page(account, "/v1/charges", newest_first(account, "charge", given, "customer", "payment_intent"), given)


@route("POST /v1/charges/{id}", {"metadata": metadata, "description": text})
def update_charge(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Metadata and description."""
    charge = account.find("charge", name)
    with updating(account, charge, "charge.updated"):
        set_metadata(charge, given.get("metadata"))
        if "description" in given:
            charge["description"] = given["description"]
    return charge
