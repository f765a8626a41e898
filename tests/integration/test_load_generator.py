"""wrk with the script of the benchmarks, on a server that checks what it receives."""

from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

import pytest

from benchmarks.responses import UnequalError
from benchmarks.servers.load import HttpRequest, Replay, drive

pytestmark = pytest.mark.integration


class Rows(BaseHTTPRequestHandler):
    """Rows whose tag changes with each PATCH, and POST with a key that must be new."""

    protocol_version = "HTTP/1.1"
    tags: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    lock = Lock()

    def do_GET(self) -> None:
        self.respond(404 if self.path == "/missing/" else 200)

    def do_POST(self) -> None:
        with self.lock:
            self.keys[self.headers["Idempotency-Key"]] += 1
        self.respond(201)

    def do_PATCH(self) -> None:
        is_current = self.headers["If-Match"] == self.tag()
        with self.lock:
            self.tags[self.path] += is_current
        self.respond(200 if is_current else 412)

    def tag(self) -> str:
        return f'"{self.tags[self.path]}"'

    def respond(self, status: int) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.lock:
            self.paths[self.path] += 1
        self.send_response(status)
        self.send_header("ETag", self.tag())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""


@pytest.fixture
def port() -> Iterator[int]:
    for seen in (Rows.tags, Rows.keys, Rows.paths):
        seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Rows) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_requests_are_replayed_in_turn(port: int) -> None:
    replay = Replay([HttpRequest("GET", f"/{name}/", {}) for name in "abc"])
    load = drive(port, replay, connections=2, seconds=1)
    assert set(Rows.paths) == {"/a/", "/b/", "/c/"}
    assert max(Rows.paths.values()) - min(Rows.paths.values()) <= 1
    # those in flight at the end are not counted
    assert 0 <= Rows.paths.total() - load.requests <= 2
    assert 0 < load.p50 <= load.p99 < 1


def test_each_connection_sends_the_tag_of_its_last_response(port: int) -> None:
    requests = [HttpRequest("PATCH", f"/{name}/", {"If-Match": "@ETAG@"}, b'{"text": "@NUMBER@"}') for name in "ab"]
    replay = Replay(requests, is_template=True, is_conditional=True)
    for _ in range(2):
        load = drive(port, replay.prepared(port, 2), connections=2, seconds=1)
        assert load.requests > 10


def test_each_request_has_a_key_of_its_own(port: int) -> None:
    replay = Replay([HttpRequest("POST", "/a/", {"Idempotency-Key": "@KEY@"}, b"{}")], status=201, is_template=True)
    drive(port, replay, connections=2, seconds=1)
    drive(port, replay, connections=2, seconds=1)
    assert set(Rows.keys.values()) == {1}


def test_a_refused_request_stops_the_run(port: int) -> None:
    with pytest.raises(UnequalError, match="Requests failed"):
        drive(port, Replay([HttpRequest("GET", "/missing/", {})]), connections=1, seconds=1)
