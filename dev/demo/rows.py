"""How the demo stores a row."""

from typing import TypeVar

from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def save_checked(row: Row) -> Row:
    """Save a row after the checks of its model, as a form of the back office does, and return it."""
    row.full_clean()
    row.save()
    return row
