"""Deletion of categories, tags and payees."""

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Value

from core.errors import ConflictError
from finance.models import Category
from finance.models.named import NamedModel, folded


def make_way_for(names: Iterable[str], *, owner: Any, model: type[NamedModel]) -> None:
    """Delete the merged rows with these names, because their owner gives the names to other ones."""
    keys = [folded(Value(name)) for name in names]
    model._default_manager.filter(user=owner, merged_into__isnull=False, folded__in=keys).delete()


def delete_category(category: Category) -> None:
    """Delete a category that nothing refers to. Raise ConflictError otherwise."""
    try:
        with transaction.atomic():
            category.delete()
    except IntegrityError as error:
        message = "Transactions or due dates have this category. Merge it into another one, or set is_archived to true."
        raise ConflictError("category_in_use", message) from error
