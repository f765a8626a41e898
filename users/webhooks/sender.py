"""The HTTP client of webhooks: one POST to a checked address, within limits of time and size.

It uses `http.client`, because it follows no redirects and reads no proxy from the environment, and because the socket is ours:
it is connected to the checked address, while the certificate and the header `Host` are those of the name.
"""

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from users.models.webhooks import EXCERPT_LENGTH, AttemptError
from users.webhooks.addresses import AddressError, resolve

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

HTTPS_PORT = 443
MAX_BODY_BYTES = 4 * EXCERPT_LENGTH  # that are read; a character has at most four bytes in UTF-8


class Outcome(NamedTuple):
    """The outcome of an attempt: a status with the beginning of the response, or an error."""

    status: int | None
    error: str
    duration: float
    excerpt: str = ""


class DeadlineSocket(ssl.SSLSocket):
    """A TLS socket whose reads and writes all end at one time, so that a peer can't prolong them byte by byte."""

    deadline = 0.0

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        self.settimeout(remaining(self.deadline))
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        self.settimeout(remaining(self.deadline))
        return super().send(data, flags)


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Send a POST request to a URL, and return its outcome. It raises nothing for what a receiver can do."""
    start = time.monotonic()
    try:
        status, excerpt = _exchange(urlsplit(url), body, headers, start + settings.WEBHOOKS["timeout"])
        return Outcome(status, error_of_status(status), time.monotonic() - start, excerpt)
    except ssl.SSLCertVerificationError:
        error = AttemptError.CERTIFICATE
    except AddressError:
        error = AttemptError.ADDRESS
    except TimeoutError:
        error = AttemptError.TIMEOUT
    except OSError:
        error = AttemptError.CONNECTION
    except (http.client.HTTPException, ValueError):  # ValueError: a length or chunk that is not a number
        error = AttemptError.RESPONSE
    return Outcome(None, error, time.monotonic() - start)


def error_of_status(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return AttemptError.REDIRECT if 300 <= status < 400 else AttemptError.STATUS


def remaining(deadline: float) -> float:
    """Return the seconds until a time of the monotonic clock, or raise TimeoutError if it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("The receiver did not respond in time.")
    return seconds


def _exchange(parts: SplitResult, body: bytes, headers: Mapping[str, str], deadline: float) -> tuple[int, str]:
    host, port = parts.hostname or "", parts.port or HTTPS_PORT
    addresses = resolve(host, port, timeout=remaining(deadline))
    connection = http.client.HTTPConnection(host, port)
    connection.auto_open = 0  # SECURITY: it would connect to the name itself, without TLS
    try:
        connection.sock = _connect(addresses, host, port, deadline)
        path = parts._replace(scheme="", netloc="", fragment="", path=parts.path or "/").geturl()
        connection.request("POST", path, body, {"Host": parts.netloc, "Connection": "close", **headers})
        response = connection.getresponse()
        return response.status, _excerpt(response)
    finally:
        connection.close()


def _connect(addresses: list[str], host: str, port: int, deadline: float) -> DeadlineSocket:
    """Return a TLS connection to the first address that can be reached. Its certificate must be valid for `host`."""
    for address in addresses:
        try:
            plain = socket.create_connection((address, port), timeout=remaining(deadline) / len(addresses))
            break
        except OSError as error:
            failure = error
    else:
        raise failure
    with plain:  # which is empty once TLS has taken over its connection
        plain.settimeout(remaining(deadline))
        secured: Any = _tls_context(settings.WEBHOOKS["ca_file"]).wrap_socket(plain, server_hostname=host)
    secured.deadline = deadline
    return secured


def _excerpt(response: http.client.HTTPResponse) -> str:
    """Return the beginning of the body as text that PostgreSQL can store. A body that breaks off counts as it came."""
    try:
        start = response.read(MAX_BODY_BYTES)
    except (OSError, http.client.HTTPException, ValueError):
        return ""
    return start.decode("utf-8", "replace").replace("\0", "\ufffd")[:EXCERPT_LENGTH]


@cache
def _tls_context(ca_file: str) -> ssl.SSLContext:
    """Return a context that verifies certificates by the system's authorities, or by those of a file."""
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineSocket
    return context
