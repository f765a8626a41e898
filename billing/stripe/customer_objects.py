"""Reads of a customer's objects at Stripe with as few calls as possible.

A sync of an event needs two calls: the subscriptions, whose first also has the customer and the card, and the invoices. Refunds
and disputes are read if an event is about them, and credits if our rows do not add up to the balance.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from billing.stripe import client as stripe_client
from billing.stripe.client import Object
from billing.stripe.values import id_of

CUSTOMER_CARD = "invoice_settings.default_payment_method"
SUBSCRIPTION_CARD = "default_payment_method"
CUSTOMER_COUPON = "discount.source.coupon"
SUBSCRIPTION_COUPONS = "discounts.source.coupon"
INVOICE_COUPONS = SUBSCRIPTION_COUPONS  # with the duration of each discount, also of one that has ended


@dataclass
class CustomerObjects:
    """The objects of one customer. `refunds` and `disputes` are None if they were not read.

    `receipts` has the URLs of the receipts that are known, by charge and payment intent.
    """

    customer: Object
    subscriptions: list[Object]
    invoices: list[Object]
    refunds: list[Object] | None = None
    disputes: list[Object] | None = None
    receipts: dict[str, str] = field(default_factory=dict)

    @property
    def is_deleted(self) -> bool:
        return bool(self.customer.get("deleted"))

    def read_refunds(self, stripe_id: str) -> None:
        """Read the refunds and disputes unless they were read before."""
        if self.refunds is None:
            charges = list(stripe_client.list_all("charges", customer=stripe_id, expand=["data.refunds"]))
            self.receipts |= receipts_of(charges)
            self.refunds = [refund for charge in charges for refund in _refunds_of(charge)]
            disputed = [charge["id"] for charge in charges if charge["disputed"]]
            self.disputes = [item for charge in disputed for item in stripe_client.list_all("disputes", charge=charge)]


def read_customer(stripe_id: str, *, with_refunds: bool) -> CustomerObjects:
    """Read a customer's objects. Raise StripeNotFoundError if the account has no such customer."""
    expand = [f"data.{SUBSCRIPTION_CARD}", f"data.{SUBSCRIPTION_COUPONS}", f"data.customer.{CUSTOMER_CARD}"]
    subscriptions = list(stripe_client.list_all("subscriptions", customer=stripe_id, status="all", expand=expand))
    customer = next((found["customer"] for found in subscriptions if isinstance(found["customer"], dict)), None)
    if customer is None or customer.get("discount"):  # a list expands four levels, and the coupon would be the fifth
        customer = stripe_client.call("customers.retrieve", stripe_id, {"expand": [CUSTOMER_CARD, CUSTOMER_COUPON]})
    found = CustomerObjects(customer, subscriptions, read_invoices(stripe_id))
    if with_refunds:
        found.read_refunds(stripe_id)
    return found


def read_invoices(stripe_id: str) -> list[Object]:
    """Read a customer's invoices with their payments and the coupons of their discounts, newest first."""
    expand = ["data.payments", f"data.{INVOICE_COUPONS}"]
    return list(stripe_client.list_all("invoices", customer=stripe_id, expand=expand))


def receipts_of(charges: Iterable[Object]) -> dict[str, str]:
    """Return the URLs of the receipts of charges by their own IDs and those of their payment intents."""
    paid = [charge for charge in charges if charge.get("paid") and charge.get("receipt_url")]
    return {key: charge["receipt_url"] for charge in paid for key in (charge["id"], id_of(charge.get("payment_intent"))) if key}


def owner_of(obj: Object) -> str:
    """Return the ID of the customer of a refund or dispute, whose charge is expanded; "" without one."""
    charge = obj.get("charge")
    return id_of(charge.get("customer")) if isinstance(charge, dict) else ""


def _refunds_of(charge: Object) -> Iterator[Object]:
    listed = charge.get("refunds") or {}
    if listed.get("has_more"):
        yield from stripe_client.list_all("refunds", charge=charge["id"])
    else:
        yield from listed.get("data") or []
