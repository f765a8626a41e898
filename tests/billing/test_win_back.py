"""Win-back notices: one in the app for each end, to those who may want to return."""

from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from billing import services
from core import clock
from mingus import checks
from system.models import NotificationPreference, SystemAlert
from tests.billing.leaver import Leaver
from tests.billing.test_withdrawals import leaver as leaver
from tests.billing.test_withdrawals import traveler as traveler
from users.models import User

pytestmark = pytest.mark.django_db
TITLE = "Your plan is still here"


@pytest.fixture
def former(leaver: Leaver, settings: Any) -> Leaver:
    """Return Alice, whose monthly plan ended an hour ago, 31 days after the purchase; the cancellation was on the first day."""
    settings.FRONTEND_URL = "https://app.example.com"
    settings.CHECKOUT_URL = "https://app.example.com/billing/checkout?plan={plan}"
    leaver.buy(cycle="monthly")
    leaver.cancel(reason="unused")
    leaver.wait(31)
    assert leaver.subscription.status == "canceled"
    mail.outbox.clear()
    return leaver


def alerts(user: User) -> list[str]:
    return [row.message for row in SystemAlert.objects.for_user(user).filter(title=TITLE)]


def test_a_former_customer_is_told_once_in_the_app(former: Leaver) -> None:
    former.wait(6)
    assert services.send_win_back_notices(now=clock.now()) == 0
    former.wait(1)
    assert services.send_win_back_notices(now=clock.now()) == 1
    former.wait(1)
    assert services.send_win_back_notices(now=clock.now()) == 0
    [message] = alerts(former.user)
    assert "Your subscription to Mid-tier ended on Thursday, 2 April 2026." in message
    assert (
        f"To use it again for 35.00 USD monthly: https://app.example.com/billing/checkout?plan={former.subscription.plan_id}"
        in message
    )
    assert "To get no such notices, disable the channels of your billing notifications." in message
    assert mail.outbox == []


def test_it_is_not_sent_long_after_the_end(former: Leaver) -> None:
    former.wait(30)
    assert services.send_win_back_notices(now=clock.now()) == 0


def test_zero_days_disable_it(former: Leaver, settings: Any) -> None:
    settings.BILLING_WIN_BACK_DAYS = 0
    former.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 0


def test_customers_can_switch_it_off(former: Leaver) -> None:
    off = {"email_enabled": False}
    NotificationPreference.objects.create(user=former.user, notification_type="billing", **off)
    former.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 0
    assert alerts(former.user) == []


def test_a_customer_who_withdrew_is_left_alone(leaver: Leaver) -> None:
    leaver.buy()
    leaver.withdraw()
    leaver.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 0


def test_a_customer_with_a_dispute_is_left_alone(former: Leaver) -> None:
    [charge] = former.v1.charges.list().data
    former.payments.stripe.open_dispute(charge.id)
    former.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 0


def test_a_payment_suspected_of_fraud_is_left_alone(former: Leaver) -> None:
    [charge] = former.v1.charges.list().data
    former.payments.stripe.warn_of_fraud(charge.id)
    former.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 0


def test_an_unpaid_subscription_is_not_won_back(leaver: Leaver) -> None:
    leaver.buy(cycle="monthly")
    leaver.payments.stripe.change_card(leaver.subscription.stripe_customer_id, "failsAtRenewal")
    leaver.wait(32)
    leaver.wait(20)
    assert leaver.subscription.status == "canceled"
    leaver.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 0


def test_a_customer_who_returned_gets_no_notice_and_no_trial(former: Leaver, settings: Any) -> None:
    settings.BILLING_TRIAL_DAYS = 14
    former.wait(3)
    former.buy_again()
    former.wait(5)
    assert services.send_win_back_notices(now=clock.now()) == 0
    assert former.subscription.status == "active"


def test_the_promotion_code_is_offered_with_its_discount(former: Leaver, settings: Any) -> None:
    settings.BILLING_WIN_BACK_PROMOTION_CODE = "COMEBACK"
    coupon = former.v1.coupons.create({"percent_off": 20, "duration": "once"})
    former.v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "COMEBACK"})
    former.wait(8)
    services.send_win_back_notices(now=clock.now())
    [message] = alerts(former.user)
    assert "The promotion code COMEBACK takes 20 % off the first payment: enter it in the checkout." in message


@pytest.mark.parametrize(
    ("restrictions", "problem"),
    [
        (None, "Stripe has no active promotion code COMEBACK."),
        ({"first_time_transaction": True}, "The promotion code COMEBACK is for first purchases only."),
    ],
)
def test_an_unusable_code_is_reported_and_left_out(
    former: Leaver, settings: Any, administrator: User, restrictions: Any, problem: str
) -> None:
    settings.BILLING_WIN_BACK_PROMOTION_CODE = "COMEBACK"
    if restrictions:
        coupon = former.v1.coupons.create({"percent_off": 20, "duration": "once"})
        terms: Any = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "COMEBACK", "restrictions": restrictions}
        former.v1.promotion_codes.create(terms)
    former.wait(8)
    assert services.send_win_back_notices(now=clock.now()) == 1
    assert "COMEBACK" not in alerts(former.user)[0]
    assert SystemAlert.objects.get(user=administrator).message.startswith(problem)
    with pytest.raises(CommandError, match=problem):
        call_command("sync_plans", stdout=StringIO())


def test_a_code_that_cannot_be_entered_is_a_wrong_setting(settings: Any) -> None:
    settings.BILLING_WIN_BACK_PROMOTION_CODE = "COMEBACK"
    assert checks.promotion_code_can_be_entered() == []
    settings.BILLING_PROMOTION_CODES = False
    assert [found.id for found in checks.promotion_code_can_be_entered()] == ["mingus.E032"]
