"""The emulator's small amounts, credit notes, invoice items and manual invoices, all in minor units."""

from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

DAY = 86_400


def test_less_than_the_smallest_charge_waits_on_the_balance(shop: Shop) -> None:
    customer = shop.customer()
    shop.v1.customers.balance_transactions.create(customer, {"amount": -970, "currency": "usd"})
    subscription = shop.subscribe(customer, expand=["latest_invoice.payments"])
    invoice = subscription.latest_invoice
    assert (invoice.total, invoice.amount_due, invoice.status, invoice.payments.data) == (1000, 0, "paid", [])
    assert shop.v1.customers.retrieve(customer).balance == 30
    shop.emulator.advance(28 * DAY + 3600)
    assert shop.v1.invoices.list({"subscription": subscription.id}).data[0].amount_paid == 1030


def test_a_credit_note_refunds_the_card_and_credits_the_balance(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    given = {"invoice": subscription.latest_invoice, "amount": 700, "refund_amount": 400, "credit_amount": 300}
    note = shop.v1.credit_notes.create(given)
    assert (note.type, note.refunds[0].amount_refunded, note.post_payment_amount) == ("post_payment", 400, 700)
    assert shop.charge_of(subscription.latest_invoice).amount_refunded == 400
    assert shop.v1.customers.retrieve(subscription.customer).balance == -300
    with pytest.raises(stripe.InvalidRequestError, match="at most 300"):
        shop.v1.credit_notes.create({"invoice": subscription.latest_invoice, "amount": 301, "credit_amount": 301})


def test_a_credit_note_on_an_open_invoice_lowers_it(shop: Shop) -> None:
    customer = shop.customer("pm_card_failsAtRenewal")
    subscription = shop.subscribe(customer)
    shop.emulator.advance(29 * DAY)
    invoice = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data[0]
    shop.v1.credit_notes.create({"invoice": invoice.id, "amount": 400})
    shop.give_card(customer, "pm_card_visa")
    paid = shop.v1.invoices.pay(invoice.id)
    assert (paid.amount_paid, paid.pre_payment_credit_notes_amount, shop.charge_of(invoice.id).amount) == (600, 400, 600)


def test_items_wait_for_a_manual_invoice(shop: Shop) -> None:
    customer = shop.customer()
    for amount in (700, -100):
        shop.v1.invoice_items.create({"customer": customer, "amount": amount, "currency": "usd", "description": "Extra"})
    draft = shop.v1.invoices.create({"customer": customer})
    assert (draft.status, draft.total, draft.parent) == ("draft", 600, None)
    shop.v1.invoices.finalize_invoice(draft.id)
    assert shop.v1.invoices.pay(draft.id).amount_paid == 600
    assert shop.v1.invoice_items.list({"customer": customer, "pending": True}).data == []


@pytest.mark.parametrize(
    ("action", "status", "event"),
    [("void_invoice", "void", "invoice.voided"), ("mark_uncollectible", "uncollectible", "invoice.marked_uncollectible")],
)
def test_an_open_invoice_is_given_up(shop: Shop, action: str, status: str, event: str) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(29 * DAY)
    invoice = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data[0]
    assert getattr(shop.v1.invoices, action)(invoice.id).status == status
    assert event in shop.kinds()
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.invoices.finalize_invoice(invoice.id)


def test_an_invoice_with_a_payment_is_not_voided(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(29 * DAY)
    invoice = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data[0]
    shop.emulator.pay_invoice_part(invoice.id, 400, "visa")
    with pytest.raises(stripe.InvalidRequestError, match="can't void an invoice with a payment"):
        shop.v1.invoices.void_invoice(invoice.id)
    assert shop.v1.invoices.mark_uncollectible(invoice.id).amount_paid == 400


def test_writing_off_the_latest_invoice_activates_a_past_due_subscription(shop: Shop) -> None:
    shop.emulator.set(after_last_retry="past_due")
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(63 * DAY)
    latest, earlier = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data
    shop.v1.invoices.mark_uncollectible(earlier.id)
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "past_due"
    shop.v1.invoices.mark_uncollectible(latest.id)
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"
    assert shop.emulator.pay_invoice(latest.id, "visa") == "succeeded"


def test_an_invoice_paid_out_of_band_is_paid(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(29 * DAY)
    invoice = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data[0]
    paid = shop.v1.invoices.pay(invoice.id, {"paid_out_of_band": True, "expand": ["payments"]})
    assert (paid.status, paid.amount_paid) == ("paid", 1000)
    by_status = {entry.status: entry for entry in paid.payments.data}
    assert (by_status["paid"].payment.type, by_status["paid"].amount_paid) == ("payment_record", 1000)
    assert by_status["canceled"].payment.type == "payment_intent"
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_preview_of_a_new_subscription(shop: Shop) -> None:
    given: Any = {"customer": shop.customer(None), "subscription_details": {"items": [{"price": shop.plus, "quantity": 2}]}}
    preview = shop.v1.invoices.create_preview(given)
    assert (preview.total, preview.status, preview.id[:11]) == (6000, "draft", "upcoming_in")
    assert shop.v1.subscriptions.list({"status": "all"}).data == []


def test_a_preview_after_the_last_period_is_an_error(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.invoices.create_preview({"subscription": subscription.id})
    assert refused.value.code == "invoice_upcoming_none"


def test_an_item_is_updated_without_its_subscription(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    item = subscription["items"].data[0].id
    changed = shop.v1.subscription_items.update(item, {"quantity": 3, "proration_behavior": "always_invoice"})
    assert (changed.quantity, shop.v1.invoices.list({"subscription": subscription.id}).data[0].amount_paid) == (3, 2000)


def test_an_incomplete_subscription_cannot_be_changed(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"))
    with pytest.raises(stripe.InvalidRequestError, match="incomplete"):
        shop.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})
    assert shop.v1.subscriptions.update(subscription.id, {"metadata": {"a": "b"}}).metadata["a"] == "b"


def test_default_incomplete_leaves_the_first_invoice_open(shop: Shop) -> None:
    customer = shop.customer(None)
    subscription = shop.subscribe(
        customer, payment_behavior="default_incomplete", expand=["latest_invoice.confirmation_secret"]
    )
    assert (subscription.status, subscription.latest_invoice.attempt_count) == ("incomplete", 0)
    assert "_secret_" in subscription.latest_invoice.confirmation_secret.client_secret
    intent = shop.v1.invoice_payments.list({"invoice": subscription.latest_invoice.id}).data[0].payment.payment_intent
    method = shop.v1.payment_methods.attach("pm_card_visa", {"customer": customer})
    assert shop.v1.payment_intents.confirm(intent, {"payment_method": method.id}).status == "succeeded"
    assert shop.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_a_detached_card_is_no_default(shop: Shop) -> None:
    customer = shop.customer(None)
    method = shop.give_card(customer, "pm_card_amex")
    shop.v1.payment_methods.detach(method)
    assert shop.v1.customers.retrieve(customer).invoice_settings.default_payment_method is None
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        shop.v1.payment_methods.attach(method, {"customer": customer})
