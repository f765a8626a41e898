"""The HTTP client of webhooks: which addresses it connects to, and how long and how much it reads."""

import socket
import time
from collections.abc import Callable
from ipaddress import ip_address

import pytest
import trustme

from tests.webhooks.conftest import Names
from tests.webhooks.receiver import HOST, Handler, Receiver, responding
from users.webhooks import sender
from users.webhooks.addresses import is_public
from users.webhooks.sender import Outcome

ANY = "0.0.0.0"  # noqa: S104 - connects to this machine
PRIVATE = [
    *(ANY, "10.1.2.3", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1"),
    *("198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3", "::ffff:169.254.169.254", "::ffff:8.8.8.8"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::1"),
    *("3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "192.0.1.1", "2606:4700:4700::1111", "2a00:1450:4001::1"]


def send(url: str) -> Outcome:
    return sender.post(url, body=b'{"a":1}', headers={"Content-Type": "application/json"})


def drip(pieces: bytes, pause: float = 0.1) -> Callable[[Handler], None]:
    """Return a response that is sent byte by byte, without an end."""

    def respond(handler: Handler) -> None:
        handler.wfile.write(pieces)
        while not handler.server.stopped.wait(pause):
            handler.wfile.write(b"x")

    return respond


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", ANY])  # each reaches the receiver
def test_a_name_with_a_private_address_gets_no_connection(
    address: str, receiver: Receiver, names: Names, use_settings: Callable[..., None]
) -> None:
    use_settings()
    names[HOST] = [[address]]
    outcome = send(receiver.url)
    assert (outcome.status, outcome.error) == (None, "address")
    assert receiver.connections == 0
    with socket.create_connection((address, receiver.server_port), 1):
        pass  # it would have been reached


def test_one_private_address_among_public_ones_is_enough(
    receiver: Receiver, names: Names, use_settings: Callable[..., None]
) -> None:
    use_settings()
    names[HOST] = [["8.8.8.8", "127.0.0.1"]]
    assert send(receiver.url).error == "address"
    assert receiver.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "127.1", "0"])
def test_a_number_for_this_machine_gets_no_connection(host: str, receiver: Receiver, use_settings: Callable[..., None]) -> None:
    use_settings()
    assert send(f"https://{host}:{receiver.server_port}/").error == "address"
    assert receiver.connections == 0


def test_a_name_that_changes_its_address_is_looked_up_once(
    authority: trustme.CA, receiver: Receiver, names: Names, reachable: None
) -> None:
    other = Receiver(authority, address="127.0.0.2")
    names[HOST] = [["127.0.0.2"], ["127.0.0.1"]]
    assert send(f"https://{HOST}:{other.server_port}/").status == 200
    assert (len(other.received), receiver.connections, names[HOST]) == (1, 0, [["127.0.0.1"]])
    other.close()


def test_the_next_address_is_used_if_the_first_one_refuses(receiver: Receiver, names: Names, reachable: None) -> None:
    names[HOST] = [["127.0.0.3", "127.0.0.1"]]
    assert send(receiver.url).status == 200


def test_an_unknown_name_has_no_address(use_settings: Callable[..., None]) -> None:
    use_settings()
    assert send("https://nothing.invalid/").error == "address"


def test_a_request_has_the_name_as_its_host(receiver: Receiver, reachable: None) -> None:
    assert send(f"{receiver.url}?a=1&b=%20").error == ""
    [request] = receiver.received
    assert (request.path, request.body) == ("/hook?a=1&b=%20", b'{"a":1}')
    assert request.headers["host"] == f"{HOST}:{receiver.server_port}"


@pytest.mark.parametrize(
    ("status", "error"), [(200, ""), (204, ""), (301, "redirect"), (304, "redirect"), (404, "status"), (500, "status")]
)
def test_only_2xx_is_a_success(status: int, error: str, receiver: Receiver, reachable: None) -> None:
    receiver.respond = responding(status)
    outcome = send(receiver.url)
    assert (outcome.status, outcome.error) == (status, error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int, authority: trustme.CA, receiver: Receiver, reachable: None) -> None:
    other = Receiver(authority)
    receiver.respond = responding(status, Location=f"https://{HOST}:{other.server_port}/")
    assert send(receiver.url).error == "redirect"
    assert (len(receiver.received), other.connections) == (1, 0)
    other.close()


def test_no_proxy_of_the_environment_is_used(receiver: Receiver, reachable: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    assert send(receiver.url).status == 200


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nA: ", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: "])
def test_a_receiver_that_drips_headers_is_cut(start: bytes, receiver: Receiver, reachable: None) -> None:
    receiver.respond = drip(start)
    begin = time.monotonic()
    assert send(receiver.url).error in {"timeout", "response"}  # a first line of x is no HTTP, if it is long
    assert 0.9 < time.monotonic() - begin < 2


def test_a_body_that_drips_does_not_undo_the_status(receiver: Receiver, reachable: None) -> None:
    receiver.respond = drip(b"HTTP/1.1 200 OK\r\n\r\n")
    outcome = send(receiver.url)
    assert (outcome.status, outcome.error) == (200, "")
    assert 0.9 < outcome.duration < 2


def test_a_receiver_that_hangs_is_cut(receiver: Receiver, reachable: None) -> None:
    receiver.respond = lambda handler: handler.server.stopped.wait(5) and None
    outcome = send(receiver.url)
    assert (outcome.status, outcome.error) == (None, "timeout")
    assert outcome.duration < 2


def test_a_listener_that_accepts_nothing_is_cut(reachable: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # its backlog connects, and no TLS follows
        outcome = send(f"https://{HOST}:{silent.getsockname()[1]}/")
    assert outcome.error == "timeout"
    assert outcome.duration < 2


def test_a_closed_port_is_no_connection(reachable: None) -> None:
    assert send(f"https://{HOST}:9/").error == "connection"


def test_a_large_body_is_not_read(receiver: Receiver, reachable: None) -> None:
    receiver.respond = responding(200, "\u00e4".encode() * 5_000_000)
    outcome = send(receiver.url)
    assert (outcome.status, outcome.excerpt) == (200, "\u00e4" * 200)
    assert outcome.duration < 1


def test_many_headers_are_refused(receiver: Receiver, reachable: None) -> None:
    receiver.respond = responding(200, **{f"X-{number}": "x" for number in range(200)})
    assert send(receiver.url).error == "response"


def test_an_excerpt_has_no_null_characters(receiver: Receiver, reachable: None) -> None:
    receiver.respond = responding(500, b"a\0\xffb")
    assert send(receiver.url).excerpt == "a\ufffd\ufffdb"


def test_a_certificate_of_another_name_is_refused(authority: trustme.CA, reachable: None) -> None:
    other = Receiver(authority, host="other.example.com")
    assert send(f"https://{HOST}:{other.server_port}/").error == "certificate"
    assert other.received == []
    other.close()


def test_a_certificate_of_an_unknown_authority_is_refused(reachable: None) -> None:
    stranger = Receiver(trustme.CA())
    assert send(f"https://{HOST}:{stranger.server_port}/").error == "certificate"
    assert stranger.received == []
    stranger.close()
