"""HTTP requests to contenders and their responses, in this process and without a socket."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson
from uuid_utils.compat import uuid7

from benchmarks.api_contract import HOST, PATH


@dataclass(frozen=True, slots=True)
class Request:
    """A GET with a query, or a POST with a body, by the holder of a personal access token."""

    token: str
    query: str = ""
    body: bytes = b""
    idempotency_key: str = ""
    path: str = PATH


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes

    @property
    def data(self) -> Any:
        return orjson.loads(self.body)


class Contender(Protocol):
    """An application to measure. Its responses are complete, and its changes committed."""

    @property
    def name(self) -> str: ...

    def handle(self, request: Request) -> Response: ...


@dataclass(frozen=True, slots=True)
class WsgiContender:
    """A WSGI application (PEP 3333)."""

    name: str
    application: Callable[..., Iterable[bytes]]

    def handle(self, request: Request) -> Response:
        lines: list[str] = []
        body = self.application(environment(request), lambda line, headers, exc_info=None: lines.append(line))
        try:
            content = b"".join(body)
        finally:
            getattr(body, "close", _nothing)()
        return Response(int(lines[0][:3]), content)


@dataclass(frozen=True, slots=True)
class AsgiContender:
    """An ASGI 3 application on its own event loop."""

    name: str
    application: Callable[..., Awaitable[None]]
    loop: asyncio.AbstractEventLoop

    def handle(self, request: Request) -> Response:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        self.loop.run_until_complete(self._run(scope(request), receive, send))
        return Response(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))

    async def _run(self, *arguments: Any) -> None:
        await self.application(*arguments)


@dataclass(frozen=True, slots=True)
class WithKey:
    """A contender that receives each request with a new Idempotency-Key."""

    contender: Contender

    @property
    def name(self) -> str:
        return f"{self.contender.name}, with Idempotency-Key"

    def handle(self, request: Request) -> Response:
        return self.contender.handle(replace(request, idempotency_key=str(uuid7())))


def environment(request: Request) -> dict[str, Any]:
    """Return the request as a server behind TLS passes it to a WSGI application."""
    found = {
        "REQUEST_METHOD": "POST" if request.body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json" if request.body else "",
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_HOST": HOST,
        "HTTP_ACCEPT": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {request.token}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    return found | {"HTTP_IDEMPOTENCY_KEY": request.idempotency_key} if request.idempotency_key else found


def scope(request: Request) -> dict[str, Any]:
    """Return the request as a server behind TLS passes it to an ASGI application."""
    headers = {
        "host": HOST,
        "accept": "application/json",
        "authorization": f"Bearer {request.token}",
        **({"content-type": "application/json", "content-length": str(len(request.body))} if request.body else {}),
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST" if request.body else "GET",
        "scheme": "https",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40_000),
        "server": (HOST, 443),
        "state": {},
    }


def _nothing() -> None:
    """Replace the missing `close` of a response body."""
