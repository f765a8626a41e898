"""What every contender is asked, and what it answers: one HTTP request in process, without a socket."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import orjson
from uuid_utils.compat import uuid7

from benchmarks.production import HOST

PATH = "/api/v1/finance/transactions/"


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
    """Answers calls, committed and complete."""

    @property
    def name(self) -> str: ...

    def answer(self, call: Request) -> Response: ...


@dataclass(frozen=True, slots=True)
class WsgiContender:
    """An application of PEP 3333."""

    name: str
    application: Callable[..., Iterable[bytes]]

    def answer(self, call: Request) -> Response:
        lines: list[str] = []
        body = self.application(environment(call), lambda line, headers, exc_info=None: lines.append(line))
        try:
            content = b"".join(body)
        finally:
            getattr(body, "close", _nothing)()
        return Response(int(lines[0][:3]), content)


@dataclass(frozen=True, slots=True)
class AsgiContender:
    """An application of ASGI 3 on an event loop of its own."""

    name: str
    application: Callable[..., Awaitable[None]]
    loop: asyncio.AbstractEventLoop

    def answer(self, call: Request) -> Response:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": call.body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        self.loop.run_until_complete(self._run(scope(call), receive, send))
        return Response(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]))

    async def _run(self, *asked: Any) -> None:
        await self.application(*asked)


@dataclass(frozen=True, slots=True)
class WithKey:
    """A contender whose every call carries an Idempotency-Key of its own."""

    contender: Contender

    @property
    def name(self) -> str:
        return f"{self.contender.name}, with Idempotency-Key"

    def answer(self, call: Request) -> Response:
        return self.contender.answer(replace(call, idempotency_key=str(uuid7())))


def environment(call: Request) -> dict[str, Any]:
    """The call as a server hands it to a WSGI application behind TLS."""
    found = {
        "REQUEST_METHOD": "POST" if call.body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": call.path,
        "QUERY_STRING": call.query,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/json" if call.body else "",
        "CONTENT_LENGTH": str(len(call.body)),
        "HTTP_HOST": HOST,
        "HTTP_ACCEPT": "application/json",
        "HTTP_AUTHORIZATION": f"Bearer {call.token}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(call.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    return found | {"HTTP_IDEMPOTENCY_KEY": call.idempotency_key} if call.idempotency_key else found


def scope(call: Request) -> dict[str, Any]:
    """The call as a server hands it to an ASGI application behind TLS."""
    headers = {
        "host": HOST,
        "accept": "application/json",
        "authorization": f"Bearer {call.token}",
        **({"content-type": "application/json", "content-length": str(len(call.body))} if call.body else {}),
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST" if call.body else "GET",
        "scheme": "https",
        "path": call.path,
        "raw_path": call.path.encode(),
        "query_string": call.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 40_000),
        "server": (HOST, 443),
        "state": {},
    }


def _nothing() -> None:
    """In place of a body's `close`."""
