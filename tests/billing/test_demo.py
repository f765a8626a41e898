"""Subscriptions, usage and invoices of the demo's customers."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Count

from billing.models import BillingHistory, FeatureAccess, Subscription
from dev.demo import billing
from dev.demo.users import ALICE, BOB, CHIARA, CUSTOMERS, load_customer
from tests.conftest import Storing

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 30)


@pytest.fixture(scope="module", autouse=True)
def loaded(storing: Storing) -> None:
    """Load the demo's subscriptions once for all tests of this module."""
    with storing(), time_machine.travel("2026-11-30 17:00Z", tick=False):
        load()


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-30 17:00Z", tick=False) as traveler:
        yield traveler


def load(today: date = TODAY) -> None:
    for customer in CUSTOMERS:
        billing.load(load_customer(customer), today=today)


def state() -> list[Any]:
    rows = FeatureAccess.objects.order_by("user__email", "feature_name")
    return [
        list(Subscription.objects.order_by("pk").values()),
        list(BillingHistory.objects.order_by("pk").values()),
        list(rows.values_list("user__email", "feature_name", "usage_count", "last_used_at", "is_enabled")),
    ]


def test_one_customer_pays_one_owes_and_one_is_on_trial() -> None:
    running = Subscription.objects.running().values_list("user__email", "plan__name", "status")
    assert set(running) == {
        (ALICE.email, "Mid-tier", "active"),
        (BOB.email, "Budget", "past_due"),
        (CHIARA.email, "Professional", "trialing"),
    }
    assert Subscription.objects.get(user__email=CHIARA.email, status="trialing").is_trial
    assert Subscription.objects.get(user__email=ALICE.email).days_until_renewal is not None


def test_every_customer_has_a_year_of_invoices() -> None:
    assert {row["number"] for row in BillingHistory.objects.values("user").annotate(number=Count("pk"))} == {13}


def test_one_invoice_is_overdue_and_one_was_refunded() -> None:
    found = list(BillingHistory.objects.select_related("user"))
    assert [row.user.email for row in found if row.is_overdue] == [BOB.email]
    assert [row.user.email for row in found if row.amount_refunded] == [CHIARA.email]


def test_features_are_open_used_up_and_closed() -> None:
    found = FeatureAccess.objects.with_billing_period().filter(user__email=ALICE.email)
    assert {row.feature_name for row in found if row.is_enabled and not row.can_use} == {"custom_reports"}
    assert "api_access" in {row.feature_name for row in found if not row.is_enabled}
    [free] = FeatureAccess.objects.filter(user__email=BOB.email, is_enabled=True)
    assert free.feature_name == "data_export"
    assert FeatureAccess.objects.filter(user__email=BOB.email).count() == 8


def test_no_row_is_in_the_future() -> None:
    now = "2026-11-30T17:00Z"
    assert not BillingHistory.objects.filter(paid_at__gt=now).exists()
    assert not FeatureAccess.objects.filter(last_used_at__gt=now).exists()


def test_loading_it_again_changes_nothing(noon: Any) -> None:
    before = state()
    load()
    noon.shift(timedelta(days=3))
    load(TODAY + timedelta(days=3))
    assert state() == before
