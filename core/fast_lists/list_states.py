"""The entity tag of a compiled list, which is known before the rows are read: it contains the position of their owner.

Every change of an owner's audited rows raises the position (`core.changes`). A list has a tag if its SQL reads only such rows
and, of the time, only the current day in the owner's time zone. The position is read before the rows: a change that is
committed in between is in the rows but not in the tag, so that the client reads the list once more and never misses a change.

The tag is weak, because a change of `updated_at` alone raises no position.
"""

import hashlib
import re
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

from core.audit.triggers import AuditTrigger
from core.fast_lists.compiled_queries import NOW_PARAMETER
from core.fast_lists.compiled_view import ReadPlan
from core.fast_lists.read_permissions import Caller
from core.models.base import BaseModel

IDENTIFIERS = re.compile(rb'"(\w+)"')
SOURCES = re.compile(rb"\b(?:FROM|JOIN)\s+(?![\w.]*\()(\S+)")  # no functions: a test checks that they read no tables
WITH = re.compile(rb"\bWITH RECURSIVE (\w+) AS\b")
LOCAL_DAY = re.compile(rb"::timestamptz AT TIME ZONE COALESCE\([^()]*\)\)::date")  # the rest of core.postgres.expressions.today


class ListState(NamedTuple):
    """The part of a list's tag that is the same for all requests: a hash of its SQL, and whether it reads the current day."""

    sql_hash: bytes
    has_day: bool


def state_of(plan: ReadPlan) -> ListState | None:
    """Return the state of a list, or None if its rows can change while the owner's position stays."""
    statement = plan.statement
    after_now = [piece for name, piece in zip(statement.names, statement.pieces[1:], strict=True) if name == NOW_PARAMETER]
    if not all(LOCAL_DAY.match(piece) for piece in after_now) or not _reads_only_rows_with_positions(statement.prepared_sql):
        return None
    shown = [*plan.sql_serializer.names, *(column.show.__qualname__ for column in plan.sql_serializer.decrypted)]
    version = settings.SPECTACULAR_SETTINGS["VERSION"]
    parts = [statement.prepared_sql, *(text.encode() for text in (*shown, version))]
    return ListState(hashlib.sha256(b"\0".join(parts)).digest(), bool(after_now))


def tag_of(request: HttpRequest, caller: Caller, state: ListState) -> str:
    """Return the weak tag of the list that a request asks for. The URL is part of it, because links contain it."""
    day = caller.today.isoformat() if state.has_day else ""
    text = f"{caller.pk}|{caller.position}|{day}|{request.build_absolute_uri()}"
    return f'W/"{hashlib.sha256(state.sql_hash + text.encode()).hexdigest()[:32]}"'


def _reads_only_rows_with_positions(sql: bytes) -> bool:
    identifiers = {found.decode() for found in IDENTIFIERS.findall(sql)}
    sources = {found.decode().strip('"') for found in SOURCES.findall(sql)} - {name.decode() for name in WITH.findall(sql)}
    unaudited = _unaudited_columns()
    return all(table in unaudited and not identifiers & unaudited[table] for table in sources)


@cache
def _unaudited_columns() -> dict[str, set[str]]:
    """Return the columns whose changes raise no position, by table, for the tables whose rows always have an owner."""
    found = {}
    for model in (model for model in apps.get_models() if issubclass(model, BaseModel)):
        path = getattr(model, "owner_path", "")
        is_audited = any(isinstance(trigger, AuditTrigger) for trigger in getattr(model._meta, "triggers", ()))
        if path and is_audited and not (path != "pk" and model._meta.get_field(path).null):
            fields: Any = model._meta
            unaudited = (fields.get_field(name) for name in model.unaudited_fields)
            found[model._meta.db_table] = {
                field.column for field in unaudited if not field.generated
            }  # its sources are audited
    return found
