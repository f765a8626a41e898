"""The ASGI application: health probes, bodies, and the threads that run Django."""

import asyncio

from django.http import JsonResponse

from mingus.server.protocol import Receive, Scope, Send
from mingus.server.request_bodies import BodyError, BodyReceiver, busy, length_to_receive
from mingus.server.responses import refuse, send_response
from mingus.server.spool import Spool
from mingus.server.wsgi_thread import Exchange, WsgiApplication, WsgiThread

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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request. Granian calls this for the requests that `run_in_thread` has not taken."""
        if _is_liveness_probe(scope):
            return send_response(send, JsonResponse({"status": "ok"}))
        if self._bodies >= self._max_bodies:
            return refuse(send, busy(), "bodies")
        self._bodies += 1
        try:
            length = length_to_receive(scope)
            body = await self._receiver.receive(receive, length) if length != 0 else None
            loop = asyncio.get_running_loop()
            ended = loop.create_future()
            self._thread_for(scope).run(Exchange(scope, receive, send, loop, body, ended))
            await ended
        except BodyError as error:
            if error.response is not None:
                refuse(send, error.response, error.reason)
        finally:
            self._bodies -= 1

    def run_in_thread(self, scope: Scope, receive: Receive, send: Send, loop: asyncio.AbstractEventLoop) -> bool:
        """Hand a request without a body to a thread. Return False for others, without having done anything."""
        if length_to_receive(scope) != 0 or _is_liveness_probe(scope):
            return False
        self._thread_for(scope).run(Exchange(scope, receive, send, loop))
        return True

    def _thread_for(self, scope: Scope) -> WsgiThread:
        return self._probes if scope["path"] == READY_PATH else self._requests


def _is_liveness_probe(scope: Scope) -> bool:
    return scope["path"] == LIVE_PATH and scope["method"] in {"GET", "HEAD"}
