"""The row of a request's path, read or locked, and checked."""

from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from rest_framework.generics import get_object_or_404
from rest_framework.viewsets import GenericViewSet

from core.api import etag
from core.fast_lists import object_rows
from core.models.base import BaseModel

RowT = TypeVar("RowT", bound=BaseModel)


class PathRowMixin(GenericViewSet[RowT]):
    """A viewset whose row is read by compiled SQL if possible, and by the ORM otherwise."""

    def lookup(self) -> dict[str, Any]:
        """Return the conditions of the path's row."""
        return {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}

    def get_object(self) -> RowT:
        found = object_rows.find(self, lock=False)
        return self._checked(cast("RowT", found)) if found else self._one(self.filter_queryset(self.get_queryset()))

    def locked_object(self) -> RowT:
        """Return the locked row of the path. Raise a 412 if it is not in the state of If-Match."""
        found = object_rows.find(self, lock=True)
        if found:
            instance = self._checked(cast("RowT", found))
        else:
            instance = self._one(self.filter_queryset(self.get_queryset()).select_for_update(of=("self",)))
        etag.require_match(self.request, instance)
        return instance

    def _one(self, queryset: QuerySet[Any]) -> RowT:
        return self._checked(get_object_or_404(queryset, **self.lookup()))

    def _checked(self, instance: RowT) -> RowT:
        self.check_object_permissions(self.request, instance)
        return instance

    def with_owner(self, row: RowT) -> RowT:
        return row  # without an owner; see OwnedBaseViewSet
