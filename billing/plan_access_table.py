"""The table of `docs/billing-access.md`: every status at every edge of trial, period and grace, by `billing.plan_access`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product

from billing.plan_access import CLOSED_STATUSES, LAG, TIMED_STATUSES, PlanAccess, plan_access_at

GRACE = timedelta(days=7)
SECOND = timedelta(seconds=1)
TRIAL_START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRIAL_END = PERIOD_START = datetime(2026, 3, 15, 12, tzinfo=UTC)
PERIOD_END = datetime(2026, 4, 15, 12, tzinfo=UTC)
EDGES = {
    "trial's end, period's start": TRIAL_END,
    "grace of the period's start": PERIOD_START + GRACE,
    "period's end": PERIOD_END,
    "lag of the period's end": PERIOD_END + LAG,
    "grace of the period's end": PERIOD_END + GRACE,
}
SIDES = {"before": -SECOND, "exactly at": timedelta(0), "after": SECOND}
STATUSES = (*TIMED_STATUSES, "past_due", *CLOSED_STATUSES)

HEAD = f"""# What a subscription opens

Written by `manage.py plan_access_table` from `billing/plan_access.py`; `tests/billing/test_plan_access_table.py` holds every
line against the code, and against the database. Don't edit it.

A trial from {TRIAL_START:%d %B} to {TRIAL_END:%d %B} 2026, a paid period from then to {PERIOD_END:%d %B}, each at 12:00 UTC;
a grace of {GRACE.days} days (`BILLING_GRACE_DAYS`) and a lag of {LAG // timedelta(hours=1)} hours (`LAG`). "Before" and
"after" are one second away. "To end" is `cancel_at_period_end`. "Unpaid" says whether the bill of the period's start is known
to be unpaid: without it, a period that ends past due counts as a renewal that failed then. Overrides by staff, and what is
free, are not in it.

| status | to end | unpaid | edge | clock | open | until | why |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


@dataclass
class TableSubscription:
    """What is known of a subscription of the table."""

    status: str
    cancel_at_period_end: bool
    current_period_start: datetime | None = PERIOD_START
    current_period_end: datetime | None = PERIOD_END
    trial_end: datetime | None = TRIAL_END


@dataclass(frozen=True)
class TableRow:
    """One line: the facts, the clock, and what is decided."""

    facts: TableSubscription
    unpaid_since: datetime | None
    edge: str
    side: str
    now: datetime
    access: PlanAccess

    def __str__(self) -> str:
        to_end = "yes" if self.facts.cancel_at_period_end else "no"
        unpaid = "yes" if self.unpaid_since else "no"
        is_open = "open" if self.access.is_open else "closed"
        until = f"{self.access.until:%Y-%m-%d %H:%M}" if self.access.until else "-"
        cells = (self.facts.status, to_end, unpaid, self.edge, self.side, is_open, until, self.access.why)
        return f"| {' | '.join(cells)} |"


def lines() -> Iterator[TableRow]:
    """Every line of the table."""
    for status, cancelled in product(STATUSES, (False, True)):
        facts = TableSubscription(status, cancelled)
        for unpaid in (None, PERIOD_START) if status == "past_due" else (None,):
            for (edge, instant), (side, away) in product(EDGES.items(), SIDES.items()):
                now = instant + away
                yield TableRow(facts, unpaid, edge, side, now, plan_access_at(facts, now=now, grace=GRACE, unpaid_since=unpaid))


def table() -> str:
    """The page."""
    return HEAD + "".join(f"{line}\n" for line in lines())
