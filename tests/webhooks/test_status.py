"""`manage.py webhook_status`."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from core import clock
from dev.factories import WebhookEndpointFactory, WebhookMessageFactory
from users.models import User, WebhookMessage


@pytest.mark.django_db
def test_it_counts_webhooks_and_messages(alice: User) -> None:
    now, output = clock.now(), StringIO()
    failing = WebhookEndpointFactory(user=alice, failing_since=now)
    WebhookEndpointFactory(user=alice, is_enabled=False)
    for late in (60, 300, -300):
        due = now - timedelta(seconds=late)
        WebhookMessageFactory(user=alice, endpoint=failing, status="pending", next_attempt_at=due)
    WebhookMessageFactory(user=alice, endpoint=failing, status="failed")
    WebhookMessageFactory.create_batch(2, user=alice, endpoint=failing)
    WebhookMessage.objects.filter(pk=WebhookMessageFactory(user=alice, endpoint=failing).pk).update(
        updated_at=now - timedelta(hours=25)
    )
    call_command("webhook_status", stdout=output)
    webhooks, messages, day = output.getvalue().splitlines()
    assert webhooks == "Webhooks: 1 enabled, 1 of them failing, 1 disabled."
    assert messages.startswith("Messages: 3 waiting, the oldest due for 30")
    assert day == "In 24 hours: 2 delivered, 1 given up."
