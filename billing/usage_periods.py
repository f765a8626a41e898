"""The month in which uses of a feature are counted. `billing.models.usage_periods` computes the same in SQL.

A billing period of at most 31 days is one counting month. A longer period is divided into months from the instant at which it
began, so that a month that begins on January 31 is followed by months that begin on February 28 and March 31. Without a
billing period, uses are counted by calendar month in UTC.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

MAX_PERIOD_LENGTH = timedelta(days=31)
CALENDAR = datetime(2000, 1, 1, tzinfo=UTC)


class UsagePeriod(NamedTuple):
    """A counting month: from `begins` until just before `ends`."""

    begins: datetime
    ends: datetime


def usage_period(now: datetime, start: datetime | None = None, end: datetime | None = None) -> UsagePeriod:
    """Return the counting month that contains `now`, for a billing period from `start` to `end`."""
    if start is not None and end is not None and start <= now < end and end - start <= MAX_PERIOD_LENGTH:
        return UsagePeriod(start, end)
    anchor, present = (start or CALENDAR).astimezone(UTC), now.astimezone(UTC)
    months = 12 * (present.year - anchor.year) + present.month - anchor.month
    if anchor + relativedelta(months=months) > present:
        months -= 1
    return UsagePeriod(anchor + relativedelta(months=months), anchor + relativedelta(months=months + 1))
