"""Storage of a demo row."""

from typing import TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def save_checked(row: Row) -> Row:
    """Validate a row with `full_clean`, save it and return it."""
    row.full_clean()
    row.save()
    return row
