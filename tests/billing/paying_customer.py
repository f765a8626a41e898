"""Customers with a subscription in the emulator, and their invoices as a sync stores them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.models import BillingHistory, StripeCustomer, Subscription
from billing.stripe import client as stripe_client
from billing.stripe.objects import NO_PAYMENT, OpenPayment
from dev.factories import InvoiceFactory, SubscriptionFactory
from tests.dev.stripe.fixtures import Shop
from users.models import User

STATUSES = {"paid": "paid", "open": "unpaid", "void": "void", "uncollectible": "unpaid"}


@dataclass(frozen=True)
class StripeInvoiceFacts:
    """The fields of Stripe's invoice that dunning reads."""

    status: str
    attempt_count: int
    next_payment_attempt: datetime | None
    hosted_url: str
    amount_remaining: Decimal = Decimal(10)
    payment: OpenPayment = NO_PAYMENT
    is_awaited: bool = False


def instant(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


class PayingCustomer:
    """A customer with a subscription in the emulator and in the database."""

    def __init__(self, shop: Shop, user: User, card: str = "pm_card_visa", **more: Any) -> None:
        self.shop, self.user = shop, user
        self.customer = shop.customer(card)
        self.stripe = shop.subscribe(self.customer, **more)
        StripeCustomer.objects.create(user=user, stripe_id=self.customer, card_brand="visa", card_last4="4242")
        self.subscription: Subscription = SubscriptionFactory(
            user=user, running=True, stripe_subscription_id=self.stripe.id, stripe_customer_id=self.customer
        )

    def newest(self) -> tuple[BillingHistory, StripeInvoiceFacts]:
        """Return the newest invoice as stored here and as Stripe reports it."""
        found = next(stripe_client.list_all("invoices", customer=self.customer))
        bill = StripeInvoiceFacts(
            found["status"], found["attempt_count"], instant(found["next_payment_attempt"]), found["hosted_invoice_url"] or ""
        )
        paid_at = instant(found["status_transitions"]["paid_at"])
        facts = {"amount": Decimal(found["total"]).scaleb(-2), "status": STATUSES[found["status"]], "paid_at": paid_at}
        row = BillingHistory.objects.filter(stripe_invoice_id=found["id"]).first()
        if row is None:
            owner = {"user": self.user, "subscription": self.subscription, "billing_date": instant(found["created"])}
            return InvoiceFactory(stripe_invoice_id=found["id"], **owner, **facts), bill
        BillingHistory.objects.filter(pk=row.pk).update(**facts)
        return BillingHistory.objects.get(pk=row.pk), bill

    def refunds(self) -> list[Any]:
        """Return the refunded amounts in minor units."""
        return [refund.amount for refund in self.shop.v1.refunds.list().data]


@pytest.fixture
def connected(shop: Shop, settings: Any, db: None) -> Shop:
    """Connect the gateway to the shop's emulator."""
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = shop.emulator.key, shop.emulator.url
    return shop
