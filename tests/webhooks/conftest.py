"""Fixtures of the tests of webhooks: a receiver on this machine, names that resolve as a test says, and an endpoint."""

import socket
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from django.db import connection
from pytest_django import Settings

from core import changes
from dev.factories import WebhookEndpointFactory
from tests.commands.conftest import no_jobs
from tests.webhooks.receiver import HOST, Receiver
from users.models import User, WebhookEndpoint

__all__ = ["no_jobs"]

Names = dict[str, list[list[str]]]
REAL_LOOKUP = socket.getaddrinfo


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def receiver(authority: trustme.CA) -> Iterator[Receiver]:
    running = Receiver(authority)
    yield running
    running.close()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Return the addresses of each name in example.com: a list for each lookup, of which the last one is repeated."""
    known: Names = defaultdict(lambda: [["127.0.0.1"]])

    def look_up(host: Any, port: Any, *args: Any, **options: Any) -> list[Any]:
        if not str(host).endswith(".example.com"):
            return REAL_LOOKUP(host, port, *args, **options)
        found = known[host].pop(0) if len(known[host]) > 1 else known[host][0]
        return [(socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.fixture
def use_settings(settings: Settings, authority: trustme.CA, tmp_path: Path) -> Callable[..., None]:
    """Return a function that sets the settings of webhooks, with the test's certificate authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    def use(**changed: Any) -> None:
        settings.WEBHOOKS = {**settings.WEBHOOKS, "ca_file": str(tmp_path / "ca.pem"), "timeout": 1, **changed}

    return use


@pytest.fixture
def reachable(names: Names, use_settings: Callable[..., None]) -> None:
    """Let webhooks reach this machine under the name HOST."""
    use_settings(allow_private=True)
    assert names[HOST] == [["127.0.0.1"]]


@pytest.fixture
def endpoint(alice: User, receiver: Receiver, reachable: None) -> WebhookEndpoint:
    """Return an endpoint of alice for the receiver, which gets messages about changes from now on."""
    return WebhookEndpointFactory(user=alice, url=receiver.url, position=changes.position_of(alice.pk))


def forget_jobs() -> None:
    """Delete all jobs that wait, as if they had failed for good."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
