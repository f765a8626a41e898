"""Paused subscriptions in the emulator, and their resumption."""

from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

DAY = 86_400
ON_SUCCESS = {"payment_behavior": "resume_on_payment_success", "expand": ["latest_invoice.payments"]}


def paused(shop: Shop, card: str = "pm_card_visa") -> Any:
    """Return a subscription that was paused after ten days, whose customer has then changed the card."""
    customer = shop.customer()
    subscription = shop.subscribe(customer)
    shop.emulator.advance(10 * DAY)
    done = shop.v1.subscriptions.pause(subscription.id)
    shop.give_card(customer, card)
    return done


def reloaded(shop: Shop, subscription: Any) -> Any:
    return shop.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


def test_a_pause_ends_the_period_and_credits_the_rest(shop: Shop) -> None:
    subscription = paused(shop)
    items = shop.v1.invoice_items.list({"customer": subscription.customer, "pending": True}).data
    assert (subscription.status, subscription.status_details.paused.subscription.type) == ("paused", "pause_requested")
    assert subscription["items"].data[0].current_period_end == shop.emulator.now()
    assert [item.amount for item in items] == [-643]  # 18 of 28 days of 10.00
    assert "customer.subscription.paused" in shop.kinds()
    shop.emulator.advance(60 * DAY)
    assert len(shop.v1.invoices.list({"customer": subscription.customer}).data) == 1


def test_it_resumes_when_the_new_period_is_paid(shop: Shop) -> None:
    subscription = paused(shop)
    shop.emulator.advance(5 * DAY)
    resumed = shop.v1.subscriptions.resume(subscription.id, ON_SUCCESS)
    assert (resumed.status, resumed.billing_cycle_anchor) == ("active", shop.emulator.now())
    assert (resumed.latest_invoice.amount_paid, resumed.pending_update) == (1000 - 643, None)
    assert "customer.subscription.resumed" in shop.kinds()
    shop.emulator.advance(29 * DAY)
    assert reloaded(shop, subscription).latest_invoice.amount_paid == 1000


def test_it_stays_paused_until_the_payment_succeeds(shop: Shop) -> None:
    subscription = paused(shop, "pm_card_authenticationRequired")
    waiting = shop.v1.subscriptions.resume(subscription.id, ON_SUCCESS)
    assert (waiting.status, waiting.latest_invoice.status) == ("paused", "open")
    shop.emulator.authenticate(waiting.latest_invoice.payments.data[0].payment.payment_intent)
    assert reloaded(shop, subscription).status == "active"


def test_a_failed_resumption_is_retried_and_never_cancels(shop: Shop) -> None:
    subscription = paused(shop, "pm_card_chargeCustomerFail")
    shop.v1.subscriptions.resume(subscription.id, ON_SUCCESS)
    shop.emulator.advance(4 * DAY)
    assert reloaded(shop, subscription).latest_invoice.attempt_count == 2
    shop.emulator.advance(30 * DAY)
    assert reloaded(shop, subscription).status == "paused"


def test_a_resumption_on_attempt_makes_no_payment(shop: Shop) -> None:
    subscription = paused(shop)
    waiting = shop.v1.subscriptions.resume(subscription.id, {"expand": ["latest_invoice"]})
    assert (waiting.status, waiting.latest_invoice.status, waiting.latest_invoice.attempted) == ("paused", "open", False)
    shop.v1.invoices.pay(waiting.latest_invoice.id)
    assert reloaded(shop, subscription).status == "active"


def test_a_resumption_on_attempt_expires_after_23_hours(shop: Shop) -> None:
    subscription = paused(shop)
    shop.v1.subscriptions.resume(subscription.id)
    shop.emulator.advance(23 * 3600)
    expired = reloaded(shop, subscription)
    assert (expired.status, expired.latest_invoice.status) == ("paused", "void")


def test_without_a_card_a_resumption_is_refused(shop: Shop) -> None:
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = shop.subscribe(shop.customer(None), trial_period_days=7, trial_settings=settings)
    shop.emulator.advance(8 * DAY)
    with pytest.raises(stripe.InvalidRequestError, match="no attached payment source") as refused:
        shop.v1.subscriptions.resume(subscription.id, ON_SUCCESS)
    assert (refused.value.code, refused.value.param) == ("resource_missing", None)
    assert reloaded(shop, subscription).status == "paused"


def test_a_trial_cannot_be_paused(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), trial_period_days=7)
    with pytest.raises(stripe.InvalidRequestError, match="`trialing`"):
        shop.v1.subscriptions.pause(subscription.id)


def test_the_preview_of_a_resumption_is_what_it_charges(shop: Shop) -> None:
    subscription = paused(shop)
    shop.emulator.advance(20 * DAY)
    details: Any = {"subscription": subscription.id, "subscription_details": {"resume_at": "now"}}
    preview = shop.v1.invoices.create_preview(details)
    charged = shop.v1.subscriptions.resume(subscription.id, ON_SUCCESS | {"expand": ["latest_invoice"]}).latest_invoice
    assert (preview.amount_due, preview.total) == (charged.amount_due, charged.total)
    assert preview.total < 1000
    with pytest.raises(stripe.InvalidRequestError, match="of a paused subscription"):
        shop.v1.invoices.create_preview(details)
