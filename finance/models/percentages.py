"""A percentage as a derived value, rounded alike in SQL and in Python."""

import operator
from decimal import Decimal
from typing import Any

from django.db.models import Case, Q, Value, When
from django.db.models.functions import Round
from django.db.models.lookups import Exact, GreaterThan

from core.postgres.expressions import NUMERIC, PythonFunc


def percent_of(part: Any, whole: Any) -> Round:
    """Return `part` of `whole`, both numeric and not negative, in percent with two decimals, rounded half to even."""
    share = Value(Decimal(10000)) * part
    hundredths = PythonFunc(share, whole, in_python=operator.floordiv, function="div", output_field=NUMERIC)
    rest = PythonFunc(share, whole, in_python=operator.mod, function="mod", output_field=NUMERIC)
    is_odd = Q(Exact(PythonFunc(hundredths, Value(2), in_python=operator.mod, function="mod", output_field=NUMERIC), Value(1)))
    double = rest + rest
    rounded = Case(
        When(Q(GreaterThan(double, whole)) | Q(Exact(double, whole)) & is_odd, then=hundredths + Value(Decimal(1))),
        default=hundredths,
        output_field=NUMERIC,
    )
    return Round(Value(Decimal("0.01")) * rounded, precision=2)
