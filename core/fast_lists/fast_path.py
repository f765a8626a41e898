"""The fast path: responses of compiled views, in front of sessions, REST framework and a transaction of Django's.

A view's action is registered once the plain path has handled a request for it in this process. From then on
`CompiledReadsMiddleware` asks `core.fast_lists.compiled_view.CompiledView.respond` first.
"""

import re
from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from core.fast_lists.compiled_list import CompiledList
from core.fast_lists.compiled_object import CompiledObject
from core.fast_lists.compiled_view import CompiledView
from core.fast_lists.read_permissions import Audience

GetResponse = Callable[[HttpRequest], HttpResponse]
UUID_IN_PATH = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?=/)")  # as Django's path converter
COMPILED_VIEWS: dict[str, CompiledView] = {}  # by URL path, with `*` in place of each key
KINDS: dict[str, type[CompiledView]] = {kind.action: kind for kind in (CompiledList, CompiledObject)}


def register(request: Request, action: str, audience: Audience | None) -> None:
    """Use the fast path for later requests to this URL, if the view's readers can be checked there."""
    path = UUID_IN_PATH.sub("*", request.path_info)
    if settings.FAST_LISTS and audience and request.resolver_match and path not in COMPILED_VIEWS:
        COMPILED_VIEWS[path] = KINDS[action](request.resolver_match, audience)


class CompiledReadsMiddleware:
    def __init__(self, get_response: GetResponse) -> None:
        if not settings.FAST_LISTS:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "GET":
            keys = UUID_IN_PATH.findall(request.path_info)
            found = COMPILED_VIEWS.get(UUID_IN_PATH.sub("*", request.path_info) if keys else request.path_info)
            response = found.respond(request, [UUID(key) for key in keys]) if found else None
            if found and response:
                request.resolver_match = found.match
                return response
        return self.get_response(request)
