"""Payees, notes, tags and parts of transactions from another app, staged with names in place of texts for the created rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from finance.models import StatementImport
from finance.models.categories import CategoryKind
from finance.models.divided import DividedBy
from finance.moves.rows import MovedRow
from finance.services.names import resolve_categories, resolve_payees, resolve_tags
from finance.sources import SourceKind, source

CREATED = """
SELECT number FROM import_staged AS staged
 WHERE NOT EXISTS (SELECT FROM import_verdict known WHERE known.number = staged.number) ORDER BY number
"""
COPY_EXTRAS = "COPY import_extra (number, payee, note, tags, divided_by, sources) FROM STDIN"
COPY_PARTS = "COPY import_part (number, place, amount, category, note, tags) FROM STDIN"


@dataclass(frozen=True, slots=True)
class MovedRows:
    """The rows of an account by number, the kinds of the file's categories by name, and the key of the move."""

    key: UUID | None = None
    rows: Mapping[int, MovedRow] = field(default_factory=dict)
    kinds: Mapping[str, CategoryKind] = field(default_factory=dict)


NOTHING_MOVED = MovedRows()


def stage_moved(record: StatementImport, moved: MovedRows) -> None:
    """Fill `import_extra` and `import_part`, and create the payees, tags and categories of parts that do not exist."""
    if not moved.rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(CREATED)
        rows = [moved.rows[number] for (number,) in cursor.fetchall() if number in moved.rows]
        names = _Names(record.user_id, rows, moved.kinds)
        entry = source(SourceKind.IMPORT, key=record.pk)
        with cursor.copy(COPY_EXTRAS) as copy:
            for row in rows:
                copy.write_row(_extra(row, names, entry))
        with cursor.copy(COPY_PARTS) as copy:
            for row in rows:
                for place, part in enumerate(row.parts, 1):
                    category = names.categories[part.category] or None
                    copy.write_row((row.row.number, place, part.amount, category, part.note, names.tags_of(part.tags)))
        cursor.execute("ANALYZE import_extra; ANALYZE import_part")


class _Names:
    """The names of the texts in rows."""

    def __init__(self, owner: UUID, rows: list[MovedRow], kinds: Mapping[str, CategoryKind]) -> None:
        parts = [part for row in rows for part in row.parts]
        self.payees = resolve_payees(owner, {row.payee for row in rows})
        labels = [*(row.tags for row in rows), *(part.tags for part in parts)]
        self._tags = resolve_tags(owner, {tag for tags in labels for tag in tags})
        usual = {part.category: CategoryKind.INCOME if part.amount > 0 else CategoryKind.EXPENSE for part in parts}
        self.categories = resolve_categories(owner, {name: kinds.get(name, kind) for name, kind in usual.items()})

    def tags_of(self, texts: tuple[str, ...]) -> list[str]:
        return list(dict.fromkeys(self._tags[text] for text in texts))


def _extra(row: MovedRow, names: _Names, entry: dict[str, Any]) -> tuple[Any, ...]:
    tags, payee = names.tags_of(row.tags), names.payees[row.payee] or None
    added = {"payee": payee, "tags": tags, "note": row.note, "splits": row.parts}
    sources = {name: entry for name, value in added.items() if value}
    divided_by = DividedBy.SPLITS.value if row.parts else ""
    return row.row.number, payee, row.note, tags, divided_by, orjson.dumps(sources).decode()
