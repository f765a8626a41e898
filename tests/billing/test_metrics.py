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
from billing.models import Subscription
from dev.factories import InvoiceFactory, PlanFactory, SubscriptionFactory
from tests.sign_in import sign_in
from users.models import User

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
PAGE = "/admin/billing/subscription/metrics/"


def at(month: int, day: int = 15, year: int = 2026) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


JANUARY = at(1)


def sell(price: str = "12.00", *, began: datetime = JANUARY, cycle: str = "monthly", currency: str = "USD", **more: Any) -> Any:
    plan = PlanFactory(price=price, billing_cycle=cycle, currency=currency)
    number = Subscription.objects.count()
    facts = {"status": "active", "canceled_at": None, "stripe_subscription_id": f"sub_{number}"} | more
    facts["currency"] = facts.pop("subscription_currency", currency)
    row = SubscriptionFactory(plan=plan, **facts)
    Subscription.objects.filter(pk=row.pk).update(created_at=began)
    return row


def row_of(table: metrics.Metric, *beginning: str) -> tuple[Any, ...]:
    [row] = [row for row in table.rows if row[: len(beginning)] == beginning]
    return row[len(beginning) :]


def test_mrr_divides_yearly_plans_by_12_in_each_currency() -> None:
    sell("10.00")
    sell("100.00", cycle="yearly")
    sell("7.00", currency="EUR")
    table = metrics.monthly_recurring_revenue(NOW)
    assert row_of(table, "USD")[:2] == (2, Decimal("18.33"))
    assert row_of(table, "EUR")[:2] == (1, Decimal("7.00"))


def test_mrr_is_summed_before_it_is_rounded() -> None:
    for _ in range(3):
        sell("100.00", cycle="yearly")
    assert row_of(metrics.monthly_recurring_revenue(NOW), "USD")[1] == Decimal("25.00")


@pytest.mark.parametrize(
    ("facts", "monthly"),
    [
        ({"quantity": 3, "recurring_amount": "30.00"}, "30.00"),
        ({"discount": "2.50", "recurring_amount": "7.50"}, "7.50"),
        ({"recurring_amount": "90.00", "interval_count": 3}, "30.00"),
        ({"recurring_amount": "7.00", "interval": "week"}, "30.42"),  # 7.00 * 365 / 84
        ({"recurring_amount": "1.00", "interval": "day"}, "30.42"),
        ({"unit_price": "8.00", "recurring_amount": "8.00"}, "8.00"),  # an old price of the plan of 10.00
    ],
)
def test_mrr_is_what_the_subscription_charges(facts: dict[str, Any], monthly: str) -> None:
    sell("10.00", **facts)
    assert row_of(metrics.monthly_recurring_revenue(NOW), "USD")[:2] == (1, Decimal(monthly))


def test_mrr_excludes_paused_collection() -> None:
    sell("10.00")
    sell("20.00", is_collection_paused=True)
    assert row_of(metrics.monthly_recurring_revenue(NOW), "USD")[:2] == (1, Decimal("10.00"))


def test_mrr_is_in_the_currency_of_the_subscription() -> None:
    sell("10.00", subscription_currency="EUR")
    assert [row[0] for row in metrics.monthly_recurring_revenue(NOW).rows] == ["EUR"]


def test_a_loss_counts_when_the_subscription_ended() -> None:
    sell("10.00", began=at(1), status="canceled", canceled_at=at(1, 20), cancel_at=at(3), ended_at=at(3))
    assert [row_of(metrics.churn(NOW), month, "USD")[1] for month in ("2026-02", "2026-03")] == [0, 1]


def test_mrr_separates_past_due_and_excludes_unpaid_ones() -> None:
    sell("10.00")
    sell("20.00", status="past_due")
    sell("40.00", status="trialing")
    sell("80.00", status="canceled", canceled_at=NOW)
    sell("160.00", stripe_subscription_id="")
    assert row_of(metrics.monthly_recurring_revenue(NOW), "USD") == (1, Decimal("10.00"), 1, Decimal("20.00"))


def test_mrr_by_month_includes_months_without_revenue() -> None:
    sell("10.00", began=at(1))
    sell("20.00", began=at(2), status="canceled", canceled_at=at(3, 1))
    table = metrics.revenue_by_month(NOW)
    assert [row[0] for row in table.rows][:2] == ["2025-04", "2025-05"]
    assert len(table.rows) == 12
    assert row_of(table, "2025-12", "USD") == (0, Decimal("0.00"))
    assert row_of(table, "2026-02", "USD") == (2, Decimal("30.00"))
    assert row_of(table, "2026-03", "USD") == (1, Decimal("10.00"))


def test_a_trial_counts_from_its_end() -> None:
    sell("10.00", began=at(1), trial_start=at(1), trial_end=at(2, 1))
    table = metrics.revenue_by_month(NOW)
    assert [row_of(table, month, "USD")[0] for month in ("2026-01", "2026-02")] == [0, 1]


def test_churn_counts_losses_among_existing_customers() -> None:
    for _ in range(3):
        sell("10.00", began=at(1))
    sell("30.00", began=at(1), status="canceled", canceled_at=at(2))
    table = metrics.churn(NOW)
    lost = (4, 1, Decimal("25.00"), Decimal("60.00"), Decimal("30.00"), Decimal("50.00"))
    assert row_of(table, "2026-02", "USD") == lost
    assert row_of(table, "2026-01", "USD")[:3] == (0, 0, None)
    assert row_of(table, "2026-03", "USD")[:3] == (3, 0, Decimal("0.00"))


def test_a_cancellation_counts_at_the_end_of_the_period() -> None:
    period = {"current_period_start": at(2), "current_period_end": at(3)}
    sell("10.00", began=at(1), status="canceled", canceled_at=at(2, 20), cancel_at_period_end=True, **period)
    table = metrics.churn(NOW)
    assert [row_of(table, month, "USD")[1] for month in ("2026-02", "2026-03")] == [0, 1]


def test_a_subscription_within_one_month_is_no_churn() -> None:
    sell("10.00", began=at(2, 3), status="canceled", canceled_at=at(2, 20))
    assert row_of(metrics.churn(NOW), "2026-02", "USD")[:2] == (0, 0)


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
    with CaptureQueriesContext(connection) as queries:
        tables = metrics.all_metrics(now=NOW)
    assert len(queries) == len(tables)


@pytest.fixture
def analyst(staff: User) -> Client:
    staff.groups.set([Group.objects.get(name="analyst")])
    client = Client()
    sign_in(client, staff)
    return client


def test_an_analyst_sees_sums_and_no_customer(analyst: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        row = sell("17.29")
        text = analyst.get(PAGE).content.decode()
    content = text[text.index("Totals over all customers") : text.rindex("</section>")]
    assert "17.29" in content
    assert "with yearly amounts divided by 12" in content
    assert not any(str(key) in text for key in (row.pk, row.user_id, row.user.email))
    assert not re.search(r"<script|style=|on\w+=", content)


def test_each_table_can_be_downloaded(analyst: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        sell("17.29")
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
