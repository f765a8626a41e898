"""Delivery of webhooks: signatures, retries, disabled endpoints, and workers that die or work at the same time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connections
from standardwebhooks import Webhook, WebhookVerificationError

from core import clock, jobs
from dev.factories import PayeeFactory, WebhookEndpointFactory, WebhookMessageFactory
from system.models import SystemAlert
from tests.conftest import use_staff_role
from tests.webhooks.conftest import Names, forget_jobs
from tests.webhooks.receiver import HOST, Handler, Receiver, responding
from users.models import User, WebhookAttempt, WebhookEndpoint, WebhookMessage
from users.tasks import delete_old_webhook_messages, retry_webhooks, send_webhooks
from users.webhooks import delivery, endpoints
from users.webhooks.delivery import RETRY_DELAYS, reserve_message, retry_delay

pytestmark = pytest.mark.django_db(transaction=True)
DAY_AND_A_HALF = 36 * 3600


@pytest.fixture
def message(endpoint: WebhookEndpoint, alice: User) -> WebhookMessage:
    return waiting_message(endpoint)


def waiting_message(endpoint: WebhookEndpoint, **values: Any) -> WebhookMessage:
    now = clock.now()
    due = {"status": "pending", "attempt_count": 0, "queued_at": now, "next_attempt_at": now}
    return WebhookMessageFactory(user=endpoint.user, endpoint=endpoint, **due | values)


def deliver(user: User) -> None:
    send_webhooks(user=str(user.pk))


def deliver_at(instant: datetime, user: User) -> None:
    """Send what is due at another time of this process. The receiver's limit of time does not depend on it."""
    with time_machine.travel(instant, tick=True):
        deliver(user)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def test_a_change_reaches_the_receiver(no_jobs: None, endpoint: WebhookEndpoint, alice: User, receiver: Receiver) -> None:
    payee = PayeeFactory(user=alice)
    jobs.run_pending()
    [request] = [each for each in receiver.received if b"payee.changed" in each.body]
    event = Webhook(endpoint.secret).verify(request.body, request.headers)
    assert (event["type"], event["data"]["ids"]) == ("payee.changed", [str(payee.pk)])
    assert request.headers["content-type"] == "application/json"
    assert WebhookMessage.objects.get(event_type="payee.changed").status == "delivered"


def test_another_secret_does_not_verify(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    deliver(alice)
    [request] = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(message.endpoint.secret).verify(request.body + b" ", request.headers)


def test_both_secrets_verify_for_a_day(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    endpoint, former = message.endpoint, message.endpoint.secret
    endpoints.rotate_secret(endpoint, now=clock.now())
    deliver(alice)
    [request] = receiver.received
    assert Webhook(former).verify(request.body, request.headers) == Webhook(endpoint.secret).verify(
        request.body, request.headers
    )
    assert former != endpoint.secret


def test_the_former_secret_ends_after_a_day(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    former = message.endpoint.secret
    endpoints.rotate_secret(message.endpoint, now=clock.now() - timedelta(hours=24, seconds=1))
    deliver(alice)
    [request] = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(former).verify(request.body, request.headers)
    Webhook(fresh(message.endpoint).secret).verify(request.body, request.headers)


def test_a_delivered_message_is_not_sent_again(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    deliver(alice)
    deliver(alice)
    deliver_at(clock.now() + timedelta(days=2), alice)
    assert len(receiver.received) == 1
    assert fresh(message).status == "delivered"


def test_an_attempt_is_recorded(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    receiver.respond = responding(503, b"Come back later")
    deliver(alice)
    attempt = WebhookAttempt.objects.get()
    recorded = (attempt.message_id, attempt.response_status, attempt.error, attempt.response_excerpt)
    assert recorded == (message.pk, 503, "status", "Come back later")
    assert attempt.duration_ms < 1000


def test_a_failed_message_is_retried_until_it_is_delivered(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    receiver.respond = responding(500)
    deliver(alice)
    assert (fresh(message).status, fresh(message.endpoint).failing_since is None) == ("pending", False)
    receiver.respond = responding(200)
    deliver_at(clock.now() + timedelta(seconds=140), alice)
    assert (fresh(message).status, fresh(message.endpoint).failing_since) == ("delivered", None)
    [first, second] = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"msg_{message.pk}"
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]


def test_retries_end_after_a_day_and_a_half(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    receiver.respond = responding(500)
    start = clock.now()
    for _ in range(len(RETRY_DELAYS)):
        deliver_at(fresh(message).next_attempt_at or start, alice)
        assert fresh(message).status == "pending"
    last = fresh(message).next_attempt_at
    deliver_at(last, alice)
    assert (fresh(message).status, fresh(message).next_attempt_at) == ("failed", None)
    assert len(receiver.received) == WebhookAttempt.objects.count() == 8
    assert 0.9 * DAY_AND_A_HALF < (last - start).total_seconds() < 1.1 * DAY_AND_A_HALF


def test_delays_differ_by_a_tenth_at_most() -> None:
    delays = [retry_delay(1).total_seconds() for _ in range(100)]
    assert 108 <= min(delays) < max(delays) <= 132
    assert retry_delay(len(RETRY_DELAYS) + 1) is None


def test_an_endpoint_that_failed_gets_one_attempt_a_minute(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    later = waiting_message(message.endpoint)
    receiver.respond = responding(500)
    deliver(alice)
    deliver(alice)
    assert len(receiver.received) == 1
    receiver.respond = responding(200)
    deliver_at(clock.now() + timedelta(seconds=61), alice)
    assert fresh(later).status == "delivered"


def test_another_endpoint_does_not_wait_for_one_that_fails(
    message: WebhookMessage, alice: User, receiver: Receiver, authority: Any
) -> None:
    other = Receiver(authority)
    sound = waiting_message(WebhookEndpointFactory(user=alice, url=other.url))
    receiver.respond = responding(500)
    deliver(alice)
    assert (fresh(message).status, fresh(sound).status) == ("pending", "delivered")
    other.close()


def test_a_message_that_waited_too_long_is_given_up(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    receiver.respond = responding(500)
    WebhookMessage.objects.update(queued_at=clock.now() - timedelta(hours=37))
    deliver(alice)
    assert fresh(message).status == "failed"


def test_410_disables_the_endpoint(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    later = waiting_message(message.endpoint)
    receiver.respond = responding(410)
    deliver(alice)
    endpoint = fresh(message.endpoint)
    assert (endpoint.is_enabled, endpoint.disabled_reason) == (False, "gone")
    assert (fresh(message).status, fresh(later).status, len(receiver.received)) == ("failed", "failed", 1)
    assert SystemAlert.objects.get(user=alice).title == "A webhook was disabled"


def test_days_of_failures_disable_the_endpoint(no_jobs: None, message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    receiver.respond = responding(500)
    WebhookEndpoint.objects.update(failing_since=clock.now() - timedelta(days=5, seconds=1))
    deliver(alice)
    assert fresh(message.endpoint).disabled_reason == "failing"
    jobs.run_pending()
    assert [sent.subject for sent in mail.outbox] == ["[MINGUS] A webhook was disabled"]


def test_a_disabled_endpoint_gets_nothing(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    WebhookEndpoint.objects.update(is_enabled=False)
    deliver(alice)
    retry_webhooks(0)
    assert (receiver.connections, fresh(message).status) == (0, "pending")


def test_a_deactivated_account_sends_nothing(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    User.objects.update(is_active=False)
    deliver(alice)
    assert (receiver.connections, fresh(message).status) == (0, "pending")


@pytest.mark.parametrize("moment", ["reserved", "sent"])
def test_a_worker_that_dies_loses_no_message(moment: str, message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    reserved = reserve_message(alice.pk, now=clock.now())
    if moment == "sent":
        delivery.send(reserved, now=clock.now())
    deliver(alice)
    assert fresh(message).status == "pending"  # another worker might be sending it
    deliver_at(clock.now() + timedelta(minutes=2, seconds=1), alice)
    assert fresh(message).status == "delivered"
    assert {request.headers["webhook-id"] for request in receiver.received} == {f"msg_{message.pk}"}
    assert len(receiver.received) == (2 if moment == "sent" else 1)


def test_a_late_failure_does_not_undo_a_delivery(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    slow = reserve_message(alice.pk, now=clock.now())
    WebhookMessage.objects.update(next_attempt_at=clock.now())
    deliver(alice)
    delivery.record_outcome(slow, delivery.Outcome(None, "timeout", 15.0), now=clock.now())
    assert fresh(message).status == "delivered"


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4, initializer=use_staff_role) as pool:
        yield pool
        list(pool.map(lambda _: connections.close_all(), range(16)))


def test_workers_at_the_same_time_send_each_message_once(
    endpoint: WebhookEndpoint, alice: User, receiver: Receiver, workers: ThreadPoolExecutor
) -> None:
    messages = [waiting_message(endpoint) for _ in range(20)]
    list(workers.map(lambda _: deliver(alice), range(4)))
    assert sorted(request.headers["webhook-id"] for request in receiver.received) == sorted(
        message.webhook_id for message in messages
    )


def test_an_endpoint_deleted_during_an_attempt(message: WebhookMessage, alice: User, receiver: Receiver) -> None:
    receiver.respond = deleting(message.endpoint)
    deliver(alice)
    assert (len(receiver.received), WebhookMessage.objects.count(), WebhookAttempt.objects.count()) == (1, 0, 0)


def deleting(endpoint: WebhookEndpoint) -> Callable[[Handler], None]:
    """Return a response during which the endpoint is deleted in another thread."""

    def delete() -> None:
        use_staff_role()
        endpoint.delete()
        connections.close_all()

    def respond(handler: Handler) -> None:
        thread = threading.Thread(target=delete)
        thread.start()
        thread.join()
        responding(200)(handler)

    return respond


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["8.8.8.8", "127.0.0.1"]])
def test_a_private_address_gets_no_request(
    addresses: list[str], message: WebhookMessage, alice: User, receiver: Receiver, names: Names, use_settings: Any
) -> None:
    use_settings(allow_private=False)
    names[HOST] = [addresses]
    deliver(alice)
    attempt = WebhookAttempt.objects.get()
    assert (attempt.error, attempt.response_status, receiver.connections) == ("address", None, 0)


def test_the_minute_job_finds_due_messages(no_jobs: None, message: WebhookMessage, receiver: Receiver) -> None:
    retry_webhooks(0)
    jobs.run_pending()
    assert fresh(message).status == "delivered"


def test_the_minute_job_finds_changes_whose_job_failed(
    no_jobs: None, endpoint: WebhookEndpoint, alice: User, receiver: Receiver
) -> None:
    PayeeFactory(user=alice)
    forget_jobs()
    retry_webhooks(0)
    jobs.run_pending()
    assert WebhookMessage.objects.get(event_type="payee.changed").status == "delivered"


def test_old_messages_are_deleted_with_their_attempts(message: WebhookMessage, alice: User) -> None:
    deliver(alice)
    recent = waiting_message(message.endpoint)
    WebhookMessage.objects.filter(pk=message.pk).update(created_at=clock.now() - timedelta(days=30, seconds=1))
    delete_old_webhook_messages(0)
    assert list(WebhookMessage.objects.values_list("pk", flat=True)) == [recent.pk]
    assert not WebhookAttempt.objects.exists()
