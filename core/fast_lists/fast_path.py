"""The compiled list path: responses to `GET /route/` with a token, from SQL that is compiled once per query signature.

A signature is everything in a request but the values: the filters, the ordering, the limit, and whether there is a cursor. The
viewset with its filters and pagination builds the SQL from placeholder values (`core.fast_lists.compiled_queries`), so that
access checks and filters are implemented once. For a request that can't be compiled and for every response that is not a page
`respond` returns None without side effects, and the viewset handles the request (the plain path).
"""

import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import psycopg
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed, SuspiciousOperation
from django.core.exceptions import ValidationError as FormError
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from psycopg_pool import PoolTimeout
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from core import context
from core.api.errors import unavailable
from core.api.filters import StrictFilterBackend, kind_of
from core.api.pagination import Cursor, KeysetPagination, OrderColumn, limit_of, order_of
from core.api.renderers import ORJSON_OPTIONS, json_default
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import PROBE_FACTORIES, CompiledQuery, UncompilableError
from core.fast_lists.list_permissions import Audience, ListPermission
from core.fast_lists.sql_serializer import SqlSerializer
from core.postgres import replicas
from core.postgres.failures import LOCK_TIMEOUT, QUERY_TIMEOUT, UNAVAILABLE, failure_of
from core.rate_limits import seconds_to_wait

logger = logging.getLogger(__name__)
MAX_CACHED_PLANS = 200  # per list; a client that sends ever new signatures slows down only its own requests
EMPTY: tuple[Any, ...] = (None, "", [], (), {})
OWNER = "the owner"  # with a space, so that it differs from every filter's name
PAGING_PARAMETERS = {"limit", "ordering", "cursor"}
GetResponse = Callable[[HttpRequest], HttpResponse]
ParameterKinds = tuple[tuple[str, type | bool | None], ...]


class NotCompiledError(Exception):
    """The plain path must handle the request."""


class QuerySignature(NamedTuple):
    """A request without its values: the type of each, except for True, False and None, on which the SQL depends."""

    filters: ParameterKinds
    ordering: str
    limit: int
    cursor: ParameterKinds
    is_reverse: bool
    as_staff: bool | None = None  # None for a list that contains only the owner's rows


class ListPlan(NamedTuple):
    statement: CompiledQuery
    sql_serializer: SqlSerializer


class PlaceholderOwner:
    """A placeholder for the user. SECURITY: it has only a key, so that SQL that depends on more can't be compiled."""

    def __init__(self, pk: UUID | None) -> None:
        self.pk = self.id = pk


class PlaceholderCaller(PlaceholderOwner):
    """A placeholder for the caller of a list whose rows depend on whether the caller is staff."""

    is_authenticated = True

    def __init__(self, pk: UUID | None, *, is_staff: bool) -> None:
        super().__init__(pk)
        self.is_staff = is_staff


class CompiledList:
    def __init__(self, match: ResolverMatch, audience: Audience) -> None:
        found: Any = match.func
        self.match, self.view_class, self.options = match, found.cls, found.initkwargs
        self.list_permission = ListPermission(audience, self.view_class.queryset.model)
        self.plan_of: Callable[[QuerySignature], ListPlan | None] = lru_cache(MAX_CACHED_PLANS)(self._plan_of)
        self.order_of = lru_cache(MAX_CACHED_PLANS)(self._order_of)
        view = self._view({})
        view.action_map = found.actions
        self.authenticator = view.get_authenticators()[0]
        self.allowed = ", ".join(name.upper() for name in view.http_method_names if name in {*found.actions, "head", "options"})
        self.filterset: Any = StrictFilterBackend().get_filterset_class(view, self.view_class.queryset)

    def respond(self, request: HttpRequest) -> HttpResponse | None:
        """Return the page, or None if the plain path must handle the request, for example to report its errors."""
        try:
            return self._respond(request)
        except (NotCompiledError, APIException, FormError, SuspiciousOperation):
            return None
        except (psycopg.Error, OperationalError) as error:
            failure = failure_of(error)
            if failure in (LOCK_TIMEOUT, QUERY_TIMEOUT) or isinstance(error, PoolTimeout):
                return unavailable(request, failure or UNAVAILABLE)  # the plain path would wait for as long again
            logger.warning("The compiled list path failed for %s, the plain path handles it: %s", request.path, error)
            return None

    def _respond(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # SECURITY: raises for a host that is not allowed, as in CommonMiddleware
        signature, values, cursor = self._parse_request(request)
        plans = {
            as_staff: self.plan_of(signature._replace(as_staff=as_staff)) for as_staff in self.list_permission.staff_variants
        }
        with compiled_queries.open_reader(connection) as read:
            caller = self.authenticator.caller_by_prepared_statement(request, read)
            if caller is None or not self.list_permission.allows(caller, read) or seconds_to_wait("reads", str(caller.pk)):
                raise NotCompiledError
            as_staff = self.list_permission.staff_variant_of(caller)
            plan = plans[as_staff]
            if plan is None:
                raise NotCompiledError
            role = self.list_permission.role_of(caller)
            with context.using_role(role, caller.pk):  # SECURITY: row-level security, as in the viewsets
                rows = replicas.rows(read, plan.statement, values | {OWNER: caller.pk}, caller.pk)
        page = KeysetPagination.of(request, signature.limit, self.order_of(signature.ordering)[0], signature.ordering, cursor)
        with context.using_role(role, caller.pk):
            body = page.body(plan.sql_serializer.objects(page.trimmed(rows, plan.sql_serializer)))
        content = orjson.dumps(body, default=json_default, option=ORJSON_OPTIONS)
        headers = {"Allow": self.allowed, "Content-Length": str(len(content))}
        return HttpResponse(content, content_type="application/json", headers=headers)

    def _parse_request(self, request: HttpRequest) -> tuple[QuerySignature, dict[str, Any], Cursor | None]:
        """Return the signature of the request, its values by name, and its cursor, or raise an error of the request."""
        params = {name: texts[0] for name, texts in request.GET.lists() if len(texts) == 1 and texts[0]}
        if len(params) != len(request.GET):
            raise NotCompiledError
        values = {
            name: _clean_parameter(self.filterset, name, params) for name in sorted(params) if name not in PAGING_PARAMETERS
        }
        filters = tuple((name, _kind_of(value)) for name, value in values.items())
        ordering = params.get("ordering", self.view_class.ordering)
        cursor = Cursor.of(params["cursor"], ordering, *self.order_of(ordering)) if "cursor" in params else None
        keys = {f"cursor {number}": value for number, value in enumerate(cursor.values if cursor else ())}
        behind = tuple((name, _kind_of(value)) for name, value in keys.items())
        signature = QuerySignature(filters, ordering, limit_of(params), behind, bool(cursor and cursor.reverse))
        return signature, values | keys, cursor

    def _view(self, params: Mapping[str, Any], owner: UUID | None = None, *, as_staff: bool | None = None) -> Any:
        """Return the viewset for a request that has only parameters and the caller."""
        user = PlaceholderOwner(owner) if as_staff is None else PlaceholderCaller(owner, is_staff=as_staff)
        auth = SimpleNamespace(has_second_factor=as_staff)
        view = self.view_class(**self.options)
        view.action, view.args, view.kwargs, view.format_kwarg = "list", (), {}, None
        view.request = SimpleNamespace(user=user, auth=auth, query_params=params, method="GET")
        return view

    def _order_of(self, ordering: str) -> tuple[list[OrderColumn], list[Any]]:
        view = self._view({"ordering": ordering}, as_staff=self.list_permission.staff_variants[0])
        try:
            queryset = view.get_queryset()
        except AttributeError as error:  # the queryset depends on other attributes of the request
            raise NotCompiledError from error
        columns = order_of(view.request.query_params, view, queryset)[1]
        return columns, [kind_of(queryset, column.name) for column in columns]

    def _plan_of(self, signature: QuerySignature) -> ListPlan | None:
        sql_serializer = self._view({}).get_sql_serializer()
        kinds = {name: kind for name, kind in (*signature.filters, *signature.cursor) if isinstance(kind, type)}
        if not signature.as_staff:
            kinds[OWNER] = UUID  # SECURITY: refuses SQL that does not contain the owner
        if sql_serializer is None:
            return None
        try:
            return ListPlan(
                compiled_queries.compile_query(
                    lambda values: self._queryset(signature, values, sql_serializer), kinds, connection
                ),
                sql_serializer,
            )
        except UncompilableError as error:
            logger.debug("%s is not compiled for %s: %s", self.view_class.__name__, signature, error)
            return None

    def _queryset(self, signature: QuerySignature, values: Mapping[str, Any], sql_serializer: SqlSerializer) -> QuerySet[Any]:
        """Return the page's rows as the plain path queries them."""
        params = dict.fromkeys((name for name, _ in signature.filters), "") | {"ordering": signature.ordering}
        view = self._view(params, values.get(OWNER), as_staff=signature.as_staff)
        queryset = view.get_queryset()
        if self.filterset:
            filters = self.filterset(params, queryset=queryset, request=view.request)
            filters.form.cleaned_data = {name: values.get(name, kind) for name, kind in signature.filters}
            queryset = filters.filter_queryset(queryset)
        keys = [values.get(name, kind) for name, kind in signature.cursor]
        cursor = Cursor(signature.ordering, keys, signature.is_reverse) if keys else None
        columns = self.order_of(signature.ordering)[0]
        return KeysetPagination.of(view.request, signature.limit, columns, signature.ordering, cursor).query(
            queryset, sql_serializer
        )


def _clean_parameter(filterset: Any, name: str, params: Mapping[str, str]) -> object:
    """Return the value of a filter's parameter, or raise NotCompiledError for an unknown or empty one."""
    found = filterset.base_filters.get(name) if filterset else None
    value = found.field.clean(found.field.widget.value_from_datadict(params, {}, name)) if found else None
    if value in EMPTY:
        raise NotCompiledError
    return value


COMPILED_LISTS: dict[str, CompiledList] = {}  # by URL path


def register_list(request: Request, audience: Audience) -> None:
    """Use the compiled list path for later requests to this URL."""
    if settings.FAST_LISTS and request.resolver_match and request.path_info not in COMPILED_LISTS:
        COMPILED_LISTS[request.path_info] = CompiledList(request.resolver_match, audience)


class CompiledListsMiddleware:
    """Middleware that returns compiled lists, before the session middleware and outside of a transaction of Django's.

    A list is registered once the plain path has handled a request for it in this process.
    """

    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FAST_LISTS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = COMPILED_LISTS.get(request.path_info) if request.method == "GET" else None
        page = found.respond(request) if found else None
        if found and page:
            request.resolver_match = found.match
        return page or self.get_response(request)


def _kind_of(value: object) -> type | bool | None:
    """Return the part of a value in the signature, or raise NotCompiledError if its SQL is not known, as of a list."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) not in PROBE_FACTORIES:
        raise NotCompiledError
    return type(value)
