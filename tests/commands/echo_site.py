"""A WSGI application that returns its environ, also behind the ASGI application of MINGUS."""

from collections.abc import Callable
from typing import Any

import django
from django.http import JsonResponse

django.setup()

from mingus.server.application import Application  # noqa: E402 - needs the apps
from mingus.server.scheduling import install_shortcut  # noqa: E402 - needs the apps, too


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> JsonResponse:
    """Return the strings of the environ, and the body."""
    shown = {key: value for key, value in environ.items() if isinstance(value, str | bool | tuple)}
    response = JsonResponse({**shown, "body": environ["wsgi.input"].read(1_000).decode("latin-1")})
    start_response("200 OK", [*response.items(), ("Content-Length", str(len(response.content)))])
    return response


asgi = Application(
    wsgi, max_waiting=10, max_bodies=10, body_timeout=10, body_min_rate=1_000, send_timeout=10, max_spool_bytes=1_000_000
)
install_shortcut(asgi)
