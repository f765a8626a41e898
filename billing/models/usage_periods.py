"""`billing.usage_periods` in SQL: the edges of a customer's current counting month."""

from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, Func, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce, ExtractMonth, ExtractYear
from django.db.models.lookups import GreaterThan

from billing.models.subscriptions import Subscription
from billing.usage_periods import CALENDAR, MAX_PERIOD_LENGTH
from core import clock

# a literal, because a compiled query does not accept instants as parameters: they might depend on the clock
CALENDAR_ANCHOR = Func(template=f"'{CALENDAR.isoformat()}'::timestamptz", output_field=models.DateTimeField())


class EdgeOfMonth(Func):
    """The start of the counting month that contains `now`, for the owner of a row; its end if `later` is 1."""

    template = "%(expressions)s"
    output_field = models.DateTimeField()

    def __init__(self, now: Any, later: int) -> None:
        super().__init__()
        self.now, self.later = now, later

    def resolve_expression(self, *args: Any, **kwargs: Any) -> Any:
        """Build the query for the owner's billing period here, because it needs all models to be loaded."""
        resolved = self.copy()
        resolved.set_source_expressions([_of_the_owner(self.now, self.later).resolve_expression(*args, **kwargs)])
        return resolved

    def of_row(self, row: Any, now: datetime | None) -> datetime:
        edge: datetime = row.usage_period_at(now or clock.now())[self.later]
        return edge


def usage_period_start(now: Any) -> EdgeOfMonth:
    """Return the start of the counting month that contains `now`, for the owner of a row."""
    return EdgeOfMonth(now, 0)


def usage_period_of_subscription(now: Any, later: int = 0) -> Case:
    """Return the start of a subscription's counting month, its end if `later` is 1; NULL without a period."""
    start = F("current_period_start")
    is_a_month = Q(current_period_end__lte=start + MAX_PERIOD_LENGTH)
    is_present = Q(current_period_start__lte=now, current_period_end__gt=now)
    months = _number(now) - _number(start)
    return Case(
        When(is_a_month & is_present, then=F("current_period_end") if later else start),
        When(GreaterThan(_plus_months(start, months), now), then=_plus_months(start, months - 1 + later)),
        default=_plus_months(start, months + later),
        output_field=models.DateTimeField(),
    )


def _of_the_owner(now: Any, later: int) -> Coalesce:
    billed = (
        Subscription.objects.running().filter(user=OuterRef("user")).values(edge=usage_period_of_subscription(now, later))[:1]
    )
    since_then = _number(now) - (12 * CALENDAR.year + CALENDAR.month)
    calendar = _plus_months(CALENDAR_ANCHOR, since_then + later)
    return Coalesce(Subquery(billed), calendar, output_field=models.DateTimeField())


def _number(instant: Any) -> Any:
    """Return the number of months from year 0 to the month of `instant`, in UTC."""
    return ExtractYear(instant, tzinfo=UTC) * 12 + ExtractMonth(instant, tzinfo=UTC)


def _plus_months(instant: Any, months: Any) -> Func:
    """Return `instant` plus `months` in UTC; a day that the month does not have becomes its last day."""
    return Func(
        instant,
        months,
        template="((%(expressions)s)::integer)) AT TIME ZONE 'UTC')",
        arg_joiner=" AT TIME ZONE 'UTC' + make_interval(0, (",
        output_field=models.DateTimeField(),
    )
