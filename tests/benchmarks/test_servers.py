"""Processes, requests and results of the benchmarks of real servers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from benchmarks.responses import UnequalError
from benchmarks.servers import goals, published, resident, rounds
from benchmarks.servers.entrants import Entrant
from benchmarks.servers.goals import Goal
from benchmarks.servers.load import HttpRequest, MissingProgramError, Replay, as_lua, drive, fetch, probe
from benchmarks.servers.peers.commands import NAMES, commands
from benchmarks.servers.processes import Command, Server, ServerError, started
from benchmarks.servers.rounds import Turn

# A server whose child process does the work, as gunicorn's and granian's do.
PARENT = """
import os, subprocess, sys
from http.server import SimpleHTTPRequestHandler, HTTPServer
if os.fork() == 0:
    sum(number * number for number in range(2_000_000))
    HTTPServer(("127.0.0.1", int(sys.argv[1])), SimpleHTTPRequestHandler).serve_forever()
os.wait()
"""


class Echo(BaseHTTPRequestHandler):
    """Responds with the request: its line, its headers and its body. A PATCH changes the tag, which it must send."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.respond(200)

    def do_PATCH(self) -> None:
        self.respond(200 if self.headers["If-Match"] == '"7"' else 412)

    def respond(self, status: int) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = f"{self.requestline}\n{self.headers}\n".encode() + body
        self.send_response(status)
        self.send_header("ETag", '"7"')
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class Page(Echo):
    """A list with one row, whose tag is known to some callers."""

    def do_GET(self) -> None:
        is_known = "If-None-Match" in self.headers
        text = b"" if is_known else b'{"results": [{"path": "%s"}]}' % self.path.encode()
        self.send_response(304 if is_known else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def page() -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as listening:
        Thread(target=listening.serve_forever, daemon=True).start()
        yield Server("page", listening.server_address[1], [], Path("none"))
        listening.shutdown()


def turn(*, requests: int, cpu: float) -> Turn:
    return Turn(requests, seconds=2.0, process=cpu * requests, database=0.0, p50=0.01, p99=0.02)


def test_a_server_counts_the_cpu_of_its_children_and_stops_them() -> None:
    with started("parent", [Command([sys.executable, "-c", PARENT, "{port}"], dict(os.environ))]) as server:
        pids, cpu, memory = server.pids(), server.cpu(), server.resident()
    assert len(pids) == 2
    assert cpu > 0.05
    assert memory > 2**20
    assert server.pids() == []


def test_a_server_that_ends_too_early_shows_its_log() -> None:
    command = Command([sys.executable, "-c", "raise SystemExit('no such table')"], dict(os.environ))
    with pytest.raises(ServerError, match="no such table"), started("broken", [command]):
        pass


def test_requests_look_as_behind_a_proxy_with_tls(port: int) -> None:
    body = fetch(port, HttpRequest("GET", "/list/?a=1", {"Authorization": "Bearer mgs_1"})).body.decode()
    assert body.startswith("GET /list/?a=1 HTTP/1.1")
    assert {"Host: bench.example", "X-Forwarded-Proto: https", "Authorization: Bearer mgs_1"} <= set(body.splitlines())


def test_a_conditional_request_sends_the_present_tag(port: int) -> None:
    request = HttpRequest("PATCH", "/one/", {"If-Match": "@ETAG@"}, b'{"description": "@NUMBER@"}')
    reply = probe(port, Replay([request], is_template=True, is_conditional=True))
    assert reply.body.endswith(b'{"description": "00000000"}')


def test_an_unexpected_status_stops_the_run(port: int) -> None:
    with pytest.raises(UnequalError, match="returned 200"):
        probe(port, Replay([HttpRequest("GET", "/", {})], status=304))


def test_a_response_without_rows_is_not_compared(page: Server) -> None:
    read = HttpRequest("GET", "/list/", {})
    known = replace(read, headers={"If-None-Match": '"1"'})
    entrants = [Entrant("list", "page", Replay([read])), Entrant("304", "page", Replay([known], status=304))]
    rounds.require_same_responses(entrants, {"page": page})
    other = Entrant("other", "page", Replay([replace(read, path="/other/")]))
    with pytest.raises(UnequalError, match="other and list differ"):
        rounds.require_same_responses([*entrants, other], {"page": page})


def test_the_load_needs_wrk(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingProgramError, match="apt-get install wrk"):
        drive(port, Replay([HttpRequest("GET", "/", {})]), connections=1, seconds=1)


def test_requests_are_strings_of_lua() -> None:
    text = as_lua(Replay([HttpRequest("POST", "/", {}, '{"shop": "A \\"Füll\\""}'.encode())]))
    assert b"\\013\\010" in text
    assert b"F\\195\\188ll" in text
    assert b"is_template = false, own = false" in text


def test_the_other_frameworks_run_without_code_of_mingus() -> None:
    modules = [f"benchmarks.servers.peers.{name}" for name in ("asgi", "bolt_api", "drf_api", "ninja_api", "limit")]
    code = f"""
import importlib, sys, warnings, django
warnings.simplefilter("ignore")
django.setup()
for name in {modules}:
    importlib.import_module(name)
print([name for name in sys.modules if name.split(".")[0] in ("core", "mingus", "users", "finance", "dev")])
"""
    command = commands(1, "postgresql://user@127.0.0.1/none")[NAMES[0]][0]
    environment = {**command.environment, "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "bench.example"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


def test_an_entrant_is_compared_with_the_first_of_its_round() -> None:
    turns = {
        "first": [turn(requests=100, cpu=0.001), turn(requests=50, cpu=0.002)],
        "other": [turn(requests=50, cpu=0.003), turn(requests=10, cpu=0.010)],
    }
    _, other = rounds.results(turns)
    assert (other.cpu_ratio.least, other.cpu_ratio.most) == (pytest.approx(3.0), pytest.approx(5.0))
    assert (other.wall_ratio.least, other.wall_ratio.most) == (2.0, 5.0)
    assert other.rate == 15.0


@pytest.mark.parametrize(("is_rate", "bound", "reached"), [(False, 0.5, "yes"), (False, 0.4, "no"), (True, 0.4, "yes")])
def test_a_goal_is_a_ratio_of_two_entrants(is_rate: bool, bound: float, reached: str) -> None:
    turns = {"list": {"ours": [turn(requests=50, cpu=0.001)], "theirs": [turn(requests=100, cpu=0.002)]}}
    line = Goal("ours", ("list", "ours"), ("list", "theirs"), bound, is_rate).line(turns)
    assert line is not None
    assert "0.50 ×" in line
    assert line.endswith(f"| {reached} |")


def test_a_goal_without_its_entrants_is_left_out() -> None:
    assert goals.table({}) == goals.HEAD


def test_goals_name_entrants_of_the_lineup() -> None:
    assert {goal.theirs[1] for goal in goals.GOALS} <= {*NAMES, goals.TOKEN, goals.BASE}


def test_a_section_of_the_page_is_replaced() -> None:
    page = "# Page\n<!-- cold -->\nold\n<!-- end of cold -->\nrest\n"
    assert published.with_section(page, "cold", r"\1 new") == ("# Page\n<!-- cold -->\n\\1 new\n<!-- end of cold -->\nrest\n")
    with pytest.raises(ValueError, match="memory"):
        published.with_section(page, "memory", "new")


def test_the_page_has_a_section_for_each_part() -> None:
    page = published.PAGE.read_text()
    for name in ("goals", "servers", "cold", "memory", "operations"):
        published.with_section(page, name, "")


def test_memory_grows_after_a_fifth_of_the_requests() -> None:
    assert resident.growth([50, 100, 101, 110]) == pytest.approx(0.1)
