"""Payment intents, setup intents and charges."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.api_versions import visible
from dev.stripe.cards import resolved
from dev.stripe.errors import ApiError, declined
from dev.stripe.lifecycle.collection import collect
from dev.stripe.parameters import boolean, span, text
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


@route("POST /v1/payment_intents/{id}/confirm", {"payment_method": text, "off_session": boolean, "return_url": text})
def confirmed(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Try to pay the invoice of a payment intent. Raise 402 for a declined card."""
    intent = account.find("payment_intent", name)
    if intent["status"] in ("succeeded", "canceled"):
        message = f"You cannot confirm this PaymentIntent because it has a status of {intent['status']}."
        raise ApiError(message, code=UNEXPECTED_STATE)
    method_name = given.get("payment_method") or intent["payment_method"]
    if method_name is None:
        raise ApiError("You cannot confirm this PaymentIntent because it's missing a payment method.", code=UNEXPECTED_STATE)
    method = resolved(account, method_name, account.now(intent))
    invoice = account.store.get(intent["_"]["invoice"])
    if collect(account, invoice, method=method, on_session=not given.get("off_session")) == "requires_payment_method":
        error = intent["last_payment_error"]
        raise declined(error, charge=error["charge"], payment_intent=visible(intent))
    return intent
