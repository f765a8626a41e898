"""Pauses that customers request: closed access, once a year, and resumed by itself after a notice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from billing import services
from billing.models import BillingHistory, Cancellation, FeatureAccess, StripeCustomer
from core import clock
from dev.factories import ProfileFactory
from system.models import SystemAlert
from tests.billing.leaver import Leaver
from tests.billing.test_withdrawals import NOW, error_of
from tests.billing.test_withdrawals import leaver as leaver
from tests.billing.test_withdrawals import traveler as traveler

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(leaver: Leaver) -> Leaver:
    """Return Alice, who has paid a month and used ten days of it."""
    leaver.buy(cycle="monthly")
    leaver.wait(10)
    return leaver


def pause(payer: Leaver, months: int = 1, **body: Any) -> Any:
    return payer.post("pause", months=months, **body)


def end_pauses() -> None:
    """Run the hourly job."""
    for key in services.ending_pauses(now=clock.now()):
        services.end_pause(key, now=clock.now())


def messages(payer: Leaver, title: str) -> list[str]:
    return [row.message for row in SystemAlert.objects.for_user(payer.user).filter(title=title)]


def test_a_pause_closes_access_and_names_its_end(payer: Leaver) -> None:
    response = pause(payer, reason="unused", comment="On a boat")
    assert (response.status_code, response.json()["status"]) == (200, "paused")
    assert not FeatureAccess.objects.for_user(payer.user).filter(is_enabled=True, feature_name="ai_insights").exists()
    row = Cancellation.objects.get()
    assert (row.outcome, row.reason, row.comment) == ("paused", "unused", "On a boat")
    assert (row.pause_year, row.resumes_at) == (2026, NOW + timedelta(days=10 + 31))
    [message] = messages(payer, "Your subscription is paused")
    assert "It resumes by itself on Sunday, 12 April 2026: 35.00 USD monthly are charged from then on" in message
    assert "To resume earlier, resume the subscription; to end it, cancel it." in message


def test_it_resumes_by_itself_after_a_notice(payer: Leaver) -> None:
    pause(payer)
    payer.wait(27)
    end_pauses()
    assert messages(payer, "Your subscription resumes soon") == []
    payer.wait(1)
    end_pauses()
    end_pauses()
    [message] = messages(payer, "Your subscription resumes soon")
    assert "ends on Sunday, 12 April 2026. A new period begins, and 11.29 USD are charged to your card Visa" in message
    assert "To avoid this, cancel the subscription before then." in message
    payer.wait(3)
    end_pauses()
    payer.sync()
    assert payer.subscription.status == "active"
    newest = BillingHistory.objects.for_user(payer.user).latest("billing_date")
    assert (newest.status, f"{newest.amount}") == ("paid", "11.29")  # 35.00 less the credit for 21 of 31 days
    assert Cancellation.objects.get().resumed_at == clock.now()
    end_pauses()
    assert BillingHistory.objects.for_user(payer.user).count() == 2


def test_a_second_pause_in_the_year_is_refused(payer: Leaver) -> None:
    pause(payer)
    payer.post("resume")
    status, code, sentence = error_of(pause(payer))
    assert (status, code) == (409, "paused_this_year")
    assert "You have paused in 2026. The next pause is possible from 1 January 2027." in sentence


def test_a_customer_can_resume_earlier_and_is_not_charged_again(payer: Leaver) -> None:
    pause(payer)
    payer.wait(5)
    assert payer.post("resume").json()["status"] == "active"
    payer.wait(26)
    end_pauses()
    assert messages(payer, "Your subscription resumes soon") == []


def test_without_a_card_it_stays_paused_and_the_customer_is_told_once(payer: Leaver) -> None:
    pause(payer)
    customer = StripeCustomer.objects.get(user=payer.user).stripe_id
    method = payer.v1.customers.payment_methods.list(customer).data[0].id
    payer.v1.payment_methods.detach(method)
    payer.wait(31)
    end_pauses()
    payer.wait(1)
    end_pauses()
    assert payer.subscription.status == "paused"
    [message] = messages(payer, "Your subscription could not resume")
    assert "on Sunday, 12 April 2026, but there is no card to charge 35.00 USD to." in message
    assert "Add a card in the billing portal, then resume the subscription." in message


def test_a_payment_that_must_be_confirmed_waits(payer: Leaver) -> None:
    pause(payer)
    payer.payments.stripe.change_card(StripeCustomer.objects.get(user=payer.user).stripe_id, "authenticationRequired")
    payer.wait(31)
    end_pauses()
    end_pauses()
    assert payer.subscription.status == "paused"
    assert payer.subscription.payment_url.startswith(payer.payments.stripe.url)
    assert len(messages(payer, "Confirm your payment")) == 1


def test_leaving_during_a_pause_keeps_the_credit(payer: Leaver) -> None:
    pause(payer)
    assert payer.cancel().json()["status"] == "canceled"
    payer.sync()
    assert f"{StripeCustomer.objects.get(user=payer.user).credit}" == "23.71"
    assert sorted(Cancellation.objects.values_list("outcome", flat=True)) == ["left", "paused"]


@pytest.mark.parametrize("months", [0, 4, None, "long"])
def test_only_one_to_three_months_are_possible(payer: Leaver, months: Any) -> None:
    response = pause(payer, months=months)
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, "months")


def test_a_canceled_subscription_is_not_paused(payer: Leaver) -> None:
    payer.cancel()
    status, code, sentence = error_of(pause(payer))
    assert (status, code) == (409, "already_cancelled")
    assert "ends on Thursday, 2 April 2026. Undo the cancellation first." in sentence
    assert not Cancellation.objects.filter(outcome="paused").exists()


def test_a_trial_is_not_paused(leaver: Leaver, settings: Any) -> None:
    settings.BILLING_TRIAL_DAYS = 14
    leaver.buy(cycle="monthly")
    status, code, sentence = error_of(pause(leaver))
    assert (status, code) == (409, "not_active")
    assert "The trial costs nothing. Pause after its end, or cancel before." in sentence


def test_an_outage_pauses_nothing_and_can_be_repeated(payer: Leaver) -> None:
    payer.payments.stripe.fault("down", path="/pause", count=20)
    assert pause(payer).status_code == 503
    assert not Cancellation.objects.exists()
    payer.payments.stripe.clear_faults()
    assert pause(payer).json()["status"] == "paused"


def test_the_year_is_that_of_the_customers_time_zone(leaver: Leaver) -> None:
    ProfileFactory(user=leaver.user, timezone="Pacific/Auckland")
    with time_machine.travel(datetime(2026, 12, 31, 12, tzinfo=UTC), tick=False):
        leaver.payments.stripe.freeze(clock.now())
        leaver.buy(cycle="monthly")
        pause(leaver)
        assert Cancellation.objects.get().pause_year == 2027
