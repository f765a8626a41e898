"""The month in which uses of a feature are counted. `models.access` has the same in SQL.

A billing period of at most 31 days is a counting month itself. A longer one is counted in months from the instant at which it
began, so that the 31st is followed by the last of February and then by the 31st again. Who has no billing period is counted
by calendar months in UTC.
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
    """The counting month that `now` falls into, for somebody with a billing period from `start` to `end`."""
    if start is not None and end is not None and start <= now < end and end - start <= MAX_PERIOD_LENGTH:
        return UsagePeriod(start, end)
    anchor, present = (start or CALENDAR).astimezone(UTC), now.astimezone(UTC)
    months = 12 * (present.year - anchor.year) + present.month - anchor.month
    if anchor + relativedelta(months=months) > present:
        months -= 1
    return UsagePeriod(anchor + relativedelta(months=months), anchor + relativedelta(months=months + 1))
