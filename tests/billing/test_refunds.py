"""Refunds: sent once, approved by a second staff member, and never above the paid amount."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing import services, tasks
from billing.models import Adjustment, BillingHistory
from billing.stripe import client as stripe_client
from billing.stripe.values import to_minor_units
from core.errors import ConflictError, DomainError
from dev.factories import InvoiceFactory, UserFactory
from tests.billing.paying_customer import PayingCustomer
from tests.billing.paying_customer import connected as connected
from tests.dev.stripe.fixtures import Shop
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def payer(connected: Shop, alice: User) -> PayingCustomer:
    return PayingCustomer(connected, alice)


@pytest.fixture
def invoice(payer: PayingCustomer) -> BillingHistory:
    """Return an invoice of 10.00 USD that Alice paid."""
    return payer.newest()[0]


@pytest.fixture
def approver(db: None) -> User:
    return UserFactory.create(email="second@example.com", is_staff=True)


def request_refund(invoice: BillingHistory, by: User, amount: str | None = None, **more: Any) -> Adjustment:
    wanted = None if amount is None else Decimal(amount)
    return services.request_refund(invoice=invoice, amount=wanted, reason="Ticket 4711", by=by, now=NOW, **more)


def approve(row: Adjustment) -> Adjustment:
    """Approve a refund as a second staff member."""
    services.decide_refund(row, is_approved=True, by=UserFactory.create(is_staff=True), now=NOW)
    return Adjustment.objects.get(pk=row.pk)


def send(row: Adjustment) -> Adjustment:
    """Approve a refund if it still awaits approval, and send it."""
    if Adjustment.objects.filter(pk=row.pk, status="awaiting_approval").exists():
        approve(row)
    services.send_refund(row)
    return Adjustment.objects.get(pk=row.pk)


def test_an_approved_refund_is_sent(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = request_refund(invoice, staff)
    assert (row.status, row.stripe_id, row.amount) == ("awaiting_approval", "", Decimal("10.00"))
    sent = send(row)
    assert (sent.status, sent.requested_by, sent.rule) == ("succeeded", staff, "")
    assert sent.stripe_id.startswith("re_")
    assert sent.stripe_payment_id.startswith("pi_")
    assert payer.refunds() == [1000]


def test_the_part_paid_from_credit_is_not_refunded(invoice: BillingHistory, staff: User) -> None:
    invoice.amount_due = invoice.amount - Decimal("8.55")
    invoice.save()
    assert services.refundable_amount(invoice) == Decimal("1.45")
    with pytest.raises(DomainError, match=r"Between 0.01 and 1.45 USD"):
        request_refund(invoice, staff, "10.00")
    assert request_refund(invoice, staff).amount == Decimal("1.45")


def test_an_invoice_paid_from_credit_is_not_refunded(invoice: BillingHistory, staff: User) -> None:
    invoice.amount_due = invoice.amount_collected = Decimal("0.00")
    invoice.collected_at = None
    invoice.save()
    assert services.refundable_amount(invoice) == 0
    with pytest.raises(ConflictError, match="paid from credit"):
        request_refund(invoice, staff)


def test_a_part_is_refunded_and_then_the_rest(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    send(request_refund(invoice, staff, "4.00"))
    assert services.refundable_amount(invoice) == Decimal("6.00")
    send(request_refund(invoice, staff))
    assert sorted(payer.refunds()) == [400, 600]


@pytest.mark.parametrize("amount", ["10.01", "0", "-1"])
def test_more_than_the_paid_amount_or_nothing_is_refused(invoice: BillingHistory, staff: User, amount: str) -> None:
    with pytest.raises(DomainError, match=r"Between 0\.01 and 10\.00 USD"):
        request_refund(invoice, staff, amount)


def test_pending_refunds_count_as_refunded(invoice: BillingHistory, staff: User) -> None:
    request_refund(invoice, staff, "6.00")
    with pytest.raises(DomainError, match=r"4\.00 USD"):
        request_refund(invoice, staff, "5.00")
    request_refund(invoice, staff)
    with pytest.raises(ConflictError, match="This invoice is refunded or disputed already"):
        request_refund(invoice, staff)


def test_refunds_made_at_stripe_count(invoice: BillingHistory, staff: User) -> None:
    BillingHistory.objects.update(amount_refunded="7.00")
    with pytest.raises(DomainError, match=r"3\.00 USD"):
        request_refund(invoice, staff, "3.01")


def test_an_unpaid_invoice_is_not_refunded(staff: User) -> None:
    with pytest.raises(ConflictError, match="Only a paid invoice"):
        request_refund(InvoiceFactory(stripe_invoice_id="in_1"), staff)


def test_an_invoice_without_stripe_is_not_refunded(staff: User) -> None:
    with pytest.raises(ConflictError, match="not charged through Stripe"):
        request_refund(InvoiceFactory(status="paid", paid_at=NOW), staff)


def test_an_invoice_unknown_to_stripe_fails_with_its_message(connected: Shop, staff: User) -> None:
    row = send(request_refund(InvoiceFactory(status="paid", paid_at=NOW, stripe_invoice_id="in_none"), staff))
    assert row.status == "failed"
    assert row.reason.startswith("Ticket 4711 - No such invoice")


def test_another_currency_is_refused(invoice: BillingHistory, staff: User) -> None:
    with pytest.raises(DomainError, match="The invoice is in USD"):
        request_refund(invoice, staff, "1.00", currency="EUR")


def test_a_disputed_charge_fails_with_stripes_message(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    payer.shop.emulator.open_dispute(payer.shop.charge_of(invoice.stripe_invoice_id).id)
    row = send(request_refund(invoice, staff))
    assert row.status == "failed"
    assert "charged back" in row.reason
    assert services.refundable_amount(invoice) == Decimal("10.00")


@pytest.mark.parametrize("amount", ["0.01", "10.00"])
def test_another_staff_member_decides_about_any_amount(
    payer: PayingCustomer, invoice: BillingHistory, staff: User, approver: User, amount: str
) -> None:
    row = request_refund(invoice, staff, amount)
    services.send_refund(row)
    assert (Adjustment.objects.get().status, payer.refunds()) == ("awaiting_approval", [])
    services.decide_refund(row, is_approved=True, by=approver, now=NOW)
    sent = send(row)
    assert (sent.status, sent.approved_by, payer.refunds()) == ("succeeded", approver, [int(Decimal(amount) * 100)])


@pytest.mark.parametrize("is_approved", [True, False])
def test_staff_can_not_decide_about_their_own_refund(invoice: BillingHistory, staff: User, is_approved: bool) -> None:
    row = request_refund(invoice, staff)
    with pytest.raises(DomainError, match="Another staff member") as refused:
        services.decide_refund(row, is_approved=is_approved, by=staff, now=NOW)
    assert (refused.value.status, Adjustment.objects.get().status) == (403, "awaiting_approval")


def test_a_declined_refund_is_final(payer: PayingCustomer, invoice: BillingHistory, staff: User, approver: User) -> None:
    row = request_refund(invoice, staff)
    services.decide_refund(row, is_approved=False, by=approver, now=NOW)
    with pytest.raises(ConflictError, match="status is declined"):
        services.decide_refund(row, is_approved=True, by=approver, now=NOW)
    assert (send(row).status, payer.refunds(), services.refundable_amount(invoice)) == ("declined", [], Decimal("10.00"))


def test_a_crash_after_stripes_response_refunds_once(
    payer: PayingCustomer, invoice: BillingHistory, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = approve(request_refund(invoice, staff, "4.00"))
    with monkeypatch.context() as patch:
        patch.setattr("billing.stripe.refund_sending._store_stripe_refund", power_cut)
        with pytest.raises(OSError, match="power"):
            services.send_refund(row)
    assert (Adjustment.objects.get().stripe_id, payer.refunds()) == ("", [400])
    assert (send(row).status, payer.refunds()) == ("succeeded", [400])


def power_cut(*_: object) -> None:
    raise OSError("power")


def test_a_refund_with_a_lost_response_is_found_at_stripe(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = request_refund(invoice, staff, "4.00")
    charge = payer.shop.charge_of(invoice.stripe_invoice_id)
    refund = payer.shop.v1.refunds.create({"charge": charge.id, "amount": 400, "metadata": {"adjustment": str(row.pk)}})
    assert (send(row).stripe_id, payer.refunds()) == (refund.id, [400])


def test_a_row_created_by_the_webhook_meanwhile_is_merged(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = request_refund(invoice, staff, "4.00")
    charge = payer.shop.charge_of(invoice.stripe_invoice_id)
    refund = payer.shop.v1.refunds.create({"charge": charge.id, "amount": 400, "metadata": {"adjustment": str(row.pk)}})
    Adjustment.objects.create(
        user=payer.user, kind="refund", stripe_id=refund.id, amount="4.00", status="succeeded", happened_at=NOW
    )
    send(row)
    assert [(found.pk, found.stripe_id) for found in Adjustment.objects.all()] == [(row.pk, refund.id)]


def test_a_refund_is_sent_by_the_job_after_an_outage(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = approve(request_refund(invoice, staff))
    payer.shop.emulator.fault("error", path="/v1/refunds", count=10)
    with pytest.raises(stripe_client.PaymentsUnavailableError):
        services.send_refund(row)
    payer.shop.emulator.clear_faults()
    assert services.unsent_refund_ids() == [row.pk]
    tasks.send_refund(str(row.pk))
    assert (services.unsent_refund_ids(), payer.refunds()) == ([], [1000])


def test_sending_twice_refunds_once(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = request_refund(invoice, staff, "1.00")
    send(row)
    send(row)
    assert payer.refunds() == [100]


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.34", "USD", 1234), ("500.00", "JPY", 500), ("1.23", "KWD", 1230), ("5.00", "UGX", 500)],
)
def test_amounts_in_minor_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor_units(Decimal(amount), currency) == minor


def test_yen_have_no_fraction(staff: User) -> None:
    row = InvoiceFactory(status="paid", paid_at=NOW, stripe_invoice_id="in_1", currency="JPY", amount="500.00")
    with pytest.raises(DomainError, match="too many decimals"):
        request_refund(row, staff, "1.50")
