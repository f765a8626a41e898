"""A worker whose webhooks all hang still sends emails."""

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage

from core import clock, jobs
from core.jobs import WEBHOOK_CONCURRENCY
from core.mail import deliver, encrypt_message
from dev.factories import UserFactory, WebhookEndpointFactory, WebhookMessageFactory
from tests.commands.conftest import Running, run, until
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_killed_worker import local, start_worker
from users.webhooks import endpoints

__all__ = ["local", "run", "start_worker"]
pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


def test_other_jobs_do_not_wait_for_them(no_jobs: None, local: Receiver, start_worker: Callable[[], Running]) -> None:
    now = clock.now()
    for user in UserFactory.create_batch(WEBHOOK_CONCURRENCY):
        url = f"https://localhost:{local.server_port}/"
        endpoint = WebhookEndpointFactory(user=user, url=url, event_types=["tag.changed"])
        WebhookMessageFactory(user=user, endpoint=endpoint, status="pending", queued_at=now, next_attempt_at=now)
        endpoints.enqueue([user.pk])
    worker = start_worker()
    until(lambda: "yes" if len(local.received) == WEBHOOK_CONCURRENCY else "", "a request of each user", seconds=20)
    mail = EmailMessage("While all hang", "Hello", "mingus@example.com", ["alice@example.com"])
    jobs.enqueue(deliver, encrypted=encrypt_message(mail))
    worker.wait_for("Subject: While all hang")
    assert len(local.received) == WEBHOOK_CONCURRENCY
