"""localstripe, started with what the product reads of API 2026-10-28 and localstripe 1.15.10 does not have.

Run as `python -m tests.integration.localstripe_server PORT`. localstripe decides everything: the periods, the amounts, the
payments, the statuses, and the events with their signatures. What is missing and added here, always from localstripe's state:

- `invoice.payments` of API 2025-03-31: localstripe has the payment intent of the version before.
- `charge.disputed`: localstripe has no disputes.
- `/v1/customers/{id}/balance_transactions`: localstripe has no credits, so the list is empty.
- `subscription.default_payment_method`: localstripe charges the customer's.
- `discounts` of subscriptions and invoices: localstripe has coupons of customers only, so the lists are empty.
- `refund.reason` and `subscription.cancellation_details`: localstripe refuses the parameters. They are stored and returned.

What is missing and not added, so that the test does without it:

- Prices and checkout pages. A plan of localstripe is the price, as it was before Stripe had prices, and the test subscribes.
- The events of updates, refunds and cancellations at the end of the period. The product reads Stripe after its own calls, and
  after the next event of the customer.
- Idempotency keys, which are ignored. Its events claim API version 2017-08-15.
"""

import logging
import sys
from typing import Any

from aiohttp import web
from localstripe import resources, server


def payments(invoice: Any) -> dict[str, Any]:
    """Return the payments of an invoice in the format of API 2025-03-31."""
    payment = {
        "id": f"inpay_{invoice.payment_intent}",
        "object": "invoice_payment",
        "status": "paid" if invoice.status == "paid" else "open",
        "amount_paid": invoice.amount_paid,
        "payment": {"type": "payment_intent", "payment_intent": invoice.payment_intent},
    }
    return {"object": "list", "has_more": False, "data": [payment] if invoice.payment_intent else []}


def create_refund(reason: str | None = None, **given: Any) -> Any:
    """Create a refund with a reason."""
    refund = resources.Refund(**given)
    refund.reason = reason
    return refund


def update_subscription(id: str, cancellation_details: dict[str, Any] | None = None, **given: Any) -> Any:
    """Update a subscription, and store why it is canceled."""
    subscription = resources.StripeObject._api_update.__func__(resources.Subscription, id, **given)
    subscription.cancellation_details = cancellation_details
    return subscription


def no_transactions(id: str, **page: str) -> Any:  # the route's parameter
    """Return the empty list of a customer's credits, or 404 for an unknown customer."""
    resources.Customer._api_retrieve(id)
    return resources.List(f"/v1/customers/{id}/balance_transactions")


def main(port: int) -> None:
    """Serve localstripe with an empty store on a local port. Nothing is written to its file in /tmp."""
    logging.basicConfig(level=logging.INFO)  # the deliveries of events and their results
    resources.Store.dump_to_disk = lambda store: None
    resources.Invoice.payments = property(payments)
    resources.Charge.disputed = False
    resources.Refund._api_create = create_refund
    resources.Subscription._api_update = update_subscription
    resources.Subscription.cancellation_details = None
    resources.Subscription.default_payment_method = None
    resources.Subscription.discounts = []
    resources.Invoice.discounts = []
    server.app.router.add_get(
        "/v1/customers/{id}/balance_transactions", server.api_extra(no_transactions, "balance_transactions")
    )
    web.run_app(server.app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
