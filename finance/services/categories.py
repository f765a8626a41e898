"""Deletion of categories, tags and payees."""

from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connections, transaction
from django.db.models import Value

from core.errors import ConflictError
from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_queries import read_in_transaction
from core.fast_lists.query_session import from_sql
from finance.models import Category
from finance.models.named import NamedModel, folded

SLUGS = from_sql("SELECT slug FROM finance_category WHERE user_id = %s", ("owner",))


def make_way_for(names: list[str], *, owner: Any, model: type[NamedModel]) -> None:
    """Delete the merged rows with these names, because their owner gives the names to other ones."""
    if len(names) == 1 and not _merged_rows(model)(name=names[0], owner=owner.pk):
        return
    _merged_into_others(model, owner.pk).filter(folded__in=[folded(Value(name)) for name in names]).delete()


@cache
def _merged_rows(model: type[NamedModel]) -> CompiledInstanceQuery:
    return CompiledInstanceQuery(
        lambda values: _merged_into_others(model, values["owner"]).filter(folded=folded(Value(values["name"]))),
        name=str,
        owner=UUID,
    )


def _merged_into_others(model: type[NamedModel], owner: UUID) -> Any:
    return model._default_manager.filter(user_id=owner, merged_into__isnull=False)


def taken_slugs(owner: Any) -> set[str]:
    rows = read_in_transaction(connections[DEFAULT_DB_ALIAS], SLUGS, {"owner": owner.pk})
    return {slug for (slug,) in rows}


def delete_category(category: Category) -> None:
    """Delete a category that nothing refers to. Raise ConflictError otherwise."""
    try:
        with transaction.atomic():
            category.delete()
    except IntegrityError as error:
        message = "Transactions or due dates have this category. Merge it into another one, or set is_archived to true."
        raise ConflictError("category_in_use", message) from error
