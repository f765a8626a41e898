"""Invoices without a plan: negative, zero, or in yen or dinars, shown exactly and without any access."""

from decimal import Decimal

import pytest

from billing import services
from billing.models import BillingHistory, StripeCustomer, Subscription, SubscriptionPlan
from core import clock
from tests.billing.stripe_payments import Payments
from tests.dev.stripe.fixtures import client_of, give_card
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer(payments: Payments, mid_tier: SubscriptionPlan, alice: User) -> str:
    """Return the id of Alice's customer at Stripe, with a card and without a purchase."""
    services.start_checkout(user=alice, plan=mid_tier, now=clock.now())
    key = StripeCustomer.objects.get(user=alice).stripe_id
    give_card(client_of(payments.stripe), key, "pm_card_visa")
    return key


def charge(payments: Payments, customer: str, amount: int, currency: str) -> BillingHistory:
    """Pay an invoice over `amount` in minor units at Stripe and return its row."""
    v1 = client_of(payments.stripe).v1
    v1.invoice_items.create({"customer": customer, "amount": amount, "currency": currency, "description": "By hand"})
    invoice = v1.invoices.create({"customer": customer, "auto_advance": True})
    finalized = v1.invoices.finalize_invoice(str(invoice.id))
    if finalized.status == "open":
        v1.invoices.pay(str(invoice.id))
    payments.process_events(now=clock.now())
    return BillingHistory.objects.get(stripe_invoice_id=invoice.id)


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [(1999, "eur", "19.99"), (500, "jpy", "500"), (12340, "bhd", "12.34"), (0, "usd", "0"), (99_999_999, "usd", "999999.99")],
)
def test_amounts_are_read_in_their_currency(payments: Payments, customer: str, amount: int, currency: str, shown: str) -> None:
    row = charge(payments, customer, amount, currency)
    assert (row.amount, row.currency, row.status) == (Decimal(shown), currency.upper(), "paid")
    assert not Subscription.objects.exists()


def test_a_negative_invoice_is_a_credit(payments: Payments, customer: str) -> None:
    row = charge(payments, customer, -1250, "usd")
    assert (row.amount, row.status, row.metadata["total"]) == (Decimal("0.00"), "paid", "-12.50")
    assert StripeCustomer.objects.get(stripe_id=customer).credit == Decimal("12.50")
    second = charge(payments, customer, 3000, "usd")
    assert (second.amount, second.status) == (Decimal("30.00"), "paid")
    assert StripeCustomer.objects.get(stripe_id=customer).credit == Decimal("0.00")
