"""SELECT … FOR UPDATE of the row in a path, compiled once for each viewset and action."""

from functools import cache
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import QueryDict
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_queries import UncompilableError
from core.fast_lists.placeholders import KEY, OWNER, placeholder_request


def find(view: GenericViewSet[Any]) -> Model | None:
    """Return the locked row of the view's path; None if there is none, or if the ORM must look it up."""
    pk = view.kwargs.get(view.lookup_url_kwarg or view.lookup_field)
    query = _query(type(view), view.action) if settings.FAST_LISTS else None
    if query is None or not isinstance(pk, UUID) or view.request.query_params:
        return None
    return next(iter(query(**{KEY: pk, OWNER: view.request.user.pk})), None)


@cache
def _query(view_class: type[GenericViewSet[Any]], action: str) -> CompiledInstanceQuery | None:
    """Return the compiled query, or None if its SQL depends on more than the key and the owner."""

    def rows(values: dict[str, Any]) -> QuerySet[Any]:
        view = view_class()
        view.action, view.args, view.kwargs, view.format_kwarg = action, (), {}, None
        view.request = cast("Request", placeholder_request(QueryDict(), values, as_staff=None))
        locked = view.filter_queryset(view.get_queryset()).select_for_update(of=("self",))
        return locked.filter(**{view.lookup_field: values[KEY]})

    query = CompiledInstanceQuery(rows, **{KEY: UUID, OWNER: UUID})
    try:
        query.compile()
    except UncompilableError:
        return None
    return query
