"""Responses as ASGI messages: whole ones, errors, and large ones in parts at the speed of the client."""

import asyncio
import logging

from csp.constants import HEADER
from django.http import HttpResponse
from uuid_utils.compat import uuid7

from core import context
from mingus.metrics import REFUSED_REQUESTS
from mingus.security_headers import API_POLICY, HEADERS
from mingus.server.protocol import Message, Receive, Send, wait_for_disconnect
from mingus.server.spool import SpooledBody

logger = logging.getLogger(__name__)
Headers = list[tuple[str, str]]
PART_BYTES = 65_536
# The headers that middleware adds to responses of Django
COMMON_HEADERS = [*HEADERS.items(), (HEADER, API_POLICY), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY")]
COMMON_HEADERS += [("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin")]


def head(status: int, headers: Headers) -> Message:
    """Return the message that begins a response."""
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": pairs}


def send_whole(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a response in one piece, which needs no waiting, from any thread."""
    send(head(status, headers))
    send({"type": "http.response.body", "body": body, "more_body": False})


def send_response(send: Send, response: HttpResponse) -> None:
    """Send a response of Django that has not passed its middleware."""
    request_id = context.current().request_id or str(uuid7())
    headers = [*response.items(), *COMMON_HEADERS, ("Content-Length", str(len(response.content))), ("X-Request-Id", request_id)]
    send_whole(send, response.status_code, headers, response.content)


def refuse(send: Send, response: HttpResponse, reason: str) -> None:
    """Send an error for a request that Django has not seen, and count it."""
    REFUSED_REQUESTS.labels(reason).inc()
    send_response(send, response)


async def send_spooled(send: Send, receive: Receive, start: Message, body: SpooledBody, stall_seconds: int) -> None:
    """Send a large response in parts, and stop if the client disconnects or reads nothing for some time.

    The response has a Content-Length, so a client can tell that a response was cut off.
    """
    disconnect = asyncio.ensure_future(wait_for_disconnect(receive))
    try:
        await send(start)
        while not disconnect.done() and (part := body.read(PART_BYTES)):
            async with asyncio.timeout(stall_seconds):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)  # Granian takes parts for a fast client without waiting, and others must have their turn
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError:
        logger.info("A client read nothing of its response for %s seconds and was disconnected.", stall_seconds)
    finally:
        disconnect.cancel()
        body.close()
