"""Limits on the length of a URL and on the size of all headers. The limit on the body is in `core.middleware`."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from core.api.errors import problem
from core.middleware import GetResponse
from mingus.wsgi_handler import MAX_MEDIA_TYPE

MEDIA_TYPE_HEADERS = {"CONTENT_TYPE": "Content-Type", "HTTP_ACCEPT": "Accept"}


class RequestLimitsMiddleware:
    """Middleware that refuses a long URL or large headers, before other middleware searches, parses or stores them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta, query = request.META, request.META.get("QUERY_STRING", "")
        if len(meta["PATH_INFO"]) + len(query) + bool(query) > settings.MAX_URL_BYTES:
            limit = f"The path and the query may have at most {settings.MAX_URL_BYTES:,} bytes."
            return problem(414, "uri_too_long", f"{limit} Send fewer values, or send them in several requests.")
        headers = (item for item in meta.items() if item[0].startswith("HTTP_") or item[0] == "CONTENT_TYPE")
        if sum(len(name) + len(value) for name, value in headers) > settings.MAX_HEADER_BYTES:
            limit = f"The headers may have at most {settings.MAX_HEADER_BYTES:,} bytes together."
            return problem(431, "headers_too_large", f"{limit} Remove cookies and headers that are not needed.")
        long = [name for key, name in MEDIA_TYPE_HEADERS.items() if len(meta.get(key, "")) > MAX_MEDIA_TYPE]
        if long:
            return problem(400, "header_too_long", f"{long[0]} may have at most {MAX_MEDIA_TYPE:,} bytes.")
        return self.get_response(request)
