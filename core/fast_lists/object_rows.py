"""The row of a path as an instance, read or locked by SQL that is compiled once for each viewset and action."""

from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Model, QuerySet
from django.http import QueryDict
from rest_framework.viewsets import GenericViewSet

from core.fast_lists.compiled_instances import CompiledInstanceQuery
from core.fast_lists.compiled_queries import PROBE_FACTORIES, UncompilableError
from core.fast_lists.placeholders import OWNER, placeholder_view
from core.postgres.replicas import REPLICA

KEY_TYPES = frozenset(PROBE_FACTORIES)


def find(view: GenericViewSet[Any], *, lock: bool) -> Model | None:
    """Return the row of the view's path; None if there is none, or if the ORM must look it up."""
    kinds = tuple((name, type(value)) for name, value in view.kwargs.items())
    is_on_replica = not lock and REPLICA in settings.DATABASES  # whose reads the ORM's router directs
    if not settings.FAST_LISTS or view.request.query_params or is_on_replica or not {kind for _, kind in kinds} <= KEY_TYPES:
        return None
    query = _query(type(view), view.action, kinds, lock)
    return next(iter(query(**view.kwargs, **{OWNER: view.request.user.pk})), None) if query else None


@cache
def _query(
    view_class: type[GenericViewSet[Any]], action: str, kinds: tuple[tuple[str, type], ...], lock: bool
) -> CompiledInstanceQuery | None:
    """Return the compiled query, or None if its SQL depends on more than the path and the owner, or not on the owner."""

    def rows(values: dict[str, Any]) -> QuerySet[Any]:
        view = placeholder_view(view_class, action, QueryDict(), values, as_staff=None)
        view.kwargs = {name: values[name] for name, _ in kinds}
        found: QuerySet[Any] = view.filter_queryset(view.get_queryset())
        return (found.select_for_update(of=("self",)) if lock else found).filter(**view.lookup())

    query = CompiledInstanceQuery(rows, **dict(kinds), **{OWNER: UUID})
    try:
        query.compile()
    except UncompilableError:
        return None
    return query
