"""Fixtures: one stand-in for all tests of a process, emptied for each, and a shop with prices and customers in it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from dev.stripe.emulator import StripeEmulator

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[StripeEmulator]:
    """The process."""
    with StripeEmulator.start() as running:
        yield running


@pytest.fixture
def emulator(emulator_process: StripeEmulator) -> StripeEmulator:
    """Empty, on 31 January 2026 at noon UTC, where its clock stands still."""
    emulator_process.drop_state(everything=True)
    emulator_process.freeze(NOW)
    return emulator_process


def client_of(emulator: StripeEmulator) -> stripe.StripeClient:
    """The real library, which asks the stand-in and asks once."""
    return stripe.StripeClient(emulator.key, base_addresses={"api": emulator.url}, max_network_retries=0)


def give_card(client: stripe.StripeClient, customer: str, card: str) -> str:
    """Attach a card such as `pm_card_visa` to a customer and make it his default; gives the payment method's id."""
    method = client.v1.payment_methods.attach(card, {"customer": customer})
    client.v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method.id}})
    return str(method.id)


class Shop:
    """The real library, and what a test needs before it begins. Prices: basic 10.00, plus 30.00 a month, year 300.00."""

    def __init__(self, emulator: StripeEmulator) -> None:
        self.emulator = emulator
        self.client = client_of(emulator)
        self.v1 = self.client.v1
        self.product = self.v1.products.create({"name": "MINGUS"})
        self.basic, self.plus, self.year = self.price(1000), self.price(3000), self.price(30000, "year")

    def price(self, amount: int, interval: str = "month", **more: Any) -> str:
        """A price's id."""
        recurring = {"interval": interval}
        given = {"product": self.product.id, "currency": "usd", "unit_amount": amount, "recurring": recurring, **more}
        return str(self.v1.prices.create(given).id)

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> str:
        """A customer's id; the card is the default."""
        customer = self.v1.customers.create({"email": "alice@example.com", **more})
        if card:
            self.give_card(customer.id, card)
        return str(customer.id)

    def give_card(self, customer: str, card: str) -> str:
        """Attach a card and make it the default."""
        return give_card(self.client, customer, card)

    def subscribe(self, customer: str, price: str | None = None, **more: Any) -> Any:
        """A subscription to the basic price or another."""
        return self.v1.subscriptions.create({"customer": customer, "items": [{"price": price or self.basic}], **more})

    def checkout(self, **more: Any) -> Any:
        """A session that sells the basic price."""
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
        """The types of all events, oldest first."""
        return [event["type"] for event in self.emulator.events() if event["type"].startswith(start)]

    def charge_of(self, invoice: str) -> Any:
        """The charge that paid an invoice."""
        payments = self.v1.invoice_payments.list({"invoice": invoice, "expand": ["data.payment.payment_intent"]})
        return self.v1.charges.retrieve(payments.data[0].payment.payment_intent.latest_charge)


@pytest.fixture
def shop(emulator: StripeEmulator) -> Shop:
    """The shop."""
    return Shop(emulator)
