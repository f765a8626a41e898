"""Payment intents, setup intents and charges."""

from typing import Any

from dev.stripe.account import Account, new_metadata
from dev.stripe.api_versions import visible
from dev.stripe.errors import ApiError, declined
from dev.stripe.lifecycle.collection import collect
from dev.stripe.lifecycle.partial_payments import receive_payment
from dev.stripe.lifecycle.payments import confirm, new_intent
from dev.stripe.parameters import Table, boolean, metadata, natural, span, text
from dev.stripe.payment_methods import resolved
from dev.stripe.resources.standard import list_route, retrieve_route, update_route
from dev.stripe.routes import route
from dev.stripe.store import Obj

UNEXPECTED_STATE = "payment_intent_unexpected_state"

retrieve_route("/v1/payment_intents", "payment_intent", {"client_secret": text})
list_route("/v1/payment_intents", "payment_intent", {"customer": text, "created": span})
update_route("/v1/payment_intents", "payment_intent", {"description": text}, sends_event=False)
retrieve_route("/v1/setup_intents", "setup_intent", {"client_secret": text})
list_route("/v1/setup_intents", "setup_intent", {"customer": text, "payment_method": text, "created": span})
retrieve_route("/v1/charges", "charge")
list_route("/v1/charges", "charge", {"customer": text, "payment_intent": text, "created": span})
update_route("/v1/charges", "charge", {"description": text})
retrieve_route("/v1/payouts", "payout")
list_route("/v1/payouts", "payout", {"status": text, "created": span})


CONFIRM: Table = {"payment_method": text, "off_session": boolean, "return_url": text}
CREATE: Table = {
    **CONFIRM,
    "amount!": natural,
    "currency!": text,
    "customer!": text,
    "confirm": boolean,
    "description": text,
    "metadata": metadata,
}


@route("POST /v1/payment_intents", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Create a payment of a customer that belongs to no invoice, and with `confirm` try it."""
    customer = account.find("customer", given["customer"], "customer")
    more = {"description": given.get("description"), "metadata": new_metadata(given)}
    intent = new_intent(account, customer, given["amount"], given["currency"], customer["id"], **more)
    return confirmed(account, given, intent["id"]) if given.get("confirm") else intent


@route("POST /v1/payment_intents/{id}/confirm", CONFIRM)
def confirmed(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Try to pay, and with it the payment intent's invoice. Raise 402 for a declined card."""
    intent = account.find("payment_intent", name)
    if intent["status"] in ("succeeded", "canceled", "processing"):
        message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        raise ApiError(message, code=UNEXPECTED_STATE)
    method_name = given.get("payment_method") or intent["payment_method"]
    if method_name is None:
        raise ApiError("You cannot confirm this PaymentIntent because it's missing a payment method.", code=UNEXPECTED_STATE)
    method = resolved(account, method_name, account.now(intent))
    on_session = not given.get("off_session")
    if "invoice" in intent["_"]:
        result = collect(account, account.store.get(intent["_"]["invoice"]), method=method, on_session=on_session)
    else:
        result = confirm(account, intent, method, on_session=on_session)
        receive_payment(account, intent)
    if result == "requires_payment_method":
        error = intent["last_payment_error"]
        raise declined(error, charge=error["charge"], payment_intent=visible(intent))
    return intent
