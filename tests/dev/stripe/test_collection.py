"""Collection by the emulator: hard declines, smart retries, sent invoices, partial payments and delayed finalization."""

from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop
from tests.dev.stripe.test_webhooks import Listener
from tests.dev.stripe.test_webhooks import listener as listener

HOUR, DAY = 3600, 86_400


def latest(shop: Shop, subscription: Any) -> Any:
    return shop.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]}).latest_invoice


@pytest.mark.parametrize(
    ("number", "code", "decline_code"),
    [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4000000000000119", "processing_error", "processing_error"),
        ("4000000000006975", "card_declined", "card_velocity_exceeded"),
    ],
)
def test_declined_test_numbers_cannot_be_saved(shop: Shop, number: str, code: str, decline_code: str) -> None:
    method = shop.v1.payment_methods.create({"type": "card", "card": {"number": number}})
    with pytest.raises(stripe.CardError) as refused:
        shop.v1.payment_methods.attach(method.id, {"customer": shop.customer(None)})
    assert (refused.value.code, refused.value.error.decline_code) == (code, decline_code)


@pytest.mark.parametrize(
    ("card", "first", "renewed"),
    [
        ("authenticationRequired", "incomplete", "past_due"),
        ("authenticationRequiredOnSetup", "incomplete", "active"),
        ("authenticationRequiredSetupForOffSession", "incomplete", "active"),
    ],
)
def test_a_card_authenticates_as_documented(shop: Shop, card: str, first: str, renewed: str) -> None:
    subscription = shop.subscribe(shop.customer(f"pm_card_{card}"), expand=["latest_invoice.payments"])
    assert subscription.status == first
    shop.emulator.authenticate(subscription.latest_invoice.payments.data[0].payment.payment_intent)
    shop.emulator.advance(29 * DAY)
    assert shop.v1.subscriptions.retrieve(subscription.id).status == renewed


def test_a_card_may_lack_funds_after_the_authentication(shop: Shop) -> None:
    card = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds"
    subscription = shop.subscribe(shop.customer(card), expand=["latest_invoice.payments"])
    intent = subscription.latest_invoice.payments.data[0].payment.payment_intent
    assert shop.emulator.authenticate(intent) == "requires_payment_method"
    assert shop.v1.payment_intents.retrieve(intent).last_payment_error.decline_code == "insufficient_funds"


def test_smart_retries_are_eight_within_two_weeks(shop: Shop) -> None:
    shop.emulator.set(retry_days="smart", after_last_retry="past_due")
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(28 * DAY + HOUR)
    shop.emulator.advance(14 * DAY)
    assert (latest(shop, subscription).attempt_count, latest(shop, subscription).next_payment_attempt) == (9, None)
    assert len(shop.v1.charges.list({"customer": subscription.customer}).data) == 1 + 9


@pytest.mark.parametrize("card", ["lostBeforeRenewal", "authenticationRequiredSetupForOffSession"])
def test_after_a_hard_decline_no_retry_is_made(shop: Shop, card: str) -> None:
    shop.emulator.set(after_last_retry="past_due")
    customer = shop.customer()
    subscription = shop.subscribe(customer)
    shop.give_card(customer, "pm_card_authenticationRequired" if "authentication" in card else f"pm_card_{card}")
    shop.emulator.advance(50 * DAY)
    assert (latest(shop, subscription).attempt_count, latest(shop, subscription).status) == (4, "open")
    assert len(shop.v1.charges.list({"customer": customer}).data) == 2


def test_a_new_card_is_tried_at_the_next_retry(shop: Shop) -> None:
    customer = shop.customer("pm_card_lostBeforeRenewal")
    subscription = shop.subscribe(customer)
    shop.emulator.advance(29 * DAY)
    shop.give_card(customer, "pm_card_visa")
    shop.emulator.advance(4 * DAY)
    assert (latest(shop, subscription).status, latest(shop, subscription).attempt_count) == ("paid", 2)


def test_a_sent_invoice_is_due_after_days(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(None), collection_method="send_invoice", days_until_due=14)
    shop.emulator.advance(HOUR)
    sent = latest(shop, subscription)
    assert (subscription.status, sent.status, sent.attempt_count) == ("active", "open", 0)
    assert sent.due_date == subscription.created + 14 * DAY
    assert shop.kinds("invoice.")[-1] == "invoice.sent"
    shop.emulator.advance(14 * DAY)
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    assert "invoice.overdue" in shop.kinds()
    shop.emulator.pay_invoice(sent.id, "visa")
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_sent_invoice_needs_its_days(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="days_until_due"):
        shop.subscribe(shop.customer(None), collection_method="send_invoice")


def partial_payment(shop: Shop, invoice: Any, amount: int) -> None:
    given = {
        "amount": amount,
        "currency": "usd",
        "customer": invoice.customer,
        "payment_method": "pm_card_visa",
        "confirm": True,
    }
    intent = shop.v1.payment_intents.create(given)
    shop.v1.invoices.attach_payment(invoice.id, {"payment_intent": intent.id})


def test_several_payments_pay_one_invoice(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"))
    invoice = latest(shop, subscription)
    partial_payment(shop, invoice, 400)
    open_one = latest(shop, subscription)
    assert (open_one.status, open_one.amount_paid, open_one.amount_remaining) == ("open", 400, 600)
    partial_payment(shop, invoice, 600)
    assert (latest(shop, subscription).status, latest(shop, subscription).amount_paid) == ("paid", 1000)
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"
    payments = shop.v1.invoice_payments.list({"invoice": invoice.id}).data
    assert sorted((one.status, one.amount_paid, one.is_default) for one in payments) == [
        ("canceled", None, True),
        ("paid", 400, False),
        ("paid", 600, False),
    ]


def test_the_rest_is_paid_by_the_default_payment_and_an_excess_is_credit(shop: Shop) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    first, second = (latest(shop, shop.subscribe(customer)) for _ in range(2))
    partial_payment(shop, first, 400)
    shop.give_card(customer, "pm_card_visa")
    assert shop.v1.invoices.pay(first.id).amount_paid == 1000
    assert shop.v1.charges.list({"customer": customer}).data[0].amount == 600
    partial_payment(shop, second, 1250)
    assert shop.v1.invoices.retrieve(second.id).amount_overpaid == 250
    assert shop.v1.customers.retrieve(customer).balance == -250


def pass_hours(shop: Shop, listener: Listener, hours: int, *, status: int) -> None:
    """Let the hours pass, in which the endpoint responds with a status."""
    for _ in range(hours):
        listener.refusals = [status] * 100
        shop.emulator.deliver_all()
        shop.emulator.advance(HOUR)


@pytest.mark.parametrize(("down_for", "finalized_after"), [(0, 1), (6, 7), (80, 72)])
def test_finalization_waits_for_the_endpoint(shop: Shop, listener: Listener, down_for: int, finalized_after: int) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.deliver_all()
    shop.emulator.advance(28 * DAY)
    draft = latest(shop, subscription)
    pass_hours(shop, listener, down_for, status=500)
    pass_hours(shop, listener, 80 - down_for, status=200)
    assert draft.status == "draft"
    assert latest(shop, subscription).status_transitions.finalized_at == draft.created + finalized_after * HOUR
