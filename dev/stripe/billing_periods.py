"""Billing periods, counted from the anchor. Example: January 31, the last day of February, March 31."""

from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta

DAY = 86_400
HOUR = 3_600


def add_intervals(anchor: int, interval: str, times: int) -> int:
    """Return the instant `times` intervals (day, week, month, year) after the anchor, both in seconds since 1970."""
    start = datetime.fromtimestamp(anchor, UTC)
    if interval in ("day", "week"):
        return int((start + timedelta(days=times * (7 if interval == "week" else 1))).timestamp())
    return int((start + relativedelta(months=times * (12 if interval == "year" else 1))).timestamp())


def period_end(anchor: int, interval: str, count: int, start: int) -> int:
    """Return the first boundary after `start`, for periods of `count` intervals that have a boundary at the anchor."""
    return period_around(anchor, interval, count, start)[1]


def period_around(anchor: int, interval: str, count: int, at: int) -> tuple[int, int]:
    """Return the boundaries of the period that contains an instant, from the anchor on."""
    lengths = {"day": DAY, "week": 7 * DAY, "month": 28 * DAY, "year": 365 * DAY}
    number = max((at - anchor) // (lengths[interval] * count + (3 * DAY if interval == "month" else DAY) * count) - 1, 0)
    while add_intervals(anchor, interval, number * count) <= at:
        number += 1
    return add_intervals(anchor, interval, (number - 1) * count), add_intervals(anchor, interval, number * count)


def prorated_amount(amount: int, left: int, whole: int) -> int:
    """Return `amount * left / whole` in minor units, rounded half away from zero. Times are in seconds."""
    sign = -1 if amount < 0 else 1
    return sign * ((2 * abs(amount) * left + whole) // (2 * whole))
