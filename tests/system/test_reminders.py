"""Reminders of important dates: once for each occurrence, by the user's time zone, and never after it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from dev.factories import ImportantDateFactory, PreferenceFactory, ProfileFactory, UserFactory
from system import services, tasks
from system.models import ImportantDate, SystemAlert
from system.services import reminders
from users.models import User

DATES = "/api/v1/system/important-dates/"
DAY = date(2026, 3, 14)
NOON = datetime(2026, 3, 10, 17, tzinfo=UTC)  # noon in New York, the default time zone of users without a profile


def remind(now: datetime) -> int:
    with time_machine.travel(now, tick=False):
        return services.send_reminders(now=now)


@pytest.mark.parametrize(
    ("date_value", "reminder_days", "sent"),
    [
        (date(2026, 3, 18), 7, 0),
        (date(2026, 3, 17), 7, 1),
        (date(2026, 3, 10), 7, 1),
        (date(2026, 3, 9), 7, 0),
        (date(2026, 3, 11), 0, 0),
        (date(2026, 3, 10), 0, 1),
    ],
)
def test_a_reminder_is_sent_in_the_days_before(alice: User, date_value: date, reminder_days: int, sent: int) -> None:
    row = ImportantDateFactory(user=alice, date_value=date_value, reminder_days=reminder_days)
    with time_machine.travel(NOON, tick=False):
        assert row.should_send_reminder is bool(sent)
    assert remind(NOON) == sent
    assert SystemAlert.objects.count() == sent


def test_it_is_sent_once(alice: User) -> None:
    row = ImportantDateFactory(user=alice, date_value=DAY)
    assert [remind(NOON + timedelta(hours=hours)) for hours in range(0, 24 * 6, 7)] == [1] + [0] * 20
    row.refresh_from_db()
    assert row.last_reminder_sent == NOON
    assert row.should_send_reminder is False


def test_the_alert_names_the_date_and_expires_after_it(alice: User) -> None:
    ProfileFactory(user=alice, timezone="Europe/Rome")
    ImportantDateFactory(user=alice, date_name="Car insurance", description="Policy 4711", date_value=date(2026, 3, 14))
    remind(NOON)
    alert = SystemAlert.objects.get()
    assert (alert.user, alert.title, alert.severity) == (alice, "Car insurance", "medium")
    assert alert.message == "Car insurance: in 4 days, on Saturday, 14 March 2026.\nPolicy 4711"
    assert alert.expires_at == datetime(2026, 3, 14, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "sent"),
    [
        ("Pacific/Kiritimati", "2026-03-13T09:59+00:00", 0),  # 23:59 on the 13th there
        ("Pacific/Kiritimati", "2026-03-13T10:00+00:00", 1),
        ("Pacific/Kiritimati", "2026-03-14T10:00+00:00", 0),  # the 15th
        ("America/Los_Angeles", "2026-03-14T06:59+00:00", 0),
        ("America/Los_Angeles", "2026-03-14T07:00+00:00", 1),
        ("America/Los_Angeles", "2026-03-15T06:59+00:00", 1),
        ("America/Los_Angeles", "2026-03-15T07:00+00:00", 0),
    ],
)
def test_the_date_is_in_the_users_time_zone(alice: User, zone: str, now: str, sent: int) -> None:
    ProfileFactory(user=alice, timezone=zone)
    ImportantDateFactory(user=alice, date_value=date(2026, 3, 14), reminder_days=0)
    assert remind(datetime.fromisoformat(now)) == sent


@pytest.mark.parametrize(
    ("pattern", "reminder_days", "days"),
    [
        ("daily", 7, [0, 1, 2, 3]),
        ("weekly", 2, [0, 5, 12, 19]),
        ("weekly", 7, [0, 1, 8, 15]),
        ("monthly", 3, [0, 25, 56, 86]),
        ("monthly", 60, [0, 1, 29, 60]),
        ("yearly", 0, [0, 365, 731]),  # 2028 is a leap year
    ],
)
def test_each_occurrence_has_its_reminder(alice: User, pattern: str, reminder_days: int, days: list[int]) -> None:
    start = datetime(2027, 1, 31, 17, tzinfo=UTC)
    ImportantDateFactory(
        user=alice, date_value=start.date(), is_recurring=True, recurrence_pattern=pattern, reminder_days=reminder_days
    )
    assert [day for day in range(days[-1] + 1) if remind(start + timedelta(days=day))] == days


def test_a_moved_date_has_a_new_reminder(as_alice: APIClient, alice: User) -> None:
    row = ImportantDateFactory(user=alice, date_value=date(2026, 3, 12))
    remind(NOON)
    response = as_alice.patch(f"{DATES}{row.pk}/", {"date_value": "2026-03-16"})
    assert response.json()["last_reminder_sent"] is None
    assert remind(NOON) == 1


def test_other_changes_do_not_repeat_the_reminder(as_alice: APIClient, alice: User) -> None:
    row = ImportantDateFactory(user=alice, date_value=date(2026, 3, 16))
    remind(NOON)
    response = as_alice.patch(f"{DATES}{row.pk}/", {"reminder_days": 3, "date_name": "Renamed", "date_value": "2026-03-16"})
    assert response.json()["last_reminder_sent"] == "2026-03-10T17:00:00Z"
    assert remind(NOON + timedelta(days=4)) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("inactive", [{"is_active": False}, {"user__is_active": False}])
def test_inactive_dates_and_users_get_no_reminder(inactive: dict[str, bool]) -> None:
    ImportantDateFactory(date_value=DAY, **inactive)
    assert remind(NOON) == 0


def test_an_email_is_sent_at_once(alice: User, mailoutbox: list[Any]) -> None:
    ImportantDateFactory(user=alice, date_name="Tax return\r\nBcc: other@example.com", date_value=DAY)
    remind(NOON)
    [message] = mailoutbox
    assert message.to == [alice.email]
    assert message.subject == "Tax return Bcc: other@example.com: in 4 days"
    assert "Saturday, 14 March 2026" in message.body


@pytest.mark.parametrize(
    "preference", [{"email_enabled": False}, {"frequency": "daily"}, {"frequency": "weekly"}, {"frequency": "monthly"}]
)
def test_without_immediate_emails_only_the_alert_is_created(alice: User, preference: dict[str, Any]) -> None:
    PreferenceFactory(user=alice, notification_type="financial", **preference)
    ImportantDateFactory(user=alice, date_type="financial", date_value=DAY)
    ImportantDateFactory(user=alice, date_type="health", date_name="Dentist", date_value=DAY)
    assert remind(NOON) == 2
    assert SystemAlert.objects.count() == 2
    assert [message.subject for message in mail.outbox] == ["Dentist: in 4 days"]


@pytest.mark.django_db
def test_an_unverified_address_gets_no_mail() -> None:
    ImportantDateFactory(user=UserFactory(is_verified=False), date_value=DAY)
    assert remind(NOON) == 1
    assert mail.outbox == []


def test_an_email_waits_for_the_end_of_quiet_hours(alice: User) -> None:
    PreferenceFactory(user=alice, notification_type="financial", quiet_hours_start="22:00", quiet_hours_end="07:00")
    ImportantDateFactory(user=alice, date_name="Secret 4711", date_value=DAY)
    assert remind(datetime(2026, 3, 10, 4, tzinfo=UTC)) == 1  # midnight in New York
    assert mail.outbox == []
    job = ProcrastinateJob.objects.get(task_name="core.mail.deliver")
    assert job.scheduled_at == datetime(2026, 3, 10, 11, tzinfo=UTC)
    assert "Secret 4711" not in str(job.args)


def test_many_reminders_take_few_statements(monkeypatch: pytest.MonkeyPatch, alice: User) -> None:
    ImportantDateFactory.create_batch(30, user=alice, date_value=DAY)
    PreferenceFactory(user=alice, notification_type="financial", email_enabled=False)
    monkeypatch.setattr(reminders, "BATCH", 15)
    with CaptureQueriesContext(connection) as queries:
        assert remind(NOON) == 30
    assert SystemAlert.objects.count() == 30
    assert len(queries) <= 22


def test_an_hour_without_reminders_takes_one_query(alice: User) -> None:
    ImportantDateFactory(user=alice, date_value=date(2027, 1, 1))
    with CaptureQueriesContext(connection) as queries:
        assert remind(NOON) == 0
    assert len([query for query in queries if "SELECT" in query["sql"]]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_locked_row_is_left_to_the_next_hour(in_another_connection: Callable[..., Any]) -> None:
    locked, free = ImportantDateFactory.create_batch(2, date_value=DAY)
    with in_another_connection("SELECT 1 FROM system_importantdate WHERE id = %s FOR UPDATE", locked.pk):
        assert remind(NOON) == 1
    assert remind(NOON) == 1
    assert set(ImportantDate.objects.values_list("pk", "last_reminder_sent")) == {(locked.pk, NOON), (free.pk, NOON)}


@pytest.fixture
def in_another_connection() -> Callable[..., Any]:
    """Return a context manager that runs a statement in another connection and keeps its locks."""

    class OtherTransaction:
        def __init__(self, sql: str, *values: object) -> None:
            self.sql, self.values = sql, values
            self.connection = connections["default"].copy()

        def __enter__(self) -> None:
            self.connection.set_autocommit(False)
            self.connection.cursor().execute(self.sql, self.values)

        def __exit__(self, *problem: object) -> None:
            self.connection.rollback()
            self.connection.close()

    return OtherTransaction


def test_the_job_runs_every_hour(alice: User) -> None:
    schedule = {(item.task.name, item.cron) for item in app.periodic_registry.periodic_tasks.values()}
    assert ("system.tasks.send_reminders", "0 * * * *") in schedule
    ImportantDateFactory(user=alice, date_value=DAY)
    with time_machine.travel(NOON, tick=False):
        tasks.send_reminders(timestamp=0)
    assert SystemAlert.objects.for_user(alice).count() == 1
