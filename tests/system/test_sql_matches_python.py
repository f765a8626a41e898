"""Property tests that derived values are equal in Python and SQL."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.models.base import BaseModel
from dev.factories import ProfileFactory, UserFactory
from system.models import (
    DateType,
    ImportantDate,
    NotificationFrequency,
    NotificationPreference,
    NotificationType,
    Recurrence,
    Severity,
    SystemAlert,
)
from users.models import User

ZONES = ["America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Pago_Pago", "Etc/UTC"]
INSTANTS = st.integers(0, 1_520 * 86_400_000).map(lambda ms: datetime(2024, 2, 1, tzinfo=UTC) + timedelta(milliseconds=ms))
DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))
TIMES = st.times().map(lambda moment: moment.replace(microsecond=0))
HOURS = st.one_of(st.just((None, None)), st.tuples(TIMES, TIMES))
PATTERNS = st.sampled_from(["", *Recurrence.values])

pytestmark = pytest.mark.django_db
few_examples = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def users_of_zones() -> list[User]:
    """Return one user in each zone, and one without a profile."""
    profiles = [ProfileFactory.create(timezone=zone) for zone in ZONES]
    return [UserFactory.create(), *(profile.user for profile in profiles)]


def in_python(model: type[BaseModel], now: datetime) -> list[tuple[Any, ...]]:
    with time_machine.travel(now, tick=False):
        rows = model.objects.select_related("user__profile").order_by("pk")
        return [tuple(getattr(row, name) for name in model.derived) for row in rows]


def in_sql(model: type[BaseModel], now: datetime) -> list[tuple[Any, ...]]:
    with time_machine.travel(now, tick=False):
        expressions = model.sql_derived()
        return list(model.objects.order_by("pk").values_list(*(expressions[name] for name in model.derived)))


@few_examples
@given(
    now=INSTANTS,
    drawn=st.lists(
        st.tuples(DAYS, PATTERNS, st.integers(0, 40), st.booleans(), st.none() | INSTANTS), min_size=14, max_size=14
    ),
)
def test_important_dates(users_of_zones: list[User], now: datetime, drawn: list[tuple[Any, ...]]) -> None:
    ImportantDate.objects.all().delete()
    ImportantDate.objects.bulk_create(
        ImportantDate(
            user=users_of_zones[number % len(users_of_zones)],
            date_name="Date",
            date_type=DateType.LEGAL,
            date_value=day,
            is_recurring=bool(pattern),
            recurrence_pattern=pattern,
            reminder_days=reminder_days,
            is_active=is_active,
            last_reminder_sent=sent,
        )
        for number, (day, pattern, reminder_days, is_active, sent) in enumerate(drawn)
    )
    assert in_python(ImportantDate, now) == in_sql(ImportantDate, now)
    due = [row[ImportantDate.derived.index("should_send_reminder")] for row in in_python(ImportantDate, now)]
    assert ImportantDate.objects.due_for_reminder(now).count() == sum(due)


@few_examples
@given(
    now=INSTANTS,
    drawn=st.lists(
        st.tuples(st.sampled_from(Severity), st.booleans(), st.booleans(), INSTANTS, st.none() | INSTANTS),
        min_size=14,
        max_size=14,
    ),
)
def test_alerts(users_of_zones: list[User], now: datetime, drawn: list[tuple[Any, ...]]) -> None:
    SystemAlert.objects.all().delete()
    rows = SystemAlert.objects.bulk_create(
        SystemAlert(
            user=users_of_zones[number % len(users_of_zones)],
            alert_type="user",
            severity=severity,
            title="Alert",
            message="Message",
            is_read=is_read,
            read_at=now if is_read else None,
            action_required=action_required,
            expires_at=expires_at,
        )
        for number, (severity, is_read, action_required, _, expires_at) in enumerate(drawn)
    )
    created = {row.pk: values[3] for row, values in zip(rows, drawn, strict=True)}
    for row in rows:
        row.created_at = min(created[row.pk], now + timedelta(seconds=1))
    SystemAlert.objects.bulk_update(rows, ["created_at"])
    assert in_python(SystemAlert, now) == in_sql(SystemAlert, now)


@few_examples
@given(
    now=INSTANTS,
    drawn=st.lists(st.tuples(st.booleans(), HOURS), min_size=14, max_size=14),
)
def test_notification_preferences(users_of_zones: list[User], now: datetime, drawn: list[tuple[Any, ...]]) -> None:
    kinds = [NotificationType.SECURITY, NotificationType.HEALTH]
    NotificationPreference.objects.all().delete()
    NotificationPreference.objects.bulk_create(
        NotificationPreference(
            user=users_of_zones[number % len(users_of_zones)],
            notification_type=kinds[number // len(users_of_zones)],
            email_enabled=email,
            frequency=NotificationFrequency.DAILY,
            quiet_hours_start=start,
            quiet_hours_end=end,
        )
        for number, (email, (start, end)) in enumerate(drawn)
    )
    assert in_python(NotificationPreference, now) == in_sql(NotificationPreference, now)
