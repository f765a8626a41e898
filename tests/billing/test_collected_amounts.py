"""Amounts collected through Stripe: in parts, too much, not at all, and for invoices that end uncollectible or void."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing import money_metrics, services
from billing.models import StripeCustomer, Subscription
from core import clock
from core.errors import ConflictError
from system.models import SystemAlert
from tests.billing.buyers import Buyer, fail_renewal, lapse, let_upgrade_lapse, pay_part_of_upgrade
from tests.billing.buyers import buyer as buyer
from tests.billing.buyers import traveler as traveler
from tests.dev.stripe.fixtures import client_of
from users.models import User
from users.models.erasure import RequestedBy
from users.privacy import erasure as erasures

pytestmark = pytest.mark.django_db


def books() -> list[str]:
    """Return what is left of charges, refunds and disputes, by month."""
    return [f"{row[0]} {row[-1]}" for row in money_metrics.books(clock.now()).rows]


def test_a_payment_is_collected(buyer: Buyer) -> None:
    invoice = buyer.invoice()
    assert (invoice.amount_collected, invoice.collected_at) == (Decimal("35.00"), invoice.paid_at)
    assert books() == ["2026-03 35.00"]


def test_a_part_of_an_open_invoice_is_collected(buyer: Buyer) -> None:
    buyer.payments.stripe.pay_invoice_part(fail_renewal(buyer), 1000, "mastercard")
    buyer.sync()
    invoice = buyer.invoice()
    assert (invoice.status, invoice.amount_collected, invoice.collected_at) == ("failed", Decimal("10.00"), clock.now())
    assert books() == ["2026-03 35.00", "2026-04 10.00"]
    assert services.refundable_amount(invoice) == 0  # the rest can still be paid


def test_a_part_of_an_uncollectible_invoice_is_retained(buyer: Buyer, staff: User) -> None:
    invoice = fail_renewal(buyer)
    buyer.payments.stripe.pay_invoice_part(invoice, 1000, "mastercard")
    client_of(buyer.payments.stripe).v1.invoices.mark_uncollectible(invoice)
    buyer.sync()
    buyer.wait(1)
    assert (buyer.invoice().status, buyer.rows(), books()[-1]) == ("unpaid", [], "2026-04 10.00")
    assert services.refundable_amount(buyer.invoice()) == Decimal("10.00")
    buyer.refund(staff)
    assert (buyer.rows(), books()[-1]) == ([("", "10.00", "succeeded", "re_")], "2026-04 0.00")


def test_a_part_of_a_void_invoice_is_refunded_and_told(buyer: Buyer) -> None:
    invoice = let_upgrade_lapse(buyer)
    assert (invoice.status, invoice.amount_collected) == ("void", Decimal("5.00"))
    assert buyer.rows() == [("void_invoice", "5.00", "succeeded", "re_")]
    assert books() == ["2026-03 35.00"]
    [alert] = SystemAlert.objects.for_user(buyer.user).filter(title="We refund your payment")
    assert "you paid a part of an invoice that was canceled afterwards. We refund 5.00 USD" in alert.message
    buyer.wait(1)
    assert len(buyer.rows()) == 1


def test_a_part_that_staff_refunded_is_not_refunded_again(buyer: Buyer) -> None:
    pay_part_of_upgrade(buyer)
    v1 = client_of(buyer.payments.stripe).v1
    v1.refunds.create({"charge": v1.charges.list().data[0].id})
    buyer.wait(1)
    assert (buyer.invoice().status, buyer.rows()) == ("void", [("", "5.00", "succeeded", "re_")])


def test_an_old_part_of_a_void_invoice_is_left_to_staff(buyer: Buyer, traveler: Any, staff: User) -> None:
    invoice = pay_part_of_upgrade(buyer)
    buyer.payments.stripe.advance(86_400)
    traveler.shift(timedelta(days=31))
    buyer.sync()
    invoice.refresh_from_db()
    assert (invoice.status, buyer.rows()) == ("void", [])
    assert services.request_refund(invoice=invoice, reason="x", by=staff, now=clock.now()).amount == Decimal("5.00")


def test_an_invoice_paid_elsewhere_is_no_charge(buyer: Buyer, staff: User) -> None:
    client_of(buyer.payments.stripe).v1.invoices.pay(fail_renewal(buyer), {"paid_out_of_band": True})
    buyer.sync()
    invoice = buyer.invoice()
    assert (invoice.status, invoice.amount_collected, invoice.collected_at) == ("paid", Decimal("0.00"), None)
    assert (books(), services.refundable_amount(invoice)) == (["2026-03 35.00"], 0)
    with pytest.raises(ConflictError, match="paid from credit, or outside of Stripe"):
        services.request_refund(invoice=invoice, reason="x", by=staff, now=clock.now())


def test_the_rest_paid_elsewhere_leaves_the_part(buyer: Buyer, staff: User) -> None:
    invoice = fail_renewal(buyer)
    buyer.payments.stripe.pay_invoice_part(invoice, 1000, "mastercard")
    client_of(buyer.payments.stripe).v1.invoices.pay(invoice, {"paid_out_of_band": True})
    buyer.sync()
    assert (buyer.invoice().status, buyer.invoice().amount_collected) == ("paid", Decimal("10.00"))
    assert services.refundable_amount(buyer.invoice()) == Decimal("10.00")


def test_what_was_paid_too_much_is_in_the_books_and_became_credit(buyer: Buyer) -> None:
    buyer.payments.stripe.pay_invoice_part(fail_renewal(buyer), 4000, "mastercard")
    buyer.sync()
    invoice = buyer.invoice()
    assert (invoice.status, invoice.amount_collected, books()[-1]) == ("paid", Decimal("40.00"), "2026-04 40.00")
    assert StripeCustomer.objects.get(user=buyer.user).credit == Decimal("5.00")
    assert services.refundable_amount(invoice) == Decimal("35.00")


def test_a_void_invoice_without_a_payment_has_nothing_to_refund(buyer: Buyer, staff: User) -> None:
    client_of(buyer.payments.stripe).v1.invoices.void_invoice(lapse(buyer))
    buyer.sync()
    assert (buyer.invoice().status, buyer.invoice().amount_collected) == ("void", 0)
    with pytest.raises(ConflictError, match=r"Nothing was charged for this invoice\.$"):
        services.request_refund(invoice=buyer.invoice(), reason="x", by=staff, now=clock.now())


def test_the_books_remain_after_an_erasure(buyer: Buyer, staff: User) -> None:
    buyer.refund(staff, "10.00")
    services.cancel_now(Subscription.objects.get(), now=clock.now())
    before = money_metrics.books(clock.now()).rows
    erasures.run_erasure(erasures.begin_erasure(buyer.user, requested_by=RequestedBy.CUSTOMER))
    assert not User.objects.filter(pk=buyer.user.pk, email=buyer.user.email).exists()
    assert money_metrics.books(clock.now()).rows == before
