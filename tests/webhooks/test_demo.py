"""The demo's webhooks, and repeated loading."""

from datetime import date

import pytest

from dev.demo import webhooks
from users.models import User, WebhookAttempt, WebhookEndpoint, WebhookMessage


@pytest.mark.django_db
def test_loading_twice_adds_nothing(alice: User) -> None:
    models = [WebhookEndpoint, WebhookMessage, WebhookAttempt]
    counts = [webhooks.load(alice, today=date(2026, 3, 10)) or [model.objects.count() for model in models] for _ in range(2)]
    assert counts == [[1, 3, 11]] * 2
    assert not WebhookEndpoint.objects.get().is_enabled
