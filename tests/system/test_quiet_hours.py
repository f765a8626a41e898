"""Quiet hours in the user's time zone, with an inclusive start and an exclusive end, also across midnight."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
import time_machine

from dev.factories import PreferenceFactory, ProfileFactory
from system.models import NotificationPreference
from users.models import User

ZONES = ["America/New_York", "Europe/Rome", "Asia/Kathmandu"]
NIGHT = {"quiet_hours_start": time(22), "quiet_hours_end": time(7)}


@pytest.mark.parametrize(
    ("start", "end", "moment", "quiet"),
    [
        (time(22), time(7), time(21, 59, 59), False),
        (time(22), time(7), time(22), True),
        (time(22), time(7), time(0), True),
        (time(22), time(7), time(6, 59, 59, 999_999), True),
        (time(22), time(7), time(7), False),
        (time(9), time(17), time(9), True),
        (time(9), time(17), time(17), False),
        (time(9), time(17), time(0), False),
        (time(9), time(9), time(9), False),
        (time(0), time(0), time(12), False),
        (None, None, time(12), False),
    ],
)
def test_the_hours(start: time | None, end: time | None, moment: time, quiet: bool) -> None:
    profile = ProfileFactory.build(timezone="Etc/UTC")
    preference = NotificationPreference(user=profile.user, quiet_hours_start=start, quiet_hours_end=end)
    now = datetime.combine(date(2026, 3, 1), moment, tzinfo=UTC)
    assert NotificationPreference.is_quiet_hours.at(preference, now) is quiet


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("moment", "quiet"), [("21:59", False), ("23:59", True), ("06:59", True), ("07:00", False)])
@pytest.mark.parametrize("day", ["2026-01-15", "2026-07-15"])
def test_quiet_hours_are_in_the_users_time_zone(alice: User, zone: str, day: str, moment: str, quiet: bool) -> None:
    ProfileFactory(user=alice, timezone=zone)
    preference = PreferenceFactory(user=alice, notification_type="health", **NIGHT)
    expressions = NotificationPreference.sql_derived()
    names = ["is_quiet_hours", "can_send_notification"]
    with time_machine.travel(datetime.fromisoformat(f"{day}T{moment}").replace(tzinfo=ZoneInfo(zone)), tick=False):
        stored = NotificationPreference.objects.values_list(*(expressions[name] for name in names)).get()
        assert (preference.is_quiet_hours, preference.can_send_notification) == (quiet, not quiet) == stored


@time_machine.travel("2026-03-01T23:59-05:00", tick=False)
def test_a_security_notice_ignores_quiet_hours(alice: User) -> None:
    preference = PreferenceFactory(user=alice, notification_type="security", **NIGHT)
    assert preference.is_quiet_hours
    assert preference.can_send_notification


@time_machine.travel("2026-03-01T12:00-05:00", tick=False)
def test_nothing_is_sent_without_a_channel(alice: User) -> None:
    preference = PreferenceFactory(user=alice, notification_type="security", email_enabled=False)
    assert (preference.is_enabled, preference.enabled_channels, preference.can_send_notification) == (False, [], False)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-02T03:30+00:00", "2026-03-02T12:00+00:00"),  # 22:30 in New York: until 7:00 the next day
        ("2026-03-02T11:59+00:00", "2026-03-02T12:00+00:00"),
        ("2026-03-02T12:00+00:00", None),
        ("2026-03-08T04:00+00:00", "2026-03-08T11:00+00:00"),  # the night on which daylight saving time begins
    ],
)
def test_a_notice_waits_for_the_end_of_quiet_hours(alice: User, now: str, until: str | None) -> None:
    found = PreferenceFactory(user=alice, notification_type="health", **NIGHT).quiet_until(datetime.fromisoformat(now))
    assert (found and found.astimezone(UTC)) == (until and datetime.fromisoformat(until))
