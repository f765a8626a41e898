"""Payment methods: test cards, saved for a customer."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.cards import BY_NUMBER, CARDS, payment_method, resolved
from dev.stripe.errors import ApiError
from dev.stripe.events import updating
from dev.stripe.lifecycle.payments import attach, detach
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, fields, metadata, natural, one_of, text
from dev.stripe.routes import route
from dev.stripe.store import Obj

CARD: Table = {"token": text, "number": text, "exp_month": natural, "exp_year": natural, "cvc": text}


@route("POST /v1/payment_methods", {"type!": one_of("card"), "card!": fields(CARD), "metadata": metadata})
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Create a card by test token (`tok_visa`) or test number."""
    card = given["card"] or {}
    name = (card.get("token") or "").removeprefix("tok_") or BY_NUMBER.get(card.get("number") or "")
    if name not in CARDS:
        raise ApiError("Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number", param="number")
    method = payment_method(account, name, account.now(), card.get("exp_month") or 12, card.get("exp_year"))
    set_metadata(method, given)
    return method


@route("GET /v1/payment_methods/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Return a payment method. A test token creates a new one."""
    return resolved(account, name, account.now(), "id") if name.startswith("pm_card_") else account.find("payment_method", name)


@route("GET /v1/payment_methods", {**PAGING, "customer": text, "type": text})
def listed(account: Account, given: dict[str, Any]) -> Obj:
    if given.get("customer") is None:
        return page("/v1/payment_methods", [], given)
    account.find("customer", given["customer"], "customer")
    return page("/v1/payment_methods", newest_first(account, "payment_method", given, "customer", "type"), given)


@route("POST /v1/payment_methods/{id}", {"metadata": metadata, "card": fields({"exp_month": natural, "exp_year": natural})})
def update(account: Account, given: dict[str, Any], name: str) -> Obj:
    method = account.find("payment_method", name)
    if method["customer"] is None:
        raise ApiError("You must save this PaymentMethod to a customer before you can update it.")
    with updating(account, method):
        method["card"].update({key: value for key, value in (given.get("card") or {}).items() if value})
        set_metadata(method, given)
    return method


@route("POST /v1/payment_methods/{id}/attach", {"customer!": text})
def attached(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Attach a card to a customer. Some test cards are declined here."""
    customer = account.find("customer", given["customer"], "customer")
    method = retrieve(account, {}, name)
    if method["customer"] not in (None, customer["id"]):
        raise ApiError("The payment method you provided has already been attached to a customer.")
    if method["_"].get("was_of"):
        raise ApiError(
            "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, "
            "and may not be used again."
        )
    if method["customer"] is None:
        attach(account, method, customer)
    return method


@route("POST /v1/payment_methods/{id}/detach")
def detached(account: Account, given: dict[str, Any], name: str) -> Obj:
    method = account.find("payment_method", name)
    if method["customer"] is None:
        raise ApiError("The payment method you provided is not attached to a customer so detachment is impossible.")
    detach(account, method)
    return method
