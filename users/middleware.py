"""Stands before the back office, and gives the account API (django-allauth headless, `/_allauth/`) the one error shape."""

from collections.abc import Callable
from typing import Any

import orjson
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from rest_framework.exceptions import ParseError

from core import clock, context, rls
from core.api.errors import problem
from core.api.parsers import parsed
from system.services import record_access
from users.models import Impersonation
from users.rate_limits import seconds_left
from users.webauthn_errors import REFUSED, UNREADABLE

ADMIN_PATH = "admin/"
OPEN_PAGES = ("admin_login", "admin_second_factor", "admin_second_factor_setup")  # where staff show who they are
MAX_NOTE_LENGTH = 100  # characters
ACCOUNT_API = "/_allauth/"


class SecondFactorMiddleware:
    """Lets nobody see a page of the back office who has not shown a second factor in this session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Send to the login whoever may not pass."""
        # SECURITY: by the route that was found, not by the path: what leads to a page can't look like another address
        found: Any = request.resolver_match
        if not found.route.startswith(ADMIN_PATH) or found.url_name in OPEN_PAGES:
            return None
        if request.user.is_active and request.user.is_staff and request.session.has_second_factor:  # type: ignore[attr-defined]
            return None
        return redirect_to_login(request.get_full_path(), reverse("admin_login"))


class AccountErrorsMiddleware:
    """Adds `type`, and `detail` and `attr` on each error, to what allauth answers; its own keys stay for its clients."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A session that somebody ended while it was at work, and what allauth does not expect of a security key."""
        if isinstance(exception, UpdateError):
            return problem(410, "session_ended", str(default_error(410)["detail"]))
        if request.path.startswith(ACCOUNT_API) and "webauthn" in request.path and isinstance(exception, UNREADABLE):
            return problem(400, "incorrect_code", REFUSED, "credential")
        return None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ACCOUNT_API):
            return self.get_response(request)
        if request.user.is_authenticated:
            context.update(actor_id=request.user.pk)  # the browser's session; a program's is looked up by allauth
        request.META["CONTENT_TYPE"] = request.META.get("CONTENT_TYPE") or "application/json"
        if request.method != "GET" and request.body:
            try:
                parsed(request.body)  # allauth's own parser would fall over a deeply nested body
            except ParseError as error:
                return problem(400, "parse_error", str(error.detail))
        response = self.get_response(request)
        if response.status_code < 400:
            return response
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return problem(response.status_code, "bad_request", "The body must be a JSON object.")
        if response.status_code == 429:
            response["Retry-After"] = str(seconds_left(request))
        response.content = orjson.dumps(as_api_errors(orjson.loads(response.content), response.status_code))
        return response


def as_api_errors(body: dict[str, Any], status: int) -> dict[str, Any]:
    """`{"errors": [{"message", "code", "param"}]}` as `{"type", "errors": [{…, "detail", "attr"}]}`."""
    if "type" in body:
        return body
    errors = [{**error, "detail": error["message"], "attr": error.get("param")} for error in body.get("errors", [])]
    return body | {"type": "validation_error" if status == 400 else "client_error", "errors": errors or [default_error(status)]}


def default_error(status: int) -> dict[str, Any]:
    """What to say where allauth answers with a status only."""
    detail = {
        401: "Not logged in yet. See `data.flows` for what is open to you.",
        403: "This is not open.",
        409: "This does not fit the present state: you may be logged in already, or nothing is pending.",
        410: "The session has ended. Log in again.",
        429: "Too many attempts. Retry-After says for how many seconds to wait.",
    }.get(status, "The request can't be carried out.")
    return {"code": "not_authenticated" if status == 401 else "refused", "detail": detail, "attr": None}


class ImpersonationMiddleware:
    """Notes every request that a colleague makes in a customer's name, refused ones too, before it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        leave = getattr(request, "auth", None)  # REST framework leaves its credential here
        if isinstance(leave, Impersonation):
            self._note(request, leave)
        return response

    def _note(self, request: HttpRequest, leave: Impersonation) -> None:
        """In a transaction of its own: the request's is rolled back when it is refused."""
        with rls.as_staff(reason=leave.reason):
            context.update(actor_id=leave.user_id, impersonator_id=leave.staff_id)
            record_access(
                customer=leave.user,
                staff=leave.staff,
                action="impersonate",
                what=f"{request.method} {request.path}"[:MAX_NOTE_LENGTH],
                reason=leave.reason,
                now=clock.now(),
            )
