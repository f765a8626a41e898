"""CHECK constraints with error messages, in addition to those of the classes in `core.models.fields`.

A constraint is called `<table>_<field>_<rule>`. `core.api.errors` finds the field in the name of a violated constraint, and
returns a 400 for that field.
"""

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact

from core.models.validators import NOT_A_LIST, NOT_AN_OBJECT, bounds_message


def rule(name: str, condition: Q | Exact, message: str) -> models.CheckConstraint:
    """Return a CHECK called `name` that allows rows for which `condition` is true or unknown (NULL)."""
    return models.CheckConstraint(condition=condition, name=name, violation_error_message=message)


def between(table: str, field: str, low: object = None, high: object = None) -> models.CheckConstraint:
    """Return a CHECK that `low` <= field <= `high`; None leaves that side open."""
    bounds = {f"{field}__gte": low, f"{field}__lte": high}
    condition = Q(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})
    return rule(f"{table}_{field}_bounds", condition, bounds_message(low, high))


def json_type(table: str, field: str, expected: str) -> models.CheckConstraint:
    """Return a CHECK that a JSON value is an `object` or an `array`."""
    kind = Func(F(field), function="jsonb_typeof", output_field=models.TextField())
    return rule(f"{table}_{field}_shape", Exact(kind, Value(expected)), NOT_A_LIST if expected == "array" else NOT_AN_OBJECT)


def together(table: str, flag: str, stamp: str) -> models.CheckConstraint:
    """Return a CHECK that `stamp` is set exactly when `flag` is true."""
    condition = Q(**{flag: True, f"{stamp}__isnull": False}) | Q(**{flag: False, f"{stamp}__isnull": True})
    return rule(f"{table}_{stamp}_matches_{flag}", condition, f"Must be set exactly when {flag} is true.")
