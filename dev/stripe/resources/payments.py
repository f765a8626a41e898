"""Payment intents, setup intents and charges."""

from typing import Any

from dev.stripe.account import Account, new_metadata
from dev.stripe.api_versions import visible
from dev.stripe.cards import resolved
from dev.stripe.errors import ApiError, declined
from dev.stripe.lifecycle.collection import collect
from dev.stripe.lifecycle.payments import cancel_intent, confirm, new_intent
from dev.stripe.parameters import Table, boolean, metadata, natural, one_of, span, text
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
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
REASONS = one_of("abandoned", "duplicate", "fraudulent", "requested_by_customer")
UNEXPECTED_STATE = "payment_intent_unexpected_state"

retrieve_route("/v1/payment_intents", "payment_intent", {"client_secret": text})
list_route("/v1/payment_intents", "payment_intent", {"customer": text, "created": span})
update_route("/v1/payment_intents", "payment_intent", {"description": text}, sends_event=False)
retrieve_route("/v1/setup_intents", "setup_intent", {"client_secret": text})
list_route("/v1/setup_intents", "setup_intent", {"customer": text, "payment_method": text, "created": span})
retrieve_route("/v1/charges", "charge")
list_route("/v1/charges", "charge", {"customer": text, "payment_intent": text, "created": span})
update_route("/v1/charges", "charge", {"description": text})


@route("POST /v1/payment_intents", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    customer = account.find("customer", given["customer"], "customer") if given.get("customer") else None
    more = {"metadata": new_metadata(given), "description": given.get("description")}
    intent = new_intent(account, customer, given["amount"], given["currency"].lower(), account.now(customer), **more)
    if given.get("payment_method"):
        intent["payment_method"] = resolved(account, given["payment_method"], account.now(customer))["id"]
        intent["status"] = "requires_confirmation"
    if given.get("confirm"):
        return confirmed(account, {"off_session": given.get("off_session")}, intent["id"])
    return intent


@route("POST /v1/payment_intents/{id}/confirm", {"payment_method": text, "off_session": boolean, "return_url": text})
def confirmed(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Try to pay. Raise 402 for a declined card. The intent of an invoice pays the invoice."""
    intent = account.find("payment_intent", name)
    if intent["status"] in ("succeeded", "canceled"):
        message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        raise ApiError(message, code=UNEXPECTED_STATE)
    method_name = given.get("payment_method") or intent["payment_method"]
    if method_name is None:
        raise ApiError("You cannot confirm this PaymentIntent because it's missing a payment method.", code=UNEXPECTED_STATE)
    method = resolved(account, method_name, account.now(intent))
    invoice = account.store.find(intent["_"]["invoice"]) if intent["_"]["invoice"] else None
    on_session = not given.get("off_session")
    if invoice:
        result = collect(account, invoice, method=method, on_session=on_session)
    else:
        result = confirm(account, intent, method, on_session=on_session)
    if result == "requires_payment_method":
        error = intent["last_payment_error"]
        raise declined(error, charge=error["charge"], payment_intent=visible(intent))
    return intent


@route("POST /v1/payment_intents/{id}/cancel", {"cancellation_reason": REASONS})
def canceled(account: Account, given: dict[str, Any], name: str) -> Obj:
    intent = account.find("payment_intent", name)
    if intent["status"] in ("succeeded", "canceled") or intent["_"]["invoice"]:
        message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        raise ApiError(message, code=UNEXPECTED_STATE)
    cancel_intent(account, intent, given.get("cancellation_reason"))
    return intent
