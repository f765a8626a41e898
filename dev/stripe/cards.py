"""Test cards, and the results of saving and charging each.

Numbers and tokens are those of Stripe's testing page (docs.stripe.com/testing). `failsAtRenewal` and `lostBeforeRenewal` are
the emulator's own.
"""

from dataclasses import dataclass

from dev.stripe.store import Obj

# Stripe schedules retries after these codes, but makes none until there is another payment method:
# docs.stripe.com/billing/revenue-recovery/smart-retries#non-retryable-decline-codes
# The product has its own list, which this one judges.
HARD_DECLINE_CODES = frozenset(
    (
        "authentication_required",
        "highest_risk_level",
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "revocation_of_all_authorizations",
        "revocation_of_authorization",
        "stolen_card",
        "transaction_not_allowed",
    )
)


@dataclass(frozen=True)
class Card:
    """A test card. `charge` and `attach` are the errors of charging and saving it: `code/decline_code`, empty for success.

    `authentication` is when the bank asks the customer to authenticate a payment: `always`, `until_set_up` (when the customer
    is present, and otherwise until the card was saved with an authentication), `on_session` (only when they are present), or
    empty for never.
    """

    number: str
    brand: str = "visa"
    charge: str = ""
    attach: str = ""
    authentication: str = ""
    only_off_session: bool = False  # True if `charge` applies only when the customer is not present
    dispute: str = ""  # the case that is opened after a payment, see lifecycle.disputes.CASES
    fraud_warning: bool = False
    refund: str = ""  # the result of its refunds, see lifecycle.refund_results.RESULTS
    funding: str = "credit"

    def needs_authentication(self, *, on_session: bool, is_set_up: bool) -> bool:
        """Return True if a payment needs authentication. `on_session` means that the customer is present."""
        if self.authentication == "until_set_up":
            return on_session or not is_set_up
        return self.authentication == "always" or (self.authentication == "on_session" and on_session)


def declined_card(number: str, decline_code: str, code: str = "card_declined") -> Card:
    """Return a card that can neither be saved nor charged."""
    return Card(number, charge=f"{code}/{decline_code}", attach=f"{code}/{decline_code}")


CARDS = {
    "visa": Card("4242424242424242"),
    "visa_debit": Card("4000056655665556", funding="debit"),
    "mastercard": Card("5555555555554444", "mastercard"),
    "amex": Card("378282246310005", "amex"),
    "chargeCustomerFail": Card("4000000000000341", charge="card_declined/generic_decline"),
    "chargeDeclined": declined_card("4000000000000002", "generic_decline"),
    "chargeDeclinedInsufficientFunds": declined_card("4000000000009995", "insufficient_funds"),
    "chargeDeclinedLostCard": declined_card("4000000000009987", "lost_card"),
    "chargeDeclinedStolenCard": declined_card("4000000000009979", "stolen_card"),
    "chargeDeclinedExpiredCard": declined_card("4000000000000069", "expired_card", "expired_card"),
    "chargeDeclinedIncorrectCvc": declined_card("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
    "chargeDeclinedProcessingError": declined_card("4000000000000119", "processing_error", "processing_error"),
    "chargeDeclinedVelocityLimitExceeded": declined_card("4000000000006975", "card_velocity_exceeded"),
    "authenticationRequired": Card("4000002760003184", authentication="always"),
    "authenticationRequiredOnSetup": Card("4000002500003155", authentication="until_set_up"),
    "authenticationRequiredSetupForOffSession": Card("4000003800000446", authentication="on_session"),
    "authenticationRequiredChargeDeclinedInsufficientFunds": Card(
        "4000008260003178", charge="card_declined/insufficient_funds", authentication="on_session"
    ),
    "createDispute": Card("4000000000000259", dispute="chargeback"),
    "createDisputeInquiry": Card("4000000000001976", dispute="inquiry"),
    "createIssuerFraudRecord": Card("4000000000005423", fraud_warning=True),
    "refundFail": Card("4000000000005126", refund="fail_later"),
    "pendingRefund": Card("4000000000007726", refund="pending"),
    "failsAtRenewal": Card("4000000000009961", charge="card_declined/insufficient_funds", only_off_session=True),
    "lostBeforeRenewal": Card("4000000000009953", charge="card_declined/lost_card", only_off_session=True),
}
BY_NUMBER = {card.number: name for name, card in CARDS.items()}


def card_fields(name: str, month: int, year: int) -> Obj:
    """Return the field `card` of a payment method."""
    card = CARDS[name]
    return {
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
    }


def charged_card_fields(method: Obj) -> Obj:
    """Return the field `payment_method_details.card` of a charge."""
    names = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "regulated_status")
    return {
        **{key: method["card"][key] for key in names},
        "installments": None,
        "mandate": None,
        "network": method["card"]["brand"],
        "three_d_secure": None,
        "wallet": None,
    }
