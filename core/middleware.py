"""Middleware for request ids, database roles, rate limits by IP address, and body sizes."""

import logging
import re
from collections.abc import Callable

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

from core import context, rls
from core.api.errors import problem, unavailable
from core.context import Role
from core.postgres.failures import failure_of
from core.rate_limits import client_ip, seconds_to_wait

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
REQUEST_ID_PATTERN = re.compile(r"[A-Za-z0-9._-]{8,64}")
DIGITS = re.compile(r"[0-9]{1,20}")  # str.isdigit accepts the digits of other scripts, too
ACCOUNT_PATH = "/_allauth/"
ADMIN_PATH = "/admin/"
RATE_LIMITED_PATHS = ("/api/", "/account/", ACCOUNT_PATH, ADMIN_PATH)
ATTACHMENTS_PATH = "/api/v1/finance/attachments/"
BODY_LIMITS = {
    "/api/v1/finance/imports/": "IMPORT_MAX_BYTES",
    "/api/v1/finance/imports/move-in/": "IMPORT_MAX_BYTES",
    "/api/v1/finance/transactions/import/": "IMPORT_MAX_BYTES",
    "/api/v1/users/me/import/": "RESTORE_MAX_BODY_BYTES",
    ATTACHMENTS_PATH: "ATTACHMENT_MAX_BODY_BYTES",
}
"""The settings with the limits of paths that accept files."""


class RequestContextMiddleware:
    """Middleware that runs each request in an action context with the client's `X-Request-Id` if it is valid, else a new id."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = offered if REQUEST_ID_PATTERN.fullmatch(offered) else str(uuid7())
        with context.request(request_id):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Load the user of the session, so that other middleware does not: Django calls `process_exception` for views only."""
        if not request.path.startswith((ADMIN_PATH, ACCOUNT_PATH)):
            return None
        try:
            request.user.is_authenticated  # noqa: B018 - loads the user
        except Error as error:
            if response := self.process_exception(request, error):
                return response
            raise
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return 503 for a database that does not respond or that canceled the transaction, as after a time limit."""
        failure = failure_of(exception)
        if failure is None:
            return None
        logger.error("The database failed during %s %s: %s", request.method, request.path, exception)
        return unavailable(request, failure)


class DatabaseRoleMiddleware:
    """Middleware that sets the database role of a view and resets it afterwards. It must be inside of the other middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with rls.as_accounts():
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Set the role of staff under /admin/. In the API, `BaseViewSet.perform_authentication` sets the role."""
        if request.path.startswith(ADMIN_PATH) and request.user.is_authenticated:
            # SECURITY: the pages that ask staff for their second factor are here too, and must not have the role yet
            is_staff = request.user.is_staff and getattr(request.session, "has_second_factor", False)
            role = Role.STAFF if is_staff else Role.ACCOUNTS
            context.update(actor_id=request.user.pk, role=role)


class IpRateLimitMiddleware:
    """Middleware that returns 429 to an IP address with too many requests, before any other work is done."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seconds = seconds_to_wait("address", client_ip(request)) if request.path.startswith(RATE_LIMITED_PATHS) else 0
        if seconds:
            return problem(429, "throttled", f"Too many requests. Wait {seconds} seconds.", retry_after=seconds)
        return self.get_response(request)


def body_limit(path: str) -> int:
    """Return the size of the largest body that a path accepts, in bytes."""
    limit: int = getattr(settings, BODY_LIMITS.get(path, "DATA_UPLOAD_MAX_MEMORY_SIZE"))
    return limit


class BodyLimitMiddleware:
    """Middleware that refuses a large body by its Content-Length, because DRF's parsers would read all of it.

    A body without a length, in chunks or over HTTP/2, is refused, because Django 5.2.19 reads it as empty
    (findings/http2-patch-without-length.sh).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = body_limit(request.path)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not request.META.get("CONTENT_LENGTH") and _has_body(request):
            return problem(411, "length_required", "Send the body with a Content-Length, not in chunks.")
        if DIGITS.fullmatch(length) and int(length) <= limit:
            return self.get_response(request)
        if DIGITS.fullmatch(length):
            is_one_file = request.path == ATTACHMENTS_PATH
            remedy = "Send a smaller file." if is_one_file else "Send less, or send it in parts."
            sentence = f"The body may have at most {limit:,} bytes. {remedy}"
            return problem(413, "too_large", sentence, "file" if is_one_file else None)
        return problem(400, "invalid_length", "Content-Length must be a whole number.")


def _has_body(request: HttpRequest) -> bool:
    """Return True if a request without a Content-Length has a body."""
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return True
    return request.META.get("SERVER_PROTOCOL", "").startswith("HTTP/2") and bool(request.META["wsgi.input"].read(1))
