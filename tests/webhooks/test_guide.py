"""The section on webhooks of the API guide: its code verifies what is sent, and its message and figures are true."""

import re
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from dev.factories import WebhookMessageFactory
from tests.webhooks.receiver import Receiver
from users.models import User, WebhookEndpoint
from users.webhooks import delivery, endpoints
from users.webhooks.objects import EVENT_TYPES
from users.webhooks.outbox import ChangedObjects

GUIDE = (Path(__file__).parents[2] / "docs/api.md").read_text()
SECTION = GUIDE.partition("\n## Webhooks\n")[2].partition("\n## ")[0]
PYTHON, MESSAGE = (re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)[0] for language in ("python", "json"))


@pytest.fixture(scope="module")
def verify() -> Callable[..., bool]:
    """Return the function of the guide."""
    names: dict[str, Any] = {}
    exec(PYTHON, names)  # noqa: S102 - the text is ours
    return names["verify"]


@pytest.mark.django_db(transaction=True)
def test_the_code_verifies_a_delivered_message(
    verify: Callable[..., bool], endpoint: WebhookEndpoint, alice: User, receiver: Receiver
) -> None:
    now = endpoint.created_at
    WebhookMessageFactory(user=alice, endpoint=endpoint, status="pending", queued_at=now, next_attempt_at=now)
    delivery.send_due_messages(alice.pk)
    [request] = receiver.received
    assert verify(endpoint.secret, request.headers, request.body)
    assert not verify(endpoint.secret, request.headers, request.body + b" ")
    assert not verify(endpoint.secret, {**request.headers, "webhook-timestamp": "1"}, request.body)


def test_the_message_has_the_form_of_those_that_are_sent() -> None:
    shown = orjson.loads(MESSAGE)
    made = ChangedObjects(42, UUID(int=0), "finance_financialtransaction", 2, shown["data"]["ids"], 0, [])
    assert orjson.loads(made.body()) | {"timestamp": shown["timestamp"]} == shown
    assert shown["type"] in EVENT_TYPES


def test_the_figures_are_those_of_the_code() -> None:
    assert delivery.RETRY_DELAYS == [120, 300, 1_800, 7_200, 5 * 3600, 10 * 3600, 66_000]
    assert 35.5 < list(accumulate(delivery.RETRY_DELAYS))[-1] / 3600 < 36.5
    assert f"A user can have {endpoints.MAX_ENDPOINTS} webhooks" in SECTION
    assert "10 hours and 18 hours" in SECTION
