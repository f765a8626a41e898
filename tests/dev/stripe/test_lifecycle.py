"""Trials, renewals, failed payments and ends of the emulator's subscriptions."""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.dev.stripe.fixtures import Shop

DAY = 86_400


def at(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M}"


def reloaded(shop: Shop, subscription: Any) -> Any:
    return shop.v1.subscriptions.retrieve(subscription.id, {"expand": ["latest_invoice"]})


def test_a_first_payment_makes_it_active(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), expand=["latest_invoice.payments"])
    invoice = subscription.latest_invoice
    assert (subscription.status, invoice.status, invoice.amount_paid) == ("active", "paid", 1000)
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.lines.data[0].pricing.price_details.price == shop.basic
    assert invoice.payments.data[0].payment.payment_intent.startswith("pi_")
    created = next(event for event in shop.emulator.events() if event["type"] == "customer.subscription.created")
    updated = next(event for event in shop.emulator.events() if event["type"] == "customer.subscription.updated")
    assert created["data"]["object"]["status"] == "incomplete"
    assert updated["data"]["previous_attributes"] == {"status": "incomplete"}


def test_months_end_on_the_right_day(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    ends = [subscription["items"].data[0].current_period_end]
    for month in (2, 3, 4):
        shop.emulator.advance(datetime(2026, month + 1, 1, 12, tzinfo=UTC))
        ends.append(reloaded(shop, subscription)["items"].data[0].current_period_end)
    assert [at(end) for end in ends] == ["2026-02-28T12:00", "2026-03-31T12:00", "2026-04-30T12:00", "2026-05-31T12:00"]


def test_a_leap_day_is_the_anchor_of_a_year(shop: Shop) -> None:
    shop.emulator.freeze(datetime(2024, 2, 29, 8, tzinfo=UTC))
    subscription = shop.subscribe(shop.customer(), shop.year)
    assert at(subscription["items"].data[0].current_period_end) == "2025-02-28T08:00"
    shop.emulator.advance(datetime(2027, 3, 1, tzinfo=UTC))
    assert at(reloaded(shop, subscription)["items"].data[0].current_period_end) == "2028-02-29T08:00"


def test_a_renewal_is_a_draft_for_an_hour(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    shop.emulator.advance(28 * DAY + 3599)
    draft = reloaded(shop, subscription).latest_invoice
    assert (draft.status, draft.billing_reason, at(draft.automatically_finalizes_at)) == (
        "draft",
        "subscription_cycle",
        "2026-02-28T13:00",
    )
    shop.emulator.advance(1)
    assert reloaded(shop, subscription).latest_invoice.status == "paid"


def test_a_trial_is_announced_and_ends(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), trial_period_days=14, expand=["latest_invoice"])
    assert (subscription.status, subscription.latest_invoice.total) == ("trialing", 0)
    shop.emulator.advance(11 * DAY - 1)
    assert "customer.subscription.trial_will_end" not in shop.kinds()
    shop.emulator.advance(1)
    assert shop.kinds("customer.subscription.trial") == ["customer.subscription.trial_will_end"]
    shop.emulator.advance(3 * DAY)
    assert (reloaded(shop, subscription).status, reloaded(shop, subscription).latest_invoice.status) == ("active", "draft")
    shop.emulator.advance(3600)
    assert reloaded(shop, subscription).latest_invoice.amount_paid == 1000


@pytest.mark.parametrize(("behavior", "status"), [("cancel", "canceled"), ("pause", "paused"), ("create_invoice", "past_due")])
def test_a_trial_without_a_card_ends_as_configured(shop: Shop, behavior: str, status: str) -> None:
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    subscription = shop.subscribe(shop.customer(None), trial_period_days=7, trial_settings=settings)
    shop.emulator.advance(7 * DAY + 3600)
    assert reloaded(shop, subscription).status == status


def test_a_paused_subscription_resumes_with_a_card(shop: Shop) -> None:
    customer = shop.customer(None)
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    subscription = shop.subscribe(customer, trial_period_days=7, trial_settings=settings)
    shop.emulator.advance(8 * DAY)
    shop.give_card(customer, "pm_card_visa")
    resumed = shop.v1.subscriptions.resume(subscription.id, {"payment_behavior": "resume_on_payment_success"})
    assert (resumed.status, resumed.billing_cycle_anchor) == ("active", shop.emulator.now())
    assert {"customer.subscription.paused", "customer.subscription.resumed"} <= set(shop.kinds())


@pytest.mark.parametrize(("end", "status"), [("cancel", "canceled"), ("unpaid", "unpaid"), ("past_due", "past_due")])
def test_a_failed_renewal_is_retried_and_then_given_up(shop: Shop, end: str, status: str) -> None:
    shop.emulator.set(after_last_retry=end)
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(28 * DAY + 3600)
    failed = reloaded(shop, subscription)
    assert (failed.status, failed.latest_invoice.attempt_count) == ("past_due", 1)
    tries = [at(failed.latest_invoice.next_payment_attempt)]
    for days in (3, 2):
        shop.emulator.advance(days * DAY)
        tries.append(at(reloaded(shop, subscription).latest_invoice.next_payment_attempt))
    assert tries == ["2026-03-03T13:00", "2026-03-05T13:00", "2026-03-07T13:00"]
    shop.emulator.advance(2 * DAY)
    ended = reloaded(shop, subscription)
    assert (ended.status, ended.latest_invoice.attempt_count, ended.latest_invoice.next_payment_attempt) == (status, 4, None)


def test_a_new_card_and_a_payment_make_it_active(shop: Shop) -> None:
    customer = shop.customer("pm_card_failsAtRenewal")
    subscription = shop.subscribe(customer)
    shop.emulator.advance(29 * DAY)
    shop.give_card(customer, "pm_card_mastercard")
    paid = shop.v1.invoices.pay(reloaded(shop, subscription).latest_invoice.id)
    assert (paid.status, reloaded(shop, subscription).status) == ("paid", "active")


def test_a_declined_manual_payment_is_402_and_recorded(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(29 * DAY)
    invoice = reloaded(shop, subscription).latest_invoice
    with pytest.raises(stripe.CardError) as refused:
        shop.v1.invoices.pay(invoice.id, {"off_session": True})
    assert (refused.value.code, refused.value.error.decline_code) == ("card_declined", "insufficient_funds")
    assert shop.kinds("charge.failed") == ["charge.failed"] * 2


def test_an_unpaid_first_invoice_expires_after_23_hours(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_chargeCustomerFail"))
    assert subscription.status == "incomplete"
    shop.emulator.advance(23 * 3600)
    expired = reloaded(shop, subscription)
    assert (expired.status, expired.latest_invoice.status) == ("incomplete_expired", "void")


def test_a_payment_waits_for_authentication(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_authenticationRequired"), expand=["latest_invoice.payments"])
    assert subscription.status == "incomplete"
    intent = subscription.latest_invoice.payments.data[0].payment.payment_intent
    assert shop.v1.payment_intents.retrieve(intent).status == "requires_action"
    assert shop.emulator.authenticate(intent) == "succeeded"
    assert reloaded(shop, subscription).status == "active"


def test_error_if_incomplete_creates_no_subscription(shop: Shop) -> None:
    customer = shop.customer("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        shop.subscribe(customer, payment_behavior="error_if_incomplete")
    assert shop.v1.subscriptions.list({"customer": customer, "status": "all"}).data == []


def test_it_ends_with_its_period_unless_resumed(shop: Shop) -> None:
    first, second = shop.subscribe(shop.customer()), shop.subscribe(shop.customer())
    shop.v1.subscriptions.update(first.id, {"cancel_at_period_end": True})
    shop.v1.subscriptions.update(second.id, {"cancel_at_period_end": True})
    resumed = shop.v1.subscriptions.update(second.id, {"cancel_at_period_end": False})
    assert (resumed.cancel_at, resumed.canceled_at) == (None, None)
    shop.emulator.advance(28 * DAY)
    assert (reloaded(shop, first).status, reloaded(shop, second).status) == ("canceled", "active")
    assert at(reloaded(shop, first).ended_at) == "2026-02-28T12:00"


def test_it_is_canceled_at_once(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    details = {"comment": "Too dear", "feedback": "too_expensive"}
    ended = shop.v1.subscriptions.cancel(subscription.id, {"cancellation_details": details})
    assert (ended.status, ended.cancellation_details.feedback) == ("canceled", "too_expensive")
    assert shop.kinds("customer.subscription")[-1] == "customer.subscription.deleted"
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        shop.v1.subscriptions.update(subscription.id, {"cancel_at_period_end": True})


def test_a_pause_of_collection_voids_its_invoices(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer())
    resumes = shop.emulator.now() + 40 * DAY
    shop.v1.subscriptions.update(subscription.id, {"pause_collection": {"behavior": "void", "resumes_at": resumes}})
    shop.emulator.advance(39 * DAY)
    assert (reloaded(shop, subscription).status, reloaded(shop, subscription).latest_invoice.status) == ("active", "void")
    shop.emulator.advance(40 * DAY)
    assert reloaded(shop, subscription).pause_collection is None
    assert reloaded(shop, subscription).latest_invoice.status == "paid"


def test_credit_is_set_off_against_the_next_invoice(shop: Shop) -> None:
    customer = shop.customer()
    shop.v1.customers.balance_transactions.create(customer, {"amount": -1300, "currency": "usd"})
    invoice = shop.subscribe(customer, expand=["latest_invoice"]).latest_invoice
    assert (invoice.starting_balance, invoice.ending_balance, invoice.amount_due, invoice.status) == (-1300, -300, 0, "paid")
    assert shop.v1.customers.retrieve(customer).balance == -300
    assert [entry.amount for entry in shop.v1.customers.balance_transactions.list(customer).data] == [1000, -1300]


def test_refunds_are_partial_whole_and_never_more(shop: Shop) -> None:
    charge = shop.charge_of(shop.subscribe(shop.customer()).latest_invoice)
    shop.v1.refunds.create({"charge": charge.id, "amount": 300})
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        shop.v1.refunds.create({"charge": charge.id, "amount": 701})
    shop.v1.refunds.create({"payment_intent": charge.payment_intent})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"charge": charge.id})
    refunded = shop.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert (refused.value.code, refunded.refunded, refunded.amount_refunded) == ("charge_already_refunded", True, 1000)
    assert [refund.amount for refund in refunded.refunds.data] == [700, 300]
    assert shop.kinds("charge.refund")[:2] == ["charge.refunded", "charge.refund.updated"]


@pytest.mark.parametrize(("won", "status"), [(True, "won"), (False, "lost")])
def test_a_dispute_is_opened_and_decided(shop: Shop, won: bool, status: str) -> None:
    charge = shop.charge_of(shop.subscribe(shop.customer("pm_card_createDispute")).latest_invoice)
    dispute = shop.v1.disputes.list({"charge": charge.id}).data[0]
    assert (dispute.status, dispute.amount, charge.disputed) == ("needs_response", 1000, True)
    shop.emulator.close_dispute(dispute.id, won=won)
    assert shop.v1.disputes.retrieve(dispute.id).status == status
    assert ("charge.dispute.funds_reinstated" in shop.kinds()) is won


def test_a_customer_is_billed_by_a_test_clock(shop: Shop) -> None:
    start = shop.emulator.now() - 1000 * DAY
    clock = shop.v1.test_helpers.test_clocks.create({"frozen_time": start})
    subscription = shop.subscribe(shop.customer(test_clock=clock.id))
    assert (subscription.created, subscription.test_clock) == (start, clock.id)
    assert shop.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": start + 100 * DAY}).status == "advancing"
    assert shop.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    invoices = shop.v1.invoices.list({"subscription": subscription.id}).data
    assert [invoice.status for invoice in invoices] == ["paid"] * 4
    assert invoices[0].created > start + 85 * DAY


def test_an_ended_trial_begins_a_period_now(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer(), trial_period_days=14)
    shop.emulator.advance(DAY)
    begun = shop.v1.subscriptions.update(subscription.id, {"trial_end": "now", "expand": ["latest_invoice"]})
    assert (begun.status, begun.latest_invoice.amount_paid, at(begun["items"].data[0].current_period_end)) == (
        "active",
        1000,
        "2026-03-01T12:00",
    )
