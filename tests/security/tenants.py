"""Two customers with a row of every owned model each, and the means to see whether one met what is the other's.

All rows of one customer have one and the same id, in every table, and so has the customer. So whatever an id in a path, a
body or a filter stands for, the other customer's one is a row that is there.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from core import clock
from core.encryption.fields import is_encrypted
from dev.factories import FACTORIES, TokenFactory
from users.models import User

# but for the audit log, which the database alone writes
KEPT = [model for model in FACTORIES if model and model._meta.managed]
OWNED = [model for model in KEPT if any(field.name == "user" for field in model._meta.concrete_fields)]


@dataclass(frozen=True)
class Tenant:
    """A customer, the id of all his rows, that of his second ones, a token, and the text in all his texts."""

    user: User
    id: UUID
    second: UUID
    token: str
    canary: str


def create_tenant(number: int) -> Tenant:
    """Store a customer and his rows."""
    # keys of a time to come: a row of a table with months is not made long after its key
    start = 0x0FFF_FFFF_0000 << 80 | number << 64
    first, second = UUID(int=start | 0x4000_8000_0000_0000_0001), UUID(int=start | 0x4000_8000_0000_0000_0002)
    canary = f"canary-{number}"
    user: User = FACTORIES[User](id=first, email=f"{canary}@example.com")
    for key in (first, second):
        _furnish(user, key, canary)
    used = clock.now() + timedelta(hours=1)  # so that no probe writes the time of its use
    return Tenant(user, first, second, TokenFactory(user=user, scope="read-write", last_used_at=used).text, canary)


def _furnish(user: User, key: UUID, canary: str) -> None:
    rows: dict[Any, Any] = {}
    for model in _parents_first():
        factory = FACTORIES[model]
        parents = {name: rows[parent] for name, parent in _parents(model).items() if name in factory._meta.declarations}
        if _has_one(model) and model._base_manager.filter(user=user).exists():
            continue
        place = {"number": 1} if "number" in factory._meta.declarations else {}  # the one that routes are asked for
        rows[model] = factory(id=key, user=user, **parents, **place)
        _mark(rows[model], canary)


def _parents(model: Any) -> dict[str, Any]:
    """Which fields of `model` refer to rows of the same owner."""
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey) and not field.db_constraint]
    return {field.name: field.related_model for field in keys if field.related_model in OWNED}


def _parents_first() -> list[Any]:
    done: list[Any] = []
    while len(done) < len(OWNED):
        done += [model for model in OWNED if model not in done and set(_parents(model).values()) <= {*done, model}]
    return done


def _has_one(model: Any) -> bool:
    return model._meta.get_field("user").unique


def _mark(row: models.Model, canary: str) -> None:
    """Write a canary into the row's free texts, wherever the database takes it."""
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and not field.choices and not is_encrypted(field):
            try:
                with transaction.atomic():
                    type(row)._base_manager.filter(pk=row.pk).update(**{field.name: canary})
            except DatabaseError:
                continue  # a text with rules, such as a currency


@cache
def owner_columns() -> dict[str, str]:
    """The tables that the database fences, and the column of each that says whose a row is."""
    tables = {model._meta.db_table: "user_id" for model in OWNED} | {User._meta.db_table: "id"}
    joined = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in tables]
    return tables | {model._meta.db_table: "user_id" for model in joined if _names_a_user(model)}


def _names_a_user(model: Any) -> bool:
    return any(field.column == "user_id" for field in model._meta.concrete_fields)


def bytes_of(tenant: Tenant) -> str:
    """A hash of everything that the database holds of a customer, in all tables."""
    parts = [
        f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t WHERE {column} = '{tenant.id}'"  # noqa: S608 - our own names
        for table, column in owner_columns().items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return hashlib.sha256(repr(sorted(cursor.fetchall())).encode()).hexdigest()


def writes_so_far() -> int:
    """How many rows this transaction has written, in whatever table: says in a millisecond that nothing can have changed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0])


@contextmanager
def undone() -> Iterator[None]:
    """Run a block and take back what it wrote."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
