"""Refunds by rule after the end of a subscription and for withdrawals, and refunds that fail or have two payments."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing import services
from billing.models import Adjustment, StripeCustomer, Subscription
from billing.stripe import client as stripe_client
from core import clock
from core.errors import ConflictError
from system.models import SystemAlert
from tests.billing.buyers import Buyer, lapse
from tests.billing.buyers import buyer as buyer
from tests.billing.buyers import traveler as traveler
from users.models import User

pytestmark = pytest.mark.django_db


def test_a_payment_after_the_end_is_refunded_and_told(buyer: Buyer) -> None:
    buyer.payments.stripe.pay_invoice(lapse(buyer), "mastercard")
    buyer.sync()
    assert buyer.rows() == [("paid_after_end", "35.00", "succeeded", "re_")]
    assert (buyer.invoice().status, services.refundable_amount(buyer.invoice())) == ("refunded", 0)
    [alert] = SystemAlert.objects.for_user(buyer.user).filter(title="We refund your payment")
    assert "you paid an invoice of a subscription that had ended before. We refund 35.00 USD" in alert.message
    assert "To use a plan again, subscribe to it." in alert.message


def test_an_old_payment_after_the_end_is_left_to_staff(buyer: Buyer, traveler: Any) -> None:
    buyer.payments.stripe.pay_invoice(lapse(buyer), "mastercard")
    traveler.shift(timedelta(days=31))
    buyer.sync()
    assert buyer.rows() == []


def test_a_payment_after_the_end_that_staff_refunded_is_not_refunded_again(buyer: Buyer) -> None:
    buyer.payments.stripe.pay_invoice(lapse(buyer), "mastercard")
    [charge, *_] = stripe_client.list_all("charges")
    stripe_client.write("refunds.create", {"charge": charge["id"], "amount": 3000}, key="by-staff")
    buyer.sync()
    assert sorted(buyer.rows()) == [("", "30.00", "succeeded", "re_"), ("paid_after_end", "5.00", "succeeded", "re_")]


def test_a_payment_before_the_end_is_not_refunded(buyer: Buyer) -> None:
    services.cancel_now(Subscription.objects.get(), now=clock.now())
    buyer.sync()
    assert (Subscription.objects.get().status, buyer.rows()) == ("canceled", [])


def test_a_failed_refund_by_rule_is_told_to_staff_and_not_repeated(buyer: Buyer, administrator: User) -> None:
    invoice = lapse(buyer)
    buyer.payments.stripe.set(refunds="fail_later")
    buyer.payments.stripe.pay_invoice(invoice, "mastercard")
    buyer.sync()
    buyer.wait(1)
    buyer.wait(1)
    assert buyer.rows() == [("paid_after_end", "35.00", "failed", "re_")]
    [alert] = SystemAlert.objects.filter(user=administrator, title__endswith="failed")
    assert "35.00 USD" in alert.message
    assert "expired or canceled card" in alert.message
    assert services.refundable_amount(buyer.invoice()) == Decimal("35.00")


@pytest.mark.parametrize("buyer", ["refundFail"], indirect=True)
def test_a_refund_that_fails_later_can_be_requested_again(buyer: Buyer, staff: User) -> None:
    buyer.refund(staff)
    assert (buyer.rows(), buyer.invoice().status) == ([("", "35.00", "succeeded", "re_")], "refunded")
    assert services.refundable_amount(buyer.invoice()) == 0
    buyer.wait(1)
    assert (buyer.rows(), buyer.invoice().status) == ([("", "35.00", "failed", "re_")], "paid")
    assert (buyer.invoice().amount_refunded, services.refundable_amount(buyer.invoice())) == (0, Decimal("35.00"))
    buyer.refund(staff, "10.00")
    assert services.refundable_amount(buyer.invoice()) == Decimal("25.00")


@pytest.mark.parametrize(
    ("result", "after", "status", "left"),
    [
        ("pending", 0, "pending", "0"),
        ("pending", 1, "succeeded", "0"),
        ("lack_balance", 25, "pending", "0"),
        ("need_action", 25, "pending", "0"),
        ("need_action", 45, "failed", "35.00"),
    ],
)
def test_a_refund_without_a_result_reserves_its_amount(
    buyer: Buyer, staff: User, result: str, after: int, status: str, left: str
) -> None:
    buyer.payments.stripe.set(refunds=result)
    invoice = buyer.invoice()
    buyer.refund(staff)
    buyer.wait(after)
    invoice.refresh_from_db()
    assert Adjustment.objects.get(kind="refund").status == status
    assert services.refundable_amount(invoice) == Decimal(left)


def test_an_invoice_with_two_payments_is_refunded_from_both(buyer: Buyer, staff: User) -> None:
    customer = StripeCustomer.objects.get(user=buyer.user).stripe_id
    buyer.payments.stripe.change_card(customer, "failsAtRenewal")
    buyer.wait(32)
    invoice = buyer.invoice().stripe_invoice_id
    buyer.payments.stripe.pay_invoice_part(invoice, 1000, "mastercard")
    buyer.payments.stripe.pay_invoice(invoice, "visa")
    buyer.sync()
    buyer.refund(staff, "30.00")
    assert sorted(buyer.rows()) == [("", "25.00", "succeeded", "re_"), ("", "5.00", "succeeded", "re_")]
    assert services.refundable_amount(buyer.invoice()) == Decimal("5.00")
    buyer.refund(staff)
    assert sorted(refund["amount"] for refund in stripe_client.list_all("refunds")) == [500, 500, 2500]
    assert buyer.invoice().status == "refunded"


def test_two_payments_after_the_end_are_each_refunded_once(buyer: Buyer) -> None:
    invoice = lapse(buyer)
    buyer.payments.stripe.pay_invoice_part(invoice, 1000, "mastercard")
    buyer.payments.stripe.pay_invoice(invoice, "visa")
    buyer.sync()
    buyer.wait(3)
    assert sorted(buyer.rows()) == [
        ("paid_after_end", "10.00", "succeeded", "re_"),
        ("paid_after_end", "25.00", "succeeded", "re_"),
    ]


def test_a_withdrawal_within_two_weeks_needs_one_person(buyer: Buyer, staff: User) -> None:
    buyer.wait(14)
    services.cancel_now(Subscription.objects.get(), now=clock.now())
    row = services.refund_withdrawal(invoice=buyer.invoice(), reason="Ticket 4711", by=staff, now=clock.now())
    assert (row.rule, row.amount, row.requested_by, row.approved_by) == ("withdrawal", Decimal("35.00"), staff, None)
    services.send_refund(row)
    assert buyer.rows() == [("withdrawal", "35.00", "succeeded", "re_")]


def test_a_withdrawal_after_two_weeks_needs_two_people(buyer: Buyer, staff: User) -> None:
    buyer.wait(15)
    services.cancel_now(Subscription.objects.get(), now=clock.now())
    with pytest.raises(ConflictError, match="more than 14 days ago"):
        services.refund_withdrawal(invoice=buyer.invoice(), reason="Ticket 4711", by=staff, now=clock.now())


def test_a_withdrawal_ends_the_subscription_first(buyer: Buyer, staff: User) -> None:
    with pytest.raises(ConflictError, match="Cancel it now, then refund"):
        services.refund_withdrawal(invoice=buyer.invoice(), reason="Ticket 4711", by=staff, now=clock.now())


def test_a_withdrawal_is_refunded_once(buyer: Buyer, staff: User) -> None:
    services.cancel_now(Subscription.objects.get(), now=clock.now())
    buyer.payments.stripe.set(refunds="fail_later")
    services.send_refund(services.refund_withdrawal(invoice=buyer.invoice(), reason="x", by=staff, now=clock.now()))
    buyer.wait(2)
    with pytest.raises(ConflictError, match="A rule has refunded this invoice"):
        services.refund_withdrawal(invoice=buyer.invoice(), reason="x", by=staff, now=clock.now())


def test_a_withdrawal_returns_at_most_what_is_left(buyer: Buyer, staff: User) -> None:
    buyer.refund(staff, "30.00")
    services.cancel_now(Subscription.objects.get(), now=clock.now())
    row = services.refund_withdrawal(invoice=buyer.invoice(), reason="x", by=staff, now=clock.now())
    assert row.amount == Decimal("5.00")
