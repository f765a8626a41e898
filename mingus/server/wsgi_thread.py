"""A thread that runs the WSGI application, one request at a time."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from mingus.error_pages import server_error
from mingus.server.environ import environ_of
from mingus.server.protocol import Receive, Scope, Send, wait_for_disconnect
from mingus.server.request_bodies import busy
from mingus.server.responses import PART_BYTES, Headers, head, refuse, send_response, send_spooled, send_whole
from mingus.server.spool import Spool, SpooledBody, SpoolFullError

logger = logging.getLogger(__name__)

WsgiApplication = Callable[[dict[str, Any], Any], HttpResponseBase]


class StartResponse:
    """WSGI's `start_response`, which stores the status and the headers."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: Headers = []

    def __call__(self, status: str, headers: Headers) -> None:
        self.status = int(status[:3])
        self.headers = headers


@dataclass(slots=True)
class Exchange:
    """A request, with its body and the future that ends after its response if the event loop has received it."""

    scope: Scope
    receive: Receive
    send: Send
    loop: asyncio.AbstractEventLoop
    body: SpooledBody | None = None
    ended: "asyncio.Future[None] | None" = None
    is_answered: bool = False

    def end(self) -> None:
        """Release what the request holds. Call this from any thread."""
        if self.body is not None:
            self.body.close()
        if self.ended is not None:
            self.loop.call_soon_threadsafe(self.ended.set_result, None)


class WsgiThread:
    """One thread for Django, with a bound on the number of requests that wait for it. It also sends the responses."""

    def __init__(self, application: WsgiApplication, *, max_waiting: int, spool: Spool, send_timeout: int) -> None:
        self._application = application
        self._max_waiting = max_waiting
        self._spool = spool
        self._send_timeout = send_timeout
        self._waiting: SimpleQueue[Exchange] = SimpleQueue()
        self._thread: Thread | None = None
        self._start_lock = Lock()

    def run(self, exchange: Exchange) -> None:
        """Run the application for a request, or refuse it if too many wait. Call this from any thread."""
        if self._thread is None:
            self._start()
        if self._waiting.qsize() < self._max_waiting:
            self._waiting.put(exchange)
        else:
            refuse(exchange.send, busy(), "queue")
            exchange.end()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                self._thread = Thread(target=self._work, name="wsgi", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            exchange = self._waiting.get()
            try:
                still_sending = self._respond(exchange)
            except BaseException:  # the thread serves all requests, and must not end with one of them
                logger.exception("Failed outside of Django: %s %s", exchange.scope["method"], exchange.scope["path"])
                still_sending = False
                if not exchange.is_answered:
                    send_response(exchange.send, server_error(HttpRequest()))
            if not still_sending:
                exchange.end()
            del exchange  # an idle thread holds no request

    def _respond(self, exchange: Exchange) -> bool:
        """Run the application and send its response. Return True if the event loop sends it and ends the exchange."""
        start = StartResponse()
        response = self._application(environ_of(exchange.scope, exchange.body), start)
        try:
            if not isinstance(response, StreamingHttpResponse):
                self._send(exchange, start, cast("HttpResponse", response).content)
                return False
            if exchange.scope["method"] == "HEAD":
                self._send(exchange, start, b"")
                return False
            return self._send_spooled(exchange, start, response)
        finally:
            response.close()

    def _send(self, exchange: Exchange, start: StartResponse, body: bytes) -> None:
        exchange.is_answered = True
        send_whole(exchange.send, start.status, start.headers, body)

    def _send_spooled(self, exchange: Exchange, start: StartResponse, response: StreamingHttpResponse) -> bool:
        """Write the response to temporary storage as fast as it is made, then let the event loop send it.

        The thread does not wait for the client. An error in the middle is an error response, not a file that is too short.
        """
        body = self._spooled(exchange, response)
        if body is None:
            return False
        start.headers = [pair for pair in start.headers if pair[0].lower() != "content-length"]
        start.headers.append(("Content-Length", str(body.size)))
        if body.size <= PART_BYTES:
            self._send(exchange, start, body.read())
            body.close()
            return False
        sending = send_spooled(exchange.send, exchange.receive, head(start.status, start.headers), body, self._send_timeout)
        task = asyncio.run_coroutine_threadsafe(sending, exchange.loop)
        task.add_done_callback(lambda _: exchange.end())
        return True

    def _spooled(self, exchange: Exchange, response: StreamingHttpResponse) -> SpooledBody | None:
        """Return the whole body, or None if it was refused or the client has disconnected."""
        disconnect = asyncio.run_coroutine_threadsafe(wait_for_disconnect(exchange.receive), exchange.loop)
        body = SpooledBody(self._spool)
        try:
            for part in response:
                if disconnect.done():
                    body.close()
                    return None
                body.append(part)
            body.rewind()
        except BaseException as error:
            body.close()
            if not isinstance(error, SpoolFullError):
                raise
            logger.error("A response was refused: %s", error)
            refuse(exchange.send, busy(), "disk")
            return None
        finally:
            disconnect.cancel()
        return body
