"""Django's WSGI handler, with a bound on a header that Django parses before any middleware can refuse it."""

from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http.response import HttpResponseBase

MAX_MEDIA_TYPE = 1_024  # characters of Content-Type and of Accept, which Django parses in quadratic time


class BoundedHandler(WSGIHandler):
    """A handler that cuts a long Content-Type, which `mingus.request_limits` then refuses.

    SECURITY: `HttpRequest` of Django 5.2.19 parses it in quadratic time: 30,000 semicolons after a quotation mark take half a
    second.
    """

    def __call__(self, environ: dict[str, Any], start_response: Any) -> HttpResponseBase:
        environ["CONTENT_TYPE"] = environ.get("CONTENT_TYPE", "")[: MAX_MEDIA_TYPE + 1]
        return super().__call__(environ, start_response)
