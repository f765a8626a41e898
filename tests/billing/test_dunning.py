"""Dunning: notices of failed payments, their end, and reminders of expiring cards and trials."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail

from billing import services, tasks
from billing.models import DunningStep, StripeCustomer, Subscription
from core import clock
from dev.factories import InvoiceFactory, SubscriptionFactory
from system.models import NotificationPreference, SystemAlert
from tests.billing.notice_contents import missing_in
from tests.billing.paying_customer import PayingCustomer, StripeInvoiceFacts
from tests.billing.paying_customer import connected as connected
from tests.dev.stripe.fixtures import Shop
from users.models import User

pytestmark = pytest.mark.django_db
DAY = 86_400


@pytest.fixture
def late(connected: Shop, alice: User) -> PayingCustomer:
    """Return a customer whose card failed at the first renewal."""
    payer = PayingCustomer(connected, alice, "pm_card_failsAtRenewal")
    connected.emulator.advance(29 * DAY)
    return payer


def record_newest(payer: PayingCustomer) -> None:
    invoice, bill = payer.newest()
    services.record_dunning(user=payer.user, invoice=invoice, stripe=bill, now=clock.now())


def kinds(user: User) -> list[str]:
    return list(DunningStep.objects.for_user(user).order_by("created_at", "id").values_list("kind", flat=True))


def test_the_first_notice_has_all_that_the_customer_needs(late: PayingCustomer) -> None:
    record_newest(late)
    [sent] = mail.outbox
    alert = SystemAlert.objects.get(user=late.user)
    again = DunningStep.objects.for_user(late.user).get(kind="attempt").next_attempt_at
    assert kinds(late.user) == ["attempt", "notice"]
    assert again is not None
    assert (alert.alert_type, alert.action_required, alert.title) == ("billing", True, "Your payment did not go through")
    assert all(
        words in sent.body for words in ("10.00 USD", "Visa •••• 4242", "try again on", f"{again.year}", "Pay now: http")
    )
    assert sent.to == ["alice@example.com"]


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (1, "Unless it is paid, access to your plan ends on Saturday, 7 March 2026."),
        (7, "You have no access to your plan until it is paid."),
    ],
)
def test_the_notice_states_when_access_closes(alice: User, passed: int, words: str) -> None:
    begun = datetime(2026, 2, 28, 15, tzinfo=UTC)
    period = {"current_period_start": begun, "current_period_end": begun + timedelta(days=28)}
    row = SubscriptionFactory(user=alice, status="past_due", canceled_at=None, stripe_subscription_id="sub_1", **period)
    invoice = InvoiceFactory(user=alice, subscription=row, status="failed", billing_date=begun)
    now = begun + timedelta(days=passed)
    services.record_dunning(
        user=alice, invoice=invoice, stripe=StripeInvoiceFacts("open", 1, now + timedelta(days=2), ""), now=now
    )
    assert words in mail.outbox[0].body


def test_an_attempt_that_ends_the_subscription_has_no_notice(late: PayingCustomer) -> None:
    record_newest(late)
    Subscription.objects.update(status="canceled")
    late.shop.emulator.advance(4 * DAY)
    record_newest(late)
    services.stop_dunning(user=late.user, subscription=Subscription.objects.get(), now=clock.now())
    assert kinds(late.user) == ["attempt", "notice", "attempt", "stopped"]
    assert mail.outbox[-1].subject == "[MINGUS] Your subscription has ended"


@pytest.mark.parametrize(
    ("again", "page", "remedy"),
    [
        (True, "https://pay.example/i", "Pay now: https://pay.example/i\nOr change your card in the billing portal before"),
        (True, "", "\nChange your card in the billing portal before the next attempt."),
        (False, "https://pay.example/i", "Pay now: https://pay.example/i\n"),
        (False, "", "Contact support to pay."),
    ],
)
def test_the_notice_states_the_remedy(alice: User, again: bool, page: str, remedy: str) -> None:
    now = datetime(2026, 3, 1, 15, tzinfo=UTC)
    bill = StripeInvoiceFacts("open", 1, now + timedelta(days=2) if again else None, page)
    invoice = InvoiceFactory(user=alice, subscription=None, status="failed")
    services.record_dunning(user=alice, invoice=invoice, stripe=bill, now=now)
    assert remedy in mail.outbox[0].body


def test_a_repeated_attempt_has_one_notice(late: PayingCustomer) -> None:
    record_newest(late)
    record_newest(late)
    assert kinds(late.user) == ["attempt", "notice"]
    assert len(mail.outbox) == 1


def test_every_retry_has_a_notice_and_the_last_is_critical(late: PayingCustomer) -> None:
    record_newest(late)
    late.shop.emulator.advance(60 * DAY)
    invoice, bill = late.newest()
    services.record_dunning(user=late.user, invoice=invoice, stripe=bill, now=clock.now())
    assert bill.next_payment_attempt is None
    assert kinds(late.user) == ["attempt", "notice", "attempt", "notice"]
    assert SystemAlert.objects.filter(title="Your last payment attempt failed", severity="critical").count() == 1


def test_a_payment_ends_it(late: PayingCustomer) -> None:
    record_newest(late)
    late.shop.give_card(late.customer, "pm_card_visa")
    late.shop.v1.invoices.pay(late.newest()[0].stripe_invoice_id)
    record_newest(late)
    record_newest(late)
    assert kinds(late.user) == ["attempt", "notice", "paid"]
    assert mail.outbox[-1].subject == "[MINGUS] Payment received"


def test_a_voided_invoice_ends_it(late: PayingCustomer) -> None:
    record_newest(late)
    late.shop.v1.invoices.void_invoice(late.newest()[0].stripe_invoice_id)
    record_newest(late)
    assert kinds(late.user) == ["attempt", "notice", "stopped"]


def test_a_cancellation_ends_it_without_further_notices(late: PayingCustomer) -> None:
    record_newest(late)
    Subscription.objects.update(status="canceled")
    over = Subscription.objects.get()
    services.stop_dunning(user=late.user, subscription=over, now=clock.now())
    services.stop_dunning(user=late.user, subscription=over, now=clock.now())
    late.shop.emulator.advance(4 * DAY)
    record_newest(late)
    assert kinds(late.user)[:3] == ["attempt", "notice", "stopped"]
    assert "notice" not in kinds(late.user)[3:]


def test_a_running_subscription_does_not_end_it(late: PayingCustomer) -> None:
    record_newest(late)
    services.stop_dunning(user=late.user, subscription=late.subscription, now=clock.now())
    assert kinds(late.user) == ["attempt", "notice"]


def test_a_paid_invoice_has_no_dunning_steps(connected: Shop, alice: User) -> None:
    record_newest(PayingCustomer(connected, alice))
    assert (kinds(alice), mail.outbox) == ([], [])


def test_without_email_notifications_there_is_only_an_alert(late: PayingCustomer) -> None:
    NotificationPreference.objects.create(user=late.user, notification_type="billing", email_enabled=False)
    record_newest(late)
    assert (len(mail.outbox), SystemAlert.objects.filter(user=late.user).count()) == (0, 1)


@pytest.fixture
def payer(alice: User) -> Subscription:
    """Return Alice's subscription, with a card that expires at the end of February 2026."""
    expires: dict[str, Any] = {"card_exp_month": 2, "card_exp_year": 2026}
    StripeCustomer.objects.create(user=alice, stripe_id="cus_1", card_brand="visa", card_last4="4242", **expires)
    row: Subscription = SubscriptionFactory(user=alice, running=True, stripe_subscription_id="sub_1")
    return row


@pytest.mark.parametrize(
    ("now", "sent"),
    [
        (datetime(2026, 1, 29, 23, tzinfo=UTC), 0),
        (datetime(2026, 1, 30, 1, tzinfo=UTC), 1),
        (datetime(2026, 2, 22, 1, tzinfo=UTC), 1),
        (datetime(2026, 3, 1, 0, tzinfo=UTC), 0),
    ],
)
def test_an_expiring_card_has_one_reminder(payer: Subscription, now: datetime, sent: int) -> None:
    assert (services.send_billing_reminders(now=now), services.send_billing_reminders(now=now)) == (sent, 0)


def test_reminders_are_sent_30_and_7_days_before(payer: Subscription) -> None:
    Subscription.objects.update(next_charge_at=datetime(2026, 3, 10, 9, tzinfo=UTC), next_charge_amount="35.70")
    days = [datetime(2026, 1, 20, 9, tzinfo=UTC) + timedelta(days=passed) for passed in range(50)]
    reminded = [day.date().isoformat() for day in days if services.send_billing_reminders(now=day)]
    assert reminded == ["2026-01-30", "2026-02-22"]
    assert "Visa •••• 4242 expires at the end of Saturday, 28 February 2026." in mail.outbox[0].body
    assert "The next charge is 35.70 USD on Tuesday, 10 March 2026. Add another card" in mail.outbox[0].body
    assert missing_in(mail.outbox[0].body) == []


def test_without_a_planned_charge_the_reminder_says_so(payer: Subscription) -> None:
    assert services.send_billing_reminders(now=datetime(2026, 2, 22, 9, tzinfo=UTC)) == 1
    assert "Nothing is charged at present. Add another card in the billing portal" in mail.outbox[0].body


def test_a_canceled_subscription_has_no_reminder(payer: Subscription) -> None:
    Subscription.objects.update(cancel_at_period_end=True)
    assert services.send_billing_reminders(now=datetime(2026, 2, 25, tzinfo=UTC)) == 0


TRIAL_END = datetime(2026, 3, 24, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"stripe_subscription_id": "sub_1", "next_charge_at": TRIAL_END, "next_charge_amount": "17.85", "tax": "2.85"},
            "Your card is charged 17.85 USD, of which 2.85 USD is tax, on Tuesday, 24 March 2026. To avoid this, cancel",
        ),
        (
            {"stripe_subscription_id": "sub_1", "next_charge_at": TRIAL_END, "next_charge_amount": "0.00"},
            "Nothing is charged on Tuesday, 24 March 2026, because of a discount or your credit.",
        ),
        (
            {"stripe_subscription_id": "sub_1", "is_collection_paused": True},
            "because no further charge is planned.",
        ),
        ({"stripe_subscription_id": "sub_1", "cancel_at": TRIAL_END - timedelta(days=1)}, "undo the cancellation before then."),
        ({"stripe_subscription_id": "sub_1", "cancel_at_period_end": True}, "undo the cancellation before then."),
        ({}, "To keep your access, subscribe to a plan."),
    ],
)
def test_an_ending_trial_has_one_reminder(alice: User, facts: dict[str, Any], words: str) -> None:
    end = TRIAL_END
    period = {"current_period_start": end - timedelta(days=14), "current_period_end": end}
    SubscriptionFactory(user=alice, status="trialing", canceled_at=None, trial_end=end, **period, **facts)
    days = [end - timedelta(days=left) for left in (5, 4, 3, 2, 1, 0)]
    assert [services.send_billing_reminders(now=day) for day in days] == [0, 0, 1, 0, 0, 0]
    assert words in mail.outbox[0].body
    assert "Tuesday, 24 March 2026" in mail.outbox[0].body
    assert missing_in(mail.outbox[0].body) == []


def test_a_yearly_renewal_is_announced_once_with_its_amount(alice: User) -> None:
    at = datetime(2026, 6, 10, 9, tzinfo=UTC)
    charge = {"next_charge_at": at, "next_charge_amount": "119.00", "tax": "19.00", "interval": "year"}
    end = at - timedelta(hours=1)
    period = {"current_period_start": end - timedelta(days=365), "current_period_end": end}
    row = SubscriptionFactory(user=alice, running=True, stripe_subscription_id="sub_1", **{**period, **charge})
    days = [at - timedelta(days=left) for left in (9, 8, 7, 6, 0)]
    assert [services.send_billing_reminders(now=day) for day in days] == [0, 0, 1, 0, 0]
    assert f"{row.plan.name} renews for another year." in mail.outbox[0].body
    assert "charged 119.00 USD, of which 19.00 USD is tax, on Wednesday, 10 June 2026" in mail.outbox[0].body
    assert missing_in(mail.outbox[0].body) == []


def test_the_first_charge_of_a_year_is_no_renewal(alice: User) -> None:
    at = datetime(2026, 3, 24, 16, tzinfo=UTC)
    period = {"current_period_start": TRIAL_END, "current_period_end": datetime(2027, 3, 24, 15, tzinfo=UTC)}
    charge = {"next_charge_at": at, "next_charge_amount": "119.00", "interval": "year"}
    SubscriptionFactory(user=alice, running=True, stripe_subscription_id="sub_1", **{**period, **charge})
    assert services.send_billing_reminders(now=TRIAL_END) == 0


def test_a_yearly_subscription_that_ends_has_no_renewal_to_announce(alice: User) -> None:
    SubscriptionFactory(user=alice, running=True, stripe_subscription_id="sub_1", interval="year", cancel_at_period_end=True)
    assert services.send_billing_reminders(now=clock.now() + timedelta(days=15)) == 0


def test_the_daily_job_sends_the_reminders(payer: Subscription) -> None:
    with time_machine.travel("2026-02-25 09:00Z", tick=False):
        tasks.send_billing_reminders(0)
    assert len(mail.outbox) == 1
