"""Derived values as the database computes them, so that lists can filter, sort and average by them.

Every expression states its `output_field`: `fast_lists.sql_serializer` decides by it how the value is sent, and
`api.filtersets` what a filter
on it may be. `ClockNow` is the application's clock, so that a row says the same in Python and in SQL.
"""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Expression, F, Func, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, GreaterThan
from django.db.models.sql.compiler import SQLCompiler

from core import clock


class ClockNow(Expression):
    """The instant at which the statement is made, read from `clock`."""

    def __init__(self) -> None:
        super().__init__(output_field=models.DateTimeField())

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s::timestamptz", [clock.now_parameter()]


def day_of(instant: Combinable) -> Func:
    """The calendar day of `instant` where the row's owner lives."""
    zone = Coalesce(F("user__profile__timezone"), Value(clock.FALLBACK_ZONE.key), output_field=models.CharField())
    return Func(instant, zone, template="(%(expressions)s)::date", arg_joiner=" AT TIME ZONE ", output_field=models.DateField())


def today() -> Func:
    """The present day where the row's owner lives."""
    return day_of(ClockNow())


def days_between(first: Combinable, second: Combinable) -> Func:
    """Whole days from `first` to `second`, negative when `second` is earlier."""
    return Func(second, first, template="(%(expressions)s)", arg_joiner=" - ", output_field=models.IntegerField())


def whole_days(first: Combinable, second: Combinable) -> Func:
    """Whole days of 24 hours from one instant to another, cut off; negative when `second` is earlier."""
    template = "EXTRACT(DAY FROM (%(expressions)s))::integer"
    return Func(second, first, template=template, arg_joiner=" - ", output_field=models.IntegerField())


def whole_days_below(first: Combinable, second: Combinable) -> Func:
    """Whole days of 24 hours from one instant to another, the next lower number where the second is earlier."""
    template = "floor(EXTRACT(EPOCH FROM (%(expressions)s)) / 86400)::integer"
    return Func(second, first, template=template, arg_joiner=" - ", output_field=models.IntegerField())


def percent_of(part: Combinable, whole: Combinable) -> Func:
    """`part` of `whole`, both numeric and not negative, in percent with two decimals; a half goes to the even neighbour."""
    numeric = models.DecimalField(max_digits=40, decimal_places=2)
    share = (Func(part, template="10000 * (%(expressions)s)", output_field=numeric), whole)
    hundredths, rest = (Func(*share, function=name, output_field=numeric) for name in ("div", "mod"))
    is_odd = Q(Exact(Func(hundredths, Value(2), function="mod", output_field=numeric), Value(1)))
    double = rest + rest
    rounded = Case(
        When(Q(GreaterThan(double, whole)) | Q(Exact(double, whole)) & is_odd, then=hundredths + Value(Decimal(1))),
        default=hundredths,
        output_field=numeric,
    )
    return Func(rounded, template="round(0.01 * (%(expressions)s), 2)", output_field=numeric)


def true_when(condition: Q | Expression) -> Case:
    """True where `condition` holds, False where it does not or is unknown."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=models.BooleanField())


def first_of(*cases: tuple[Q, Any], default: object, output_field: models.Field[Any, Any]) -> Case:
    """The value of the first condition that holds, else `default`."""
    branches = [When(condition, then=_value(value)) for condition, value in cases]
    return Case(*branches, default=_value(default), output_field=output_field)


def _value(value: object) -> Combinable | Q:
    return value if isinstance(value, Combinable | Q) else Value(value)
