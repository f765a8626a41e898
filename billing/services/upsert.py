"""Rows that repeat what somebody else keeps: written where they differ, and left alone where they don't."""

from collections.abc import Mapping
from typing import Any, TypeVar

from core.models.base import OwnedModel

Row = TypeVar("Row", bound=OwnedModel)


def upsert_changed(
    model: type[Row], place: Mapping[str, Any], values: Mapping[str, Any], *, create_values: Mapping[str, Any] | None = None
) -> Row:
    """The row at `place` with these `values`, made with those of `create_values` besides when it is new."""
    rows: Any = model._default_manager
    row: Row | None = rows.filter(**place).first()
    if row is None:
        made: Row = rows.create(**place, **values, **(create_values or {}))
        return made
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
    return row
