"""Fields with the key of another row of the same owner, and what a request has looked up."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from rest_framework import serializers

from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.lookups import Lookup, look_up
from core.models.base import OwnedModel

Seen = dict[tuple[str, str], Any]


def seen_by(field: serializers.Field) -> Seen:
    """Return the rows and names that were looked up for a serializer or one of its fields, by source and text."""
    context = cast("dict[str, Any]", field.context)
    seen: Seen = context.setdefault("keys_seen", {})
    return seen


class OwnedKeyField(serializers.PrimaryKeyRelatedField):
    def get_queryset(self) -> QuerySet[Any]:
        queryset: Any = super().get_queryset()
        if issubclass(queryset.model, OwnedModel):
            # SECURITY: without this a user could attach a row to another user's row
            return queryset.for_user(self.context["request"].user)
        return queryset

    def to_internal_value(self, data: object) -> object:
        """Return the row, which is looked up once, also for a bulk call."""
        seen = seen_by(self)
        cache_key = (str(self.source), str(data))
        if cache_key not in seen:
            look_up(self.lookups(data))
        if cache_key not in seen:
            seen[cache_key] = super().to_internal_value(data)
        return seen[cache_key]

    def lookups(self, data: object) -> Iterator[Lookup]:
        """Yield the compiled look-up of the owner's row, unless DRF's own look-up is needed."""
        targets = vars(self)["queryset"]  # the type checker takes a manager on a class for a descriptor
        if not settings.FAST_LISTS or not isinstance(data, str) or not isinstance(targets, models.Manager):
            return
        with suppress(ValueError):
            if issubclass(targets.model, OwnedModel):
                seen, key = seen_by(self), UUID(data)
                query, owner = _by_key(targets.model), self.context["request"].user.pk
                yield query.lookup(
                    lambda rows: seen.update({(str(self.source), data): row for row in rows}), pk=key, owner=owner
                )


@cache
def _by_key(model: type[OwnedModel]) -> CompiledInstanceQuery:
    # SECURITY: `for_user` is the access check
    return CompiledInstanceQuery(
        lambda values: model.objects.for_user(SimpleNamespace(pk=values["owner"])).filter(pk=values["pk"]), pk=UUID, owner=UUID
    )
