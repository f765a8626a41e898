"""Limits of the API for each user, by what he does: reads, writes, and what moves whole files."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from core.rate_limits import client_ip, seconds_to_wait

if TYPE_CHECKING:
    from rest_framework.views import APIView


class ScopedThrottle(BaseThrottle):
    """Counts a request under one scope. A view names its costly actions in `file_actions`."""

    seconds = 0

    def allow_request(self, request: Request, view: "APIView") -> bool:
        who = str(request.user.pk) if request.user.is_authenticated else client_ip(request._request)
        self.seconds = seconds_to_wait(scope_of(request, view), who)
        return self.seconds == 0

    def wait(self) -> float:
        return self.seconds


def scope_of(request: Request, view: "APIView") -> str:
    """The scope of `settings.RATES` that a request counts under."""
    if not request.user.is_authenticated:
        return "anonymous"
    if getattr(view, "action", None) in getattr(view, "file_actions", ()):
        return "files"
    return "reads" if request.method in SAFE_METHODS else "writes"
