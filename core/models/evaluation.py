"""Evaluation of Django expressions in Python, from the attributes of one row, with the same results as PostgreSQL.

Django resolves an expression as it does for a query: names become columns, a Q becomes lookups with prepared values, and the
negation of a comparison with a nullable column gets its IS NOT NULL. `compiled` builds closures from that tree, once for each
expression and model. None is NULL: functions and comparisons propagate it, and conditions have three values. An unsupported
node raises TypeError when it is compiled. A node can have its own method `of_row`, see `core.postgres.expressions`.
"""

import operator
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import Enum
from functools import singledispatch
from operator import attrgetter
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, ExpressionWrapper, Value
from django.db.models.expressions import Col, CombinedExpression
from django.db.models.functions import Abs, Cast, Greatest, Round
from django.db.models.lookups import Lookup
from django.db.models.sql import Query
from django.db.models.sql.where import OR, WhereNode

from core.postgres.expressions import PythonFunc

# Computes a value of a row at a time; at the current time if that is None.
Reader = Callable[[models.Model, datetime | None], object]
PYTHON_TYPES: dict[type[models.Field[object, object]], type] = {
    models.BooleanField: bool,
    models.CharField: str,
    models.TextField: str,
    models.IntegerField: int,
    models.DecimalField: Decimal,
    models.DateTimeField: datetime,  # before DateField, which is its base class
    models.DateField: date,
    models.TimeField: time,
    ArrayField: list,
}
EXACT = Context(prec=1000, rounding=ROUND_HALF_UP)  # numeric has no fixed precision; its halves go away from zero
COMPARISONS = {"exact": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def python_type(field: models.Field[object, object]) -> type:
    """Return the Python type of a column's values, or `object` for an unsupported column."""
    return next((kind for column, kind in PYTHON_TYPES.items() if isinstance(field, column)), object)


def evaluator(expression: models.Expression, model: type[models.Model]) -> Reader:
    """Return a function that computes `expression` for a row of `model`."""
    return compiled(expression.resolve_expression(Query(model)))


def compiled(node: object) -> Reader:
    """Return a function that computes a resolved expression, or a constant."""
    own_form: Reader | None = getattr(node, "of_row", None)
    return own_form or _compiled(node)


@singledispatch
def _compiled(node: object) -> Reader:
    if hasattr(node, "resolve_expression"):
        raise TypeError(f"{type(node).__name__} can't be evaluated in Python.")
    constant = node.value if isinstance(node, Enum) else node
    return lambda row, now: constant


def strict(function: Callable[..., object], *operands: object) -> Reader:
    """Return a reader that calls `function` with the operands, and returns None if one of them is None."""
    if len(operands) == 2:
        return _strict_of_two(function, *operands)
    readers = [compiled(operand) for operand in operands]

    def read(row: models.Model, now: datetime | None) -> object:
        values = []
        for reader in readers:
            value = reader(row, now)
            if value is None:
                return None
            values.append(value)
        return function(*values)

    return read


def _strict_of_two(function: Callable[..., object], first: object, second: object) -> Reader:
    """Return the same reader as `strict`, faster."""
    left, right = compiled(first), compiled(second)
    constant = second.value if isinstance(second, Value) else second

    def with_constant(row: models.Model, now: datetime | None) -> object:
        value = left(row, now)
        return None if value is None else function(value, constant)

    def with_expression(row: models.Model, now: datetime | None) -> object:
        value = left(row, now)
        if value is None:
            return None
        other = right(row, now)
        return None if other is None else function(value, other)

    return with_expression if constant is None or hasattr(constant, "resolve_expression") else with_constant


@_compiled.register
def _column(node: Col) -> Reader:
    field, kind, read = node.target, python_type(node.target), attrgetter(node.target.attname)

    def column(row: models.Model, now: datetime | None) -> object:
        value = read(row)
        return value if value is None or type(value) is kind else field.to_python(value)

    return column


@_compiled.register
def _value(node: Value) -> Reader:
    return _compiled(node.value)


@_compiled.register
def _wrapped(node: ExpressionWrapper) -> Reader:
    return compiled(node.expression)


@_compiled.register
def _condition(node: WhereNode) -> Reader:
    parts, is_negated = [compiled(child) for child in node.children], node.negated
    decisive = node.connector == OR  # one true part decides an OR, one false part an AND
    if len(parts) == 1 and not is_negated:
        return parts[0]

    def junction(row: models.Model, now: datetime | None) -> object:
        result: bool | None = not decisive
        for part in parts:
            value = part(row, now)
            if value is decisive:
                return decisive is not is_negated
            if value is None:
                result = None
        return result if result is None else result is not is_negated

    return junction


@_compiled.register
def _lookup(node: Lookup) -> Reader:
    name = str(node.lookup_name)
    if name == "isnull":
        is_null, read = node.rhs, compiled(node.lhs)
        return lambda row, now: (read(row, now) is None) is is_null
    if name == "in":
        return strict(frozenset(node.rhs).__contains__, node.lhs)
    if name == "range":
        return strict(lambda value, low, high: low <= value <= high, node.lhs, *node.rhs)
    return strict(COMPARISONS[name], node.lhs, node.rhs)


@_compiled.register
def _case(node: Case) -> Reader:
    branches = [(compiled(case.condition), compiled(case.result)) for case in node.cases]
    default = compiled(node.default)

    def first_that_holds(row: models.Model, now: datetime | None) -> object:
        for condition, result in branches:
            if condition(row, now):
                return result(row, now)
        return default(row, now)

    return first_that_holds


@_compiled.register
def _arithmetic(node: CombinedExpression) -> Reader:
    is_numeric = isinstance(node.output_field, models.DecimalField)
    return strict((NUMERIC if is_numeric else PLAIN)[node.connector], node.lhs, node.rhs)


def _product(left: Decimal, right: Decimal) -> Decimal:
    product = EXACT.multiply(left, right)
    return product or abs(product)  # numeric has no -0


def quotient(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the quotient with as many decimals as in PostgreSQL, at least 16 significant digits.

    This is `select_div_scale` of PostgreSQL's numeric.c, which counts digits in base 10,000.
    """
    (weight, digit), (divisor_weight, divisor_digit) = _leading(dividend), _leading(divisor)
    weight -= divisor_weight + (digit <= divisor_digit)
    places = max(16 - 4 * weight, _scale(dividend), _scale(divisor))
    digits = EXACT.divide_int(EXACT.scaleb(dividend, places + 1), divisor)
    return rounded(EXACT.scaleb(digits, -places - 1), Decimal(1).scaleb(-places))


def _leading(number: Decimal) -> tuple[int, int]:
    """Return the weight and the value of the first digit in base 10,000."""
    weight = Decimal(number).adjusted() // 4 if number else 0
    return weight, int(EXACT.scaleb(abs(number), -4 * weight))


def _scale(number: Decimal) -> int:
    exponent = Decimal(number).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def rounded(number: Decimal, unit: Decimal) -> Decimal:
    """Return `number` with the decimals of `unit`, halves away from zero."""
    found = EXACT.quantize(number, unit)
    return found or abs(found)


PLAIN = {"+": operator.add, "-": operator.sub, "*": operator.mul}
NUMERIC = {"+": EXACT.add, "-": EXACT.subtract, "*": _product, "/": quotient}


@_compiled.register
def _cast(node: Cast) -> Reader:
    [source], field = node.get_source_expressions(), node.output_field
    if isinstance(field, models.DecimalField):
        return strict(rounded, source, Decimal(1).scaleb(-field.decimal_places))
    if isinstance(field, models.IntegerField):
        return strict(lambda number, unit: int(rounded(number, unit)), source, Decimal(1))
    raise TypeError(f"A cast to {type(field).__name__} can't be evaluated in Python.")


@_compiled.register
def _round(node: Round) -> Reader:
    source, precision = node.get_source_expressions()
    return strict(rounded, source, Decimal(1).scaleb(-precision.value))


@_compiled.register
def _absolute(node: Abs) -> Reader:
    return strict(abs, *node.get_source_expressions())


@_compiled.register
def _greatest(node: Greatest) -> Reader:
    readers = [compiled(source) for source in node.get_source_expressions()]

    def greatest(row: models.Model, now: datetime | None) -> object:
        known: list[Any] = [value for reader in readers if (value := reader(row, now)) is not None]
        return max(known, default=None)

    return greatest


@_compiled.register
def _function(node: PythonFunc) -> Reader:
    if node.is_strict:
        return strict(node.in_python, *node.get_source_expressions())
    readers, function = [compiled(source) for source in node.get_source_expressions()], node.in_python
    return lambda row, now: function(*(reader(row, now) for reader in readers))
