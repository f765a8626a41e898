"""The emulator's pages: checkout, the billing portal and an invoice."""

import http.client
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.dev.stripe.fixtures import Shop


def visit(url: str, **form: str) -> tuple[int, str, str]:
    """Request a page, or post its form, and return the status, the text and the Location header."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    body = urlencode(form) if form else None
    connection.request("POST" if form else "GET", parts.path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    response = connection.getresponse()
    text = response.read().decode("latin-1" if "pdf" in response.headers["Content-Type"] else "utf-8")
    connection.close()
    return response.status, text, response.headers.get("Location", "")


def subscription_of(shop: Shop, session: Any) -> Any:
    return shop.v1.subscriptions.retrieve(shop.v1.checkout.sessions.retrieve(session.id).subscription)


def test_a_customer_buys(shop: Shop) -> None:
    session = shop.checkout(client_reference_id="42", subscription_data={"metadata": {"user": "42"}})
    status, text, _ = visit(session.url)
    assert (status, "no real card, no money" in text, "$10.00 / month" in text, "Pay $10.00" in text) == (200, True, True, True)
    status, _, location = visit(session.url, card="mastercard", email="alice@example.com")
    assert (status, location) == (303, f"https://example.com/ok?s={session.id}")
    done = shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["customer", "line_items"]})
    assert (done.status, done.payment_status, done.customer.email, done.client_reference_id) == (
        "complete",
        "paid",
        "alice@example.com",
        "42",
    )
    subscription = shop.v1.subscriptions.retrieve(done.subscription, {"expand": ["default_payment_method"]})
    assert (subscription.status, subscription.metadata["user"]) == ("active", "42")
    assert (subscription.default_payment_method.card.brand, subscription.default_payment_method.card.last4) == (
        "mastercard",
        "4444",
    )
    assert shop.kinds("checkout") == ["checkout.session.completed"]


def test_a_trial_costs_nothing_today(shop: Shop) -> None:
    session = shop.checkout(subscription_data={"trial_period_days": 14}, customer=shop.customer(None))
    assert "Free until 14 Feb 2026" in visit(session.url)[1]
    visit(session.url, card="visa")
    assert subscription_of(shop, session).status == "trialing"
    assert shop.v1.checkout.sessions.retrieve(session.id).payment_status == "no_payment_required"


def test_a_declined_card_leaves_the_page_open(shop: Shop) -> None:
    session = shop.checkout()
    status, text, _ = visit(session.url, card="chargeDeclined", email="alice@example.com")
    assert (status, "Your card was declined." in text) == (200, True)
    assert (shop.v1.customers.list().data, shop.v1.checkout.sessions.retrieve(session.id).status) == ([], "open")
    assert visit(session.url, card="visa", email="alice@example.com")[0] == 303


def test_a_bank_requires_authentication(shop: Shop) -> None:
    session = shop.checkout(customer=shop.customer(None))
    assert "Your bank asks" in visit(session.url, card="authenticationRequired")[1]
    assert "unable to authenticate" in visit(session.url, card="authenticationRequired", authenticated="no")[1]
    assert visit(session.url, card="authenticationRequired", authenticated="yes")[0] == 303
    shop.emulator.advance(29 * 86_400)
    assert subscription_of(shop, session).status == "past_due"  # it asks again at each renewal


def test_a_session_is_completed_once_and_expires(shop: Shop) -> None:
    first, second, third = shop.checkout(), shop.checkout(), shop.checkout()
    shop.emulator.complete_checkout(first.id)
    shop.v1.checkout.sessions.expire(second.id)
    shop.emulator.advance(86_400)
    assert [visit(session.url)[0] for session in (first, second, third)] == [410, 410, 410]
    statuses = [shop.v1.checkout.sessions.retrieve(session.id).status for session in (first, second, third)]
    assert statuses == ["complete", "expired", "expired"]


def test_a_card_is_set_up(shop: Shop) -> None:
    customer = shop.customer(None)
    given = {"mode": "setup", "customer": customer, "currency": "usd", "success_url": "https://example.com/"}
    session = shop.v1.checkout.sessions.create({**given, "setup_intent_data": {"metadata": {"a": "b"}}})
    visit(session.url, card="visa")
    setup = shop.v1.setup_intents.retrieve(session.setup_intent, {"expand": ["payment_method"]})
    assert (setup.status, setup.payment_method.customer, setup.metadata["a"]) == ("succeeded", customer, "b")


def test_user_input_is_escaped(shop: Shop) -> None:
    product = shop.v1.products.create({"name": "<script>alert(1)</script>"})
    price = shop.price(100, product=product.id)
    text = visit(shop.checkout(line_items=[{"price": price, "quantity": 1}]).url)[1]
    assert ("<script>" in text, "&lt;script&gt;" in text) == (False, True)


@pytest.fixture
def portal(shop: Shop) -> Any:
    """Return a subscription and the URL of its customer's billing portal."""
    subscription = shop.subscribe(shop.customer())
    given = {"customer": subscription.customer, "return_url": "https://example.com/back"}
    return subscription, shop.v1.billing_portal.sessions.create(given).url


def test_a_customer_cancels_and_resumes(shop: Shop, portal: Any) -> None:
    subscription, url = portal
    assert "Cancel at period end" in visit(url)[1]
    visit(url, do="cancel", subscription=subscription.id)
    assert shop.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end is True
    assert "Ends on 28 Feb 2026" in visit(url)[1]
    visit(url, do="resume", subscription=subscription.id)
    assert shop.v1.subscriptions.retrieve(subscription.id).cancel_at_period_end is False


def test_a_cancellation_may_have_a_reason(shop: Shop, portal: Any) -> None:
    subscription, url = portal
    assert "It&#x27;s too expensive" in visit(url)[1]
    visit(url, do="cancel", subscription=subscription.id, feedback="too_expensive", comment="Back next year")
    details = shop.v1.subscriptions.retrieve(subscription.id).cancellation_details
    assert (details.reason, details.feedback) == ("cancellation_requested", "too_expensive")
    assert details.comment == "Back next year"
    visit(url, do="resume", subscription=subscription.id)
    assert "must be one of" in visit(url, do="cancel", subscription=subscription.id, feedback="boredom")[1]


def test_a_customer_changes_the_card(shop: Shop, portal: Any) -> None:
    subscription, url = portal
    assert "Visa •••• 4242" in visit(url)[1]
    assert "Your card was declined." in visit(url, do="card", card="chargeDeclined")[1]
    visit(url, do="card", card="mastercard")
    assert "Mastercard •••• 4444" in visit(url)[1]
    customer = shop.v1.customers.retrieve(subscription.customer, {"expand": ["invoice_settings.default_payment_method"]})
    assert customer.invoice_settings.default_payment_method.card.last4 == "4444"


def test_another_customers_subscription_cannot_be_canceled(shop: Shop, portal: Any) -> None:
    other = shop.subscribe(shop.customer())
    assert "Choose a running subscription" in visit(portal[1], do="cancel", subscription=other.id)[1]


def test_an_open_invoice_is_paid_on_its_page(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(29 * 86_400)
    invoice = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data[0]
    assert re.search(r"Pay with Visa •••• 9961", visit(invoice.hosted_invoice_url)[1])
    visit(invoice.hosted_invoice_url, card="mastercard")
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert "Pay with" not in visit(invoice.hosted_invoice_url)[1]
    assert visit(invoice.invoice_pdf)[1].startswith("%PDF-1.4")
