"""Derived values of billing rows, which SQL and Python must compute alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing.models import BillingHistory, FeatureAccess, Subscription
from billing.models.invoices import InvoiceStatus
from billing.models.subscriptions import SubscriptionStatus
from billing.models.usage_periods import usage_period_of_subscription
from billing.usage_periods import usage_period
from dev.factories import PlanFactory, UserFactory
from tests import long_series

pytestmark = [pytest.mark.django_db, pytest.mark.long]

quickly = settings(
    max_examples=long_series.size(15, whole=40),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
    phases=[Phase.generate],  # shrinking a failure takes minutes, and its rows are readable as they are
)
instants = st.datetimes(datetime(2023, 12, 1), datetime(2026, 3, 31), timezones=st.just(UTC))  # noqa: DTZ001
# The last days of months at a few times of the day, where months of different lengths meet
edges = st.builds(
    lambda months, hours: datetime(2024 + months // 12, months % 12 + 1, 1, tzinfo=UTC) - timedelta(hours=hours),
    st.integers(1, 26),
    st.sampled_from([-1, 0, 1, 24, 48, 72]),
)
moments = instants | edges
maybe = st.none() | moments
lengths = st.sampled_from([timedelta(days=days) for days in (7, 28, 30, 31, 32, 365, 366)])


@st.composite
def periods(draw: Any, *names: str) -> dict[str, datetime | None]:
    """Draw a start and a later end, each of which may be missing."""
    start, end = draw(moments), draw(st.booleans())
    whole = {names[0]: start, names[1]: start + draw(lengths) if end else None}
    return draw(st.sampled_from([whole, whole, whole, dict.fromkeys(names)]))


def stored(rows: list[Any], now: datetime) -> tuple[list[Any], list[Any]]:
    """Return the derived values in SQL and in Python of rows that are stored and rolled back."""
    model = type(rows[0])
    with transaction.atomic(), time_machine.travel(now, tick=False):
        model.objects.bulk_create(rows)
        chosen = model.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk")
        in_sql = list(chosen.values_list(*(model.sql_derived()[name] for name in model.derived)))
        in_python = [tuple(getattr(row, name) for name in model.derived) for row in chosen]
        transaction.set_rollback(True)
    return in_sql, in_python


@quickly
@given(
    now=moments,
    period=periods("current_period_start", "current_period_end"),
    trial=periods("trial_start", "trial_end"),
    status=st.sampled_from(SubscriptionStatus.values),
    cancel=st.booleans(),
)
def test_a_subscription(now: datetime, period: Any, trial: Any, status: str, cancel: bool) -> None:
    with transaction.atomic():
        options = {"status": status, "cancel_at_period_end": cancel, **period, **trial}
        row = Subscription(user=UserFactory.create(), plan=PlanFactory.create(), **options)
        in_sql, in_python = stored([row], now)
        transaction.set_rollback(True)
    assert in_sql == in_python


@quickly
@given(
    now=moments,
    amount=st.decimals(0, 100, places=2),
    status=st.sampled_from(InvoiceStatus.values),
    due_date=maybe,
)
def test_an_invoice(now: datetime, amount: Any, status: str, due_date: datetime | None) -> None:
    with transaction.atomic():
        row = BillingHistory(
            user=UserFactory.create(), amount=amount, status=status, due_date=due_date, billing_date=now, paid_at=now
        )
        in_sql, in_python = stored([row], now)
        transaction.set_rollback(True)
    assert in_sql == in_python


@quickly
@given(
    now=moments,
    period=st.none() | periods("current_period_start", "current_period_end"),
    status=st.sampled_from(["active", "canceled"]),
    rows=st.lists(
        st.fixed_dictionaries(
            {
                "is_enabled": st.booleans(),
                "usage_count": st.integers(0, 6),
                "usage_limit": st.none() | st.integers(0, 5),
                "period_start": maybe,
                "expires_at": maybe,
            }
        ).filter(lambda row: row["is_enabled"] or row["usage_limit"] is not None),
        min_size=1,
        max_size=8,
    ),
)
def test_feature_access(now: datetime, period: Any, status: str, rows: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        user = UserFactory.create()
        Subscription.objects.bulk_create(
            [Subscription(user=user, plan=PlanFactory.create(), status=status, **period)] if period is not None else []
        )
        access = [FeatureAccess(user=user, feature_name=f"feature_{place}", **row) for place, row in enumerate(rows)]
        in_sql, in_python = stored(access, now)
        transaction.set_rollback(True)
    assert in_sql == in_python


spans = st.tuples(
    moments, st.none() | lengths, st.integers(-3, 26), st.sampled_from([timedelta(0), timedelta(microseconds=-1), timedelta(2)])
)


@quickly
@given(st.lists(spans, min_size=60, max_size=60))
def test_the_usage_period(found: list[Any]) -> None:
    """Check the instants around the end of a usage period."""
    with transaction.atomic():
        user, plan = UserFactory.create(), PlanFactory.create()
        rows = [
            Subscription(
                user=user,
                plan=plan,
                status="canceled",
                current_period_start=start,
                current_period_end=length and start + length,
                canceled_at=start + relativedelta(months=months) + aside,
            )
            for start, length, months, aside in found
        ]
        Subscription.objects.bulk_create(rows)
        begun = Subscription.objects.order_by("pk").values_list("pk", usage_period_of_subscription(F("canceled_at")))
        in_sql = dict(begun)
        transaction.set_rollback(True)
    in_python = {row.pk: usage_period(row.canceled_at, row.current_period_start, row.current_period_end).begins for row in rows}
    assert in_sql == in_python


def test_the_database_is_in_utc() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW timezone")
        assert cursor.fetchone() == ("UTC",)
