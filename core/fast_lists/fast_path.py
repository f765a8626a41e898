"""The compiled list path: `GET /route/` by a token, answered with SQL that is made once for each signature of the question.

A signature is which filters, which order, how many rows, and whether a cursor: everything but the values. The SQL of a
signature is written by the viewset itself, its filters and its pages, from values that stand for the real ones
(`core.fast_lists.compiled_queries`),
so there is one owner scope and one meaning of each filter. What a signature can't be made of, and every answer that is not a
page, is left to the plain path: `answer` gives None, nothing has happened, and the viewset answers as ever.
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
from core.api.filters import StrictFilterBackend, kind_of
from core.api.pagination import Cursor, KeysetPagination, OrderColumn, limit_of, order_of
from core.api.renderers import ORJSON_OPTIONS, json_default
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import PROBE_FACTORIES, CompiledQuery, UncompilableError
from core.fast_lists.list_permissions import Audience, ListPermission
from core.fast_lists.sql_serializer import SqlSerializer
from core.postgres import replicas
from core.rate_limits import seconds_to_wait

logger = logging.getLogger(__name__)
MAX_CACHED_PLANS = 200  # of one list; who asks for ever new ones only makes his own requests slower
EMPTY: tuple[Any, ...] = (None, "", [], (), {})
OWNER = "the owner"  # no filter has such a name
PAGING_PARAMETERS = {"limit", "ordering", "cursor"}
GetResponse = Callable[[HttpRequest], HttpResponse]
ParameterKinds = tuple[tuple[str, type | bool | None], ...]


class NotCompiledError(Exception):
    """The plain path has to answer."""


class QuerySignature(NamedTuple):
    """A question without its values: the kind of each, but for True, False and NULL, of which the SQL depends."""

    filters: ParameterKinds
    ordering: str
    limit: int
    cursor: ParameterKinds
    is_reverse: bool
    as_staff: bool | None = None  # None of a list that holds nothing but the owner's rows, whoever he is


class ListPlan(NamedTuple):
    """How to answer a signature."""

    statement: CompiledQuery
    sql_serializer: SqlSerializer


class PlaceholderOwner:
    """Stands for the signed-in user. SECURITY: it has nothing but a key, so SQL that depends on more can't be kept."""

    def __init__(self, pk: UUID | None) -> None:
        self.pk = self.id = pk


class PlaceholderCaller(PlaceholderOwner):
    """The same of a list that is not only his own, where it matters whether he is one of the staff."""

    is_authenticated = True

    def __init__(self, pk: UUID | None, *, is_staff: bool) -> None:
        super().__init__(pk)
        self.is_staff = is_staff


class CompiledList:
    """One list of the API, at the address that `match` is about."""

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
        """The page, or None when the plain path has to answer: what is wrong with a request is its to say."""
        try:
            return self._respond(request)
        except (NotCompiledError, APIException, FormError, SuspiciousOperation):
            return None
        except (psycopg.Error, OperationalError, PoolTimeout) as error:
            logger.warning("%s is left to the plain path: %s", request.path, error)
            return None

    def _respond(self, request: HttpRequest) -> HttpResponse:
        request.get_host()  # SECURITY: refuses a host that is not ours, as CommonMiddleware does
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
            # SECURITY: the database's wall, as the viewsets set it
            role = self.list_permission.role_of(caller)
            with context.using_role(role, caller.pk):
                rows = replicas.rows(read, plan.statement, values | {OWNER: caller.pk}, caller.pk)
        page = KeysetPagination.of(request, signature.limit, self.order_of(signature.ordering)[0], signature.ordering, cursor)
        with context.using_role(role, caller.pk):
            body = page.body(plan.sql_serializer.objects(page.trimmed(rows, plan.sql_serializer)))
        content = orjson.dumps(body, default=json_default, option=ORJSON_OPTIONS)
        headers = {"Allow": self.allowed, "Content-Length": str(len(content))}
        return HttpResponse(content, content_type="application/json", headers=headers)

    def _parse_request(self, request: HttpRequest) -> tuple[QuerySignature, dict[str, Any], Cursor | None]:
        """Return the signature of the request, its values by place, and its cursor. Raises what is wrong with it."""
        given = {name: texts[0] for name, texts in request.GET.lists() if len(texts) == 1 and texts[0]}
        if len(given) != len(request.GET):
            raise NotCompiledError
        values = {
            name: _clean_parameter(self.filterset, name, given) for name in sorted(given) if name not in PAGING_PARAMETERS
        }
        filters = tuple((name, _kind_of(value)) for name, value in values.items())
        ordering = given.get("ordering", self.view_class.ordering)
        cursor = Cursor.of(given["cursor"], ordering, *self.order_of(ordering)) if "cursor" in given else None
        keys = {f"cursor {number}": value for number, value in enumerate(cursor.values if cursor else ())}
        behind = tuple((name, _kind_of(value)) for name, value in keys.items())
        signature = QuerySignature(filters, ordering, limit_of(given), behind, bool(cursor and cursor.reverse))
        return signature, values | keys, cursor

    def _view(self, given: Mapping[str, Any], owner: UUID | None = None, *, as_staff: bool | None = None) -> Any:
        """The viewset as it would be for such a request; of the request it has nothing but its parameters and the owner."""
        user = PlaceholderOwner(owner) if as_staff is None else PlaceholderCaller(owner, is_staff=as_staff)
        auth = SimpleNamespace(has_second_factor=as_staff)
        view = self.view_class(**self.options)
        view.action, view.args, view.kwargs, view.format_kwarg = "list", (), {}, None
        view.request = SimpleNamespace(user=user, auth=auth, query_params=given, method="GET")
        return view

    def _order_of(self, ordering: str) -> tuple[list[OrderColumn], list[Any]]:
        """The columns of an order and their fields."""
        view = self._view({"ordering": ordering}, as_staff=self.list_permission.staff_variants[0])
        try:
            queryset = view.get_queryset()
        except AttributeError as error:  # it depends on more of the request than there is here
            raise NotCompiledError from error
        columns = order_of(view.request.query_params, view, queryset)[1]
        return columns, [kind_of(queryset, column.name) for column in columns]

    def _plan_of(self, signature: QuerySignature) -> ListPlan | None:
        sql_serializer = self._view({}).get_sql_serializer()
        kinds = {name: kind for name, kind in (*signature.filters, *signature.cursor) if isinstance(kind, type)}
        if not signature.as_staff:
            kinds[OWNER] = UUID  # SECURITY: SQL in which he is not named is refused
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
        """The page's rows, as the plain path would ask for them."""
        given = dict.fromkeys((name for name, _ in signature.filters), "") | {"ordering": signature.ordering}
        view = self._view(given, values.get(OWNER), as_staff=signature.as_staff)
        queryset = view.get_queryset()
        if self.filterset:
            filters = self.filterset(given, queryset=queryset, request=view.request)
            filters.form.cleaned_data = {name: values.get(name, kind) for name, kind in signature.filters}
            queryset = filters.filter_queryset(queryset)
        keys = [values.get(name, kind) for name, kind in signature.cursor]
        cursor = Cursor(signature.ordering, keys, signature.is_reverse) if keys else None
        columns = self.order_of(signature.ordering)[0]
        return KeysetPagination.of(view.request, signature.limit, columns, signature.ordering, cursor).query(
            queryset, sql_serializer
        )


def _clean_parameter(filterset: Any, name: str, given: Mapping[str, str]) -> object:
    """Return the value of a filter's parameter. Raises NotCompiledError for one that the plain path has to judge."""
    found = filterset.base_filters.get(name) if filterset else None
    value = found.field.clean(found.field.widget.value_from_datadict(given, {}, name)) if found else None
    if value in EMPTY:
        raise NotCompiledError
    return value


COMPILED_LISTS: dict[str, CompiledList] = {}  # by address, as many as the API has


def register_list(request: Request, audience: Audience) -> None:
    """Answer the address of this request from here on, where that can be done."""
    if settings.FAST_LISTS and request.resolver_match and request.path_info not in COMPILED_LISTS:
        COMPILED_LISTS[request.path_info] = CompiledList(request.resolver_match, audience)


class CompiledListsMiddleware:
    """Answers what it can before sessions, messages and the like are looked at, and outside of a transaction of Django's.

    A list is known here when the plain path has answered it once in this process.
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
    """What of a value is part of its signature. Raises NotCompiledError for one whose SQL may be anything, such as a list."""
    if value is None or isinstance(value, bool):
        return value
    if type(value) not in PROBE_FACTORIES:
        raise NotCompiledError
    return type(value)
