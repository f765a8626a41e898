"""Test cards, and the results of saving and charging each.

Numbers and tokens are those of Stripe's testing page (docs.stripe.com/testing); `pm_card_failsAtRenewal` is the emulator's own.
"""

from dataclasses import dataclass
from typing import Any

from dev.stripe.account import Account
from dev.stripe.errors import no_such
from dev.stripe.new_objects import new_object
from dev.stripe.store import Obj

MESSAGES = {
    "card_declined": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


@dataclass(frozen=True)
class Card:
    """A test card. `charge` and `attach` are the errors of charging and saving it: `code/decline_code`, empty for success."""

    number: str
    brand: str = "visa"
    charge: str = ""
    attach: str = ""
    authenticates: bool = False
    only_on_session: bool = False
    dispute: str = ""  # the case that is opened after a payment, see lifecycle.disputes.CASES
    fraud_warning: bool = False
    refund: str = ""  # the result of its refunds, see lifecycle.refund_results.RESULTS
    funding: str = "credit"


CARDS = {
    "visa": Card("4242424242424242"),
    "visa_debit": Card("4000056655665556", funding="debit"),
    "mastercard": Card("5555555555554444", "mastercard"),
    "amex": Card("378282246310005", "amex"),
    "chargeCustomerFail": Card("4000000000000341", charge="card_declined/generic_decline"),
    "chargeDeclined": Card("4000000000000002", charge="card_declined/generic_decline", attach="card_declined/generic_decline"),
    "chargeDeclinedInsufficientFunds": Card(
        "4000000000009995", charge="card_declined/insufficient_funds", attach="card_declined/insufficient_funds"
    ),
    "chargeDeclinedExpiredCard": Card(
        "4000000000000069", charge="expired_card/expired_card", attach="expired_card/expired_card"
    ),
    "chargeDeclinedProcessingError": Card(
        "4000000000000119", charge="processing_error/processing_error", attach="processing_error/processing_error"
    ),
    "authenticationRequired": Card("4000002760003184", authenticates=True),
    "createDispute": Card("4000000000000259", dispute="chargeback"),
    "createDisputeInquiry": Card("4000000000001976", dispute="inquiry"),
    "createIssuerFraudRecord": Card("4000000000005423", fraud_warning=True),
    "refundFail": Card("4000000000005126", refund="fail_later"),
    "pendingRefund": Card("4000000000007726", refund="pending"),
    "failsAtRenewal": Card("4000000000009987", charge="card_declined/insufficient_funds", only_on_session=True),
}
BY_NUMBER = {card.number: name for name, card in CARDS.items()}


def failure(reason: str) -> dict[str, Any]:
    """Return code, decline code and message of `code/decline_code`."""
    code, decline_code = reason.split("/")
    return {"code": code, "decline_code": decline_code, "message": MESSAGES.get(decline_code) or MESSAGES[code]}


def card_of(method: Obj) -> Card:
    return CARDS[method["_"]["card"]]


def payment_method(account: Account, name: str, now: int, month: int = 12, year: int | None = None) -> Obj:
    card = CARDS[name]
    year = year or 1970 + now // 31_556_952 + 4  # mean length of a year: any date in the future will do
    return account.store.add(
        new_object(
            "payment_method",
            billing_details={"address": dict.fromkeys(ADDRESS), "email": None, "name": None, "phone": None, "tax_id": None},
            card={
                "brand": card.brand,
                "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
                "country": "US",
                "display_brand": card.brand,
                "exp_month": month,
                "exp_year": year,
                "fingerprint": f"emulator{card.number[-9:]}",
                "funding": card.funding,
                "generated_from": None,
                "last4": card.number[-4:],
                "networks": {"available": [card.brand], "preferred": None},
                "regulated_status": "unregulated",
                "three_d_secure_usage": {"supported": True},
                "wallet": None,
            },
            created=now,
            _={"card": name, "authenticated": False},
        )
    )


ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def resolved(account: Account, name: str, now: int, param: str = "payment_method") -> Obj:
    """Return the payment method of an id, or a new one of a test token such as `pm_card_visa`."""
    if name.startswith("pm_card_") and name[8:] in CARDS:
        return payment_method(account, name[8:], now)
    found = account.store.find(name)
    if found is None or found["object"] != "payment_method":
        raise no_such("PaymentMethod", name, param)
    return found
