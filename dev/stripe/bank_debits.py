"""Test bank accounts for SEPA Direct Debit, ACH and Bacs, whose payments take days, and the result of debiting each.

Numbers and tokens are those of Stripe's pages about each debit (docs.stripe.com/payments/sepa-debit/accept-a-payment,
/billing/subscriptions/ach-debit, /payments/payment-methods/bacs-debit). In Stripe's sandbox a debit takes seconds, or three
minutes if its name has "Delayed". Here every debit takes the days of live mode, by the setting `debit_days`.
"""

from dataclasses import dataclass

from dev.stripe.errors import ApiError
from dev.stripe.store import Obj

CURRENCIES = {"sepa_debit": "eur", "us_bank_account": "usd", "bacs_debit": "gbp"}
DEBIT_DAYS = {"sepa_debit": 5, "us_bank_account": 4, "bacs_debit": 3}
ROUTING_NUMBER, SORT_CODE = "110000000", "108800"
NEVER = "stays_processing"
RETRYABLE_FAILURES = ("insufficient_funds",)
MESSAGES = {
    "account_closed": "The customer's bank account has been closed.",
    "no_account": "The bank account could not be found.",
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "charge_exceeds_source_limit": "This payment exceeds the account's weekly limit.",
    "charge_exceeds_weekly_limit": "This payment exceeds the account's weekly number of payments.",
    "generic_could_not_process": "The customer's bank could not process this payment.",
}


@dataclass(frozen=True)
class BankAccount:
    """A test account. `failure` is the charge's failure code, empty for success, or NEVER for a debit without a result."""

    type: str
    number: str
    failure: str = ""
    dispute: str = ""  # the case that is opened after a payment, see lifecycle.disputes.CASES


def _sepa(number: str, failure: str = "", dispute: str = "") -> BankAccount:
    return BankAccount("sepa_debit", number, failure, dispute)


def _ach(number: str, failure: str = "", dispute: str = "") -> BankAccount:
    return BankAccount("us_bank_account", number, failure, dispute)


def _bacs(number: str, failure: str = "", dispute: str = "") -> BankAccount:
    return BankAccount("bacs_debit", number, failure, dispute)


BANK_ACCOUNTS = {
    "success_de": _sepa("DE89370400440532013000"),
    "successDelayed_de": _sepa("DE08370400440532013003"),
    "failed_de": _sepa("DE62370400440532013001", "generic_could_not_process"),
    "failedDelayed_de": _sepa("DE78370400440532013004", "generic_could_not_process"),
    "disputed_de": _sepa("DE35370400440532013002", dispute="chargeback"),
    "exceedsWeeklyVolumeLimit_de": _sepa("DE65370400440000343434", "charge_exceeds_source_limit"),
    "exceedsWeeklyTransactionLimit_de": _sepa("DE27370400440000121212", "charge_exceeds_weekly_limit"),
    "insufficientFunds_de": _sepa("DE65370400440002222227", "insufficient_funds"),
    "success_at": _sepa("AT611904300234573201"),
    "successDelayed_at": _sepa("AT321904300235473204"),
    "failed_at": _sepa("AT861904300235473202", "generic_could_not_process"),
    "failedDelayed_at": _sepa("AT051904300235473205", "generic_could_not_process"),
    "disputed_at": _sepa("AT591904300235473203", dispute="chargeback"),
    "insufficientFunds_at": _sepa("AT981904300002222227", "insufficient_funds"),
    "usBankAccount_success": _ach("000123456789"),
    "usBankAccount_accountClosed": _ach("000111111113", "account_closed"),
    "usBankAccount_noAccount": _ach("000111111116", "no_account"),
    "usBankAccount_insufficientFunds": _ach("000222222227", "insufficient_funds"),
    "usBankAccount_debitNotAuthorized": _ach("000333333335", "debit_not_authorized"),
    "usBankAccount_dispute": _ach("000555555559", dispute="chargeback"),
    "usBankAccount_processing": _ach("000000000009", NEVER),
    "bacsDebit_success": _bacs("00012345"),
    "bacsDebit_successDelayed": _bacs("90012345"),
    "bacsDebit_debitNotAuthorized": _bacs("33333335", "debit_not_authorized"),
    "bacsDebit_debitNotAuthorizedDelayed": _bacs("93333335", "debit_not_authorized"),
    "bacsDebit_insufficientFunds": _bacs("22222227", "insufficient_funds"),
    "bacsDebit_insufficientFundsDelayed": _bacs("92222227", "insufficient_funds"),
    "bacsDebit_dispute": _bacs("55555559", dispute="chargeback"),
    "bacsDebit_exceedsWeeklyLimit": _bacs("34343434", "charge_exceeds_source_limit"),
}
BY_ACCOUNT_NUMBER = {(entry.type, entry.number): name for name, entry in BANK_ACCOUNTS.items()}


def bank_account_fields(name: str) -> tuple[str, Obj]:
    """Return the type of a payment method and the field of that name."""
    bank_account = BANK_ACCOUNTS[name]
    shared = {"fingerprint": f"emulator{bank_account.number[-9:]}", "last4": bank_account.number[-4:]}
    if bank_account.type == "sepa_debit":
        bank = {"bank_code": bank_account.number[4:12], "branch_code": None, "country": bank_account.number[:2]}
        return bank_account.type, {**shared, **bank, "generated_from": None}
    if bank_account.type == "bacs_debit":
        return bank_account.type, {**shared, "sort_code": SORT_CODE}
    return bank_account.type, {
        **shared,
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": None,
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": ROUTING_NUMBER,
        "status_details": None,
    }


def debited_account_fields(method: Obj) -> Obj:
    """Return the field of the method's type in `payment_method_details` of a charge."""
    left_out = ("financial_connections_account", "generated_from", "networks", "status_details")
    kept = {name: value for name, value in method[method["type"]].items() if name not in left_out}
    reference = {"payment_reference": None} if method["type"] == "us_bank_account" else {}
    return {**kept, **reference, "expected_debit_date": None, "mandate": None}


def require_currency(method: Obj, currency: str) -> None:
    """Raise ApiError unless the method can pay in a currency. A card can pay in each."""
    required = CURRENCIES.get(method["type"], currency)
    if required != currency:
        raise ApiError(f"The currency provided ({currency}) is invalid for payment method type {method['type']}: {required}.")
