"""The results of bank debits, days after they were submitted."""

from dev.stripe.account import Account
from dev.stripe.bank_debits import MESSAGES
from dev.stripe.errors import ApiError
from dev.stripe.events import emit
from dev.stripe.lifecycle.collection import activate_after_payment, after_failure
from dev.stripe.lifecycle.invoices import mark_paid
from dev.stripe.lifecycle.partial_payments import receive_payment
from dev.stripe.lifecycle.payments import fail_charge, refuse, succeed
from dev.stripe.payment_methods import bank_account_of
from dev.stripe.store import Obj


def next_intent_action_at(account: Account, intent: Obj) -> int | None:
    return intent["_"].get("settles_at") if intent["status"] == "processing" else None


def settle_debit(account: Account, intent: Obj) -> None:
    """Complete or fail a debit, and with it its invoice and its checkout session."""
    method, charge = account.store.get(intent["payment_method"]), account.store.get(intent["latest_charge"])
    bank_account = bank_account_of(method)
    if bank_account is None:
        raise ApiError("Only a bank debit is settled later.")
    invoice = account.store.find(intent["_"].get("invoice"))
    if bank_account.failure:
        problem = {"code": bank_account.failure, "decline_code": None, "message": MESSAGES[bank_account.failure]}
        fail_charge(charge, problem)
        refuse(account, intent, method, charge, problem)
        if invoice:
            after_failure(account, invoice, "requires_payment_method", method)
    else:
        charge.update(status="succeeded", amount_captured=charge["amount"])
        succeed(account, intent, charge, dispute=bank_account.dispute)
        receive_payment(account, intent)
        if invoice:
            mark_paid(account, invoice)
            activate_after_payment(account, invoice, method)
    complete_sessions(account, invoice, succeeded=not bank_account.failure)


def complete_sessions(account: Account, invoice: Obj | None, *, succeeded: bool) -> None:
    """Emit the result of the payment for the checkout session that sold the subscription."""
    if invoice is None or invoice["billing_reason"] != "subscription_create":
        return
    for session in account.store.where("checkout.session", subscription=invoice["_"]["subscription"]):
        session["payment_status"] = "paid" if succeeded else "unpaid"
        emit(account, f"checkout.session.async_payment_{'succeeded' if succeeded else 'failed'}", session)
