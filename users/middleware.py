"""Middleware for access to the back office, errors of the account API (`/_allauth/`), and records of impersonation."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from django.contrib.auth.views import redirect_to_login
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core import clock, context, rls
from core.api.errors import problem
from core.errors import DomainError
from core.json_input import parsed
from system.services import record_access
from users.account_api.errors import BY_STATUS, as_api_errors
from users.email_codes import ACCOUNT_API
from users.models import Impersonation
from users.rate_limits import seconds_left
from users.webauthn_errors import REFUSED, UNREADABLE

ADMIN_PATH = "admin/"
OPEN_PAGES = ("admin_login", "admin_second_factor", "admin_second_factor_setup")  # the pages of the login
MAX_NOTE_LENGTH = 100  # characters


class SecondFactorMiddleware:
    """Middleware that requires a second factor in the session for every page of the back office."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """Redirect to the login if the session has no second factor."""
        # SECURITY: checks the resolved route, because a path can be written in more than one way
        found: Any = request.resolver_match
        if not found.route.startswith(ADMIN_PATH) or found.url_name in OPEN_PAGES:
            return None
        if request.user.is_active and request.user.is_staff and request.session.has_second_factor:  # type: ignore[attr-defined]
            return None
        return redirect_to_login(request.get_full_path(), reverse("admin_login"))


class AccountErrorsMiddleware:
    """Middleware that adds `type`, and `detail` and `attr` of each error, to allauth's responses, beside allauth's own keys."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """Set the user of a session cookie as the actor; allauth looks up session tokens."""
        if request.path.startswith(ACCOUNT_API) and request.user.is_authenticated:
            context.update(actor_id=request.user.pk)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return an error for a session that ended during the request, or for invalid data of a security key."""
        if isinstance(exception, UpdateError):
            return problem(410, *BY_STATUS[410])
        if request.path.startswith(ACCOUNT_API) and "webauthn" in request.path and isinstance(exception, UNREADABLE):
            return problem(400, "incorrect_code", REFUSED, "credential")
        return None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ACCOUNT_API):
            return self.get_response(request)
        request.META["CONTENT_TYPE"] = request.META.get("CONTENT_TYPE") or "application/json"
        if request.method != "GET" and request.body:
            try:
                parsed(request.body)  # allauth's own parser fails on a deeply nested body
            except DomainError as error:
                return problem(400, "parse_error", error.message)
        response = self.get_response(request)
        if response.status_code < 400:
            return response
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return _without_json(response)
        if response.status_code == 429 and "Retry-After" not in response.headers:
            response["Retry-After"] = str(seconds_left(request))
        path = "/".join(request.path.split("/")[4:])  # after /_allauth/<client>/v1/
        body = as_api_errors(str(request.method), path, response.status_code, orjson.loads(response.content))
        response.content = orjson.dumps(body)
        return response


def _without_json(response: HttpResponse) -> HttpResponse:
    """Return the error for a response of Django itself: a method that is not allowed, or a body that allauth refused."""
    if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return problem(response.status_code, "bad_request", "The body must be a JSON object.")
    allowed = response.headers["Allow"]
    refused = problem(response.status_code, "method_not_allowed", f"This method is not allowed here. Use one of: {allowed}.")
    refused["Allow"] = allowed
    return refused


class ImpersonationMiddleware:
    """Middleware that records every request of an impersonation in the access log, including refused requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        credential = getattr(request, "auth", None)  # set by REST framework
        if isinstance(credential, Impersonation):
            self._record(request, credential)
        return response

    def _record(self, request: HttpRequest, impersonation: Impersonation) -> None:
        """Record the request in a separate transaction: its own is rolled back if it is refused."""
        with rls.as_staff(reason=impersonation.reason):
            context.update(actor_id=impersonation.user_id, impersonator_id=impersonation.staff_id)
            record_access(
                customer=impersonation.user,
                staff=impersonation.staff,
                action="impersonate",
                what=f"{request.method} {request.path}"[:MAX_NOTE_LENGTH],
                reason=impersonation.reason,
                now=clock.now(),
            )
