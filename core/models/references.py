"""Columns that name other rows of the owner, such as a category by its slug, instead of referring to them by key.

A list then shows the name without a join, and an audit entry or an export is readable. A foreign key on the owner and the name
(`core.postgres.operations.named_foreign_key`), or for several names a trigger, keeps each name valid.
"""

from typing import Any, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Combinable


class NameReferenceField(models.CharField[str | Combinable, str]):
    """The name of a row of the model `refers_to`, or "" for none, which is NULL in the database: a foreign key ignores NULL."""

    def __init__(self, refers_to: str, **options: Any) -> None:
        super().__init__(null=True, blank=True, default="", **options)
        self.refers_to = refers_to

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", [*args], kwargs

    def clone(self) -> Self:
        """Return Django's own field, for the state of a migration."""
        _, _, args, kwargs = self.deconstruct()
        return cast("Self", models.CharField(*args, **kwargs))

    def formfield(self, **options: Any) -> Any:
        """Return a form's field that has "" for none, not NULL."""
        return super().formfield(**{"empty_value": "", **options})

    def from_db_value(self, value: str | None, expression: object, connection: BaseDatabaseWrapper) -> str:
        return value or ""

    def get_prep_value(self, value: object) -> object:
        return super().get_prep_value(value) or None


class NameReferencesField(ArrayField[list[str] | Combinable, list[str]]):
    """The names of rows of the model `refers_to`, in the order in which the user gave them."""

    def __init__(self, refers_to: str = "", **options: Any) -> None:
        options = {name: value for name, value in options.items() if name not in {"blank", "default"}}
        super().__init__(blank=True, default=list, **options)
        self.refers_to = refers_to

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", [*args], kwargs

    def clone(self) -> Self:
        """Return Django's own field, for the state of a migration."""
        _, _, args, kwargs = self.deconstruct()
        return cast("Self", ArrayField(*args, **kwargs))
