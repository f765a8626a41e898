"""Occurrence dates of recurring payments such as a salary or a rent. No clock, no database.

Every occurrence is computed from the first day (the anchor) and not from the previous occurrence, so a series does not drift:
monthly from January 31 falls on February 28 or 29, and on March 31 again.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

DAYS_APART = {"weekly": 7, "biweekly": 14}
MONTHS_APART = {"monthly": 1, "quarterly": 3, "yearly": 12}
SEMIMONTHLY = "semimonthly"
FREQUENCIES = ("weekly", "biweekly", SEMIMONTHLY, "monthly", "quarterly", "yearly")
MAX_GAP = timedelta(days=366 + 1)  # between two occurrences of any frequency, including February 28 to February 29


def occurrences(anchor: date, frequency: str, start: date, end: date) -> Iterator[date]:
    """Return the days of the series from `start` to `end`, both inclusive, in ascending order and never before `anchor`.

    The cost depends on the number of days read, not on the years since the anchor. Raise ValueError if `frequency` is not
    one of FREQUENCIES.
    """
    if frequency not in FREQUENCIES:
        raise ValueError(f"{frequency!r} is not one of {', '.join(FREQUENCIES)}")
    start = max(start, anchor)
    near = _near(anchor, frequency, start, end) if start <= end else iter(())
    return (day for day in near if start <= day <= end)


def next_after(anchor: date, frequency: str, day: date) -> date:
    """Return the first day of the series after `day`; the anchor if `day` is before it."""
    start = max(day + timedelta(days=1), anchor)
    return next(occurrences(anchor, frequency, start, start + MAX_GAP))


def _near(anchor: date, frequency: str, start: date, end: date) -> Iterator[date]:
    """Return the series from slightly before `start` to slightly after `end`; the caller cuts both ends exactly."""
    if frequency in DAYS_APART:
        step = DAYS_APART[frequency]
        first, last = ((day - anchor).days // step for day in (start, end))
        return (anchor + timedelta(days=step * number) for number in range(first, last + 1))
    step = MONTHS_APART.get(frequency, 1)
    first, last = ((12 * (day.year - anchor.year) + day.month - anchor.month) // step for day in (start, end))
    months = (step * number for number in range(first, last + 1))
    if frequency == SEMIMONTHLY:
        days = semimonthly_days(anchor.day)
        return (anchor + relativedelta(months=number, day=day) for number in months for day in days)
    return (anchor + relativedelta(months=number) for number in months)


def semimonthly_days(day: int) -> tuple[int, int]:
    """Return the two days of the month, in ascending order, of a series that began on `day`; short months use their last day.

    They are 15 days apart, except for the two usual payroll calendars: the 1st pairs with the 15th, and the 15th pairs with
    the last day of the month (returned as 31).
    """
    if day == 1:
        return 1, 15
    if day in (15, 31):
        return 15, 31
    return (day, day + 15) if day < 15 else (day - 15, day)
