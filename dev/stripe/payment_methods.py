"""Payment methods: test cards and test bank accounts by their names, numbers and tokens."""

from typing import Any

from dev.stripe.account import Account
from dev.stripe.bank_debits import BANK_ACCOUNTS, BankAccount, bank_account_fields, debited_account_fields
from dev.stripe.cards import CARDS, Card, card_fields, charged_card_fields
from dev.stripe.errors import no_such
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
METHODS = {**CARDS, **BANK_ACCOUNTS}
MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
MEAN_YEAR = 31_556_952  # seconds


def failure(reason: str) -> dict[str, Any]:
    """Return code, decline code and message of `code/decline_code`."""
    code, decline_code = reason.split("/")
    return {"code": code, "decline_code": decline_code, "message": MESSAGES.get(decline_code) or MESSAGES[code]}


def card_of(method: Obj) -> Card | None:
    """Return the test card of a payment method, None for a bank account."""
    return CARDS.get(method["_"]["name"])


def bank_account_of(method: Obj) -> BankAccount | None:
    return BANK_ACCOUNTS.get(method["_"]["name"])


def payment_method(account: Account, name: str, now: int, month: int = 12, year: int | None = None) -> Obj:
    """Create the payment method of a test card or a test bank account."""
    kind, fields = "card", {}
    if name in CARDS:
        fields = card_fields(name, month, year or 1970 + now // MEAN_YEAR + 4)  # any date in the future will do
    else:
        kind, fields = bank_account_fields(name)
    return account.store.add(
        new_object(
            "payment_method",
            billing_details={"address": dict.fromkeys(ADDRESS), "email": None, "name": None, "phone": None, "tax_id": None},
            created=now,
            type=kind,
            **{kind: fields},
            _={"name": name, "is_set_up": False},
        )
    )


def charged_details(method: Obj) -> Obj:
    """Return `payment_method_details` of a charge."""
    fields = charged_card_fields(method) if method["type"] == "card" else debited_account_fields(method)
    return {method["type"]: fields, "type": method["type"]}


def resolved(account: Account, name: str, now: int, param: str = "payment_method") -> Obj:
    """Return the payment method of an id, or a new one of a test token such as `pm_card_visa`."""
    test_name = name_of_token(name)
    if test_name:
        return payment_method(account, test_name, now)
    found = account.store.find(name)
    if found is None or found["object"] != "payment_method":
        raise no_such("PaymentMethod", name, param)
    return found


def name_of_token(token: str) -> str:
    """Return the name of `pm_card_visa` or `pm_usBankAccount_success`, "" for anything else."""
    name = token.removeprefix("pm_").removeprefix("card_")
    return name if token in (f"pm_card_{name}" if name in CARDS else f"pm_{name}",) and name in METHODS else ""
