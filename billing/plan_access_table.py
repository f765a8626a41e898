"""Table of the results of `billing.plan_access` for an example subscription in each status, at each edge of its periods.

The back office shows it (`billing/admin/plan_access.py`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, product

from billing.plan_access import CLOSED_STATUSES, RENEWAL_LAG, TIMED_STATUSES, PlanAccess, plan_access_at

SECOND = timedelta(seconds=1)
TRIAL_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRIAL_END = PERIOD_START = datetime(2026, 3, 15, 12, tzinfo=UTC)
PERIOD_END = datetime(2026, 4, 15, 12, tzinfo=UTC)
SIDES = {"before": -SECOND, "exactly at": timedelta(0), "after": SECOND}
STATUSES = (*TIMED_STATUSES, "past_due", *CLOSED_STATUSES)


@dataclass
class TableSubscription:
    """The example subscription: a trial from 1 to 15 March, and a paid period from then to 15 April."""

    status: str
    cancel_at_period_end: bool
    current_period_start: datetime | None = PERIOD_START
    current_period_end: datetime | None = PERIOD_END
    trial_end: datetime | None = TRIAL_END

    @property
    def ends_at(self) -> datetime | None:
        end = self.trial_end if self.status == "trialing" else self.current_period_end
        return end if self.cancel_at_period_end else None


@dataclass(frozen=True)
class TableRow:
    """The access of the example subscription at one instant: before, at or after an edge."""

    facts: TableSubscription
    unpaid_since: datetime | None
    edge: str
    side: str
    now: datetime
    access: PlanAccess


def lines(*, grace: timedelta) -> Iterator[TableRow]:
    """Yield a row for each combination of status, cancellation, unpaid invoice and side of an edge."""
    edges = {
        "the trial's end and the period's start": TRIAL_END,
        "the end of the grace period after the period's start": PERIOD_START + grace,
        "the period's end": PERIOD_END,
        "the end of the lag after the period's end": PERIOD_END + RENEWAL_LAG,
        "the end of the grace period after the period's end": PERIOD_END + grace,
    }
    instants = sorted(edges.items(), key=lambda edge: edge[1])
    for status, is_canceled in product(STATUSES, (False, True)):
        facts = TableSubscription(status, is_canceled)
        for unpaid in (None, PERIOD_START) if status == "past_due" else (None,):
            for (edge, instant), (side, away) in product(instants, SIDES.items()):
                access = plan_access_at(facts, now=instant + away, grace=grace, unpaid_since=unpaid)
                yield TableRow(facts, unpaid, edge, side, instant + away, access)


def changes(*, grace: timedelta) -> Iterator[TableRow]:
    """Yield the first of each group of consecutive rows with the same access."""
    for _, same in groupby(lines(grace=grace), key=lambda line: (line.facts, line.unpaid_since, line.access)):
        yield next(same)
