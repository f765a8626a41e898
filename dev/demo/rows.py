"""Creation and storage of demo rows."""

from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def shared_fields(planned: Any, model: type[Model]) -> dict[str, Any]:
    """Return the values of a planned row whose names are fields of the model."""
    names = {field.name for field in model._meta.concrete_fields}
    return {name: value for name, value in vars(planned).items() if name in names}


def save_checked(row: Row) -> Row:
    """Validate a row with `full_clean`, save it and return it."""
    row.full_clean()
    row.save()
    return row
