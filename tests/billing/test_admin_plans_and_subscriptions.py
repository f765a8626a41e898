"""Plans, subscriptions, feature access and invoices in the back office."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from billing.models import BillingHistory, FeatureAccess, Subscription, SubscriptionPlan
from dev.factories import FeatureAccessFactory, InvoiceFactory, SubscriptionFactory
from tests.billing.conftest import NOW
from tests.sign_in import sign_in
from users.models import User

PLANS = "/admin/billing/subscriptionplan/"
SUBSCRIPTIONS = "/admin/billing/subscription/"
ACCESS = "/admin/billing/featureaccess/"
INVOICES = "/admin/billing/billinghistory/"
YES = {"_form_submitted": "True"}
SWITCH = YES | {"days": "7", "reason": "Ticket 4711"}
PLAN = {"name": "Gift", "price": "5.00", "currency": "USD", "billing_cycle": "monthly", "features": "{}", "limits": "{}"}


@pytest.fixture
def office(administrator: User) -> Client:
    client = Client()
    sign_in(client, administrator)
    return client


def enabled(user: User) -> set[str]:
    """Return the user's features, without the one that is free."""
    rows = FeatureAccess.objects.for_user(user).filter(is_enabled=True).exclude(feature_name="data_export")
    return set(rows.values_list("feature_name", flat=True))


def page(row: Any, base: str, action: str = "change") -> str:
    return f"{base}{row.pk}/{action}/"


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_a_plan_is_created_and_its_features_are_validated(office: Client, no_catalog: None) -> None:
    refused = office.post(f"{PLANS}add/", PLAN | {"features": '{"reports": 1}'}).content.decode()
    assert "with true or false" in refused
    assert office.post(f"{PLANS}add/", PLAN | {"features": '{"reports": true}'}).status_code == 302
    assert SubscriptionPlan.objects.get(name="Gift").features == {"reports": True}


def test_a_plan_with_subscriptions_can_not_be_deleted(office: Client, subscription: Subscription) -> None:
    response = office.post(page(subscription.plan, PLANS, "delete"), {"post": "yes"}, follow=True)
    assert "Retire it instead" in response.content.decode()
    assert SubscriptionPlan.objects.filter(pk=subscription.plan_id).exists()


def test_a_plan_without_subscriptions_is_deleted(office: Client, basic: SubscriptionPlan) -> None:
    office.post(page(basic, PLANS, "delete"), {"post": "yes"})
    assert not SubscriptionPlan.objects.filter(pk=basic.pk).exists()


def test_changed_features_are_granted_by_a_job(office: Client, subscription: Subscription) -> None:
    plan = subscription.plan
    fields = PLAN | {"name": plan.name, "price": "10.00", "features": '{"reports": false}', "is_active": "on"}
    assert office.post(page(plan, PLANS), fields).status_code == 302
    assert ProcrastinateJob.objects.filter(task_name="billing.tasks.regrant_plan").count() == 1


def test_a_new_subscription_opens_its_plans_features(office: Client, noon: Any, alice: User, basic: SubscriptionPlan) -> None:
    fields = {"customer": str(alice.pk), "plan": str(basic.pk), "status": "active"}
    assert office.post(f"{SUBSCRIPTIONS}add/", fields).status_code == 302
    assert enabled(alice) == {"reports", "calls"}


def test_a_second_running_subscription_is_refused(office: Client, subscription: Subscription) -> None:
    fields = {"customer": str(subscription.user_id), "plan": str(subscription.plan_id), "status": "trialing"}
    assert "already has a running subscription" in office.post(f"{SUBSCRIPTIONS}add/", fields).content.decode()


def test_a_period_must_end_after_it_starts(office: Client, alice: User, basic: SubscriptionPlan) -> None:
    fields = {"customer": str(alice.pk), "plan": str(basic.pk), "status": "canceled"}
    period = {
        "current_period_start_0": "2026-03-10",
        "current_period_start_1": "12:00",
        "current_period_end_0": "2026-03-10",
        "current_period_end_1": "12:00",
    }
    assert "The end must be after the start." in office.post(f"{SUBSCRIPTIONS}add/", fields | period).content.decode()


def test_a_changed_status_closes_the_features(office: Client, subscription: Subscription, alice: User) -> None:
    fields = {"plan": str(subscription.plan_id), "status": "unpaid"}
    assert office.post(page(subscription, SUBSCRIPTIONS), fields).status_code == 302
    assert enabled(alice) == set()


def test_a_subscription_is_canceled_and_reactivated(office: Client, subscription: Subscription, alice: User) -> None:
    office.post(page(subscription, SUBSCRIPTIONS, "cancel_later"), YES)
    assert Subscription.objects.get(pk=subscription.pk).cancel_at_period_end
    office.post(page(subscription, SUBSCRIPTIONS, "reactivate"), YES)
    assert not Subscription.objects.get(pk=subscription.pk).cancel_at_period_end
    office.post(page(subscription, SUBSCRIPTIONS, "cancel_at_once"), YES)
    assert Subscription.objects.get(pk=subscription.pk).status == "canceled"
    assert enabled(alice) == set()


def test_an_error_of_the_service_is_shown_as_a_message(office: Client, subscription: Subscription) -> None:
    office.post(page(subscription, SUBSCRIPTIONS, "reactivate"), YES)
    assert "There is nothing to undo." in text(office, page(subscription, SUBSCRIPTIONS))


def test_a_deleted_subscription_closes_its_features(office: Client, subscription: Subscription, alice: User) -> None:
    office.post(page(subscription, SUBSCRIPTIONS, "delete"), {"post": "yes"})
    assert not Subscription.objects.filter(pk=subscription.pk).exists()
    assert enabled(alice) == set()


def test_a_subscription_at_stripe_is_read_only(office: Client, subscription: Subscription) -> None:
    Subscription.objects.update(stripe_subscription_id="sub_1")
    changed = office.post(page(subscription, SUBSCRIPTIONS), {"plan": str(subscription.plan_id), "status": "unpaid"})
    deleted = office.post(page(subscription, SUBSCRIPTIONS, "delete"), {"post": "yes"})
    office.post(page(subscription, SUBSCRIPTIONS, "cancel_at_once"), YES)
    assert (changed.status_code, deleted.status_code) == (403, 403)
    assert Subscription.objects.get(pk=subscription.pk).status == "active"
    shown = text(office, page(subscription, SUBSCRIPTIONS))
    assert 'name="_save"' not in shown
    assert shown.count("sub_1") == 1


@pytest.mark.parametrize(
    ("changed", "offered"),
    [
        ({"status": "active"}, {"cancel_later", "cancel_at_once"}),
        ({"status": "past_due", "cancel_at_period_end": True}, {"reactivate", "cancel_at_once"}),
        ({"status": "canceled"}, set()),
    ],
)
def test_only_the_buttons_that_apply_are_shown(
    office: Client, subscription: Subscription, changed: dict[str, Any], offered: set[str]
) -> None:
    Subscription.objects.update(**changed)
    shown = text(office, page(subscription, SUBSCRIPTIONS))
    assert {name for name in ("cancel_later", "cancel_at_once", "reactivate") if f"/{name}" in shown} == offered


def test_the_usage_of_a_feature_is_reset(office: Client, subscription: Subscription, alice: User) -> None:
    row = FeatureAccess.objects.for_user(alice).get(feature_name="reports")
    FeatureAccess.objects.filter(pk=row.pk).update(usage_count=4)
    assert "4 of 4" in text(office, ACCESS)
    office.post(page(row, ACCESS, "reset_usage"), YES)
    assert "0 of 4" in text(office, ACCESS)


def test_a_feature_is_closed_and_opened(office: Client, noon: Any, alice: User) -> None:
    row = FeatureAccessFactory(user=alice)
    office.post(page(row, ACCESS, "disable"), SWITCH)
    closed = enabled(alice)
    office.post(page(row, ACCESS, "enable"), SWITCH)
    assert (closed, enabled(alice)) == (set(), {row.feature_name})


@pytest.mark.parametrize(("action", "is_enabled"), [("enable", True), ("disable", False)])
def test_repeating_a_switch_shows_a_message(office: Client, alice: User, action: str, is_enabled: bool) -> None:
    row = FeatureAccessFactory(user=alice, is_enabled=is_enabled)
    office.post(page(row, ACCESS, action), SWITCH)
    assert f"This feature is already {action}d." in text(office, page(row, ACCESS))


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "open"),
        ({"is_enabled": False}, "off"),
        ({"expires_at": NOW}, "expired"),
        ({"usage_count": 100}, "used up"),
        ({"usage_limit": None}, "open"),
    ],
)
def test_the_list_shows_the_state_of_a_feature(office: Client, noon: Any, values: dict[str, Any], state: str) -> None:
    FeatureAccessFactory(**values)
    assert f">{state}<" in "".join(text(office, ACCESS).split("\n")).replace("  ", "")


def test_an_invoice_is_read_only(office: Client, noon: Any) -> None:
    row = InvoiceFactory(amount_refunded="5.00", due_date=NOW - timedelta(days=1))
    shown = text(office, INVOICES)
    assert "35.00&nbsp;USD" in shown
    assert "overdue" in shown
    assert office.post(page(row, INVOICES, "delete"), {"post": "yes"}).status_code == 403
    assert BillingHistory.objects.filter(pk=row.pk).exists()


def test_a_customers_page_shows_the_billing_rows(office: Client, subscription: Subscription, alice: User, bob: User) -> None:
    InvoiceFactory(user=alice, subscription=subscription, amount="12.34")
    SubscriptionFactory(user=bob)
    shown = text(office, f"/admin/users/user/{alice.pk}/change/")
    assert "Basic, monthly" in shown
    assert "0 of 4" in shown
    assert "12.34&nbsp;USD" in shown


def test_the_number_of_queries_does_not_grow_with_the_rows(office: Client, noon: Any, alice: User, bob: User) -> None:
    SubscriptionFactory.create_batch(2, user=alice)
    FeatureAccessFactory.create_batch(2, user=alice)
    InvoiceFactory.create_batch(2, user=alice)
    SubscriptionFactory.create_batch(15, user=bob)
    FeatureAccessFactory.create_batch(15, user=bob)
    InvoiceFactory.create_batch(15, user=bob)
    office.get(f"/admin/users/user/{alice.pk}/change/")
    with CaptureQueriesContext(connection) as few:
        office.get(f"/admin/users/user/{alice.pk}/change/")
    with CaptureQueriesContext(connection) as many:
        office.get(f"/admin/users/user/{bob.pk}/change/")
    assert len(many) == len(few)


def test_lists_are_exported(office: Client, subscription: Subscription) -> None:
    fields = {"action": "export_csv", "_selected_action": [str(subscription.pk)], "index": "0"}
    response: Any = office.post(SUBSCRIPTIONS, fields)
    assert b"alice@example.com,Basic,monthly,,1,0.00,0.00,0.00,USD,month,,,active" in b"".join(response.streaming_content)
