"""The base of compiled lists and single objects: the caller, their permission, and the return to the plain path."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.core.exceptions import SuspiciousOperation
from django.core.exceptions import ValidationError as FormError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from prometheus_client import Counter
from psycopg_pool import PoolTimeout
from rest_framework.exceptions import APIException

from core import context
from core.api.errors import unavailable
from core.api.renderers import ORJSON_OPTIONS, json_default
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery, Read, Rows, UncompilableError, Values
from core.fast_lists.placeholders import OWNER, SESSION, placeholder_view
from core.fast_lists.read_permissions import Audience, Caller, NotCompiledError, ReadPermission, Reason
from core.fast_lists.sql_serializer import SqlSerializer
from core.postgres import replicas
from core.postgres.failures import LOCK_TIMEOUT, QUERY_TIMEOUT, UNAVAILABLE, failure_of
from core.rate_limits import seconds_to_wait_once

logger = logging.getLogger(__name__)
MAX_CACHED_PLANS = 200  # per view; a client that sends ever new signatures slows down only its own requests
PLAIN_READS = Counter("mingus_plain_reads_total", "Requests of a compiled view that the plain path handled", ["reason"])


class NotModifiedError(Exception):
    """The client already has the state with the ETag in `headers`."""

    def __init__(self, headers: dict[str, str]) -> None:
        super().__init__()
        self.headers = headers


@dataclass(frozen=True, eq=False)  # equal only to itself: the expressions are slow to hash
class ReadPlan:
    statement: CompiledQuery
    sql_serializer: SqlSerializer


class CompiledView(ABC):
    """One action of a viewset that reads rows, without REST framework and Django's ORM.

    `respond` returns None, without side effects, for a request that can't be compiled and for every response but the rows: the
    plain path then handles the request. PLAIN_READS counts these by reason.
    """

    action: str

    def __init__(self, match: ResolverMatch, audience: Audience) -> None:
        found: Any = match.func
        self.match, self.view_class, self.options = match, found.cls, found.initkwargs
        self.permission = ReadPermission(audience, self.view_class.queryset.model)
        view = self.view({}, {})
        view.action_map = found.actions
        self.authenticators = view.get_authenticators()
        self.headers = {
            "Allow": ", ".join(name.upper() for name in view.http_method_names if name in {*found.actions, "head", "options"})
        }

    def respond(self, request: HttpRequest, keys: list[UUID]) -> HttpResponse | None:
        """Return the rows, or None if the plain path must handle the request, for example to report its errors."""
        try:
            request.get_host()  # SECURITY: raises for a host that is not allowed, as in CommonMiddleware
            return self.read(request, keys)
        except NotModifiedError as error:
            return self._not_modified(error.headers)
        except NotCompiledError as error:
            PLAIN_READS.labels(error.reason).inc()
        except (APIException, FormError, SuspiciousOperation):
            PLAIN_READS.labels(Reason.REFUSED).inc()
        except (psycopg.Error, OperationalError) as error:
            failure = failure_of(error)
            if failure in (LOCK_TIMEOUT, QUERY_TIMEOUT) or isinstance(error, PoolTimeout):
                return unavailable(request, failure or UNAVAILABLE)  # the plain path would wait for as long again
            PLAIN_READS.labels(Reason.DATABASE).inc()
            logger.warning("The compiled read failed for %s, the plain path handles it: %s", request.path, error)
        return None

    @abstractmethod
    def read(self, request: HttpRequest, keys: list[UUID]) -> HttpResponse:
        """Return the response, or raise NotCompiledError or an error of the request."""

    @contextmanager
    def rows(
        self, request: HttpRequest, plan_of: Callable[[bool | None], ReadPlan | None], values: Values
    ) -> Iterator[tuple[ReadPlan, Rows, dict[str, str]]]:
        """Authenticate, and yield the plan, the rows and headers, in the context of the caller's database role.

        Raise NotModifiedError before reading rows that the client has.
        """
        plans = {as_staff: plan_of(as_staff) for as_staff in self.permission.staff_variants}  # compiled before reading
        with compiled_queries.open_reader(connections[DEFAULT_DB_ALIAS]) as read:
            caller = self._caller(request, read)
            plan = plans[self.permission.staff_variant_of(caller)]
            if plan is None:
                raise NotCompiledError(Reason.NOT_COMPILED)
            headers = caller.headers | self.state_headers(request, caller, plan)
            role, values = self.permission.role_of(caller), {**values, OWNER: caller.pk, SESSION: caller.session}
            with context.using_role(role, caller.pk):  # SECURITY: row-level security, as in the viewsets
                rows = replicas.rows(read, plan.statement, values, caller.pk)
        with context.using_role(role, caller.pk):
            yield plan, rows, headers

    def state_headers(self, request: HttpRequest, caller: Caller, plan: ReadPlan) -> dict[str, str]:
        """Return the ETag of the rows if it is known before they are read, or raise NotModifiedError."""
        return {}

    def _caller(self, request: HttpRequest, read: Read) -> Caller:
        for authenticator in self.authenticators:
            caller: Caller | None = authenticator.caller_by_prepared_statement(request, read)
            if caller is None:
                continue
            if not self.permission.allows(caller, read):
                raise NotCompiledError(Reason.REFUSED)
            if seconds_to_wait_once(request, "reads", str(caller.pk)):
                raise NotCompiledError(Reason.THROTTLED)
            return caller
        raise NotCompiledError(Reason.ANONYMOUS)

    def _not_modified(self, headers: Mapping[str, str]) -> HttpResponse:
        response = HttpResponse(status=304, headers={**self.headers, **headers, "Content-Length": "0"})
        del response.headers["Content-Type"]
        return response

    def response(self, body: object, headers: Mapping[str, str]) -> HttpResponse:
        content = orjson.dumps(body, default=json_default, option=ORJSON_OPTIONS)
        length = {"Content-Length": str(len(content))}
        return HttpResponse(content, content_type="application/json", headers={**self.headers, **headers, **length})

    def view(self, params: Mapping[str, Any], values: Mapping[str, Any], *, as_staff: bool | None = None) -> Any:
        """Return the viewset for a placeholder request."""
        return placeholder_view(self.view_class, self.action, params, values, as_staff=as_staff, **self.options)

    def compiled(
        self,
        build: Callable[[dict[str, Any], SqlSerializer], QuerySet[Any]],
        kinds: dict[str, type],
        *,
        as_staff: bool | None,
    ) -> ReadPlan | None:
        """Compile the query that `build` returns for values of these types by name; None if it can't be compiled."""
        sql_serializer = self.view({}, {}).get_sql_serializer()
        if not as_staff:
            kinds = kinds | {OWNER: UUID}  # SECURITY: refuses SQL that does not contain the owner
        if self.view_class.depends_on_session:
            kinds = kinds | {SESSION: str}
        if sql_serializer is None:
            return None
        try:
            statement = compiled_queries.compile_query(lambda values: build(values, sql_serializer), kinds, connection)
        except UncompilableError as error:
            logger.info("%s of %s is not compiled: %s", self.action, self.view_class.__name__, error)
            return None
        return ReadPlan(statement, sql_serializer)
