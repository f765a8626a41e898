"""Values that are computed from the columns of a row, each declared once."""

from datetime import datetime
from typing import Any, Generic, TypeVar, cast, overload

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.db.models.expressions import Combinable

from core.models.evaluation import Reader, evaluator
from core.postgres.expressions import true_when

T = TypeVar("T")


class Derived(property, Generic[T]):
    """A read-only property that is computed from a Django expression, in Python for an object and in SQL for a query.

    `output_field` is its type in queries, filters and the API, with `null=True` if it may be unknown. A Q without an
    `output_field` is True where it is true, and False where it is false or NULL. A value that `reads_other_rows` changes
    without a change of its row, and therefore of the row's ETag.
    """

    @overload
    def __init__(self: "Derived[bool]", expression: Q, *, help_text: str = "") -> None: ...

    @overload
    def __init__(
        self,
        expression: Q | Combinable,
        output_field: "models.Field[Any, T]",
        *,
        help_text: str = "",
        reads_other_rows: bool = False,
    ) -> None: ...

    def __init__(
        self,
        expression: Q | Combinable,
        output_field: "models.Field[Any, T] | None" = None,
        *,
        help_text: str = "",
        reads_other_rows: bool = False,
    ) -> None:
        super().__init__(doc=help_text)
        value = true_when(expression) if output_field is None else expression
        self.expression = ExpressionWrapper(value, output_field=output_field or models.BooleanField())
        self.help_text = help_text
        self.reads_other_rows = reads_other_rows
        self._readers: dict[type[models.Model], Reader] = {}

    @overload
    def __get__(self, row: None, owner: type, /) -> "Derived[T]": ...

    @overload
    def __get__(self, row: models.Model, owner: type | None = None, /) -> T: ...

    def __get__(self, row: models.Model | None, owner: type | None = None, /) -> "Derived[T] | T":
        return self if row is None else self.at(row)

    def at(self, row: models.Model, now: datetime | None = None) -> T:
        """Return the value of `row` at `now`, by default the current time."""
        model = row.__class__  # the type() of a MaskedRow is not a model
        reader = self._readers.get(model)
        if reader is None:
            reader = self._readers[model] = evaluator(self.expression, model)
        return cast("T", reader(row, now))
