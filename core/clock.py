"""The one place that reads the clock, so that time can be passed in, frozen and explained."""

import zoneinfo
from datetime import date, datetime, tzinfo

from django.utils import timezone

FALLBACK_ZONE = zoneinfo.ZoneInfo("America/New_York")


class ClockInstant(datetime):
    """The instant at which a statement is made, told apart from every other that may stand in it."""


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return timezone.now()


def now_parameter() -> ClockInstant:
    """`now`, recognisable."""
    instant = now()
    return ClockInstant.combine(instant.date(), instant.timetz())


def zone_named(name: str) -> tzinfo:
    """The IANA zone called `name`; the product's default zone when the name is not known any more."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return FALLBACK_ZONE


def day_in(zone: tzinfo, instant: datetime) -> date:
    """The calendar day that `instant` falls on for somebody who lives in `zone`."""
    return instant.astimezone(zone).date()
