"""Withdrawals: a customer who leaves within 14 days of a payment gets the unused time back, to the cent and once."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from billing import services
from billing.models import Adjustment, BillingHistory, StripeCustomer, SubscriptionPlan
from core import clock
from core.errors import ConflictError
from system.models import SystemAlert
from tests.billing.leaver import Leaver
from tests.billing.stripe_payments import Payments
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def traveler(settings: Any) -> Iterator[Any]:
    """Stop the clock, and sell without a trial."""
    settings.BILLING_TRIAL_DAYS = 0
    with time_machine.travel(NOW, tick=False) as found:
        yield found


@pytest.fixture
def leaver(payments: Payments, alice: User, traveler: Any) -> Leaver:
    return Leaver(payments, alice, traveler)


def error_of(response: Any) -> tuple[int, str, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["detail"]


def test_a_yearly_plan_returns_its_unused_time(leaver: Leaver) -> None:
    leaver.buy()
    leaver.wait(10)
    response = leaver.withdraw()
    assert (response.status_code, response.json()["status"]) == (200, "canceled")
    assert leaver.refunds() == [("withdrawal", "340.41", "succeeded")]  # 355 of 365 days of 350.00
    [row] = Adjustment.objects.for_user(leaver.user).filter(kind="refund")
    assert (row.requested_by, row.approved_by) == (None, None)
    [alert] = SystemAlert.objects.for_user(leaver.user).filter(title="We refund your unused time")
    assert "You paid on Monday, 2 March 2026 and left within 14 days." in alert.message
    assert "we refund 340.41 USD to the card or account that you paid with" in alert.message


def test_a_renewal_counts_from_its_payment(leaver: Leaver) -> None:
    leaver.buy(cycle="monthly")
    leaver.wait(31)
    leaver.wait(1)
    leaver.wait(9)  # on 12 April, 10 days after the renewal of 2 April
    leaver.withdraw()
    assert leaver.refunds() == [("withdrawal", "23.33", "succeeded")]  # 20 of 30 days of 35.00


def test_the_last_second_of_the_14_days_still_counts(leaver: Leaver) -> None:
    leaver.buy()
    leaver.wait(14)
    assert leaver.withdraw().status_code == 200


def test_after_14_days_the_error_names_the_day(leaver: Leaver) -> None:
    leaver.buy()
    leaver.wait(15)
    status, code, sentence = error_of(leaver.withdraw())
    assert (status, code) == (409, "refund_too_late")
    assert "A refund was possible until Monday, 16 March 2026, 14 days after your payment." in sentence
    assert "Cancel at the end of the period to keep your access until Tuesday, 2 March 2027." in sentence
    assert leaver.subscription.status == "active"


def test_discounts_and_taxes_are_returned_in_proportion(leaver: Leaver, settings: Any) -> None:
    settings.BILLING_AUTOMATIC_TAX = True
    coupon = leaver.v1.coupons.create({"percent_off": 20, "duration": "once"})
    leaver.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "SPRING"})
    leaver.buy(entries={"country": "DE", "postal_code": "10115", "promotion_code": "SPRING"})
    [invoice] = BillingHistory.objects.for_user(leaver.user)
    leaver.wait(10)
    leaver.withdraw()
    share = Decimal(355) / 365
    [(_, amount, _)] = leaver.refunds()
    assert invoice.discount == Decimal("70.00")
    assert invoice.tax > 0
    assert abs(Decimal(amount) - invoice.amount * share) <= Decimal("0.01")


def test_credit_that_paid_a_part_becomes_credit_again(leaver: Leaver) -> None:
    leaver.buy(balance=-20_000)
    leaver.wait(10)
    leaver.withdraw()
    assert leaver.refunds() == [("withdrawal", "150.00", "succeeded")]  # all that was charged
    leaver.sync()
    customer = StripeCustomer.objects.get(user=leaver.user)
    assert customer.credit == Decimal("190.41")  # the rest of 340.41
    [credit] = Adjustment.objects.for_user(leaver.user).filter(kind="credit", amount="190.41")
    assert credit.reason.startswith("Unused time of sub_")
    leaver.wait(1)
    assert leaver.v1.customers.retrieve(customer.stripe_id).balance == -19_041


def test_an_upgrade_since_then_is_returned_with_it(leaver: Leaver) -> None:
    leaver.buy()
    leaver.wait(5)
    services.change_plan(
        leaver.subscription, plan=SubscriptionPlan.objects.get(name="Professional", billing_cycle="yearly"), now=clock.now()
    )
    leaver.wait(5)
    leaver.withdraw()
    assert sum(Decimal(amount) for _, amount, _ in leaver.refunds()) == Decimal("729.46")  # 355 of 360 days of 739.73
    assert {(rule, status) for rule, _, status in leaver.refunds()} == {("withdrawal", "succeeded")}


@pytest.mark.parametrize("case", [None, "inquiry"])
def test_a_disputed_payment_is_left_to_the_bank(leaver: Leaver, case: str | None) -> None:
    leaver.buy()
    [charge] = leaver.v1.charges.list().data
    leaver.payments.stripe.open_dispute(charge.id, **({"case": case} if case else {}))
    leaver.sync()
    status, code, sentence = error_of(leaver.withdraw())
    assert (status, code) == (409, "disputed")
    assert "Withdraw the dispute there first." in sentence
    assert leaver.cancel(at_period_end=False).json()["status"] == "canceled"


def test_a_trial_has_nothing_to_refund(leaver: Leaver, settings: Any) -> None:
    settings.BILLING_TRIAL_DAYS = 14
    leaver.buy()
    assert error_of(leaver.withdraw())[:2] == (409, "nothing_paid")


def test_an_unpaid_renewal_has_nothing_to_refund(leaver: Leaver) -> None:
    leaver.buy(cycle="monthly")
    leaver.payments.stripe.change_card(StripeCustomer.objects.get().stripe_id, "failsAtRenewal")
    leaver.wait(32)
    assert error_of(leaver.withdraw())[:2] == (409, "not_active")


def test_a_second_request_refunds_nothing_more(leaver: Leaver) -> None:
    leaver.buy()
    leaver.withdraw()
    assert error_of(leaver.withdraw())[:2] == (409, "not_running")
    leaver.wait(20)
    assert leaver.refunds() == [("withdrawal", "350.00", "succeeded")]


def test_a_refund_ends_the_subscription_now(leaver: Leaver) -> None:
    leaver.buy()
    response = leaver.cancel(refund=True)
    [error] = response.json()["errors"]
    assert (response.status_code, error["attr"], error["code"]) == (400, "refund", "ends_now")


def test_after_a_lost_response_the_refund_is_still_made(leaver: Leaver) -> None:
    leaver.buy()
    leaver.wait(10)
    leaver.payments.stripe.fault("drop_after", path="/v1/invoices$", method="GET", count=20)
    assert leaver.cancel(at_period_end=False, refund=True).status_code == 503
    leaver.payments.stripe.clear_faults()
    leaver.sync()
    assert leaver.subscription.status == "canceled"
    assert leaver.refunds() == [("withdrawal", "340.41", "succeeded")]


def test_labels_of_a_failed_withdrawal_have_no_effect_later(leaver: Leaver) -> None:
    leaver.buy()
    leaver.payments.stripe.fault("rate_limit", path="/v1/subscriptions", method="DELETE", count=20)
    assert leaver.withdraw().status_code == 503
    leaver.payments.stripe.clear_faults()
    assert leaver.v1.subscriptions.retrieve(leaver.subscription.stripe_subscription_id).metadata["withdrawal_refund"] == "35000"
    leaver.wait(3)
    leaver.cancel(at_period_end=False)
    leaver.sync()
    assert (leaver.subscription.status, leaver.refunds()) == ("canceled", [])


def test_staff_can_still_refund_the_used_time_with_an_approval(leaver: Leaver, staff: User) -> None:
    leaver.buy()
    leaver.wait(10)
    leaver.withdraw()
    invoice = BillingHistory.objects.for_user(leaver.user).get()
    with pytest.raises(ConflictError, match="A rule has refunded this invoice"):
        services.refund_withdrawal(invoice=invoice, reason="Goodwill", by=staff, now=clock.now())
    assert services.refundable_amount(invoice) == Decimal("9.59")


def test_it_costs_few_calls(leaver: Leaver) -> None:
    leaver.buy()
    before = len(leaver.payments.stripe.requests())
    leaver.cancel(at_period_end=False, refund=True)
    calls = leaver.payments.stripe.requests()[before:]
    assert len(calls) <= 7, calls
