"""A contender on MINGUS's models and connections whose statements run as whoever logged in: the tables' owner."""

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
# Asks for as much as the statement that opens a reach, and opens none.
NO_ROLE = CompiledQuery((b"SELECT ", b"::text, ", b"::text"), names=compiled_queries.SET_ROLE.names)


@dataclass(frozen=True, slots=True)
class WithoutRls:
    """Without a role and a setting for each request, which only MINGUS's row policies need."""

    contender: Contender
    name: str

    def answer(self, call: Request) -> Response:
        with _without_role():
            return self.contender.answer(call)


def contender_without_rls(name: str, middleware: list[str]) -> Contender:
    """A Django project of its own with this middleware, of which one makes its addresses known."""
    with override_settings(MIDDLEWARE=middleware):
        return WithoutRls(WsgiContender(name, WSGIHandler()), name)


def own_urls(module: str) -> Callable[[Handler], Handler]:
    """Middleware that lets requests find the `urlpatterns` of `module`: several projects live in this process."""

    def use_these_urls(get_response: Handler) -> Handler:
        def middleware(request: HttpRequest) -> HttpResponse:
            request.urlconf = module
            return get_response(request)

        return middleware

    return use_these_urls


@contextmanager
def _without_role() -> Iterator[None]:
    """Neither the ORM's statements nor the kept ones set a role."""
    reach, unapplied = compiled_queries.SET_ROLE, rls.pending_context
    connection_created.disconnect(dispatch_uid=EXECUTE_WRAPPER_UID)
    connection.execute_wrappers.clear()
    compiled_queries.SET_ROLE, rls.pending_context = NO_ROLE, lambda *_: None
    try:
        yield
    finally:
        compiled_queries.SET_ROLE, rls.pending_context = reach, unapplied
        connection_created.connect(rls.install_execute_wrapper, dispatch_uid=EXECUTE_WRAPPER_UID)
