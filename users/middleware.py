"""Gives the account API (django-allauth headless, `/_allauth/`) the project's error shape too."""

from collections.abc import Callable
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import ParseError

from mingus.kit.api.errors import problem
from mingus.kit.api.parsers import parsed

ACCOUNT_API = "/_allauth/"
RETRY_AFTER = "60"  # allauth does not tell how much of its window is left; most of its limits are per minute


class AccountErrorsMiddleware:
    """Adds `type`, and `detail` and `attr` on each error, to what allauth answers; its own keys stay for its clients."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ACCOUNT_API):
            return self.get_response(request)
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
            response["Retry-After"] = RETRY_AFTER
        response.content = orjson.dumps(in_our_shape(orjson.loads(response.content), response.status_code))
        return response


def in_our_shape(body: dict[str, Any], status: int) -> dict[str, Any]:
    """`{"errors": [{"message", "code", "param"}]}` as `{"type", "errors": [{…, "detail", "attr"}]}`."""
    if "type" in body:
        return body
    errors = [{**error, "detail": error["message"], "attr": error.get("param")} for error in body.get("errors", [])]
    return body | {"type": "validation_error" if status == 400 else "client_error", "errors": errors or [nothing_said(status)]}


def nothing_said(status: int) -> dict[str, Any]:
    """What to say where allauth answers with a status only."""
    detail = {
        401: "Not logged in yet. See `data.flows` for what is open to you.",
        403: "This is not open.",
        409: "This does not fit the present state: you may be logged in already, or nothing is pending.",
        410: "The session has ended. Log in again.",
        429: "Too many attempts. Wait a few minutes.",
    }.get(status, "The request can't be carried out.")
    return {"code": "not_authenticated" if status == 401 else "refused", "detail": detail, "attr": None}
