"""Compiled lists: responses to `GET /route/` from SQL that is compiled once per query signature.

A signature is everything in a request but the values: the filters, the ordering, the limit, and whether there is a cursor. The
viewset with its filters and pagination builds the SQL from placeholder values (`core.fast_lists.compiled_queries`), so that
access checks and filters are implemented once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from core.api import etag
from core.api.filters.backends import StrictFilterBackend, kind_of, ordering_of
from core.api.filters.compilation import condition_of
from core.api.filters.errors import SearchError
from core.api.filters.kinds import Scope
from core.api.filters.searches import read_search
from core.api.filters.tree import Node, Search, values_of, with_values
from core.api.pagination import Cursor, KeysetPagination, OrderColumn, limit_of, order_of
from core.fast_lists import list_states
from core.fast_lists.compiled_queries import PROBE_FACTORIES
from core.fast_lists.compiled_view import MAX_CACHED_PLANS, CompiledView, NotModifiedError, ReadPlan
from core.fast_lists.list_states import ListState
from core.fast_lists.placeholders import OWNER, SESSION
from core.fast_lists.read_permissions import Audience, Caller, NotCompiledError, Reason
from core.fast_lists.sql_serializer import SqlSerializer
from core.postgres import replicas

EMPTY: tuple[Any, ...] = (None, "", [], (), {})
NO_VALUES = {OWNER: None, SESSION: ""}  # for the parts of a view that do not depend on them
PAGING_PARAMETERS = {"limit", "ordering", "cursor"}
ParameterKinds = tuple[tuple[str, type | bool | None], ...]


class QuerySignature(NamedTuple):
    """A request without its values: the type of each, except for True, False and None, on which the SQL depends."""

    filters: ParameterKinds
    ordering: str
    limit: int
    cursor: ParameterKinds
    is_reverse: bool
    search: Node | None = None  # with the types of its values


class CompiledList(CompiledView):
    action = "list"

    def __init__(self, match: ResolverMatch, audience: Audience) -> None:
        super().__init__(match, audience)
        self.plan_of: Callable[[QuerySignature, bool | None], ReadPlan | None] = lru_cache(MAX_CACHED_PLANS)(self._plan_of)
        self.state_of: Callable[[ReadPlan], ListState | None] = lru_cache(MAX_CACHED_PLANS)(list_states.state_of)
        self.order_of = lru_cache(MAX_CACHED_PLANS)(self._order_of)
        self.filterset: Any = StrictFilterBackend().get_filterset_class(self.view({}, {}), self.view_class.queryset)

    def read(self, request: HttpRequest, keys: list[UUID]) -> HttpResponse:
        signature, values, cursor = self._parse_request(request)
        with self.rows(request, partial(self.plan_of, signature), values) as (plan, rows, headers):
            columns = self.order_of(signature.ordering)[0]
            page = KeysetPagination.of(request, signature.limit, columns, signature.ordering, cursor)
            found = plan.sql_serializer.objects(page.trimmed(rows, plan.sql_serializer))
            return self.response(page.body(found), headers)

    def state_headers(self, request: HttpRequest, caller: Caller, plan: ReadPlan) -> dict[str, str]:
        """Return the ETag of a list that depends on the rows and the local day of its owner only."""
        state = self.state_of(plan) if self.permission.audience is Audience.OWNER else None
        if state is None or replicas.REPLICA in settings.DATABASES:  # a replica may be behind the position
            return {}
        tag = list_states.tag_of(request, caller, state)
        if etag.is_sent(request, tag):
            raise NotModifiedError(caller.headers | {"ETag": tag})
        return {"ETag": tag}

    def _parse_request(self, request: HttpRequest) -> tuple[QuerySignature, dict[str, Any], Cursor | None]:
        """Return the signature of the request, its values by name, and its cursor, or raise an error of the request."""
        params = {name: texts[0] for name, texts in request.GET.lists() if len(texts) == 1 and texts[0]}
        if len(params) != len(request.GET):
            raise NotCompiledError(Reason.REFUSED)
        ordering, search = self._ordering_and_search(params)
        values = {
            name: _clean_parameter(self.filterset, name, params) for name in sorted(params) if name not in PAGING_PARAMETERS
        }
        filters = tuple((name, _kind_of(value)) for name, value in values.items())
        cursor = Cursor.of(params["cursor"], ordering, *self.order_of(ordering)) if "cursor" in params else None
        keys = {f"cursor {number}": value for number, value in enumerate(cursor.values if cursor else ())}
        behind = tuple((name, _kind_of(value)) for name, value in keys.items())
        where = with_values(search.where, map(_kind_of, values_of(search.where))) if search.where else None
        signature = QuerySignature(filters, ordering, limit_of(params), behind, bool(cursor and cursor.reverse), where)
        return signature, values | keys | dict(_numbered(values_of(search.where))), cursor

    def _ordering_and_search(self, params: dict[str, str]) -> tuple[str, Search]:
        """Return the ordering and the search, removed from the parameters, or raise NotCompiledError for a mistake in it."""
        table = self.view_class.search_table
        try:
            ordering = ordering_of(params, self.view_class)
            return ordering, read_search(params.pop("search", ""), table) if table else Search()
        except SearchError:
            raise NotCompiledError(Reason.REFUSED) from None

    def _order_of(self, ordering: str) -> tuple[list[OrderColumn], list[Any]]:
        view = self.view({"ordering": ordering}, NO_VALUES, as_staff=self.permission.staff_variants[0])
        queryset = view.get_queryset()
        columns = order_of(view.request.query_params, view, queryset)[1]
        return columns, [kind_of(queryset, column.name) for column in columns]

    def _plan_of(self, signature: QuerySignature, as_staff: bool | None) -> ReadPlan | None:
        named = (*signature.filters, *signature.cursor, *_numbered(values_of(signature.search)))
        kinds = {name: kind for name, kind in named if isinstance(kind, type)}
        return self.compiled(partial(self._queryset, signature, as_staff), kinds, as_staff=as_staff)

    def _queryset(
        self, signature: QuerySignature, as_staff: bool | None, values: Mapping[str, Any], sql_serializer: SqlSerializer
    ) -> QuerySet[Any]:
        """Return the page's rows as the plain path queries them."""
        params = dict.fromkeys((name for name, _ in signature.filters), "") | {"ordering": signature.ordering}
        view = self.view(params, values, as_staff=as_staff)
        queryset = view.get_queryset()
        if self.filterset:
            filters = self.filterset(params, queryset=queryset, request=view.request)
            filters.form.cleaned_data = {name: values.get(name, kind) for name, kind in signature.filters}
            queryset = filters.filter_queryset(queryset)
        if signature.search:
            found = (values[name] for name, _ in _numbered(values_of(signature.search)))
            where = with_values(signature.search, found)
            queryset = queryset.filter(condition_of(where, view.search_table, Scope(values[OWNER])))
        keys = [values.get(name, kind) for name, kind in signature.cursor]
        cursor = Cursor(signature.ordering, keys, signature.is_reverse) if keys else None
        columns = self.order_of(signature.ordering)[0]
        return KeysetPagination.of(view.request, signature.limit, columns, signature.ordering, cursor).query(
            queryset, sql_serializer
        )


def _numbered(values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values of a search with the names of their parameters."""
    return ((f"search {number}", value) for number, value in enumerate(values))


def _clean_parameter(filterset: Any, name: str, params: Mapping[str, str]) -> object:
    """Return the value of a filter's parameter, or raise NotCompiledError for an unknown or empty one."""
    found = filterset.base_filters.get(name) if filterset else None
    value = found.field.clean(found.field.widget.value_from_datadict(params, {}, name)) if found else None
    if value in EMPTY:
        raise NotCompiledError(Reason.NOT_COMPILED)
    return value


def _kind_of(value: object) -> type | bool | None:
    """Return the part of a value in the signature, or raise NotCompiledError if its SQL is not known, as of a list."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) not in PROBE_FACTORIES:
        raise NotCompiledError(Reason.NOT_COMPILED)
    return type(value)
