"""The days on which something that recurs is due: pay, rent, insurance.

Every day is reckoned from the first one (the anchor), never from the day before it, so a series does not drift: monthly from
31 January falls on 28 or 29 February and on 31 March again. Pure: no clock, no database.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

DAYS_APART = {"weekly": 7, "biweekly": 14}
MONTHS_APART = {"monthly": 1, "quarterly": 3, "yearly": 12}
SEMIMONTHLY = "semimonthly"
FREQUENCIES = ("weekly", "biweekly", SEMIMONTHLY, "monthly", "quarterly", "yearly")
MAX_MONTHS_BETWEEN = timedelta(days=366 + 1)  # between two occurrences of any frequency, 28 February to 29 February included


def occurrences(anchor: date, frequency: str, start: date, end: date) -> Iterator[date]:
    """Return the days of the series from `start` to `end`, both inclusive, in order. None lies before `anchor`.

    The work grows with the days that are read, not with the years since the anchor. Raise ValueError for a frequency that
    is none of FREQUENCIES.
    """
    if frequency not in FREQUENCIES:
        raise ValueError(f"{frequency!r} is not one of {', '.join(FREQUENCIES)}")
    start = max(start, anchor)
    near = _near(anchor, frequency, start, end) if start <= end else iter(())
    return (day for day in near if start <= day <= end)


def next_after(anchor: date, frequency: str, day: date) -> date:
    """The first day of the series that is later than `day`; the anchor itself when `day` lies before it."""
    start = max(day + timedelta(days=1), anchor)
    return next(occurrences(anchor, frequency, start, start + MAX_MONTHS_BETWEEN))


def _near(anchor: date, frequency: str, start: date, end: date) -> Iterator[date]:
    """The series from a little before `start` to a little after `end`, so that the ends need no case of their own."""
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
    """The two days of a month, in order, of a series that began on its `day`; a month that is shorter takes its last one.

    They are `day` and the day fifteen from it, but for the two calendars that payrolls keep: the 1st goes with the 15th, and
    the 15th with the last (so does the 31st, which is the last).
    """
    if day == 1:
        return 1, 15
    if day in (15, 31):
        return 15, 31
    return (day, day + 15) if day < 15 else (day - 15, day)
