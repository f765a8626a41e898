"""The latest payment of each open invoice: under way, to be confirmed by the customer, or failed.

An invoice whose bank debit is under way is `open` with an attempt, like one that failed. Only its payment intent tells them
apart. A request for it is sent for open invoices with an attempt, so a renewal that is paid at once costs no request.
"""

from collections.abc import Iterable
from dataclasses import replace

from billing.stripe import client as stripe_client
from billing.stripe.objects import NO_PAYMENT, OpenPayment, StripeInvoice
from billing.stripe.subscription_objects import StripeSubscription
from billing.stripe.values import Object

# Stripe does not try a card again after these codes, though it still counts and schedules the retries:
# https://docs.stripe.com/billing/revenue-recovery/smart-retries#non-retryable-decline-codes
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
RETRYABLE_DEBIT_FAILURES = ("insufficient_funds",)
AUTHENTICATION_REQUIRED = "authentication_required"
BANK_DEBITS = ("acss_debit", "au_becs_debit", "bacs_debit", "nz_bank_account", "sepa_debit", "us_bank_account")
# the charge tells a card from a bank account; a list allows four levels
EXPAND = ["data.payment.payment_intent.latest_charge"]


def with_open_payments(invoices: Iterable[StripeInvoice], subscriptions: Iterable[StripeSubscription]) -> list[StripeInvoice]:
    """Return the invoices with the state of their payments, and with `is_awaited` for those that a change waits for."""
    awaited = {subscription.awaited_invoice_id for subscription in subscriptions}
    return [replace(item, payment=_read_payment(item), is_awaited=item.id in awaited) for item in invoices]


def _read_payment(invoice: StripeInvoice) -> OpenPayment:
    """Return the payment that decides about an open invoice: one under way, otherwise the latest."""
    if invoice.status != "open" or not (invoice.attempted or invoice.attempt_count):
        return NO_PAYMENT
    listed = stripe_client.list_all("invoice_payments", invoice=invoice.id, expand=EXPAND)
    intents = [item["payment"].get("payment_intent") for item in listed if item["status"] == "open"]
    found = [parse_payment(intent) for intent in intents if isinstance(intent, dict)]
    return next((payment for payment in found if payment.is_processing), found[0] if found else NO_PAYMENT)


def parse_payment(intent: Object) -> OpenPayment:
    """Parse a payment intent whose latest charge is expanded."""
    charge = intent.get("latest_charge")
    details = (charge.get("payment_method_details") or {}) if isinstance(charge, dict) else {}
    is_bank_debit = details.get("type") in BANK_DEBITS
    error: Object = intent.get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code") or ""
    may_retry = code in ("", *RETRYABLE_DEBIT_FAILURES) if is_bank_debit else code not in HARD_DECLINE_CODES
    needs_authentication = intent["status"] == "requires_action" or code == AUTHENTICATION_REQUIRED
    return OpenPayment(
        is_processing=intent["status"] == "processing",
        needs_authentication=needs_authentication,
        is_bank_debit=is_bank_debit,
        is_retried=may_retry and not needs_authentication,
        decline_code=code,
    )


def pays_by_bank_debit(subscription: Object) -> bool:
    """Return True if a subscription is paid from a bank account. Its and its customer's payment method must be expanded."""
    customer: Object = subscription["customer"]
    method = subscription.get("default_payment_method") or customer["invoice_settings"]["default_payment_method"]
    return bool(method) and method["type"] in BANK_DEBITS
