"""Compression of JSON and CSV for clients that accept gzip."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware

COMPRESSED_TYPES = ("application/json", "text/csv")


class JsonGZipMiddleware(GZipMiddleware):
    """Middleware that compresses JSON and CSV of 200 bytes or more. Other types are small or compressed already.

    Django makes the `ETag` of a compressed response weak, and If-Match compares tags without regard to that.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith(COMPRESSED_TYPES):
            return response
        return super().process_response(request, response)
