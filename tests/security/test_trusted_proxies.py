"""The client's address and scheme behind proxies, of which only those in TRUSTED_PROXIES are believed."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from core.rate_limits import client_ip, client_network
from mingus.proxies import PROXY_HEADERS, TrustedProxiesMiddleware

INNER, OUTER = "10.0.0.1", "10.0.0.2"


def seen(**meta: str) -> HttpRequest:
    """Return the request as the middleware passes it on."""
    passed: list[Any] = []

    def keep(request: HttpRequest) -> HttpResponse:
        passed.append(request)
        return HttpResponse()

    TrustedProxiesMiddleware(keep)(RequestFactory().get("/", **meta))
    return passed[0]


@pytest.fixture(autouse=True)
def _proxies(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.1", "", "203.0.113.1"),
        ("203.0.113.1", "198.51.100.1", "203.0.113.1"),  # sent by a client that has reached the server directly
        (INNER, "", INNER),
        (INNER, "198.51.100.1", "198.51.100.1"),
        (INNER, "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the first was sent by the client
        (INNER, f"6.6.6.6, 198.51.100.1, {OUTER}", "198.51.100.1"),
        (INNER, f"198.51.100.1, 6.6.6.6,{OUTER}", "6.6.6.6"),
        (INNER, "198.51.100.1:4711", "198.51.100.1"),
        (INNER, "[2001:db8::7]:4711", "2001:db8::7"),
        (INNER, "2001:db8::7", "2001:db8::7"),
        (INNER, f"198.51.100.1, unknown, {OUTER}", OUTER),
        (INNER, "198.51.100.1, ", INNER),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::ffff:203.0.113.1", "198.51.100.1", "203.0.113.1"),
        ("fd00::1", "198.51.100.1", "198.51.100.1"),
        ("nonsense", "198.51.100.1", "nonsense"),
    ],
)
def test_the_address_is_the_last_that_a_trusted_proxy_reports(peer: str, forwarded: str, address: str) -> None:
    assert seen(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded).META["REMOTE_ADDR"] == address


@pytest.mark.parametrize(("peer", "kept"), [(INNER, True), ("203.0.113.1", False), ("", False)])
def test_the_headers_of_a_stranger_are_removed(peer: str, kept: bool) -> None:
    meta = seen(REMOTE_ADDR=peer, **dict.fromkeys(PROXY_HEADERS, "https")).META
    assert [name in meta for name in PROXY_HEADERS] == [kept] * len(PROXY_HEADERS)


def test_no_proxy_is_trusted_by_default(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []
    meta = seen(REMOTE_ADDR=INNER, HTTP_X_FORWARDED_FOR="198.51.100.1", HTTP_X_FORWARDED_PROTO="https").META
    assert (meta["REMOTE_ADDR"], "HTTP_X_FORWARDED_PROTO" in meta) == (INNER, False)


@pytest.mark.parametrize(
    ("address", "ip", "network"),
    [
        ("203.0.113.77", "203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/56"),
        ("nonsense", "unknown", "unknown"),
        ("", "unknown", "unknown"),
    ],
)
def test_limits_count_addresses_and_networks(address: str, ip: str, network: str) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=address)
    assert (client_ip(request), client_network(request)) == (ip, network)
