"""The WSGI environ of a request."""

import sys
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from mingus.server.protocol import Scope
from mingus.server.spool import SpooledBody

MAX_CACHED_KEYS = 1_000
COMMON_VALUES: dict[str, Any] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
_keys = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


def environ_of(scope: Scope, body: SpooledBody | None) -> dict[str, Any]:
    """Return the environ that Granian's WSGI interface would create, without the environment variables of the process.

    SECURITY: it has no headers whose names contain an underscore, which would replace those of a proxy (CVE-2015-0219).
    """
    # WSGI requires the bytes of the path as latin-1. The scope's "path" has lost those that are not UTF-8
    path = scope["raw_path"]
    environ = COMMON_VALUES | {
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": scope["server"][1],
        "REMOTE_ADDR": scope["client"][0],
        "REQUEST_METHOD": scope["method"],
        "PATH_INFO": (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO() if body is None else body,
    }
    for name, value in scope["headers"]:
        key = _keys.get(name)
        if key is None:
            key = _key_of(name)
        if key and key in environ:
            environ[key] += (";" if key == "HTTP_COOKIE" else ",") + value.decode("latin-1")
        elif key:
            environ[key] = value.decode("latin-1")
    return environ


def _key_of(name: bytes) -> str:
    """Return the key of a header, or an empty string for a header that is left out."""
    key = "" if b"_" in name else f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
    if len(_keys) < MAX_CACHED_KEYS:  # clients can send any names
        _keys[name] = key
    return key
