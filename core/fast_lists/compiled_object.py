"""Compiled single objects: responses to `GET /route/{id}/` and to singletons such as `GET /users/me/`."""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict

from core.api import etag
from core.fast_lists.compiled_view import CompiledView, NotModifiedError, ReadPlan
from core.fast_lists.placeholders import KEY
from core.fast_lists.read_permissions import NotCompiledError, Reason
from core.fast_lists.sql_serializer import SqlSerializer


class CompiledObject(CompiledView):
    action = "retrieve"

    def read(self, request: HttpRequest, keys: list[UUID]) -> HttpResponse:
        if request.META.get("QUERY_STRING"):
            raise NotCompiledError(Reason.REFUSED)
        with self.rows(request, self._plans.get, {KEY: keys[0]} if keys else {}) as (plan, rows, headers):
            if not rows:
                raise NotCompiledError(Reason.NOT_FOUND)
            *_, key, updated_at = rows[0]
            tag = etag.tag_of(key, updated_at)
            headers["ETag"] = tag
            if etag.is_known(request, tag, self.view_class.queryset.model):
                raise NotModifiedError(headers)
            return self.response(plan.sql_serializer.objects(rows)[0], headers)

    @cached_property
    def _plans(self) -> dict[bool | None, ReadPlan | None]:
        kinds: dict[str, type] = {KEY: UUID} if self.match.kwargs else {}
        return {
            as_staff: self.compiled(partial(self._queryset, as_staff), kinds, as_staff=as_staff)
            for as_staff in self.permission.staff_variants
        }

    def _queryset(self, as_staff: bool | None, values: Mapping[str, Any], sql_serializer: SqlSerializer) -> QuerySet[Any]:
        """Return the row as the plain path queries it."""
        view = self.view(QueryDict(), values, as_staff=as_staff)
        view.kwargs = dict.fromkeys(self.match.kwargs, values.get(KEY))
        found = view.filter_queryset(view.get_queryset()).filter(**view.lookup())
        shown = dict(zip(sql_serializer.names, sql_serializer.expressions, strict=False))
        # an alert shows the user's own state, and when that was updated
        columns: QuerySet[Any] = found.values_list(
            *sql_serializer.expressions, F("pk"), shown.get("updated_at", F("updated_at"))
        )
        return columns
