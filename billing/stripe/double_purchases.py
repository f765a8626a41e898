"""Double purchases: a customer pays on two checkout pages, so that two subscriptions run. The second one is canceled."""

from collections.abc import Sequence

from billing.models import Adjustment
from billing.models.subscriptions import RUNNING
from billing.stripe import client as stripe_client
from billing.stripe.problems import parsed
from billing.stripe.refund_sending import send_refund, unsent_refund_ids
from billing.stripe.subscription_objects import parse_subscription


def settle_customer(stripe_customer_id: str, duplicates: Sequence[str]) -> None:
    """Cancel the duplicate subscriptions of a customer, and send all refunds of theirs that are unsent. Idempotent.

    Raise PaymentsUnavailableError if Stripe is unavailable; the caller retries.
    """
    if duplicates:
        _cancel(stripe_customer_id, duplicates)
    for key in unsent_refund_ids(stripe_customer_id):
        send_refund(Adjustment(pk=key))


def _cancel(stripe_customer_id: str, duplicates: Sequence[str]) -> None:
    """Cancel the duplicates that still run, as long as another subscription does."""
    listed = parsed(stripe_client.list_all("subscriptions", customer=stripe_customer_id), parse_subscription, [])
    running = {found.id for found in listed if found.status in RUNNING}
    if running <= set(duplicates):
        return
    for key in sorted(running & set(duplicates)):
        details = {"cancellation_details": {"comment": "Bought twice"}}
        stripe_client.write("subscriptions.cancel", key, details, key=f"cancel-duplicate-{key}")
