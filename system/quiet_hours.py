"""The hours of a day in which nothing may disturb: from a first moment, inclusive, to a last one, exclusive.

They are times on the wall where the user lives, and may span midnight. Equal times mean that there are none.
"""

from datetime import datetime, time, timedelta, tzinfo


def next_end(end: time, *, zone: tzinfo, now: datetime) -> datetime:
    """The next instant after `now` at which the clocks of `zone` show `end`."""
    local = now.astimezone(zone)
    day = local.date() if local.time() < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=zone)
