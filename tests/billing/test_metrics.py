"""Billing metrics, checked with rows whose results can be calculated by hand."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing import metrics
from billing.metric_tables import Metric
from billing.models import Subscription
from dev.factories import BillingMovementFactory, InvoiceFactory, SubscriptionFactory
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
PAGE = "/admin/billing/subscription/metrics/"


def at(month: int, day: int = 15, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def sell(**facts: Any) -> Any:
    number = Subscription.objects.count()
    return SubscriptionFactory(**{"status": "active", "canceled_at": None, "stripe_subscription_id": f"sub_{number}"} | facts)


def row_of(table: Metric, *beginning: str) -> tuple[Any, ...]:
    [row] = [row for row in table.rows if row[: len(beginning)] == beginning]
    return row[len(beginning) :]


def test_trials_are_converted_by_a_payment() -> None:
    trial = {"trial_start": at(2, 1), "trial_end": at(2)}
    paid, refused, free = sell(**trial), sell(**trial, status="canceled", canceled_at=at(2)), sell(**trial)
    InvoiceFactory(user=paid.user, subscription=paid, status="paid", paid_at=at(2))
    InvoiceFactory(user=refused.user, subscription=refused, status="failed")
    InvoiceFactory(user=free.user, subscription=free, status="paid", paid_at=at(2), amount="0.00")
    sell(trial_start=at(3), trial_end=at(4))
    table = metrics.trial_conversion(NOW)
    assert row_of(table, "2026-02") == (3, 1, Decimal("33.33"))
    assert row_of(table, "2026-03") == (0, 0, None)


def test_overdue_is_the_owed_amount_past_its_due_date() -> None:
    InvoiceFactory(amount="5.00", due_date=at(3, 10))
    InvoiceFactory(amount="6.00", status="failed", billing_date=at(3, 1))
    InvoiceFactory(amount="7.00", due_date=at(4))
    InvoiceFactory(amount="8.00", status="paid", paid_at=at(3), due_date=at(3, 10))
    InvoiceFactory(amount="9.00", billing_date=at(3, 1, 2024))
    table = metrics.overdue(NOW)
    assert row_of(table, "2026-03", "USD") == (2, Decimal("11.00"))
    assert row_of(table, "before", "USD") == (1, Decimal("9.00"))
    assert row_of(table, "2026-02", "USD") == (0, Decimal("0.00"))


def test_each_table_is_one_query() -> None:
    sell()
    BillingMovementFactory()
    with CaptureQueriesContext(connection) as queries:
        tables = metrics.all_metrics(now=NOW)
    assert len(queries) == len(tables)  # the two of cohorts have two queries in common


@pytest.fixture
def analyst(staff: User) -> Client:
    staff.groups.set([Group.objects.get(name="analyst")])
    client = Client()
    sign_in(client, staff)
    return client


def test_an_analyst_sees_sums_and_no_customer(analyst: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        row = BillingMovementFactory(first=True, happened_at=at(2), annual_after=Decimal("207.48"))
        text = analyst.get(PAGE).content.decode()
    content = text[text.index("Totals over all customers") : text.rindex("</section>")]
    assert "17.29" in content
    assert "with yearly amounts divided by 12" in content
    assert "2026-03 (running)" in content
    assert not any(str(key) in text for key in (row.pk, row.user_id, row.user.email))
    assert not re.search(r"<script|style=|on\w+=", content)


def test_each_table_can_be_downloaded(analyst: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        BillingMovementFactory(first=True, happened_at=at(2), annual_after=Decimal("207.48"))
        response: Any = analyst.get(f"{PAGE}mrr.csv")
        file = b"".join(response.streaming_content).decode()
    assert "USD,1,17.29,0,0.00" in file
    assert response.headers["Content-Disposition"] == 'attachment; filename="mrr.csv"'


def test_an_unknown_table_is_not_found(analyst: Client) -> None:
    assert analyst.get(f"{PAGE}names.csv").status_code == 404


def test_support_can_not_open_it(staff: User) -> None:
    staff.groups.set([Group.objects.get(name="support")])
    client = Client()
    sign_in(client, staff)
    assert [client.get(page).status_code for page in (PAGE, f"{PAGE}mrr.csv")] == [403, 403]
