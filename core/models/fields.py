"""Model fields with a validator and a CHECK constraint for the same rule, with the same message.

Migrations contain Django's own field, and the constraint as if it were in `Meta.constraints`.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Self, TypedDict, TypeVar, Unpack

from django.core.validators import BaseValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from django_stubs_ext import StrOrPromise

from core.models.constraints import between, json_type, rule
from core.models.validators import (
    FIRST_DAY,
    LAST_DAY,
    bounds_message,
    validate_json_list,
    validate_json_object,
    validate_plausible_date,
)

SetType = TypeVar("SetType", contravariant=True)
GetType = TypeVar("GetType", covariant=True)
Validator = Callable[..., None]

NOT_BLANK = "Must not be empty or padded."


class FieldOptions(TypedDict, total=False):
    null: bool
    blank: bool
    default: object
    editable: bool
    help_text: str
    db_default: Any


class CheckedField(models.Field[SetType, GetType]):
    """A field that adds CHECK constraints to its model."""

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        """Return the constraints for a column of `table`. Each subclass overrides this."""
        raise NotImplementedError(f"{type(self).__name__} declares no constraint.")

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False, **kwargs: bool) -> None:
        super().contribute_to_class(cls, name, private_only=private_only, **kwargs)
        if not cls._meta.abstract:
            # a new list, because subclasses of the model may inherit the present one with its Meta
            cls._meta.constraints = [*cls._meta.constraints, *self.get_constraints(cls._meta.db_table)]
            # `makemigrations` reads constraints only from a Meta that declares them
            cls._meta.original_attrs["constraints"] = cls._meta.constraints

    def deconstruct(self) -> tuple[str, str, list[object], dict[str, object]]:
        name, _, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{self.get_internal_type()}", [*args], kwargs

    def clone(self) -> Self:
        """Return Django's own field, for the state of a migration, which has the constraints already."""
        _, path, args, kwargs = self.deconstruct()
        return import_string(path)(*args, **kwargs)


class ChoiceField(CheckedField[SetType, GetType], models.CharField[SetType, GetType]):
    """One of `choices`, or with `blank` the empty string."""

    def __init__(self, choices: type[models.TextChoices], *, max_length: int, **options: Unpack[FieldOptions]) -> None:
        super().__init__(choices=choices, max_length=max_length, **options)
        self.values: list[str] = choices.values
        self.message = f"Choose one of: {', '.join(choices.values)}."

    @cached_property
    def error_messages(self) -> dict[str, StrOrPromise]:
        return {**super().error_messages, "invalid_choice": self.message, "blank": self.message}

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        values = [*self.values, ""] if self.blank else self.values
        return [rule(f"{table}_{self.name}_choice", Q(**{f"{self.name}__in": values}), self.message)]


class NonBlankField(CheckedField[SetType, GetType]):
    """A text field without empty values and without white space at the beginning or end."""

    default_error_messages = {"blank": NOT_BLANK}

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [rule(f"{table}_{self.name}_not_blank", Q(**{f"{self.name}__regex": r"^\S(.*\S)?$"}), NOT_BLANK)]


class NonBlankCharField(NonBlankField[SetType, GetType], models.CharField[SetType, GetType]):
    """A CharField with the rule of NonBlankField."""


class NonBlankTextField(NonBlankField[SetType, GetType], models.TextField[SetType, GetType]):
    """A TextField with the rule of NonBlankField."""


class BoundedIntegerField(CheckedField[SetType, GetType], models.IntegerField[SetType, GetType]):
    """A whole number from `min` to `max`, both inclusive."""

    def __init__(self, *, min: int, max: int | None = None, **options: Unpack[FieldOptions]) -> None:
        super().__init__(validators=_limits(min, max), **options)
        self.min, self.max = min, max

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [between(table, self.name, self.min, self.max)]


class BoundedDecimalField(CheckedField[SetType, GetType], models.DecimalField[SetType, GetType]):
    """A decimal from `min` to `max`, both inclusive. The upper bound also refuses NaN, which PostgreSQL sorts last."""

    def __init__(
        self, *, max_digits: int, decimal_places: int, min: Decimal | int, max: Decimal | int, **options: Unpack[FieldOptions]
    ) -> None:
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, validators=_limits(min, max), **options)
        self.min, self.max = min, max

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [between(table, self.name, self.min, self.max)]


class ShareField(BoundedDecimalField[SetType, GetType]):
    """A share of a whole, from 0.00 to 1.00."""

    def __init__(self, **options: Unpack[FieldOptions]) -> None:
        super().__init__(max_digits=3, decimal_places=2, min=0, max=1, **options)


class PlausibleDateField(CheckedField[SetType, GetType], models.DateField[SetType, GetType]):
    """A date from 1900-01-01 to 2200-12-31."""

    def __init__(self, **options: Unpack[FieldOptions]) -> None:
        super().__init__(validators=[validate_plausible_date], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [between(table, self.name, FIRST_DAY, LAST_DAY)]


class JSONObjectField(CheckedField[SetType, GetType], models.JSONField[SetType, GetType]):
    """A JSON object, by default empty."""

    _pyi_private_set_type: dict[str, Any] | Combinable
    _pyi_private_get_type: dict[str, Any]

    def __init__(self, *, validators: Iterable[Validator] = (), **options: Unpack[FieldOptions]) -> None:
        options = FieldOptions(default=dict, blank=True) | options
        super().__init__(validators=[validate_json_object, *validators], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [json_type(table, self.name, "object")]


class JSONListField(CheckedField[SetType, GetType], models.JSONField[SetType, GetType]):
    """A JSON list, by default empty."""

    _pyi_private_set_type: list[Any] | Combinable
    _pyi_private_get_type: list[Any]

    def __init__(self, *, validators: Iterable[Validator] = (), **options: Unpack[FieldOptions]) -> None:
        options = FieldOptions(default=list, blank=True) | options
        super().__init__(validators=[validate_json_list, *validators], **options)

    def get_constraints(self, table: str) -> list[models.CheckConstraint]:
        return [json_type(table, self.name, "array")]


def _limits(min: Decimal | int | None, max: Decimal | int | None) -> list[BaseValidator]:
    """Return validators of the bounds, with the message of their CHECK."""
    lower: list[BaseValidator] = [] if min is None else [MinValueValidator(min)]
    limits = lower if max is None else [*lower, MaxValueValidator(max)]
    for limit in limits:
        limit.message = bounds_message(min, max)  # set here and not as an argument, which migrations would contain
    return limits
