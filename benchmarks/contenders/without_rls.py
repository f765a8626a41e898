"""Contenders on MINGUS's models and connections without row-level security, since statements run as the tables' owner."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings

from benchmarks.contenders.calls import Contender, Request, Response, WsgiContender
from core import rls
from core.apps import EXECUTE_WRAPPER_UID
from core.fast_lists import compiled_queries
from core.fast_lists.compiled_queries import CompiledQuery

Handler = Callable[[HttpRequest], HttpResponse]
# Selects as many values as the statement that sets the role, but sets none.
NO_ROLE = CompiledQuery((b"SELECT ", b"::text, ", b"::text"), names=compiled_queries.SET_ROLE.names)


@dataclass(frozen=True, slots=True)
class WithoutRls:
    """A contender whose requests set no role and no settings, which only MINGUS's row-level security needs."""

    contender: Contender
    name: str

    def handle(self, request: Request) -> Response:
        with _without_role():
            return self.contender.handle(request)


def contender_without_rls(name: str, middleware: list[str]) -> Contender:
    """Return a Django application with its own middleware, one of which sets its URLs."""
    with override_settings(MIDDLEWARE=middleware):
        return WithoutRls(WsgiContender(name, WSGIHandler()), name)


def own_urls(module: str) -> Callable[[Handler], Handler]:
    """Return middleware that sets the `urlpatterns` of `module`, because several applications share this process."""

    def use_these_urls(get_response: Handler) -> Handler:
        def middleware(request: HttpRequest) -> HttpResponse:
            request.urlconf = module
            return get_response(request)

        return middleware

    return use_these_urls


@contextmanager
def _without_role() -> Iterator[None]:
    """Set no role before the ORM's statements and the compiled queries."""
    set_role, pending_context = compiled_queries.SET_ROLE, rls.pending_context
    connection_created.disconnect(dispatch_uid=EXECUTE_WRAPPER_UID)
    connection.execute_wrappers.clear()
    compiled_queries.SET_ROLE, rls.pending_context = NO_ROLE, lambda *_: None
    try:
        yield
    finally:
        compiled_queries.SET_ROLE, rls.pending_context = set_role, pending_context
        connection_created.connect(rls.install_execute_wrapper, dispatch_uid=EXECUTE_WRAPPER_UID)
