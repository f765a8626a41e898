"""The ASGI application: health probes, bodies, and the threads that run Django."""

from collections.abc import Awaitable

from django.http import JsonResponse

from mingus.server.protocol import Receive, Scope, Send
from mingus.server.request_bodies import BodyError, BodyReceiver, busy, length_to_receive
from mingus.server.responses import refuse, send_response
from mingus.server.spool import Spool
from mingus.server.wsgi_thread import WsgiApplication, WsgiThread

LIVE_PATH, READY_PATH = "/healthz/live", "/healthz/ready"
MAX_WAITING_PROBES = 10


class Application:
    """An ASGI application that runs a WSGI application in one thread, once a request's body has arrived.

    The liveness probe is answered in the event loop, the readiness probe in a second thread: both work while a request runs.
    """

    def __init__(
        self,
        wsgi: WsgiApplication,
        *,
        max_waiting: int,
        max_bodies: int,
        body_timeout: int,
        body_min_rate: int,
        send_timeout: int,
        max_spool_bytes: int,
    ) -> None:
        spool = Spool(max_spool_bytes)
        self._requests = WsgiThread(wsgi, max_waiting=max_waiting, spool=spool, send_timeout=send_timeout)
        self._probes = WsgiThread(wsgi, max_waiting=MAX_WAITING_PROBES, spool=spool, send_timeout=send_timeout)
        self._receiver = BodyReceiver(spool, timeout=body_timeout, min_rate=body_min_rate)
        self._max_bodies = max_bodies
        self._bodies = 0

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Return an awaitable that ends with the response. It is a coroutine, which needs more time, only for a body."""
        path = scope["path"]
        if path == LIVE_PATH and scope["method"] in {"GET", "HEAD"}:
            return _alive(send)
        length = length_to_receive(scope)
        if length != 0:
            return self._receive_and_run(scope, receive, send, length)
        return (self._probes if path == READY_PATH else self._requests).run(scope, receive, send)

    async def _receive_and_run(self, scope: Scope, receive: Receive, send: Send, length: int | None) -> None:
        if self._bodies >= self._max_bodies:
            return refuse(send, busy(), "bodies")
        self._bodies += 1
        try:
            body = await self._receiver.receive(receive, length)
            await self._requests.run(scope, receive, send, body)
        except BodyError as error:
            if error.response is not None:
                refuse(send, error.response, error.reason)
        finally:
            self._bodies -= 1


async def _alive(send: Send) -> None:
    send_response(send, JsonResponse({"status": "ok"}))
