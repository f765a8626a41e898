"""Expressions of derived values, with the same result in SQL and, for an object, in Python.

`core.models.evaluation` computes Django's own expressions in Python. The expressions here have their own Python
implementation. `ClockNow` reads the application's clock, so that a test that freezes the clock freezes both.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Case, Expression, F, Func, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from core import clock

Operand = str | date | Combinable  # the name of a field, a value or an expression
NUMERIC = models.DecimalField(max_digits=40, decimal_places=2)


class PythonFunc(Func):
    """A SQL function with the Python implementation `in_python`. A strict one is NULL when an argument is NULL."""

    def __init__(self, *arguments: Any, in_python: Callable[..., object], is_strict: bool = True, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.in_python, self.is_strict = in_python, is_strict


class ClockNow(Expression):
    """The current time, read from `clock` when the statement is compiled."""

    def __init__(self) -> None:
        super().__init__(output_field=models.DateTimeField())

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s::timestamptz", [clock.now_parameter()]

    def of_row(self, row: models.Model, now: datetime | None) -> datetime:
        return now or clock.now()


class OwnersZone(Coalesce):
    """The name of the time zone of the row's owner; in Python the tzinfo."""

    def __init__(self) -> None:
        super().__init__(F("user__profile__timezone"), Value(clock.FALLBACK_ZONE.key), output_field=models.CharField())

    def of_row(self, row: Any, now: datetime | None) -> tzinfo:
        zone: tzinfo = row.user.zone
        return zone


def day_of(instant: Operand) -> PythonFunc:
    """Return the calendar day of `instant` in the time zone of the row's owner."""
    return _in_zone(instant, "date", lambda at, zone: clock.day_in(zone, at), models.DateField())


def time_of(instant: Operand) -> PythonFunc:
    """Return the time of day of `instant` in the time zone of the row's owner."""
    return _in_zone(instant, "time", lambda at, zone: at.astimezone(zone).time(), models.TimeField())


def _in_zone(
    instant: Operand, part: str, in_python: Callable[[datetime, tzinfo], object], kind: models.Field[Any, Any]
) -> PythonFunc:
    template = f"(%(expressions)s)::{part}"
    return PythonFunc(
        instant, OwnersZone(), in_python=in_python, template=template, arg_joiner=" AT TIME ZONE ", output_field=kind
    )


def today() -> PythonFunc:
    """Return the current day in the time zone of the row's owner."""
    return day_of(ClockNow())


def days_between(first: Operand, second: Operand) -> PythonFunc:
    """Return the whole days from `first` to `second`, negative when `second` is earlier."""
    return _difference(first, second, "(%(expressions)s)")


def whole_days(first: Operand, second: Operand) -> PythonFunc:
    """Return the whole days of 24 hours from one instant to another, rounded down."""
    return _difference(first, second, "floor(EXTRACT(EPOCH FROM (%(expressions)s)) / 86400)::integer")


def _difference(first: Operand, second: Operand, template: str) -> PythonFunc:
    def days(later: date, earlier: date) -> int:
        return (later - earlier).days

    return PythonFunc(second, first, in_python=days, template=template, arg_joiner=" - ", output_field=models.IntegerField())


def graded(value: Any, bounds: Sequence[Decimal | int], grades: Iterable[str] | Iterable[int]) -> PythonFunc:
    """Return the grade of the first of the descending `bounds` that `value` reaches, else the last grade; NULL for NULL."""
    least, ascending = bounds[::-1], [each if isinstance(each, int) else str(each) for each in grades][::-1]
    literals, numbers = ", ".join(map(repr, ascending)), ", ".join(map(str, least))
    return PythonFunc(
        value,
        in_python=lambda found: ascending[bisect_right(least, found)],
        template=f"(ARRAY[{literals}])[1 + width_bucket(%(expressions)s, ARRAY[{numbers}])]",
        output_field=models.IntegerField() if isinstance(ascending[0], int) else models.CharField(),
    )


def true_when(condition: Q | Combinable) -> Case:
    """Return True where `condition` is true, and False where it is false or NULL."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=models.BooleanField())


def first_of(*cases: tuple[Q, Any], default: Any = None) -> Case:
    """Return the value of the first condition that is true, else `default`."""
    return Case(*(When(condition, then=_value(value)) for condition, value in cases), default=_value(default))


def _value(value: object) -> Combinable | Q:
    return value if isinstance(value, Combinable | Q) else Value(value)
