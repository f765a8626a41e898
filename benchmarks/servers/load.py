"""Load from wrk, which replays recorded requests over open connections, and single requests."""

import http.client
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import orjson

from benchmarks.api_contract import HOST
from benchmarks.responses import UnequalError

GENERATOR = "wrk"
SCRIPT = Path(__file__).with_name("replay.lua")
# What a proxy that terminates TLS adds.
PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}


class MissingProgramError(Exception):
    """wrk is not installed."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request, with `@ETAG@`, `@NUMBER@` (8 characters) and `@KEY@` as placeholders."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def all_headers(self) -> dict[str, str]:
        """Return the headers, with those of every client and of the proxy."""
        length = {"Content-Type": "application/json", "Content-Length": str(len(self.body))} if self.body else {}
        return PROXY | {"Accept": "application/json"} | self.headers | length

    def encoded(self) -> bytes:
        """Return the bytes that are sent."""
        lines = [f"{name}: {value}" for name, value in self.all_headers().items()]
        return "\r\n".join([f"{self.method} {self.path} HTTP/1.1", *lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Replay:
    """Requests that are repeated, with the expected status.

    If it `is_conditional`, each connection repeats its own request with the tag of its last response. `etags` are the first.
    """

    requests: Sequence[HttpRequest]
    status: int = 200
    is_template: bool = False
    is_conditional: bool = False
    etags: Sequence[str] = ()

    def prepared(self, port: int, connections: int) -> "Replay":
        """Return the requests as they are sent next: conditional ones with the present tags, read from the server."""
        if not self.is_conditional:
            return self
        own = self.requests[:connections]
        return replace(self, requests=own, etags=[fetch(port, replace(each, method="GET", body=b"")).etag for each in own])


@dataclass(frozen=True, slots=True)
class Load:
    """The measurement of wrk."""

    requests: int
    seconds: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    etag: str
    body: bytes


def fetch(port: int, request: HttpRequest, *, timeout: float = 30) -> Reply:
    """Send one request on a new connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        return send(connection, request)
    finally:
        connection.close()


def send(connection: http.client.HTTPConnection, request: HttpRequest) -> Reply:
    """Send one request, and return the response."""
    connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.all_headers().items():
        connection.putheader(name, value)
    connection.endheaders(request.body or None)
    response = connection.getresponse()
    return Reply(response.status, response.headers.get("ETag", ""), response.read())


def probe(port: int, replay: Replay, number: int = 0) -> Reply:
    """Send one of the requests, and require its status."""
    replay = replay.prepared(port, 1)
    request = replay.requests[number % len(replay.requests)]
    etag, key = (*replay.etags, "")[0], str(uuid4())
    values = {name: value.replace("@ETAG@", etag).replace("@KEY@", key) for name, value in request.headers.items()}
    reply = fetch(port, replace(request, headers=values, body=request.body.replace(b"@NUMBER@", b"00000000")))
    if reply.status != replay.status:
        raise UnequalError(f"{request.method} {request.path} returned {reply.status}: {reply.body[:500]!r}")
    return reply


def has_generator() -> bool:
    """Return True if wrk is installed."""
    return shutil.which(GENERATOR) is not None


def drive(port: int, replay: Replay, *, connections: int, seconds: int) -> Load:
    """Send prepared requests as fast as the server responds. Raise UnequalError if one of them failed."""
    program = shutil.which(GENERATOR)
    if program is None:
        raise MissingProgramError("The servers are measured with wrk. Install it (Debian: sudo apt-get install wrk).")
    threads = connections if replay.is_conditional else 1
    size = [f"--threads={threads}", f"--connections={connections}", f"--duration={seconds}s", "--timeout=30s"]
    with TemporaryDirectory(prefix="mingus-bench-") as folder:
        file = Path(folder, "replay.lua")
        file.write_bytes(as_lua(replay))
        done = subprocess.run(  # noqa: S603 - Debian's
            [program, *size, "--script", str(SCRIPT), f"http://127.0.0.1:{port}"],
            env={"BENCH_REPLAY": str(file)},
            capture_output=True,
            check=True,
        )
    found = orjson.loads(done.stderr.splitlines()[-1])
    if found.pop("errors") or not found["requests"]:
        raise UnequalError(f"Requests failed: {done.stdout.decode()} {done.stderr.decode()}")
    return Load(**found)


def as_lua(replay: Replay) -> bytes:
    """Return the requests as a module for replay.lua."""
    requests = b",\n".join(_quoted(request.encoded()) for request in replay.requests)
    etags = b", ".join(_quoted(etag.encode()) for etag in replay.etags)
    flags = b"is_template = %s, own = %s" % (_lua_flag(replay.is_template), _lua_flag(replay.is_conditional))
    return b'return { prefix = "%s", %s, etags = {%s}, requests = {\n%s\n} }\n' % (uuid4().hex.encode(), flags, etags, requests)


def _lua_flag(value: bool) -> bytes:
    return b"true" if value else b"false"


def _quoted(text: bytes) -> bytes:
    """Return a Lua string, with all but plain characters as decimal escapes."""
    return (
        b'"' + b"".join(bytes([code]) if 32 <= code < 127 and code not in b'"\\' else b"\\%03d" % code for code in text) + b'"'
    )
