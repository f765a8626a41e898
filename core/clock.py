"""The clock of the application. All code reads the time here, so that tests can freeze it."""

import zoneinfo
from datetime import date, datetime, tzinfo

from django.utils import timezone

FALLBACK_ZONE = zoneinfo.ZoneInfo("America/New_York")


class ClockInstant(datetime):
    """The current time as a parameter of a statement, distinguishable by its type from every other parameter."""


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return timezone.now()


def now_parameter() -> ClockInstant:
    instant = now()
    return ClockInstant.combine(instant.date(), instant.timetz())


def zone_named(name: str) -> tzinfo:
    """Return the IANA time zone called `name`, or FALLBACK_ZONE when the name is no longer known."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return FALLBACK_ZONE


def text_in(zone: tzinfo, instant: datetime) -> str:
    """Return an instant for a person in `zone`, such as `2026-03-03 14:30 (Europe/Rome)`."""
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"


def day_in(zone: tzinfo, instant: datetime) -> date:
    return instant.astimezone(zone).date()
