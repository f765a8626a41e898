"""Occurrences of recurring dates.

Each occurrence is counted from the first day and not from the previous occurrence, which preserves the day of the month.
A monthly date that begins on January 31 falls on February 28 (or 29) and on March 31. A yearly date that begins on
February 29 falls on February 28 in other years. A test compares the results with the SQL function `system_next_occurrence`.
"""

import calendar
from datetime import date, timedelta

MONTHS_BETWEEN = {"monthly": 1, "yearly": 12}


def next_occurrence(first: date, pattern: str, day: date) -> date | None:
    """Return the first occurrence on or after `day` of a date that begins on `first`, or None if there is none.

    `pattern` is daily, weekly, monthly or yearly, or '' for a one-time date.
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
    """Return the same day of the month `months` later, or the last day of a shorter month."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(first.day, last))
