"""Customers who want to leave: voluntary reasons, what became of them, and the options before."""

from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from billing import services
from billing.models import Cancellation, Subscription, SubscriptionPlan
from billing.reasons_metric import reasons_for_leaving
from core import clock
from dev.factories import CancellationFactory, SubscriptionFactory
from tests.billing.leaver import Leaver
from tests.billing.test_withdrawals import NOW, error_of
from tests.billing.test_withdrawals import leaver as leaver
from tests.billing.test_withdrawals import traveler as traveler

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(leaver: Leaver) -> Leaver:
    leaver.buy()
    return leaver


def records() -> list[tuple[str, str, str]]:
    """Return outcome, reason and comment of each request, the oldest first."""
    return list(Cancellation.objects.order_by("requested_at", "pk").values_list("outcome", "reason", "comment"))


def details_of(payer: Leaver) -> tuple[Any, Any, Any]:
    found = payer.v1.subscriptions.retrieve(payer.subscription.stripe_subscription_id).cancellation_details
    return found.reason, found.feedback, found.comment


def test_a_request_without_a_body_cancels(payer: Leaver) -> None:
    assert payer.cancel().json()["cancel_at_period_end"] is True
    assert records() == [("leaving", "", "")]
    assert details_of(payer) == ("cancellation_requested", None, None)


def test_a_reason_is_stored_here_and_at_stripe(payer: Leaver) -> None:
    payer.cancel(reason="too_expensive", comment="I lost my job")
    assert records() == [("leaving", "too_expensive", "I lost my job")]
    assert details_of(payer) == ("cancellation_requested", "too_expensive", "I lost my job")
    payer.sync()
    assert len(records()) == 1


def test_the_end_makes_it_left(leaver: Leaver) -> None:
    leaver.buy(cycle="monthly")
    leaver.cancel(reason="unused")
    leaver.wait(31)
    assert records() == [("left", "unused", "")]
    leaver.sync()
    assert records() == [("left", "unused", "")]


def test_a_customer_who_stays_may_leave_again_without_a_reason(payer: Leaver) -> None:
    payer.cancel(reason="other", comment="Just so")
    payer.post("reactivate")
    assert records() == [("stayed", "other", "Just so")]
    payer.wait(1)
    payer.cancel(at_period_end=False)
    assert records() == [("stayed", "other", "Just so"), ("left", "", "")]


def test_a_reason_given_in_the_portal_is_stored(payer: Leaver) -> None:
    page = services.open_portal(user=payer.user, now=clock.now())
    form = {"do": "cancel", "subscription": payer.subscription.stripe_subscription_id}
    answers = {"feedback": "switched_service", "comment": "Found another"}
    with urlopen(page.url, urlencode(form | answers).encode()) as response:  # noqa: S310 - the emulator's page, over HTTP
        assert response.status == 200
    payer.sync()
    assert records() == [("leaving", "switched_service", "Found another")]


def test_an_unpaid_end_is_no_request(leaver: Leaver) -> None:
    leaver.buy(cycle="monthly")
    leaver.payments.stripe.change_card(leaver.subscription.stripe_customer_id, "failsAtRenewal")
    leaver.wait(32)
    leaver.wait(20)
    assert (leaver.subscription.status, records()) == ("canceled", [])


@pytest.mark.parametrize(
    ("body", "attr"), [({"reason": "boredom"}, "reason"), ({"comment": "x" * 1001}, "comment"), ({"why": "x"}, "why")]
)
def test_a_wrong_reason_names_its_field(payer: Leaver, body: dict[str, Any], attr: str) -> None:
    response = payer.cancel(**body)
    assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, attr)
    assert payer.subscription.cancel_at_period_end is False


def test_a_gift_is_canceled_with_a_reason(leaver: Leaver) -> None:
    plan = SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly")
    SubscriptionFactory(user=leaver.user, plan=plan, running=True)
    assert leaver.cancel(reason="unused").status_code == 200
    assert records() == [("leaving", "unused", "")]
    leaver.post("reactivate")
    assert records() == [("stayed", "unused", "")]
    leaver.cancel(at_period_end=False)
    assert records() == [("stayed", "unused", ""), ("left", "", "")]


def test_a_move_to_a_cheaper_plan_stores_the_reason(payer: Leaver) -> None:
    budget = SubscriptionPlan.objects.get(name="Budget", billing_cycle="yearly")
    professional = SubscriptionPlan.objects.get(name="Professional", billing_cycle="yearly")
    refused = payer.post("change-plan", plan=str(professional.pk), reason="too_expensive")
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "reason")
    response = payer.post("change-plan", plan=str(budget.pk), reason="too_expensive")
    assert (response.status_code, response.json()["plan"]) == (200, str(budget.pk))
    assert records() == [("moved", "too_expensive", "")]


def test_the_options_have_the_amounts_of_what_they_do(payer: Leaver) -> None:
    payer.wait(10)
    before = len(payer.payments.stripe.requests())
    shown = payer.get("leaving").json()
    assert len(payer.payments.stripe.requests()) - before <= 3
    assert (shown["currency"], shown["ends_at"]) == ("USD", "2027-03-02T09:00:00Z")
    assert shown["withdrawal"] == {
        "is_available": True,
        "why_not": "",
        "refund": "340.41",
        "credit": "0.00",
        "until": "2026-03-16T09:00:00Z",
    }
    assert (shown["pause"]["is_available"], shown["pause"]["credit"]) == (True, "340.41")
    assert shown["pause"]["resumes_at"] == ["2026-04-12T09:00:00Z", "2026-05-12T09:00:00Z", "2026-06-12T09:00:00Z"]
    [cheaper] = shown["cheaper_plans"]
    assert (cheaper["name"], cheaper["price"], cheaper["billing_cycle"]) == ("Budget", "150.00", "yearly")
    assert cheaper["lost_features"] == ["ai_insights", "career_risk_management", "custom_reports"]
    assert {"feature_name": "health_checkins", "now": 12, "then": 4} in cheaper["lower_limits"]
    payer.withdraw()
    assert payer.refunds() == [("withdrawal", shown["withdrawal"]["refund"], "succeeded")]


def test_the_cost_of_the_cheaper_plan_is_what_it_charges(payer: Leaver) -> None:
    payer.wait(10)
    [cheaper] = payer.get("leaving").json()["cheaper_plans"]
    payer.post("change-plan", plan=cheaper["plan"])
    payer.sync()
    assert cheaper["preview"]["due_now"] == "0.00"
    assert payer.v1.customers.retrieve(payer.subscription.stripe_customer_id).balance == -19452
    assert cheaper["preview"]["credit"] == "194.52"


def test_options_that_are_not_possible_say_why(payer: Leaver) -> None:
    payer.wait(15)
    payer.cancel()
    shown = payer.get("leaving").json()
    assert "A refund was possible until Monday, 16 March 2026" in shown["withdrawal"]["why_not"]
    assert "Undo the cancellation first." in shown["pause"]["why_not"]
    assert shown["pause"]["resumes_at"] == []


def test_a_gift_has_no_refund_and_no_pause(leaver: Leaver) -> None:
    plan = SubscriptionPlan.objects.get(name="Mid-tier", billing_cycle="monthly")
    SubscriptionFactory(user=leaver.user, plan=plan, running=True)
    shown = leaver.get("leaving").json()
    assert (shown["withdrawal"]["is_available"], shown["pause"]["is_available"]) == (False, False)
    assert [cheaper["preview"]["due_now"] for cheaper in shown["cheaper_plans"]] == ["0.00"]


def test_an_ended_subscription_has_no_options(payer: Leaver) -> None:
    payer.cancel(at_period_end=False)
    assert error_of(payer.get("leaving"))[:2] == (409, "not_running")


def test_few_reasons_are_shown_as_few() -> None:
    CancellationFactory.create_batch(6, reason="unused", requested_at=NOW)
    CancellationFactory(reason="unused", outcome="stayed", requested_at=NOW)
    CancellationFactory(reason="", requested_at=NOW)
    table = reasons_for_leaving(NOW)
    assert table.rows == [
        ("2026-03", "unused", 7, "fewer than 5"),
        ("2026-03", "no reason given", "fewer than 5", 0),
    ]
    assert Subscription.objects.filter(cancellations__reason="unused").count() == 7
