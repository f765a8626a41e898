"""Payment methods: test cards and test bank accounts, saved for a customer."""

from typing import Any

from dev.stripe.account import Account, set_metadata
from dev.stripe.bank_debits import BY_ACCOUNT_NUMBER
from dev.stripe.cards import BY_NUMBER, CARDS
from dev.stripe.errors import ApiError
from dev.stripe.events import updating
from dev.stripe.lifecycle.payments import attach, detach
from dev.stripe.pagination import PAGING, newest_first, page
from dev.stripe.parameters import Table, fields, metadata, natural, one_of, text
from dev.stripe.payment_methods import name_of_token, payment_method, resolved
from dev.stripe.routes import route
from dev.stripe.store import Obj

CARD: Table = {"token": text, "number": text, "exp_month": natural, "exp_year": natural, "cvc": text}


BANK_ACCOUNT: Table = {"account_number": text, "iban": text, "routing_number": text, "sort_code": text}
BANK_TYPES = ("bacs_debit", "sepa_debit", "us_bank_account")
CREATE: Table = {
    "type!": one_of("card", *BANK_TYPES),
    "card": fields(CARD),
    **dict.fromkeys(BANK_TYPES, fields(BANK_ACCOUNT)),
    "metadata": metadata,
}


@route("POST /v1/payment_methods", CREATE)
def create(account: Account, given: dict[str, Any]) -> Obj:
    """Create a card by test token (`tok_visa`) or test number, or a bank account by test number."""
    if given["type"] != "card":
        return create_bank_account(account, given)
    card = given.get("card") or {}
    name = (card.get("token") or "").removeprefix("tok_") or BY_NUMBER.get(card.get("number") or "")
    if name not in CARDS:
        raise ApiError("Your card number is incorrect.", status=402, kind="card_error", code="incorrect_number", param="number")
    method = payment_method(account, name, account.now(), card.get("exp_month") or 12, card.get("exp_year"))
    set_metadata(method, given)
    return method


def create_bank_account(account: Account, given: dict[str, Any]) -> Obj:
    bank_account = given.get(given["type"]) or {}
    number = bank_account.get("iban") or bank_account.get("account_number")
    name = BY_ACCOUNT_NUMBER.get((given["type"], number or ""))
    if name is None:
        raise ApiError(
            "Must use a test bank account number when making transfers or debits in test mode.", code="account_number_invalid"
        )
    method = payment_method(account, name, account.now())
    set_metadata(method, given)
    return method


@route("GET /v1/payment_methods/{id}")
def retrieve(account: Account, given: dict[str, Any], name: str) -> Obj:
    """Return a payment method. A test token creates a new one."""
    return resolved(account, name, account.now(), "id") if name_of_token(name) else account.find("payment_method", name)


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
