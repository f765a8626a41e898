"""Fixtures: a Stripe emulator per test process, emptied for each test, and a shop with prices and customers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from dev.stripe.emulator import StripeEmulator

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[StripeEmulator]:
    with StripeEmulator.start() as running:
        yield running


@pytest.fixture
def emulator(emulator_process: StripeEmulator) -> StripeEmulator:
    """Empty, on 31 January 2026 at noon UTC, where its clock stands still."""
    emulator_process.drop_state(everything=True)
    emulator_process.freeze(NOW)
    return emulator_process


def client_of(emulator: StripeEmulator) -> stripe.StripeClient:
    """Return a client of Stripe's library that calls the emulator without retries."""
    return stripe.StripeClient(emulator.key, base_addresses={"api": emulator.url}, max_network_retries=0)


def give_card(client: stripe.StripeClient, customer: str, card: str) -> str:
    """Attach a card such as `pm_card_visa` as the customer's default, and return the payment method's id."""
    method = client.v1.payment_methods.attach(card, {"customer": customer})
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    return str(method.id)


class Shop:
    """Stripe's library with a product and its prices: basic 10.00 and plus 30.00 USD a month, year 300.00 USD a year."""

    def __init__(self, emulator: StripeEmulator) -> None:
        self.emulator = emulator
        self.client = client_of(emulator)
        self.v1 = self.client.v1
        self.product = self.v1.products.create({"name": "MINGUS"})
        self.basic, self.plus, self.year = self.price(1000), self.price(3000), self.price(30000, "year")

    def price(self, amount: int, interval: str = "month", **more: Any) -> str:
        """Create a price of `amount` cents and return its id."""
        recurring = {"interval": interval}
        given = {"product": self.product.id, "currency": "usd", "unit_amount": amount, "recurring": recurring, **more}
        return str(self.v1.prices.create(given).id)

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> str:
        """Create a customer with a default card and return their id."""
        customer = self.v1.customers.create({"email": "alice@example.com", **more})
        if card:
            self.give_card(customer.id, card)
        return str(customer.id)

    def give_card(self, customer: str, card: str) -> str:
        return give_card(self.client, customer, card)

    def subscribe(self, customer: str, price: str | None = None, **more: Any) -> Any:
        """Subscribe a customer to `price`, the basic one by default."""
        return self.v1.subscriptions.create({"customer": customer, "items": [{"price": price or self.basic}], **more})

    def checkout(self, **more: Any) -> Any:
        """Create a session that sells the basic price."""
        given = {"mode": "subscription", "line_items": [{"price": self.basic, "quantity": 1}]}
        return self.v1.checkout.sessions.create(
            {
                **given,
                "success_url": "https://example.com/ok?s={CHECKOUT_SESSION_ID}",
                "cancel_url": "https://example.com/no",
                **more,
            }
        )

    def kinds(self, start: str = "") -> list[str]:
        """Return the types of all events that begin with `start`, oldest first."""
        return [event["type"] for event in self.emulator.events() if event["type"].startswith(start)]

    def charge_of(self, invoice: str) -> Any:
        """Return the charge that paid an invoice."""
        payments = self.v1.invoice_payments.list({"invoice": invoice, "expand": ["data.payment.payment_intent"]})
        return self.v1.charges.retrieve(payments.data[0].payment.payment_intent.latest_charge)


@pytest.fixture
def shop(emulator: StripeEmulator) -> Shop:
    return Shop(emulator)
