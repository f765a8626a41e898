"""Derived values of events, feature usage, metrics and feedback in Python, SQL, filters and orderings."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from analytics.models import FeatureUsage, PerformanceMetric, UserAnalytics, UserFeedback
from analytics.models.feedback import RESOLVED_STATUSES, FeedbackStatus
from core.models.base import BaseModel
from dev.factories import EventFactory, FeatureUsageFactory, FeedbackFactory, MetricFactory, ProfileFactory
from users.models import User

API = "/api/v1/analytics/"
ZONES = ["America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Europe/London"]
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
shares = st.none() | st.decimals(0, 1, places=2)
seconds = st.none() | st.integers(0, 2_147_483_647)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
MAX = Decimal("9999999999999.99")
VALUES = st.none() | st.decimals(-MAX, MAX, places=2) | st.sampled_from([Decimal(0), Decimal("-0.01"), Decimal("999.99")])


@pytest.fixture(autouse=True)
def noon() -> Iterator[Any]:
    with time_machine.travel("2026-11-22 17:00Z", tick=False) as traveler:
        yield traveler


def agrees(model: type[BaseModel]) -> bool:
    """Return True if SQL and Python derive the same values with the same scale: 5 and 5.00 differ here."""
    rows = model._base_manager.order_by("pk")
    in_sql = rows.values_list(*model.sql_derived().values())
    in_python = [tuple(getattr(row, name) for name in model.derived) for row in rows]
    return [[repr(value) for value in row] for row in in_sql] == [[repr(value) for value in row] for row in in_python]


@pytest.mark.parametrize(
    ("score", "engagement", "retention"),
    [
        (None, None, None),
        ("0.00", "low", "poor"),
        ("0.39", "low", "poor"),
        ("0.40", "low", "fair"),
        ("0.49", "low", "fair"),
        ("0.50", "medium", "fair"),
        ("0.60", "medium", "good"),
        ("0.79", "medium", "good"),
        ("0.80", "high", "excellent"),
        ("1.00", "high", "excellent"),
    ],
)
def test_levels_of_an_event(score: str | None, engagement: str | None, retention: str | None) -> None:
    found = score and Decimal(score)
    row = UserAnalytics(engagement_score=found, retention_score=found)
    assert (row.engagement_level, row.retention_level) == (engagement, retention)


@pytest.mark.parametrize(("duration", "minutes"), [(None, "None"), (0, "0.00"), (1, "0.02"), (95, "1.58"), (750, "12.50")])
def test_seconds_as_minutes(duration: int | None, minutes: str) -> None:
    assert str(UserAnalytics(session_duration=duration).session_minutes) == minutes
    assert str(FeatureUsage(usage_duration=duration).usage_minutes) == minutes


@pytest.mark.parametrize(
    ("rate", "percent", "successful"),
    [(None, None, None), ("0.00", 0, False), ("0.79", 79, False), ("0.80", 80, True), ("1.00", 100, True)],
)
def test_success_of_a_feature(rate: str | None, percent: int | None, successful: bool | None) -> None:
    row = FeatureUsage(success_rate=rate and Decimal(rate))
    assert (row.success_percentage, row.is_successful) == (percent, successful)


@pytest.mark.parametrize(("errors", "expected"), [(0, False), (1, True)])
def test_errors_of_a_feature(errors: int, expected: bool) -> None:
    assert FeatureUsage(error_count=errors).has_errors is expected


@pytest.mark.parametrize(
    ("value", "unit", "positive", "text"),
    [
        (None, "ms", None, None),
        ("0.00", "", False, "0.00"),
        ("-0.00", "", False, "0.00"),
        ("-0.50", "%", False, "-0.50 %"),
        ("1234.50", "ms", True, "1,234.50 ms"),
        ("-9999999999999.99", "USD", False, "-9,999,999,999,999.99 USD"),
    ],
)
def test_a_metric_is_formatted_for_display(value: str | None, unit: str, positive: bool | None, text: str | None) -> None:
    row = PerformanceMetric(metric_value=value and Decimal(value), metric_unit=unit)
    assert (row.is_positive, row.formatted_value) == (positive, text)


@pytest.mark.parametrize(
    ("rating", "positive", "negative"),
    [(None, None, None), (1, False, True), (2, False, True), (3, False, False), (4, True, False), (5, True, False)],
)
def test_a_rating_is_positive_or_negative(rating: int | None, positive: bool | None, negative: bool | None) -> None:
    row = UserFeedback(rating=rating)
    assert (row.is_positive, row.is_negative) == (positive, negative)


@pytest.mark.parametrize("status", FeedbackStatus.values)
def test_feedback_is_either_open_or_resolved(status: str) -> None:
    row = UserFeedback(status=status)
    assert row.is_resolved is (status in ("resolved", "closed"))
    assert row.is_open is not row.is_resolved


def test_days_of_feedback_are_in_the_owners_time_zone(alice: User, noon: Any) -> None:
    ProfileFactory(user=alice, timezone="Pacific/Auckland")
    written = FeedbackFactory.create(user=alice)
    noon.move_to("2026-11-23 10:59Z")
    assert written.days_since_creation == 0
    noon.move_to("2026-11-23 11:00Z")
    assert written.days_since_creation == 1
    assert written.resolution_time_days is None


@quick
@given(found=st.lists(st.tuples(seconds, shares, shares), min_size=1, max_size=20))
def test_sql_derives_the_same_from_events(found: list[Any], alice: User) -> None:
    UserAnalytics.objects.all().delete()
    UserAnalytics.objects.bulk_create(
        EventFactory.build(user=alice, session_duration=duration, engagement_score=one, retention_score=other)
        for duration, one, other in found
    )
    assert agrees(UserAnalytics)


@quick
@given(found=st.lists(st.tuples(seconds, shares, st.integers(0, 3)), min_size=1, max_size=20))
def test_sql_derives_the_same_from_usage(found: list[Any], alice: User) -> None:
    FeatureUsage.objects.all().delete()
    FeatureUsage.objects.bulk_create(
        FeatureUsageFactory.build(user=alice, usage_duration=duration, success_rate=rate, error_count=errors)
        for duration, rate, errors in found
    )
    assert agrees(FeatureUsage)


@pytest.mark.django_db
@quick
@given(found=st.lists(st.tuples(VALUES, st.sampled_from(["", "ms", "%", " "])), min_size=1, max_size=20))
def test_sql_derives_the_same_from_metrics(found: list[Any]) -> None:
    PerformanceMetric.objects.all().delete()
    PerformanceMetric.objects.bulk_create(MetricFactory.build(metric_value=value, metric_unit=unit) for value, unit in found)
    assert agrees(PerformanceMetric)


@quick
@given(
    found=st.lists(
        st.tuples(st.none() | st.integers(1, 5), st.sampled_from(FeedbackStatus.values), instants, instants),
        min_size=1,
        max_size=9,
    ),
    zone=st.sampled_from(ZONES),
    today=instants,
)
def test_sql_derives_the_same_from_feedback(found: list[Any], zone: str, today: datetime, alice: User, noon: Any) -> None:
    UserFeedback.objects.all().delete()
    profile = getattr(alice, "profile", None) or ProfileFactory(user=alice)
    type(profile).objects.filter(pk=profile.pk).update(timezone=zone)
    rows = UserFeedback.objects.bulk_create(
        FeedbackFactory.build(
            user=alice, rating=rating, status=status, resolved_at=instant if status in RESOLVED_STATUSES else None
        )
        for rating, status, _, instant in found
    )
    [UserFeedback.objects.filter(pk=row.pk).update(created_at=item[2]) for row, item in zip(rows, found, strict=True)]
    noon.move_to(today)
    assert agrees(UserFeedback)


def test_lists_are_filtered_and_sorted_by_derived_values(as_alice: APIClient, alice: User) -> None:
    short, long = EventFactory(user=alice, session_duration=30), EventFactory(user=alice, engagement_score=Decimal("0.10"))
    good, bad = FeatureUsageFactory(user=alice, success_rate=Decimal("0.80")), FeatureUsageFactory(user=alice, error_count=1)
    liked, silent = FeedbackFactory(user=alice, rating=5), FeedbackFactory(user=alice, rating=None)
    shown = lambda route, **query: [row["id"] for row in as_alice.get(f"{API}{route}/", query).json()["results"]]  # noqa: E731
    assert shown("events", session_minutes__lte="0.50") == [str(short.pk)]
    assert shown("events", engagement_level="low") == [str(long.pk)]
    assert shown("feature-usage", is_successful="true") == [str(good.pk)]
    assert shown("feature-usage", has_errors="true") == [str(bad.pk)]
    assert shown("feedback", is_positive="true") == [str(liked.pk)]
    assert shown("feedback", is_positive__isnull="true") == [str(silent.pk)]
    assert shown("feedback", is_open="true", ordering="-days_since_creation") == [str(silent.pk), str(liked.pk)]


@pytest.mark.parametrize(
    ("route", "query"),
    [
        ("events", {"engagement_level": "huge"}),
        ("events", {"session_minutes__gte": "long"}),
        ("feature-usage", {"is_successful": "maybe"}),
        ("feedback", {"status__in": "open,done"}),
    ],
)
def test_an_invalid_filter_value_is_refused(route: str, query: dict[str, str], as_alice: APIClient) -> None:
    response = as_alice.get(f"{API}{route}/", query)
    assert response.status_code == 400
    assert {error["attr"] for error in response.json()["errors"]} == set(query)
