"""The WSGI environ, compared with the one of Granian's WSGI interface."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.commands.conftest import ROOT, free_port, until
from tests.commands.raw_client import Connection

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module", params=["--http=1", "--http=auto"])
def ports(request: pytest.FixtureRequest) -> Iterator[dict[str, int]]:
    """Yield the ports of a server with Granian's WSGI interface and one with our ASGI application."""
    environment = {**os.environ, "NOT_IN_THE_ENVIRON": "x"}
    found, processes = {}, []
    for interface, target in (("wsgi", "wsgi"), ("asginl", "asgi")):
        found[target] = free_port()
        options = ["--interface", interface, "--port", str(found[target]), request.param, "--no-ws", "--log-level", "warning"]
        command = [sys.executable, "-m", "granian", *options, f"tests.commands.echo_site:{target}"]
        processes.append(subprocess.Popen(command, cwd=ROOT, env=environment))
    for port in found.values():
        until(partial(answers, port), "the echo site")
    yield found
    for process in processes:
        process.terminate()
        process.wait(60)


def answers(port: int) -> str:
    try:
        return str(environ(port, "GET / HTTP/1.1")["PATH_INFO"])
    except OSError:
        return ""


def environ(port: int, *lines: str, body: bytes = b"") -> dict[str, Any]:
    connection = Connection(port)
    try:
        found: dict[str, Any] = connection.send(*lines, body=body).reply().json
        return found
    finally:
        connection.close()


def without_server_variables(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in {*os.environ, "NOT_IN_THE_ENVIRON", "SERVER_PORT"}}


REQUESTS = [
    ["GET / HTTP/1.1"],
    ["GET /a%20b/%C3%A4/%ff/%2F?a=%20b&c=d;e&%C3%A4 HTTP/1.1"],
    ["DELETE //double//?? HTTP/1.1", "X-A: 1", "X-B: 2", "x-a: 3"],
    ["GET http://other.example/absolute?x HTTP/1.1"],
    ["GET / HTTP/1.1", "Cookie: a=1; b=2", "Cookie: c=3"],
    ["OPTIONS / HTTP/1.1", "Content-Type: text/plain", "Accept-Encoding: gzip, br"],
    ["GET / HTTP/1.0"],
    ["POST / HTTP/1.1", "Content-Type: application/json", "Content-Length: 2"],
    ["PUT / HTTP/1.1", "Content-Length: 0"],
]


def test_it_has_the_values_of_granians_own(ports: dict[str, int]) -> None:
    for lines in REQUESTS:
        body = b"{}" if lines[-1] == "Content-Length: 2" else b""
        theirs, ours = (without_server_variables(environ(ports[name], *lines, body=body)) for name in ("wsgi", "asgi"))
        assert ours == theirs, lines


def test_it_has_no_environment_variables_or_headers_with_underscores(ports: dict[str, int]) -> None:
    found = environ(ports["asgi"], "GET / HTTP/1.1", "X_Forwarded_For: 1.2.3.4", "X-Session_Token: x", "X-Real: y")
    assert "NOT_IN_THE_ENVIRON" not in found
    assert {key for key in found if key.startswith("HTTP_X")} == {"HTTP_X_REAL"}


def test_a_wsgi_application_cannot_tell_the_headers_apart(ports: dict[str, int]) -> None:
    """Show why the environ of MINGUS is its own: Granian's WSGI interface, like other servers, adds both to one key."""
    found = environ(ports["wsgi"], "GET / HTTP/1.1", "X-Forwarded-For: 203.0.113.7", "X_Forwarded_For: 198.51.100.1")
    assert "198.51.100.1" in found["HTTP_X_FORWARDED_FOR"]
