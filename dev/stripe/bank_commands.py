"""The control commands for what a customer's bank does: disputes, fraud warnings, results of refunds, partial payments."""

from typing import Any

from dev.stripe.application import Application
from dev.stripe.lifecycle.disputes import close_dispute, escalate_dispute, open_dispute
from dev.stripe.lifecycle.fraud_warnings import warn_of_fraud
from dev.stripe.lifecycle.partial_payments import attach_payment
from dev.stripe.lifecycle.payments import confirm, new_intent
from dev.stripe.lifecycle.refund_results import settle
from dev.stripe.pages.invoice import save_new_method


def dispute(application: Application, given: dict[str, Any]) -> Any:
    """Open a dispute by `{charge, reason, case}`, escalate an inquiry by `{dispute, escalate}`, close by `{dispute, won}`."""
    account = application.account
    with application.store.transaction():
        if "charge" in given:
            charge = account.find("charge", given["charge"])
            opened = open_dispute(account, charge, given.get("reason", "fraudulent"), given.get("case", "chargeback"))
            return {"id": opened["id"]}
        found = account.find("dispute", given["dispute"])
        if given.get("escalate"):
            escalate_dispute(account, found)
        else:
            close_dispute(account, found, won=bool(given["won"]))
        return {"id": found["id"]}


def fraud_warning(application: Application, given: dict[str, Any]) -> Any:
    """Create an early fraud warning, as the card's bank does: `{charge}`."""
    account = application.account
    with application.store.transaction():
        return {"id": warn_of_fraud(account, account.find("charge", given["charge"]))["id"]}


def settle_refund(application: Application, given: dict[str, Any]) -> Any:
    """Set the final status of a refund, as the bank does: `{refund, status}`."""
    account = application.account
    with application.store.transaction():
        settle(account, account.find("refund", given["refund"]), given["status"])
    return {}


def pay_invoice_part(application: Application, given: dict[str, Any]) -> Any:
    """Pay a part of an open invoice: `{invoice, amount in minor units, card: a name of the choices on its page}`."""
    account = application.account
    with application.store.transaction():
        invoice = account.find("invoice", given["invoice"])
        intent = new_intent(account, invoice, int(given["amount"]), invoice["currency"], invoice["customer"])
        confirm(account, intent, save_new_method(application, invoice, given["card"]), on_session=True)
        attach_payment(account, invoice, intent)
        return {"id": intent["id"]}


BANK_COMMANDS = {
    "dispute": dispute,
    "fraud_warning": fraud_warning,
    "settle_refund": settle_refund,
    "pay_invoice_part": pay_invoice_part,
}
