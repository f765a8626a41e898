"""Settlement of what the refund rules grant: refunds are sent, credits are given back, and double purchases are canceled.

Two subscriptions run if a customer pays on two checkout pages.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from billing.models import Adjustment
from billing.models.subscriptions import RUNNING
from billing.stripe import client as stripe_client
from billing.stripe.problems import parsed
from billing.stripe.refund_rules import UNUSED_CREDIT
from billing.stripe.refund_sending import send_refund, unsent_refund_ids
from billing.stripe.subscription_objects import parse_subscription
from billing.stripe.values import to_minor_units


def settle_customer(stripe_customer_id: str, duplicates: Sequence[str], credits: Mapping[str, str] = {}) -> None:
    """Cancel the duplicate subscriptions of a customer, and send all refunds of theirs that are unsent. Idempotent.

    `credits` has amounts with their currency, such as `40.00 USD`, by the subscription that was withdrawn from.

    Raise PaymentsUnavailableError if Stripe is unavailable; the caller retries.
    """
    if duplicates:
        _cancel(stripe_customer_id, duplicates)
    for key in unsent_refund_ids(stripe_customer_id):
        send_refund(Adjustment(pk=key))
    for subscription, text in credits.items():
        _give_back_credit(stripe_customer_id, subscription, *text.split())


def _give_back_credit(stripe_customer_id: str, subscription: str, amount: str, currency: str) -> None:
    """Give a customer the credit back that paid unused time, unless it was given back before."""
    description = UNUSED_CREDIT.format(subscription)
    given = stripe_client.list_all("customers.balance_transactions", stripe_customer_id)
    if any(transaction["description"] == description for transaction in given):
        return
    units = -to_minor_units(Decimal(amount), currency)  # Stripe stores a credit as a negative balance
    parameters = {"amount": units, "currency": currency.lower(), "description": description}
    key = f"unused-credit-{subscription}"
    stripe_client.write("customers.balance_transactions.create", stripe_customer_id, parameters, key=key)


def _cancel(stripe_customer_id: str, duplicates: Sequence[str]) -> None:
    """Cancel the duplicates that still run, as long as another subscription does."""
    listed = parsed(stripe_client.list_all("subscriptions", customer=stripe_customer_id), parse_subscription, [])
    running = {found.id for found in listed if found.status in RUNNING}
    if running <= set(duplicates):
        return
    for key in sorted(running & set(duplicates)):
        details = {"cancellation_details": {"comment": "Bought twice"}}
        stripe_client.write("subscriptions.cancel", key, details, key=f"cancel-duplicate-{key}")
