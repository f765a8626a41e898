"""Rate limits of the API per user, with scopes for reads, writes and files."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.rate_limits import client_ip, seconds_to_wait_once

if TYPE_CHECKING:
    from rest_framework.views import APIView


class ScopedThrottle(BaseThrottle):
    """A throttle that counts a request in one scope. A view names its actions of the scope `files` in `file_actions`."""

    seconds = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        who = str(request.user.pk) if request.user.is_authenticated else client_ip(request._request)
        self.seconds = seconds_to_wait_once(request._request, scope_of(request, view), who)
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds


def scope_of(request: Request, view: "APIView") -> str:
    if not request.user.is_authenticated:
        return "anonymous"
    if getattr(view, "action", None) in getattr(view, "file_actions", ()):
        return "files"
    return "reads" if request.method in SAFE_METHODS else "writes"
