"""Compiled single objects: responses to `GET /route/{id}/` and to singletons such as `GET /users/me/`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from core.api import etag
from core.fast_lists.compiled_view import CompiledView, ReadPlan
from core.fast_lists.placeholders import KEY
from core.fast_lists.read_permissions import NotCompiledError, Reason
from core.fast_lists.sql_serializer import SqlSerializer


class CompiledObject(CompiledView):
    action = "retrieve"

    def read(self, request: HttpRequest, keys: list[UUID]) -> HttpResponse:
        if request.META.get("QUERY_STRING"):
            raise NotCompiledError(Reason.REFUSED)
        with self.rows(request, self._plans.get, {KEY: keys[0]} if keys else {}) as (caller, sql_serializer, rows):
            if not rows:
                raise NotCompiledError(Reason.NOT_FOUND)
            *_, key, updated_at = rows[0]
            headers = {"ETag": etag.tag_of(key, updated_at), **caller.headers}
            if etag.is_known(request, headers["ETag"], self.view_class.queryset.model):
                known = HttpResponse(status=304, headers={**self.headers, **headers, "Content-Length": "0"})
                del known.headers["Content-Type"]
                return known
            return self.response(request, sql_serializer.objects(rows)[0], headers)

    @cached_property
    def _plans(self) -> dict[bool | None, ReadPlan | None]:
        kinds: dict[str, type] = {KEY: UUID} if self.match.kwargs else {}
        return {
            as_staff: self.compiled(
                lambda values, sql_serializer, as_staff=as_staff: self._queryset(values, sql_serializer, as_staff=as_staff),
                kinds,
                as_staff=as_staff,
            )
            for as_staff in self.permission.staff_variants
        }

    def _queryset(self, values: Mapping[str, Any], sql_serializer: SqlSerializer, *, as_staff: bool | None) -> QuerySet[Any]:
        """Return the row as the plain path queries it."""
        view = self.view(QueryDict(), values, as_staff=as_staff)
        view.kwargs = dict.fromkeys(self.match.kwargs, values.get(KEY))
        found = view.filter_queryset(view.get_queryset()).filter(**view.lookup())
        columns: QuerySet[Any] = found.values_list(*sql_serializer.expressions, F("pk"), F("updated_at"))
        return columns
