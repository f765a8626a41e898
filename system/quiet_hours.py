"""Quiet hours, in which a user receives no notifications: local times from an inclusive start to an exclusive end.

They may span midnight. Equal times mean that there are no quiet hours.
"""

from datetime import datetime, time, timedelta, tzinfo


def next_end(end: time, *, zone: tzinfo, now: datetime) -> datetime:
    """Return the next instant after `now` at which the local time in `zone` is `end`."""
    local = now.astimezone(zone)
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=zone)
