"""The database's half of the rules: CHECK and UNIQUE constraints with sentences that a person understands.

A constraint is called `<table>_<field>_<rule>`. `core.api.errors` finds the field in the name, so a rule that only
the database could see still comes back as a 400 at its field.
"""

from typing import Any

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import Exact


def rule(name: str, condition: Q | Exact, message: str) -> models.CheckConstraint:
    """A CHECK called `name` that holds when `condition` is true or unknown (NULL)."""
    return models.CheckConstraint(condition=condition, name=name, violation_error_message=message)


def one_of(table: str, field: str, choices: type[models.TextChoices], *, optional: bool = False) -> models.CheckConstraint:
    """A CHECK that `field` holds one of `choices`; the empty string too when `optional`."""
    values = [*choices.values, ""] if optional else list(choices.values)
    sentence = f"Choose one of: {', '.join(choices.values)}."
    return rule(f"{table}_{field}_choice", Q(**{f"{field}__in": values}), sentence)


def between(table: str, field: str, low: Any = None, high: Any = None) -> models.CheckConstraint:
    """A CHECK that `low` <= field <= `high`; None leaves that side open."""
    bounds = {f"{field}__gte": low, f"{field}__lte": high}
    condition = Q(**{lookup: bound for lookup, bound in bounds.items() if bound is not None})
    return rule(f"{table}_{field}_bounds", condition, _bounds_sentence(low, high))


def not_nan(table: str, field: str) -> models.CheckConstraint:
    """A CHECK that a decimal is not NaN, which PostgreSQL takes for larger than every number: a lower bound lets it in."""
    finite = Func(F(field), template="%(expressions)s <> 'NaN'::numeric", output_field=models.BooleanField())
    return rule(f"{table}_{field}_number", Q(finite), "Must be a number.")


def _bounds_sentence(low: Any, high: Any) -> str:
    if high is None:
        return f"Must be {low} or more."
    if low is None:
        return f"Must be {high} or less."
    return f"Must be between {low} and {high}."


def not_blank(table: str, field: str) -> models.CheckConstraint:
    """A CHECK that a text is neither empty nor padded with white space."""
    return rule(f"{table}_{field}_not_blank", Q(**{f"{field}__regex": r"^\S(.*\S)?$"}), "Must not be empty or padded.")


def json_shape(table: str, field: str, shape: str) -> models.CheckConstraint:
    """A CHECK that a JSON value is an `object` or an `array`, as its readers expect."""
    kind = Func(F(field), function="jsonb_typeof", output_field=models.TextField())
    sentence = "Must be a JSON list." if shape == "array" else "Must be a JSON object."
    return rule(f"{table}_{field}_shape", Exact(kind, Value(shape)), sentence)


def iso_currency(table: str, field: str = "currency") -> models.CheckConstraint:
    """A CHECK that a currency has the form of an ISO 4217 code; the validator knows the list."""
    return rule(f"{table}_{field}_iso_4217", Q(**{f"{field}__regex": r"^[A-Z]{3}$"}), "Use an ISO 4217 code such as USD.")


def together(table: str, flag: str, stamp: str) -> models.CheckConstraint:
    """A CHECK that `stamp` is set exactly when `flag` is true."""
    condition = Q(**{flag: True, f"{stamp}__isnull": False}) | Q(**{flag: False, f"{stamp}__isnull": True})
    return rule(f"{table}_{stamp}_matches_{flag}", condition, f"Must be set exactly when {flag} is true.")
