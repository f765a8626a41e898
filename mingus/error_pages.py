"""Error views of the project, and the middleware that shows errors in the back office as pages.

Everything that refuses a request returns the JSON of `core.api.errors.problem`. `ErrorPagesMiddleware` is the only place that
turns it into a page, without the database, so that it also works while the database is unavailable.
"""

import sys
from collections.abc import Callable
from http import HTTPStatus

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from core import context
from core.api.errors import MALFORMED, problem, unavailable
from core.middleware import ADMIN_PATH
from core.postgres.failures import failure_of

HTML, JSON = "text/html", "application/json"
UNCHANGED = "Nothing was changed. Go back and try again."
# The title and text of an error's page by its code. Other errors are shown with their status and detail.
TEXTS = {
    "bad_request": (
        "The request was refused",
        f"It is malformed or too large, such as a form with more than {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} fields. "
        f"{UNCHANGED} Select fewer rows if there were many.",
    ),
    "permission_denied": (
        "You may not open this page",
        "Your role does not allow this. The page “Roles and permissions” shows what each role may do. If you need it, ask an "
        "administrator.",
    ),
    "csrf_failed": (
        "This page has expired",
        "It was open for too long, or you have logged in again since. Nothing was changed. Go back, reload the page and try "
        "again. Your browser must accept cookies.",
    ),
    "not_found": (
        "Page not found",
        "The address is wrong, or what it showed was deleted. Check the address, which ends with a slash, or start from the "
        "front page.",
    ),
    "error": (
        "Something went wrong",
        f"An internal error occurred and was recorded. {UNCHANGED} If it happens again, report it with the request id.",
    ),
}


class ErrorPagesMiddleware:
    """Middleware that returns an error in the back office as a page, with the same status and headers.

    Scripts, which prefer JSON, get JSON.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not (isinstance(response, JsonResponse) and response.status_code >= 400 and request.path.startswith(ADMIN_PATH)):
            return response
        if request.get_preferred_type([HTML, JSON]) == HTML:
            error = orjson.loads(response.content)["errors"][0]
            response.content = page(response.status_code, error["code"], error["detail"])
            response.headers["Content-Type"] = f"{HTML}; charset=utf-8"
            response.headers["Content-Length"] = str(len(response.content))  # CommonMiddleware has set that of the JSON
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the same 404 with DEBUG, where Django would list its URLs."""
        is_missing_page = isinstance(exception, Http404) and request.path.startswith(ADMIN_PATH)
        return not_found(request) if is_missing_page else None


def page(status: int, code: str, detail: str) -> bytes:
    """Return the page of an error. SECURITY: it contains nothing of the request but its id."""
    phrase = "Try again in a moment" if status == HTTPStatus.SERVICE_UNAVAILABLE else HTTPStatus(status).phrase.capitalize()
    title, text = TEXTS.get(code, (phrase, detail))
    values = {
        "site_title": settings.UNFOLD["SITE_TITLE"],
        "styles": [style(None) for style in settings.UNFOLD["STYLES"]],
        "site_favicons": [icon | {"href": icon["href"](None)} for icon in settings.UNFOLD["SITE_FAVICONS"]],
        "title": title,
        "text": text,
        "status": status,
        "request_id": context.current().request_id,
        "shows_roles": code == "permission_denied",
    }
    return render_to_string("mingus/error.html", values).encode()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return a 400, for example for an invalid Host header or too many fields."""
    return problem(400, "bad_request", MALFORMED)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem(403, "permission_denied", "You do not have permission to do this.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return problem(403, "csrf_failed", "The CSRF token is missing or wrong. Reload the page and try again.")


@csrf_exempt  # it changes nothing, and a POST to a URL without its slash should say so
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return a 404 for a URL that does not exist, with a hint about a missing trailing slash."""
    hint = "" if request.path.endswith("/") else " URLs end with a slash."
    return problem(404, "not_found", f"This URL does not exist.{hint}")


def server_error(request: HttpRequest) -> HttpResponse:
    """Return a 500, or the 503 for a failure of the database outside of a view, whose changes may have been saved.

    The log has the traceback under the response's X-Request-Id.
    """
    if failure := failure_of(sys.exception()):
        return unavailable(request, failure._replace(is_undone=False))
    detail = "An internal error occurred. Nothing was changed. Contact support with the X-Request-Id of this response."
    return problem(500, "error", detail)
