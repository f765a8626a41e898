"""Bodies of requests, received in the event loop within limits of size, time, rate, number and disk space."""

import asyncio
import logging

from django.http import JsonResponse

from core.api.errors import problem
from core.middleware import DIGITS, body_limit
from mingus.server.protocol import Receive, Scope
from mingus.server.spool import Spool, SpooledBody, SpoolFullError

logger = logging.getLogger(__name__)
BUSY_SECONDS = 5


def busy() -> JsonResponse:
    """Return the error for a request that one of the bounds does not allow now."""
    detail = "The server has too much to do. Nothing was changed. Retry in a moment."
    return problem(503, "busy", detail, retry_after=BUSY_SECONDS)


class BodyError(Exception):
    """A body that Django will not see. `response` is the error for the client, None if the client has disconnected."""

    def __init__(self, reason: str, response: JsonResponse | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.response = response


def length_to_receive(scope: Scope) -> int | None:
    """Return the length of a request's body, 0 if it has none, None if only reading tells whether it has one.

    It is 0 for a body that `BodyLimitMiddleware` refuses: in chunks, too large, or with an invalid length.
    """
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if not lengths:
        return None if scope["http_version"] == "2" else 0
    text = lengths[0].decode("latin-1")
    length = int(text) if DIGITS.fullmatch(text) else 0
    return length if length <= body_limit(scope["path"]) else 0


class BodyReceiver:
    """Receives bodies. The time limit grows with each byte, so that a large upload may take longer than a small one."""

    def __init__(self, spool: Spool, *, timeout: int, min_rate: int) -> None:
        self._spool = spool
        self._timeout = timeout
        self._min_rate = min_rate

    async def receive(self, receive: Receive, length: int | None) -> SpooledBody:
        """Return the whole body. Without a length, return its first bytes: middleware refuses such a body, if there is one."""
        body = SpooledBody(self._spool)
        try:
            async with asyncio.timeout(self._timeout) as limit:
                await self._fill(body, receive, length, limit)
            body.rewind()
        except BaseException as error:
            body.close()
            if isinstance(error, TimeoutError):
                raise BodyError("timeout", self._too_slow()) from None
            if isinstance(error, SpoolFullError):
                logger.error("A request was refused: %s", error)
                raise BodyError("disk", busy()) from None
            raise
        return body

    async def _fill(self, body: SpooledBody, receive: Receive, length: int | None, limit: asyncio.Timeout) -> None:
        start = asyncio.get_running_loop().time()
        more = True
        while more and not (length is None and body.size):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise BodyError("disconnect")
            body.append(message["body"])
            more = message["more_body"]
            limit.reschedule(start + self._timeout + body.size / self._min_rate)
        if length is not None and body.size != length:
            raise BodyError("disconnect")

    def _too_slow(self) -> JsonResponse:
        detail = (
            f"The body did not arrive in time. Send it within {self._timeout} seconds, or a large one with at least"
            f" {self._min_rate:,} bytes per second. Nothing was changed."
        )
        response = problem(408, "request_timeout", detail)
        response["Connection"] = "close"
        return response
