"""Provenance: who chose the value of a field that machines may set, stored in `FinancialTransaction.sources`.

A value that the user has chosen, also an emptied one, or a suggestion that they have accepted, is changed by the user only. A
field without an entry was never set, or follows another one, as the payee follows `merchant_name`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID


class SourceKind(StrEnum):
    USER = "user"
    RULE = "rule"
    SUGGESTION = "suggestion"
    IMPORT = "import"


CHOSEN = (SourceKind.USER, SourceKind.SUGGESTION)
"""The kinds of values that no machine changes."""
TRANSFER = "transfer"
"""The entry of `transaction_type`: who decided that a transaction is a transfer, or that it is none."""

Sources = dict[str, dict[str, Any]]


def source(kind: SourceKind, *, key: UUID | None = None, version: int | None = None) -> dict[str, Any]:
    """Return an entry: the kind, the id of the rule, suggestion or import, and the version of the rule."""
    return {"kind": str(kind), "id": str(key) if key else None, "version": version}


def with_source(sources: Mapping[str, Any], fields: Iterable[str], entry: dict[str, Any]) -> Sources:
    """Return `sources` with the same entry for each of the fields."""
    return {**sources, **dict.fromkeys(fields, entry)}


def is_chosen_by_user(sources: Mapping[str, Any], field: str) -> bool:
    entry = sources.get(field, {})
    return entry.get("kind") in CHOSEN
