"""Creation and storage of demo rows."""

from typing import Any, TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def shared_fields(planned: Any, model: type[Model]) -> dict[str, Any]:
    """Return the values of a planned row whose names are fields of the model."""
    names = {field.name for field in model._meta.concrete_fields}
    return {name: value for name, value in vars(planned).items() if name in names}


def checked(row: Row, **options: Any) -> Row:
    """Validate the fields of a row and return it. The database checks its constraints: Django would query each in advance."""
    row.full_clean(validate_unique=False, validate_constraints=False, **options)
    return row


def save_checked(row: Row, **options: Any) -> Row:
    """Validate a row, save it and return it."""
    checked(row, **options).save()
    return row
