"""Clients that send or read slowly, stop in the middle or send too much, against a running server."""

import os
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from core import rls
from dev.factories import AccountFactory, TokenFactory, TransactionFactory
from finance.models import FinancialTransaction
from tests.commands.conftest import Server, children_of, serving, until, url_of_tests_database
from tests.commands.raw_client import TIMEOUT, Connection, Reply, authorization, get
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

LIVE, READY, LIST, POST = "/healthz/live", "/healthz/ready", "/api/v1/finance/transactions/", "POST /api/v1/finance/accounts/"
IMPORTS = "POST /api/v1/finance/imports/"
STRICT = {
    "BODY_TIMEOUT": "4",
    "BODY_MIN_RATE": "1000000",
    "MAX_BODY_BYTES": "100000",
    "MAX_BODIES": "2",
    "MAX_WAITING_REQUESTS": "2",
    "SPOOL_MAX_BYTES": "1000000",
    "IMPORT_MAX_BYTES": "1000000",
}


@pytest.fixture(scope="module")
def server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server with the default limits, except that a slow reader is disconnected earlier."""
    with serving(tmp_path_factory.mktemp("default"), SEND_TIMEOUT="2") as program:
        yield program


@pytest.fixture(scope="module")
def strict_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("strict"), **STRICT) as program:
        yield program


@pytest.fixture
def connections() -> Iterator[list[Connection]]:
    """Yield a list of connections that are closed at the end."""
    opened: list[Connection] = []
    yield opened
    for connection in opened:
        connection.close()


@pytest.fixture
def token(alice: User) -> str:
    with rls.as_staff():
        account = AccountFactory.create(user=alice)
        TransactionFactory.create_batch(3, user=alice, financial_profile=account)
        return TokenFactory.create(user=alice, scope="read-write").text


def fastest(port: int, path: str, token: str = "") -> Reply:
    """Return the fastest of five replies, since this machine may be busy with other tests."""
    return min((get(port, path, token) for _ in range(5)), key=lambda reply: reply.seconds)


def test_four_bodies_that_never_come_stop_nothing(server: Server, connections: list[Connection], token: str) -> None:
    port = server.port
    for _ in range(4):
        head = [f"{POST} HTTP/1.1", *authorization(token), "Content-Type: application/json", "Content-Length: 100"]
        connections.append(Connection(port).send(*head, body=b"{"))
    assert get(port, LIVE).status == 200
    assert get(port, READY).status == 200
    assert get(port, LIST, token).status == 200


def test_200_slow_connections_leave_probes_and_lists_fast(
    server: Server, connections: list[Connection], token: str, alice: User
) -> None:
    with rls.as_staff():
        account = AccountFactory.create(user=alice)
        TransactionFactory.create_batch(2_000, user=alice, financial_profile=account, description="x" * 200)
    port = server.port
    head = [f"{POST} HTTP/1.1", *authorization(token), "Content-Type: application/json"]
    for _ in range(66):
        connections.append(Connection(port).send(*head, "Content-Length: 1000", body=b"{"))
        slow_header = Connection(port)
        slow_header.socket.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        slow_reader = Connection(port, receive_buffer=1_024)
        slow_reader.send(f"GET {LIST}?limit=200 HTTP/1.1", *authorization(token))
        connections += [slow_header, slow_reader]
    for _ in range(2):
        connections.append(Connection(port, receive_buffer=1_024))
        connections[-1].send(f"GET {LIST}export/?file_format=json HTTP/1.1", *authorization(token))
    assert len(connections) == 200
    live, listed = fastest(port, LIVE), fastest(port, LIST, token)
    assert (live.status, listed.status) == (200, 200)
    assert live.seconds < 1
    assert listed.seconds < 2


def test_a_slow_body_is_a_408_and_closes_the_connection(strict_server: Server, connections: list[Connection]) -> None:
    port = strict_server.port
    connections.append(Connection(port).send(f"{POST} HTTP/1.1", "Content-Length: 100", body=b"{"))
    reply = connections[0].reply()
    assert (reply.status, reply.json["errors"][0]["code"]) == (408, "request_timeout")
    assert connections[0].is_closed()
    assert 'mingus_refused_requests_total{reason="timeout"}' in get(port, "/metrics").body.decode()


def test_a_body_below_the_minimum_rate_is_a_408(strict_server: Server, connections: list[Connection]) -> None:
    """Send a byte every tenth of a second, so that no single wait is long."""
    port = strict_server.port
    connections.append(Connection(port).send(f"{POST} HTTP/1.1", "Content-Length: 100", body=b"{"))
    begin = time.monotonic()
    while time.monotonic() < begin + 8:
        try:
            connections[0].socket.sendall(b" ")
        except OSError:
            break
        time.sleep(0.1)
    assert connections[0].reply().status == 408


@pytest.mark.parametrize("extra", [["Content-Length: 100001"], ["Content-Length: 100001", "Expect: 100-continue"]])
def test_a_body_over_the_limit_is_refused_by_its_length(
    extra: list[str], strict_server: Server, connections: list[Connection]
) -> None:
    connections.append(Connection(strict_server.port).send(f"{POST} HTTP/1.1", *extra))
    reply = connections[0].reply()
    assert (reply.status, reply.json["errors"][0]["code"]) == (413, "too_large")


def test_a_body_in_chunks_is_refused_without_being_read(strict_server: Server, connections: list[Connection]) -> None:
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    connections.append(Connection(strict_server.port))
    connections[0].send(f"{POST} HTTP/1.1", "Transfer-Encoding: chunked", body=chunk)
    reply = connections[0].reply()
    assert (reply.status, reply.json["errors"][0]["code"]) == (411, "length_required")


def test_expect_100_continue_is_answered(server: Server, connections: list[Connection], token: str) -> None:
    connections.append(Connection(server.port))
    head = [*authorization(token), "Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue"]
    assert connections[0].send(f"{POST} HTTP/1.1", *head).reply().status == 100
    connections[0].socket.sendall(b"{}")
    assert connections[0].reply().status == 400


def test_a_large_upload_waits_in_a_deleted_file(server: Server, connections: list[Connection], token: str) -> None:
    folder = server.log.parent / "spool"
    head = [*authorization(token), "Content-Type: multipart/form-data; boundary=x", "Content-Length: 3000000"]
    connections.append(Connection(server.port).send(f"{IMPORTS} HTTP/1.1", *head, body=b"--x\r\n" + b" " * 1_999_995))
    until(lambda: "found" if 2_000_000 in deleted_files(server.process.pid, folder) else "", "the spooled file")
    assert [path for path in folder.iterdir() if "body" in path.name] == []
    connections[0].socket.sendall(b" " * 1_000_000)
    assert connections[0].reply().status == 400
    until(lambda: "" if deleted_files(server.process.pid, folder) else "closed", "the end of the file, after the response")


def deleted_files(pid: int, folder: Path) -> list[int]:
    """Return the sizes of the files in a folder that a process or its children have open but that have no name."""
    sizes = []
    for number in [pid, *(child for each in children_of(pid) for child in [each, *children_of(each)])]:
        for link in Path(f"/proc/{number}/fd").iterdir():
            try:
                target = os.readlink(link)
                if target.startswith(str(folder)) and target.endswith("(deleted)"):
                    sizes.append(link.stat().st_size)
            except FileNotFoundError:
                continue
    return sizes


def test_no_room_for_an_upload_is_a_503(strict_server: Server, connections: list[Connection], token: str) -> None:
    port = strict_server.port
    for _ in range(2):
        head = [*authorization(token), "Content-Type: multipart/form-data; boundary=x", "Content-Length: 900000"]
        connections.append(Connection(port).send(f"{IMPORTS} HTTP/1.1", *head, body=b"--x\r\n" + b" " * 800_000))
    reply = first_reply(connections)
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")


def first_reply(connections: list[Connection]) -> Reply:
    """Return the reply on the connection that receives one first."""
    ready, _, _ = select.select([connection.socket for connection in connections], [], [], TIMEOUT)
    return next(connection for connection in connections if connection.socket in ready).reply()


def test_too_many_bodies_at_once_are_a_503(strict_server: Server, connections: list[Connection]) -> None:
    port = strict_server.port
    for _ in range(2):
        connections.append(Connection(port).send(f"{POST} HTTP/1.1", "Content-Length: 100", body=b"{"))
    time.sleep(1)
    connections.append(Connection(port).send(f"{POST} HTTP/1.1", "Content-Length: 100", body=b"{"))
    reply = connections[2].reply()
    assert (reply.status, reply.headers["retry-after"]) == (503, "5")
    assert get(port, LIVE).status == 200


def test_a_disconnect_in_a_body_writes_nothing(server: Server, token: str) -> None:
    """Disconnect before the last of the spaces after a complete object: what has arrived could be parsed."""
    port = server.port
    body = b'{"profile_name": "Half", "profile_type": "checking"}' + b" " * 100
    head = [f"{POST} HTTP/1.1", *authorization(token), "Content-Type: application/json", f"Content-Length: {len(body)}"]
    cut, whole = Connection(port).send(*head, body=body[:-1]), Connection(port)
    time.sleep(0.5)
    cut.close()
    assert whole.send(*head, body=body).reply().status == 201
    whole.close()
    accounts = get(port, "/api/v1/finance/accounts/", token).json["results"]
    assert [account["profile_name"] for account in accounts].count("Half") == 1


def test_pipelined_requests_are_answered_in_order(server: Server, connections: list[Connection], token: str) -> None:
    connections.append(Connection(server.port))
    paths = [LIST, LIVE, "/api/v1/unknown/", READY]
    for path in paths:
        connections[0].send(f"GET {path} HTTP/1.1", *authorization(token))
    body = b'{"profile_name": "P", "profile_type": "checking"}'
    head = [*authorization(token), "Content-Type: application/json", f"Content-Length: {len(body)}"]
    connections[0].send(f"{POST} HTTP/1.1", *head, body=body).send(f"GET {LIST} HTTP/1.1", *authorization(token))
    assert [connections[0].reply().status for _ in range(6)] == [200, 200, 404, 200, 201, 200]


@contextmanager
def locked_transactions() -> Iterator[None]:
    """Lock the table of transactions, so that lists wait, until the end of the block."""
    with psycopg.connect(url_of_tests_database()) as other:
        other.execute(f"LOCK TABLE {FinancialTransaction._meta.db_table}")
        yield
        other.rollback()


def test_probes_work_while_a_request_waits(server: Server, connections: list[Connection], token: str) -> None:
    port = server.port
    with locked_transactions():
        connections.append(Connection(port).send(f"GET {LIST} HTTP/1.1", *authorization(token)))
        time.sleep(0.5)
        assert (get(port, LIVE).status, get(port, READY).status) == (200, 200)
    assert connections[0].reply().status == 200


def test_too_many_waiting_requests_are_a_503(strict_server: Server, connections: list[Connection], token: str) -> None:
    port = strict_server.port
    with locked_transactions():
        for _ in range(6):
            connections.append(Connection(port).send(f"GET {LIST} HTTP/1.1", *authorization(token)))
            time.sleep(0.3)
        refused = [connection.reply() for connection in connections[3:]]
    assert [(reply.status, reply.headers["retry-after"]) for reply in refused] == [(503, "5")] * 3
    assert [connection.reply().status for connection in connections[:3]] == [200] * 3


def test_readers_that_stop_do_not_hold_the_thread(
    server: Server, connections: list[Connection], token: str, alice: User
) -> None:
    """Request exports larger than all buffers, and read nothing."""
    with rls.as_staff():
        account = AccountFactory.create(user=alice)
        TransactionFactory.create_batch(3_000, user=alice, financial_profile=account, description="x" * 400)
    for _ in range(3):
        connections.append(Connection(server.port, receive_buffer=1_024))
        connections[-1].send(f"GET {LIST}export/?file_format=json HTTP/1.1", *authorization(token))
    assert get(server.port, LIST, token).status == 200
    assert connections[0].reply(has_body=False).status == 200
    complete = get(server.port, f"{LIST}export/?file_format=json", token)
    assert len(complete.json) == 3_003


def test_sigterm_waits_for_the_running_request(token: str, connections: list[Connection], tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with locked_transactions():
            connections.append(Connection(server.port).send(f"GET {LIST} HTTP/1.1", *authorization(token)))
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
        assert connections[0].reply().status == 200
        assert server.process.wait(60) == 0
        assert "Traceback" not in server.output()


def test_head_requests_and_static_files_work(server: Server, connections: list[Connection], token: str) -> None:
    port = server.port
    connections.append(Connection(port))
    for path in (LIVE, LIST, "/static/admin/css/base.css", f"{LIST}export/?file_format=csv"):
        connections[0].send(f"HEAD {path} HTTP/1.1", *authorization(token))
        assert connections[0].reply(has_body=False).status == 200
    reply = get(port, "/static/admin/css/base.css")
    assert (reply.status, reply.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
    assert len(reply.body) > 10_000


def test_the_shortcut_of_granian_is_in_use(server: Server) -> None:
    assert "This version of Granian is unknown" not in server.output()
