"""Headers whose names contain an underscore, sent to a real server: in CGI's names they stand in for those of the proxy.

A server maps `X_Forwarded_For` and `X-Forwarded-For` to the same key of the WSGI environ (CVE-2015-0219). A proxy sets the
second one only, so a client could add the first one behind its back.
"""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from dev.factories import PASSWORD, TokenFactory, UserFactory
from tests.commands.conftest import Server
from tests.commands.raw_client import Connection, Reply
from users.models import User

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
ME = "/api/v1/users/me/"
CHOSEN = "chosen-by-the-client"


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    """Yield a server that trusts the headers of a proxy and redirects HTTP to HTTPS."""
    program = Server(tmp_path, options=(), WORKERS="1", SECURE_SSL_REDIRECT="1", TRUSTED_PROXIES="127.0.0.1")
    yield program
    program.close()


@pytest.fixture
def user(transactional_db: None) -> User:
    return UserFactory.create(email="carol@example.com")


def request(server: Server, line: str, *headers: str, body: bytes = b"") -> Reply:
    connection = Connection(server.port)
    try:
        return connection.send(line, *headers, body=body).reply()
    finally:
        connection.close()


def log_in(server: Server, user: User, *headers: str) -> str:
    """Return the session token after a login over HTTPS, as a proxy would forward it."""
    body = orjson.dumps({"email": user.email, "password": PASSWORD})
    length = f"Content-Length: {len(body)}"
    path = "POST /_allauth/app/v1/auth/login HTTP/1.1"
    sent = request(server, path, "X-Forwarded-Proto: https", "Content-Type: application/json", length, *headers, body=body)
    return str(sent.json["meta"]["session_token"])


@pytest.mark.parametrize("header", ["X_Forwarded_Proto", "X_Forwarded-Proto", "X-Forwarded_Proto", "x_forwarded_proto"])
def test_the_scheme_is_the_one_of_the_proxy(header: str, server: Server) -> None:
    refused = request(server, f"GET {ME} HTTP/1.1", f"{header}: https")
    assert (refused.status, refused.headers["location"]) == (301, f"https://127.0.0.1{ME}")
    assert request(server, f"GET {ME} HTTP/1.1", "X-Forwarded-Proto: https").status == 401


def test_the_address_is_the_one_of_the_proxy(server: Server, user: User) -> None:
    session = log_in(server, user, "X-Forwarded-For: 203.0.113.7", "X_Forwarded_For: 198.51.100.1")
    headers = ["X-Forwarded-Proto: https", f"X-Session-Token: {session}"]
    [row] = request(server, "GET /api/v1/users/sessions/ HTTP/1.1", *headers).json["results"]
    assert row["address"] == "203.0.113.7"


@pytest.mark.parametrize("header", ["X_Session_Token", "X-Session_Token", "x_session-token"])
def test_a_session_counts_only_in_its_header(header: str, server: Server, user: User) -> None:
    session = log_in(server, user)
    assert request(server, f"GET {ME} HTTP/1.1", "X-Forwarded-Proto: https", f"X-Session-Token: {session}").status == 200
    assert request(server, f"GET {ME} HTTP/1.1", "X-Forwarded-Proto: https", f"{header}: {session}").status == 401


@pytest.mark.parametrize("header", ["Authorization_", "_Authorization", "HTTP_AUTHORIZATION", "Proxy_Authorization"])
def test_a_token_counts_only_in_its_header(header: str, server: Server, user: User) -> None:
    token = f"Bearer {TokenFactory(user=user).text}"
    assert request(server, f"GET {ME} HTTP/1.1", "X-Forwarded-Proto: https", f"Authorization: {token}").status == 200
    assert request(server, f"GET {ME} HTTP/1.1", "X-Forwarded-Proto: https", f"{header}: {token}").status == 401


def test_further_headers_are_dropped(server: Server) -> None:
    proxied = "X-Forwarded-Proto: https"
    named = request(server, f"GET {ME} HTTP/1.1", proxied, f"X_Request_Id: {CHOSEN}")
    assert named.headers["x-request-id"] != CHOSEN
    # a second spelling does not change the value of the first one either
    kept = request(server, f"GET {ME} HTTP/1.1", proxied, f"X-Request-Id: {CHOSEN}", "X_Request_Id: another-request")
    assert kept.headers["x-request-id"] == CHOSEN
    for header in ("Content_Length: 5", "Transfer_Encoding: chunked", "X_HTTP_Method_Override: DELETE", "Host_: evil.example"):
        assert request(server, f"GET {ME} HTTP/1.1", proxied, header).status == 401
