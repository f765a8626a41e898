"""Money goes back once, with a second person above the limit, and never more than was paid."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing import services, tasks
from billing.models import Adjustment, BillingHistory
from billing.stripe import client as stripe_client
from billing.stripe.objects import to_minor_units
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
    """10.00 USD that alice paid."""
    return payer.newest()[0]


@pytest.fixture
def colleague(db: None) -> User:
    return UserFactory.create(email="second@example.com", is_staff=True)


def ask(invoice: BillingHistory, by: User, amount: str | None = None, **more: Any) -> Adjustment:
    wanted = None if amount is None else Decimal(amount)
    return services.request_refund(invoice=invoice, amount=wanted, reason="Ticket 4711", by=by, now=NOW, **more)


def send(row: Adjustment) -> Adjustment:
    services.send_refund(row)
    return Adjustment.objects.get(pk=row.pk)


def test_a_small_refund_goes_out_at_once(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = ask(invoice, staff)
    assert (row.status, row.stripe_id, row.amount) == ("pending", "", Decimal("10.00"))
    sent = send(row)
    assert (sent.status, sent.requested_by, sent.approved_by) == ("succeeded", staff, None)
    assert sent.stripe_id.startswith("re_")
    assert payer.refunds() == [1000]


def test_what_the_credit_paid_is_not_given_back_to_the_card(invoice: BillingHistory, staff: User) -> None:
    invoice.metadata = {"paid_from_credit": "8.55"}
    invoice.save()
    assert services.refundable_amount(invoice) == Decimal("1.45")
    with pytest.raises(DomainError, match=r"Between 0.01 and 1.45 USD"):
        ask(invoice, staff, "10.00")
    assert ask(invoice, staff).amount == Decimal("1.45")


def test_what_the_credit_paid_whole_can_t_be_refunded(invoice: BillingHistory, staff: User) -> None:
    invoice.metadata = {"paid_from_credit": "10.00"}
    invoice.save()
    assert services.refundable_amount(invoice) == 0
    with pytest.raises(ConflictError, match="paid from the credit"):
        ask(invoice, staff)


def test_a_part_is_refunded_and_then_the_rest(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    send(ask(invoice, staff, "4.00"))
    assert services.refundable_amount(invoice) == Decimal("6.00")
    send(ask(invoice, staff))
    assert sorted(payer.refunds()) == [400, 600]


@pytest.mark.parametrize("amount", ["10.01", "0", "-1"])
def test_more_than_was_paid_and_nothing_are_refused(invoice: BillingHistory, staff: User, amount: str) -> None:
    with pytest.raises(DomainError, match=r"Between 0\.01 and 10\.00 USD"):
        ask(invoice, staff, amount)


def test_what_waits_and_what_is_on_its_way_count_as_given(invoice: BillingHistory, staff: User) -> None:
    ask(invoice, staff, "6.00")
    with pytest.raises(DomainError, match=r"4\.00 USD"):
        ask(invoice, staff, "5.00")
    ask(invoice, staff)
    with pytest.raises(ConflictError, match="All of this invoice is refunded"):
        ask(invoice, staff)


def test_what_stripe_refunded_by_itself_counts(invoice: BillingHistory, staff: User) -> None:
    BillingHistory.objects.update(amount_refunded="7.00")
    with pytest.raises(DomainError, match=r"3\.00 USD"):
        ask(invoice, staff, "3.01")


def test_an_unpaid_invoice_is_not_refunded(staff: User) -> None:
    with pytest.raises(ConflictError, match="Only a paid invoice"):
        ask(InvoiceFactory(stripe_invoice_id="in_1"), staff)


def test_an_invoice_that_stripe_does_not_keep_is_not_refunded(staff: User) -> None:
    with pytest.raises(ConflictError, match="not charged through Stripe"):
        ask(InvoiceFactory(status="paid", paid_at=NOW), staff)


def test_an_invoice_that_stripe_does_not_know_fails_with_its_sentence(connected: Shop, staff: User) -> None:
    row = send(ask(InvoiceFactory(status="paid", paid_at=NOW, stripe_invoice_id="in_none"), staff))
    assert row.status == "failed"
    assert row.reason.startswith("Ticket 4711 - No such invoice")


def test_another_currency_is_refused(invoice: BillingHistory, staff: User) -> None:
    with pytest.raises(DomainError, match="The invoice is in USD"):
        ask(invoice, staff, "1.00", currency="EUR")


def test_what_was_charged_back_fails_with_stripes_sentence(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    payer.shop.emulator.open_dispute(payer.shop.charge_of(invoice.stripe_invoice_id).id)
    row = send(ask(invoice, staff))
    assert row.status == "failed"
    assert "charged back" in row.reason
    assert services.refundable_amount(invoice) == Decimal("10.00")


def test_above_the_limit_a_second_person_decides(
    settings: Any, payer: PayingCustomer, invoice: BillingHistory, staff: User, colleague: User
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 5
    row = ask(invoice, staff)
    assert (row.status, send(row).status, payer.refunds()) == ("awaiting_approval", "awaiting_approval", [])
    services.decide_refund(row, is_approved=True, by=colleague, now=NOW)
    sent = send(row)
    assert (sent.status, sent.approved_by, payer.refunds()) == ("succeeded", colleague, [1000])


@pytest.mark.parametrize("is_approved", [True, False])
def test_nobody_decides_about_his_own(settings: Any, invoice: BillingHistory, staff: User, is_approved: bool) -> None:
    settings.REFUND_APPROVAL_ABOVE = 5
    row = ask(invoice, staff)
    with pytest.raises(DomainError, match="Another colleague") as refused:
        services.decide_refund(row, is_approved=is_approved, by=staff, now=NOW)
    assert (refused.value.status, Adjustment.objects.get().status) == (403, "awaiting_approval")


def test_a_declined_refund_is_over(
    settings: Any, payer: PayingCustomer, invoice: BillingHistory, staff: User, colleague: User
) -> None:
    settings.REFUND_APPROVAL_ABOVE = 5
    row = ask(invoice, staff)
    services.decide_refund(row, is_approved=False, by=colleague, now=NOW)
    with pytest.raises(ConflictError, match="it is declined"):
        services.decide_refund(row, is_approved=True, by=colleague, now=NOW)
    assert (send(row).status, payer.refunds(), services.refundable_amount(invoice)) == ("declined", [], Decimal("10.00"))


def test_exactly_the_limit_needs_nobody_else(settings: Any, invoice: BillingHistory, staff: User) -> None:
    settings.REFUND_APPROVAL_ABOVE = 10
    assert ask(invoice, staff).status == "pending"


def test_a_crash_after_stripes_answer_refunds_once(
    payer: PayingCustomer, invoice: BillingHistory, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(invoice, staff, "4.00")
    with monkeypatch.context() as patch:
        patch.setattr("billing.stripe.refunds._store_stripe_refund", power_cut)
        with pytest.raises(OSError, match="power"):
            services.send_refund(row)
    assert (Adjustment.objects.get().stripe_id, payer.refunds()) == ("", [400])
    assert (send(row).status, payer.refunds()) == ("succeeded", [400])


def power_cut(*_: object) -> None:
    raise OSError("power")


def test_a_lost_answer_is_found_again_though_the_key_is_forgotten(
    payer: PayingCustomer, invoice: BillingHistory, staff: User
) -> None:
    row = ask(invoice, staff, "4.00")
    charge = payer.shop.charge_of(invoice.stripe_invoice_id)
    made = payer.shop.v1.refunds.create({"charge": charge.id, "amount": 400, "metadata": {"adjustment": str(row.pk)}})
    assert (send(row).stripe_id, payer.refunds()) == (made.id, [400])


def test_a_row_that_the_webhook_made_meanwhile_becomes_this_one(
    payer: PayingCustomer, invoice: BillingHistory, staff: User
) -> None:
    row = ask(invoice, staff, "4.00")
    charge = payer.shop.charge_of(invoice.stripe_invoice_id)
    made = payer.shop.v1.refunds.create({"charge": charge.id, "amount": 400, "metadata": {"adjustment": str(row.pk)}})
    Adjustment.objects.create(
        user=payer.user, kind="refund", stripe_id=made.id, amount="4.00", status="succeeded", happened_at=NOW
    )
    send(row)
    assert [(found.pk, found.stripe_id) for found in Adjustment.objects.all()] == [(row.pk, made.id)]


def test_while_stripe_is_away_it_waits_and_the_job_sends_it_later(
    payer: PayingCustomer, invoice: BillingHistory, staff: User
) -> None:
    row = ask(invoice, staff)
    payer.shop.emulator.fault("error", path="/v1/refunds", count=10)
    with pytest.raises(stripe_client.PaymentsUnavailableError):
        services.send_refund(row)
    payer.shop.emulator.clear_faults()
    assert services.unsent_refund_ids() == [row.pk]
    tasks.send_refund(str(row.pk))
    assert (services.unsent_refund_ids(), payer.refunds()) == ([], [1000])


def test_sending_twice_refunds_once(payer: PayingCustomer, invoice: BillingHistory, staff: User) -> None:
    row = ask(invoice, staff, "1.00")
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
    with pytest.raises(DomainError, match="fewer decimals"):
        ask(row, staff, "1.50")
