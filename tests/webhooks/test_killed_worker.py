"""A worker that is killed while a receiver holds its request: another one delivers the message."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from django.db import connection

from core import clock
from core.tasks import retry_abandoned_jobs
from dev.factories import WebhookEndpointFactory, WebhookMessageFactory
from tests.commands.conftest import Running, run, until, url_of_tests_database
from tests.webhooks.receiver import Receiver, responding
from users.models import User, WebhookAttempt, WebhookMessage
from users.webhooks import endpoints

__all__ = ["run"]
pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
DEADLINE = 60


@pytest.fixture
def local(authority: trustme.CA) -> Iterator[Receiver]:
    """Return a receiver whose name other processes can look up, which holds the first request."""
    running = Receiver(authority, host="localhost")
    running.respond = lambda handler: running.stopped.wait(DEADLINE) and None
    yield running
    running.close()


@pytest.fixture
def start_worker(run: Callable[..., Running], authority: trustme.CA, tmp_path: Path) -> Callable[[], Running]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    settings = {"WEBHOOK_ALLOW_PRIVATE": "1", "WEBHOOK_CA_FILE": str(tmp_path / "ca.pem"), "WEBHOOK_TIMEOUT": "30"}
    return lambda: run("worker", DATABASE_URL=url_of_tests_database(), **settings)


def test_another_worker_delivers_its_message(
    no_jobs: None, alice: User, local: Receiver, start_worker: Callable[[], Running]
) -> None:
    now = clock.now()
    endpoint = WebhookEndpointFactory(user=alice, url=f"https://localhost:{local.server_port}/", event_types=["tag.changed"])
    own = {"user": alice, "endpoint": endpoint, "status": "pending", "attempt_count": 0}
    message = WebhookMessageFactory(**own, queued_at=now, next_attempt_at=now)
    endpoints.enqueue([alice.pk])
    worker = start_worker()
    until(lambda: "yes" if local.received else "", "the first request")
    worker.process.kill()
    worker.process.wait(DEADLINE)
    local.respond = responding(200)
    with connection.cursor() as cursor:  # as if the time had passed
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    assert not WebhookMessage.objects.due(clock.now()).exists()
    WebhookMessage.objects.filter(pk=message.pk).update(next_attempt_at=clock.now())
    retry_abandoned_jobs(0)
    start_worker()
    until(lambda: "yes" if WebhookMessage.objects.get(pk=message.pk).status == "delivered" else "", "the delivery")
    first, second = (request for request in local.received if message.webhook_id == request.headers["webhook-id"])
    assert (first.body, WebhookAttempt.objects.filter(message_id=message.pk).count()) == (second.body, 1)
