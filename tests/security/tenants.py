"""Customers with a row of every owned model, and functions that detect changes of their rows.

All rows of a customer have the customer's own id in every table. An id of the other customer in any path, body or filter is
therefore the id of an existing row.
"""

import hashlib
from collections import Counter
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
from core.fast_lists.compiled_queries import CompiledQuery, read_in_transaction
from dev.factories import FACTORIES, TokenFactory
from finance.models import TransactionSplit
from system.models.alerts import PER_USER_COLUMNS, AlertQuerySet, priority
from users.models import User

# without the audit log, which only the database writes
MANAGED = [model for model in FACTORIES if model and model._meta.managed]
OWNED = [model for model in MANAGED if any(field.name == "user" for field in model._meta.concrete_fields)]


@dataclass(frozen=True)
class Tenant:
    """A customer, the ids of their first and second rows, a token, and the canary in all their texts."""

    user: User
    id: UUID
    second: UUID
    token: str
    canary: str


def create_tenant(number: int) -> Tenant:
    """Create a customer with two rows of every owned model."""
    # keys of a future time, as a monthly table refuses rows that are much younger than their keys
    start = 0x0FFF_FFFF_0000 << 80 | number << 64
    first, second = UUID(int=start | 0x4000_8000_0000_0000_0001), UUID(int=start | 0x4000_8000_0000_0000_0002)
    canary = f"canary-{number}"
    user: User = FACTORIES[User](id=first, email=f"{canary}@example.com")
    for key in (first, second):
        _create_rows(user, key, canary)
    used = clock.now() + timedelta(hours=1)  # in the future, so that no probe updates it
    return Tenant(user, first, second, TokenFactory(user=user, scope="read-write", last_used_at=used).text, canary)


def _create_rows(user: User, key: UUID, canary: str) -> None:
    rows: dict[Any, Any] = {}
    for model in _parents_first():
        factory = FACTORIES[model]
        parents = {name: rows[parent] for name, parent in _parents(model).items() if name in factory._meta.declarations}
        if _has_one(model) and key != user.pk:  # the first row has the key of the user
            continue
        place = {"number": 1} if "number" in factory._meta.declarations else {}  # the number in the URLs of the probes
        rows[model] = factory(id=key, user=user, **parents, **place)
        _mark(rows[model], canary)


def _parents(model: Any) -> dict[str, Any]:
    """Return the foreign keys of `model` to rows of the same owner, and their models, without several keys to one model."""
    if model is TransactionSplit:  # it adds up to a transaction of its own
        return {}
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey) and not field.db_constraint]
    numbers = Counter(field.related_model for field in keys)
    return {
        field.name: field.related_model for field in keys if field.related_model in OWNED and numbers[field.related_model] == 1
    }


def _parents_first() -> list[Any]:
    done: list[Any] = []
    while len(done) < len(OWNED):
        done += [model for model in OWNED if model not in done and set(_parents(model).values()) <= {*done, model}]
    return done


def _has_one(model: Any) -> bool:
    return model._meta.get_field("user").unique


def _mark(row: models.Model, canary: str) -> None:
    """Write the canary into the row's text columns that accept it."""
    for field in row._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField) and not field.choices and not is_encrypted(field):
            try:
                with transaction.atomic():
                    type(row)._base_manager.filter(pk=row.pk).update(**{field.name: canary})
            except DatabaseError:
                continue  # a column with a constraint, such as a currency


@cache
def owner_columns() -> dict[str, str]:
    """Return the tables with row-level security and their columns with the owner's id."""
    tables = {model._meta.db_table: "user_id" for model in OWNED} | {User._meta.db_table: "id"}
    joined = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in tables]
    return tables | {model._meta.db_table: "user_id" for model in joined if _names_a_user(model)}


def _names_a_user(model: Any) -> bool:
    return any(field.column == "user_id" for field in model._meta.concrete_fields)


@cache
def _rows_query() -> CompiledQuery:
    """Return the query for the hash of a customer's rows of each table. Planning it takes as long as executing it."""
    hashes = [
        f"SELECT '{table}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t WHERE {column} = %s"  # noqa: S608 - our own names
        for table, column in owner_columns().items()
    ]
    return CompiledQuery(tuple(" UNION ALL ".join(hashes).encode().split(b"%s")), ("owner",) * len(hashes))


def rows_hash(tenant: Tenant) -> str:
    """Return a hash of a customer's rows in all tables."""
    rows = read_in_transaction(connection, _rows_query(), {"owner": tenant.id})
    return hashlib.sha256(repr(sorted(rows)).encode()).hexdigest()


def writes_so_far() -> int:
    """Return the number of rows that this transaction has written in tables with an owner: faster than `rows_hash`."""
    with connection.connection.cursor() as cursor:  # needs no role
        cursor.execute(_written())
        return int(cursor.fetchone()[0])


@cache
def _written() -> str:
    counters = " + ".join(f"pg_stat_get_xact_tuples_{kind}(id)" for kind in ("inserted", "updated", "deleted"))
    return f"SELECT sum({counters}) FROM unnest('{{{','.join(map(str, _ids_of_tables()))}}}'::oid[]) AS id"  # noqa: S608 - ids of tables


@cache
def _ids_of_tables() -> list[int]:
    """Return the ids of the tables with an owner and of their partitions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::oid FROM unnest(%s::text[]) AS name, pg_partition_tree(name::regclass) WHERE isleaf"
            " UNION SELECT name::regclass::oid FROM unnest(%s::text[]) AS name",
            [list(owner_columns())] * 2,
        )
        return [found for (found,) in cursor.fetchall()]


def alerts_of_all(alerts: AlertQuerySet, user: object) -> Any:
    """Return what `AlertQuerySet.for_user` returns, without its access check."""
    seen = {f"own_{name}": expression for name, expression in PER_USER_COLUMNS.items()}
    rows = alerts.alias(receipt=models.FilteredRelation("receipts")).annotate(**seen)
    return rows.alias(priority_score=priority("own_is_read"))


@contextmanager
def undone() -> Iterator[None]:
    """Roll back what the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
