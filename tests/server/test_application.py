"""The ASGI application, driven without a server."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from mingus.server import scheduling
from mingus.server.application import Application
from mingus.server.protocol import Message, Scope
from mingus.server.spool import MEMORY_BYTES, Spool, SpooledBody, SpoolFullError

LARGE = b"x" * (MEMORY_BYTES + 1)
View = Callable[[dict[str, Any]], HttpResponseBase]


def application(view: View, **limits: int) -> Application:
    """Return an application for a view, which receives the environ."""

    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> HttpResponseBase:
        response = view(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        return response

    defaults = {"max_waiting": 5, "max_bodies": 5, "body_timeout": 5, "body_min_rate": 10_000, "send_timeout": 5}
    return Application(wsgi, **{**defaults, "max_spool_bytes": 1_000_000, **limits})


def scope(method: str = "GET", path: str = "/", version: str = "1.1", **headers: str) -> Scope:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    client, server = ("127.0.0.1", "1"), ("127.0.0.1", "2")
    common = {"type": "http", "scheme": "http", "query_string": b"", "client": client, "server": server, "headers": pairs}
    return {**common, "method": method, "path": path, "raw_path": path.encode(), "http_version": version}


def part(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


DISCONNECT: Message = {"type": "http.disconnect"}


def run(app: Application, request: Scope, *messages: Message) -> tuple[int, bytes]:
    """Return the status and body of a response to a request, or 0 if there is none. Messages that are missing never come."""
    sent: list[Message] = []
    left = list(messages or [part(b"")])

    async def receive() -> Message:
        if not left:
            await asyncio.sleep(60)
        return left.pop(0)

    def send(message: Message) -> Any:
        sent.append(message)
        return asyncio.sleep(0) if message["type"] == "http.response.body" and message["more_body"] else Done()

    asyncio.run(asyncio.wait_for(app(request, receive, send), 30))
    bodies = b"".join(message["body"] for message in sent if message["type"] == "http.response.body")
    return (sent[0]["status"], bodies) if sent else (0, b"")


class Done:
    """An awaitable that has ended, as Granian returns it."""

    def __await__(self) -> Iterator[Any]:
        return iter(())


def echo(environ: dict[str, Any]) -> HttpResponse:
    return HttpResponse(environ["wsgi.input"].read())


def used(app: Application) -> int:
    return app._requests._spool.used


@pytest.mark.parametrize("body", [b"small", LARGE])
def test_a_body_in_parts_arrives_whole(body: bytes) -> None:
    app = application(echo)
    request = scope("POST", content_length=str(len(body)))
    assert run(app, request, part(body[:3], more=True), part(body[3:])) == (200, body)
    assert used(app) == 0


@pytest.mark.parametrize("last", [DISCONNECT, part(b"")])
def test_a_body_that_ends_early_is_never_run(last: Message) -> None:
    ran: list[Any] = []
    app = application(lambda environ: ran.append(environ) or HttpResponse())  # type: ignore[func-returns-value]
    request = scope("POST", content_length=str(len(LARGE) + 1))
    assert run(app, request, part(LARGE, more=True), last) == (0, b"")
    assert (ran, used(app)) == ([], 0)


def test_a_slow_body_is_a_408_and_its_storage_is_released() -> None:
    app = application(echo, body_timeout=1, body_min_rate=10_000_000)
    status, body = run(app, scope("POST", content_length=str(len(LARGE) + 1)), part(LARGE, more=True))
    assert (status, orjson.loads(body)["errors"][0]["code"]) == (408, "request_timeout")
    assert used(app) == 0


def test_received_bytes_extend_the_time_limit() -> None:
    app = application(echo, body_timeout=1, body_min_rate=10)

    async def slow() -> Message:
        await asyncio.sleep(0.4)
        return parts.pop(0)

    parts = [part(b"x" * 10, more=True)] * 4 + [part(b"")]
    sent: list[Message] = []
    asyncio.run(app(scope("POST", content_length="40"), slow, lambda message: sent.append(message) or Done()))  # type: ignore[func-returns-value]
    assert sent[0]["status"] == 200


def test_a_full_spool_is_a_503() -> None:
    app = application(echo, max_spool_bytes=MEMORY_BYTES)
    status, body = run(app, scope("POST", content_length=str(len(LARGE))), part(LARGE))
    assert (status, orjson.loads(body)["errors"][0]["code"]) == (503, "busy")
    assert used(app) == 0


def test_a_body_of_http2_without_a_length_reaches_middleware_as_its_first_bytes() -> None:
    app = application(lambda environ: HttpResponse(environ["wsgi.input"].read(1)))
    assert run(app, scope("PATCH", version="2"), part(b"{", more=True)) == (200, b"{")
    assert run(app, scope("GET", version="2"), part(b"")) == (200, b"")


def test_a_length_that_middleware_refuses_is_not_received() -> None:
    app = application(lambda environ: HttpResponse(environ["CONTENT_LENGTH"]))
    assert run(app, scope("POST", content_length="99999999999"), DISCONNECT) == (200, b"99999999999")
    assert run(app, scope("POST", content_length="-1"), DISCONNECT) == (200, b"-1")


@pytest.mark.parametrize("size", [10, 100_000, 500_000])
def test_a_streaming_response_is_sent_whole(size: int) -> None:
    app = application(lambda environ: StreamingHttpResponse(b"y" * 1_000 for _ in range(size // 1_000 or 1)))
    status, body = run(app, scope(), part(b""))
    assert (status, len(body)) == (200, max(size, 1_000))
    assert used(app) == 0


def test_an_error_in_a_streaming_response_is_a_500(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Iterator[bytes]:
        yield LARGE
        raise ValueError("broken in the middle")

    app = application(lambda environ: StreamingHttpResponse(broken()))
    status, body = run(app, scope())
    assert (status, orjson.loads(body)["errors"][0]["code"]) == (500, "error")
    assert "broken in the middle" in caplog.text
    assert used(app) == 0


def test_a_streaming_response_stops_when_the_client_disconnects() -> None:
    closed: list[bool] = []

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            closed.append(True)

    app = application(lambda environ: StreamingHttpResponse(endless()))
    assert run(app, scope(), part(b""), DISCONNECT) == (0, b"")
    assert closed == [True]


def test_a_client_that_reads_nothing_is_given_up(caplog: pytest.LogCaptureFixture) -> None:
    app = application(lambda environ: StreamingHttpResponse([LARGE]), send_timeout=1)

    async def receive() -> Message:
        await asyncio.sleep(60)
        return DISCONNECT

    def send(message: Message) -> Any:
        return asyncio.sleep(60) if message["type"] == "http.response.body" else Done()

    with caplog.at_level(logging.INFO, "mingus.server.responses"):
        asyncio.run(asyncio.wait_for(app(scope(), receive, send), 30))
    assert "read nothing of its response for 1 seconds" in caplog.text
    assert used(app) == 0


def test_the_thread_survives_any_exception(caplog: pytest.LogCaptureFixture) -> None:
    def view(environ: dict[str, Any]) -> HttpResponse:
        if environ["PATH_INFO"] == "/exit":
            raise SystemExit
        return HttpResponse(b"fine")

    app = application(view)
    assert run(app, scope(path="/exit"))[0] == 500
    assert run(app, scope()) == (200, b"fine")
    assert "Failed outside of Django: GET /exit" in caplog.text


def test_an_unknown_version_of_granian_takes_the_longer_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(scheduling.processes, "_new_cbscheduler")
    assert not scheduling.install_shortcut(application(echo))


@pytest.mark.parametrize("data", [b"in the buffer of the file", LARGE])
def test_a_disk_that_is_full_is_a_full_spool(data: bytes) -> None:
    spool = Spool(10**9)
    body = SpooledBody(spool)
    body.rollover()
    body._file = open("/dev/full", "r+b")  # noqa: SIM115 - closed with the body
    with pytest.raises(SpoolFullError, match="No space left on device"):
        write_and_rewind(body, data)
    body.close()
    assert spool.used == 0


def write_and_rewind(body: SpooledBody, data: bytes) -> None:
    body.append(data)
    body.rewind()
