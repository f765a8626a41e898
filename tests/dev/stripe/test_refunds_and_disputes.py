"""The emulator's refunds that are pending or fail, its disputes and inquiries, and the account's balance, in minor units."""

from typing import Any

import pytest
import stripe

from dev.stripe.emulator import EmulatorError
from tests.dev.stripe.fixtures import Shop

DAY = 86_400


def paid_charge(shop: Shop, card: str = "pm_card_visa") -> Any:
    return shop.charge_of(shop.subscribe(shop.customer(card)).latest_invoice)


def balance(shop: Shop) -> int:
    """Return the sum of all movements of money, without fees."""
    return sum(entry.amount for entry in shop.v1.balance_transactions.list({"limit": 100}).data)


def names_of_dispute_events(shop: Shop) -> list[str]:
    return [name.removeprefix("charge.dispute.") for name in shop.kinds("charge.dispute")]


def test_a_refund_of_this_card_fails_a_day_later(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_refundFail")
    refund = shop.v1.refunds.create({"charge": charge.id, "amount": 400})
    assert (refund.status, shop.v1.charges.retrieve(charge.id).amount_refunded, balance(shop)) == ("succeeded", 400, 600)
    shop.emulator.advance(DAY)
    failed = shop.v1.refunds.retrieve(refund.id)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (shop.v1.charges.retrieve(charge.id).amount_refunded, balance(shop)) == (0, 1000)
    assert shop.kinds()[-3:] == ["refund.updated", "charge.refund.updated", "refund.failed"]


def test_a_refund_of_this_card_is_pending_for_a_day(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_pendingRefund")
    refund = shop.v1.refunds.create({"charge": charge.id})
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    shop.emulator.advance(DAY)
    assert shop.v1.refunds.retrieve(refund.id).status == "succeeded"
    assert balance(shop) == 0


def test_a_refund_without_balance_waits(shop: Shop) -> None:
    shop.emulator.set(refunds="lack_balance")
    refund = shop.v1.refunds.create({"charge": paid_charge(shop).id})
    shop.emulator.advance(20 * DAY)
    waiting = shop.v1.refunds.retrieve(refund.id)
    assert (waiting.status, waiting.pending_reason, waiting.balance_transaction) == ("pending", "insufficient_funds", None)
    shop.emulator.settle_refund(refund.id, "succeeded")
    assert (shop.v1.refunds.retrieve(refund.id).status, balance(shop)) == ("succeeded", 0)


def test_a_refund_that_needs_the_customer_fails_without_them(shop: Shop) -> None:
    shop.emulator.set(refunds="need_action")
    refund = shop.v1.refunds.create({"charge": paid_charge(shop).id})
    sent = refund.next_action.display_details.email_sent.email_sent_to
    assert (refund.status, sent, balance(shop)) == ("requires_action", "alice@example.com", 1000)
    shop.emulator.advance(25 * DAY)
    assert shop.v1.refunds.retrieve(refund.id).status == "requires_action"
    shop.emulator.advance(20 * DAY)
    assert shop.v1.refunds.retrieve(refund.id).status == "failed"


def test_a_refund_that_needs_the_customer_is_canceled(shop: Shop) -> None:
    shop.emulator.set(refunds="need_action")
    charge = paid_charge(shop)
    refund = shop.v1.refunds.create({"charge": charge.id})
    assert shop.v1.refunds.cancel(refund.id).status == "canceled"
    assert shop.v1.charges.retrieve(charge.id).amount_refunded == 0
    with pytest.raises(stripe.InvalidRequestError, match="cannot cancel"):
        shop.v1.refunds.cancel(refund.id)


def test_an_unknown_result_of_refunds_is_refused(shop: Shop) -> None:
    with pytest.raises(EmulatorError, match="refunds must be one of succeed, fail_later"):
        shop.emulator.set(refunds="explode")


def test_a_dispute_takes_the_amount_and_names_no_customer(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_createDispute")
    [dispute] = shop.v1.disputes.list({"charge": charge.id}).data
    assert (dispute.balance_transactions[0].amount, dispute.balance_transactions[0].fee, balance(shop)) == (-1000, 1500, 0)
    assert "customer" not in dispute
    assert "charge.updated" not in shop.kinds()
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        shop.v1.refunds.create({"charge": charge.id})


def test_a_dispute_is_won_by_the_evidence_for_tests(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_createDispute")
    [dispute] = shop.v1.disputes.list({"charge": charge.id}).data
    won = shop.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    assert (won.status, [entry.amount for entry in won.balance_transactions], balance(shop)) == ("won", [-1000, 1000], 1000)
    assert names_of_dispute_events(shop) == ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"]


def test_an_inquiry_takes_nothing_and_ends_with_a_full_refund(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_createDisputeInquiry")
    [inquiry] = shop.v1.disputes.list({"charge": charge.id}).data
    assert (inquiry.status, inquiry.balance_transactions, balance(shop)) == ("warning_needs_response", [], 1000)
    answered = shop.v1.disputes.update(inquiry.id, {"evidence": {"product_description": "A plan"}})
    assert answered.status == "warning_under_review"
    shop.v1.refunds.create({"charge": charge.id})
    assert shop.v1.disputes.retrieve(inquiry.id).status == "warning_closed"
    assert names_of_dispute_events(shop) == ["created", "updated", "closed"]


def test_an_inquiry_becomes_a_dispute(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_createDisputeInquiry")
    [inquiry] = shop.v1.disputes.list({"charge": charge.id}).data
    shop.emulator.escalate_dispute(inquiry.id)
    assert (shop.v1.disputes.retrieve(inquiry.id).status, balance(shop)) == ("needs_response", 0)
    shop.emulator.close_dispute(inquiry.id, won=False)
    assert (shop.v1.disputes.retrieve(inquiry.id).status, balance(shop)) == ("lost", 0)


def test_a_prevented_dispute_takes_the_amount_without_a_fee(shop: Shop) -> None:
    dispute = shop.v1.disputes.retrieve(shop.emulator.open_dispute(paid_charge(shop).id, case="resolution"))
    assert (dispute.status, dispute.balance_transactions[0].fee, balance(shop)) == ("prevented", 0, 0)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        shop.v1.disputes.close(dispute.id)


def test_a_fraud_warning_names_a_charge_and_no_customer(shop: Shop) -> None:
    charge = paid_charge(shop, "pm_card_createIssuerFraudRecord")
    [warning] = shop.v1.radar.early_fraud_warnings.list({"charge": charge.id}).data
    assert (warning.actionable, warning.fraud_type) == (True, "unauthorized_use_of_card")
    assert "customer" not in warning
    shop.v1.refunds.create({"charge": charge.id})
    assert shop.v1.radar.early_fraud_warnings.retrieve(warning.id).actionable is False
    assert shop.kinds("radar") == ["radar.early_fraud_warning.created", "radar.early_fraud_warning.updated"]


def test_an_invoice_is_paid_by_two_payments(shop: Shop) -> None:
    subscription = shop.subscribe(shop.customer("pm_card_failsAtRenewal"))
    shop.emulator.advance(29 * DAY)
    [invoice] = shop.v1.invoices.list({"subscription": subscription.id, "status": "open"}).data
    shop.emulator.pay_invoice_part(invoice.id, 400, "visa")
    assert shop.v1.invoices.retrieve(invoice.id).amount_remaining == 600
    shop.emulator.pay_invoice(invoice.id, "mastercard")
    paid = shop.v1.invoices.retrieve(invoice.id, {"expand": ["payments"]})
    assert (paid.status, paid.amount_paid) == ("paid", 1000)
    assert sorted((entry.amount_paid, entry.status) for entry in paid.payments.data) == [(400, "paid"), (600, "paid")]
    with pytest.raises(EmulatorError, match="this one is paid"):
        shop.emulator.pay_invoice_part(invoice.id, 1, "visa")
