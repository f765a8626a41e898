"""On which days a recurring date falls: pure calendar arithmetic.

Every occurrence is counted from the first day, never from the one before, so that the day of the month is kept: what begins
on 31 January comes on 28 (or 29) February and on 31 March again; what begins on 29 February comes on 28 February in other
years. The SQL function `system_next_occurrence` (migration 0002) says the same; a test holds both equal.
"""

import calendar
from datetime import date, timedelta

MONTHS_BETWEEN = {"monthly": 1, "yearly": 12}


def next_occurrence(first: date, pattern: str, day: date) -> date | None:
    """The first occurrence on or after `day` of a date that begins on `first`.

    `pattern` is daily, weekly, monthly or yearly, or '' for a date that comes once. None when nothing comes any more.
    """
    if first >= day:
        return first
    if pattern == "daily":
        return day
    if pattern == "weekly":
        return day + timedelta(days=(first - day).days % 7)
    if pattern in MONTHS_BETWEEN:
        return _by_months(first, MONTHS_BETWEEN[pattern], day)
    return None


def _by_months(first: date, step: int, day: date) -> date:
    passed = (day.year - first.year) * 12 + day.month - first.month
    whole = passed - passed % step
    candidate = months_later(first, whole)
    return candidate if candidate >= day else months_later(first, whole + step)


def months_later(first: date, months: int) -> date:
    """The same day of the month `months` later, or the last day of a month that is shorter."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(first.day, last))
