"""Upsert of rows that mirror another system."""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db import transaction

from core.models.base import OwnedModel

Row = TypeVar("Row", bound=OwnedModel)


def upsert_changed(
    model: type[Row], place: Mapping[str, Any], values: Mapping[str, Any], *, create_values: Mapping[str, Any] | None = None
) -> Row:
    """Return the row at `place`, written only if its `values` differ. A new row also gets `create_values`.

    A failed write is undone alone, so that the caller can leave the row out and go on with its transaction.
    """
    rows: Any = model._default_manager
    row: Row | None = rows.filter(**place).first()
    if row is None:
        with transaction.atomic():
            created: Row = rows.create(**place, **values, **(create_values or {}))
        return created
    update_changed(row, values)
    return row


def update_changed(row: OwnedModel, values: Mapping[str, Any]) -> None:
    """Write those of `values` that differ from the row."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        with transaction.atomic():
            row.save(update_fields=changed)
