"""The API of webhooks: creating, changing, testing and replaying them, and reading what was delivered."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from core import changes, clock
from dev.factories import WebhookAttemptFactory, WebhookEndpointFactory, WebhookMessageFactory
from mingus.checks import webhooks_stay_outside
from mingus.env import Environment
from mingus.webhook_settings import webhooks_from
from tests.account_api import log_in, with_session
from tests.conftest import ClientFor
from users.models import User, WebhookEndpoint, WebhookMessage
from users.webhooks.objects import EVENT_TYPES

WEBHOOKS = "/api/v1/webhooks/"
MESSAGES = f"{WEBHOOKS}messages/"
URL = "https://hooks.example.com/mingus"
BODY = {"name": "Home server", "url": URL, "event_types": ["transaction.changed"]}


@pytest.fixture
def webhook(alice: User) -> WebhookEndpoint:
    return WebhookEndpointFactory(user=alice)


def path_of(webhook: WebhookEndpoint, action: str = "") -> str:
    return f"{WEBHOOKS}{webhook.pk}/{action}"


def error_of(response: Any) -> tuple[int, str, str | None]:
    [error] = response.json()["errors"]
    return response.status_code, error["code"], error["attr"]


def waiting_jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'users.tasks.send_webhooks'")
        return cursor.fetchone()[0]


def test_the_secret_is_returned_once_and_stored_encrypted(as_owner: APIClient) -> None:
    created = as_owner.post(WEBHOOKS, BODY, format="json")
    assert created.status_code == 201, created.json()
    secret = created.json()["secret"]
    assert secret.startswith("whsec_")
    assert secret not in str(as_owner.get(WEBHOOKS).json())
    assert "secret" not in as_owner.get(path_of(WebhookEndpoint.objects.get())).json()
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_webhookendpoint::text FROM users_webhookendpoint")
        assert secret[6:] not in cursor.fetchone()[0]
    assert WebhookEndpoint.objects.get().secret == secret


def test_the_owner_is_told_about_a_new_webhook(as_owner: APIClient, alice: User) -> None:
    as_owner.post(WEBHOOKS, BODY, format="json")
    assert alice.systemalert_set.filter(title="A new webhook was created").exists()


@pytest.mark.django_db(transaction=True)
def test_earlier_changes_are_not_sent(as_owner: APIClient, alice: User) -> None:
    before = changes.position_of(alice.pk)
    as_owner.post(WEBHOOKS, BODY, format="json")
    assert WebhookEndpoint.objects.get().position == before > 0


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://2130706433/",
        "https://0x7f.0.0.1/",
        "https://10.1.2.3/",
        "https://example/",
        "https://me:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: y",
        "https://h\u00f6\u00f6ks.example.com/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:x/",
        "https:///path",
        "https://hooks..example.com/",
        "ftp://hooks.example.com/",
        "hooks.example.com",
    ],
)
def test_another_url_is_refused(url: str, as_owner: APIClient) -> None:
    assert error_of(as_owner.post(WEBHOOKS, {**BODY, "url": url}, format="json")) == (400, "invalid_url", "url")
    assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize(("port", "status"), [(443, 201), (8443, 201), (22, 400), (80, 400), (5432, 400)])
def test_only_ports_of_https_are_allowed(port: int, status: int, as_owner: APIClient) -> None:
    response = as_owner.post(WEBHOOKS, {**BODY, "url": f"https://hooks.example.com:{port}/"}, format="json")
    assert response.status_code == status


def test_an_unknown_type_lists_the_known_ones(as_owner: APIClient) -> None:
    response = as_owner.post(WEBHOOKS, {**BODY, "event_types": ["transaction.created"]}, format="json")
    assert response.status_code == 400
    assert EVENT_TYPES[0] in response.json()["errors"][0]["detail"]


def test_a_user_has_ten_webhooks_at_most(as_owner: APIClient, alice: User) -> None:
    WebhookEndpointFactory.create_batch(10, user=alice)
    assert error_of(as_owner.post(WEBHOOKS, BODY, format="json")) == (409, "too_many_webhooks", None)


@pytest.mark.parametrize(
    ("method", "action"), [("post", None), ("patch", ""), ("put", ""), ("delete", ""), ("post", "rotate-secret/")]
)
def test_a_token_or_an_old_session_changes_no_webhook(
    method: str, action: str | None, webhook: WebhookEndpoint, alice: User, api: ClientFor
) -> None:
    path = WEBHOOKS if action is None else path_of(webhook, action)
    by_token = getattr(api(alice), method)(path, BODY, format="json")
    by_session = getattr(with_session(log_in(alice.email)), method)(path, BODY, format="json")
    assert (error_of(by_token)[1], error_of(by_session)[1]) == ("session_required", "reauthentication_required")
    assert WebhookEndpoint.objects.get().secret == webhook.secret


def test_a_new_url_is_checked(as_owner: APIClient, webhook: WebhookEndpoint) -> None:
    assert error_of(as_owner.patch(path_of(webhook), {"url": "https://10.0.0.1/"}, format="json"))[1] == "invalid_url"
    changed = as_owner.patch(path_of(webhook), {"url": "https://new.example.com/"}, format="json")
    assert (changed.status_code, changed.json()["url"]) == (200, "https://new.example.com/")


def test_enabling_starts_with_later_changes(as_owner: APIClient, alice: User, webhook: WebhookEndpoint) -> None:
    values = {"is_enabled": False, "disabled_reason": "gone", "failing_since": clock.now(), "paused_until": clock.now()}
    WebhookEndpoint.objects.update(**values)
    enabled = as_owner.patch(path_of(webhook), {"is_enabled": True}, format="json").json()
    assert (enabled["is_enabled"], enabled["disabled_reason"], enabled["failing_since"]) == (True, "", None)
    assert WebhookEndpoint.objects.get().position == changes.position_of(alice.pk)


def test_disabling_gives_up_what_waits(as_owner: APIClient, webhook: WebhookEndpoint) -> None:
    *_, waiting = messages_of(webhook)
    assert as_owner.patch(path_of(webhook), {"is_enabled": False}, format="json").json()["disabled_reason"] == ""
    assert WebhookMessage.objects.get(pk=waiting.pk).status == "failed"


def test_a_new_secret_leaves_the_former_one_for_a_day(as_owner: APIClient, webhook: WebhookEndpoint) -> None:
    response = as_owner.post(path_of(webhook, "rotate-secret/"))
    assert response.status_code == 200, response.json()
    row = WebhookEndpoint.objects.get()
    assert (row.secret, row.former_secret) == (response.json()["secret"], webhook.secret)
    assert row.secrets(clock.now()) == [row.secret, row.former_secret]
    assert row.secrets(clock.now() + timedelta(hours=24)) == [row.secret]


def test_a_test_message_is_queued(as_alice: APIClient, webhook: WebhookEndpoint) -> None:
    response = as_alice.post(path_of(webhook, "test/"))
    assert response.status_code == 202, response.json()
    assert (response.json()["event_type"], response.json()["status"]) == ("webhook.test", "pending")
    assert waiting_jobs() == 1


@pytest.mark.parametrize("action", ["test/", "replay/"])
def test_a_disabled_webhook_sends_nothing(action: str, as_alice: APIClient, webhook: WebhookEndpoint) -> None:
    WebhookEndpoint.objects.update(is_enabled=False)
    response = as_alice.post(path_of(webhook, action), {"since": clock.now()} if action == "replay/" else None, format="json")
    assert error_of(response) == (409, "webhook_disabled", None)


def test_messages_since_a_time_are_replayed(as_alice: APIClient, webhook: WebhookEndpoint) -> None:
    old, failed, delivered, waiting = messages_of(webhook)
    since = clock.now() - timedelta(hours=1)
    WebhookMessage.objects.filter(pk=old.pk).update(created_at=since - timedelta(seconds=1))
    replayed = as_alice.post(path_of(webhook, "replay/"), {"since": since}, format="json")
    assert (replayed.status_code, replayed.json()) == (202, {"queued": 2})
    states = dict(WebhookMessage.objects.values_list("pk", "status"))
    assert [states[row.pk] for row in (old, failed, delivered, waiting)] == ["delivered", *["pending"] * 3]
    assert WebhookMessage.objects.get(pk=waiting.pk).attempt_count == 1
    assert waiting_jobs() == 1


def test_failed_messages_alone_are_replayed(as_alice: APIClient, webhook: WebhookEndpoint) -> None:
    _, failed, delivered, _ = messages_of(webhook)
    body = {"since": clock.now() - timedelta(hours=1), "only_failed": True}
    assert as_alice.post(path_of(webhook, "replay/"), body, format="json").json() == {"queued": 1}
    assert WebhookMessage.objects.get(pk=delivered.pk).status == "delivered"


def messages_of(webhook: WebhookEndpoint) -> list[Any]:
    own = {"user": webhook.user, "endpoint": webhook}
    ended = [WebhookMessageFactory(**own, status=status) for status in ("delivered", "failed", "delivered")]
    return [*ended, WebhookMessageFactory(**own, status="pending", next_attempt_at=clock.now())]


def test_a_message_is_replayed_with_its_id(as_alice: APIClient, webhook: WebhookEndpoint) -> None:
    message = WebhookMessageFactory(user=webhook.user, endpoint=webhook)
    response = as_alice.post(f"{MESSAGES}{message.pk}/replay/")
    assert response.status_code == 200, response.json()
    assert (response.json()["status"], response.json()["attempt_count"]) == ("pending", 0)
    assert error_of(as_alice.post(f"{MESSAGES}{message.pk}/replay/"))[:2] == (409, "not_ended")


def test_a_message_shows_its_attempts_in_order(as_alice: APIClient, webhook: WebhookEndpoint) -> None:
    message = WebhookMessageFactory(user=webhook.user, endpoint=webhook)
    WebhookAttemptFactory(user=webhook.user, message=message, response_status=503, error="status")
    WebhookAttemptFactory(user=webhook.user, message=message)
    shown = as_alice.get(f"{MESSAGES}{message.pk}/").json()
    assert [(attempt["response_status"], attempt["error"]) for attempt in shown["attempts"]] == [(503, "status"), (200, "")]
    assert "attempts" not in as_alice.get(MESSAGES).json()["results"][0]


def test_messages_of_an_endpoint_are_listed(as_alice: APIClient, alice: User, webhook: WebhookEndpoint) -> None:
    own = WebhookMessageFactory(user=alice, endpoint=webhook, status="failed")
    WebhookMessageFactory(user=alice)
    found = as_alice.get(MESSAGES, {"endpoint": str(webhook.pk), "status": "failed"}).json()["results"]
    assert [row["id"] for row in found] == [str(own.pk)]


def test_another_users_webhook_does_not_exist(alice: User, bob: User, api: ClientFor) -> None:
    webhook = WebhookEndpointFactory(user=bob)
    message = WebhookMessageFactory(user=bob, endpoint=webhook)
    client = api(alice)
    assert client.get(path_of(webhook)).status_code == 404
    assert client.post(path_of(webhook, "test/")).status_code == 404
    assert client.post(path_of(webhook, "replay/"), {"since": clock.now()}, format="json").status_code == 404
    assert client.post(f"{MESSAGES}{message.pk}/replay/").status_code == 404


def test_a_deleted_webhook_takes_its_messages_along(as_owner: APIClient, webhook: WebhookEndpoint) -> None:
    message = WebhookMessageFactory(user=webhook.user, endpoint=webhook)
    WebhookAttemptFactory(user=webhook.user, message=message)
    assert as_owner.delete(path_of(webhook)).status_code == 204
    assert not WebhookMessage.objects.exists()


def test_a_production_server_does_not_reach_its_own_network(settings: Any) -> None:
    settings.DEBUG, settings.WEBHOOKS = False, {**settings.WEBHOOKS, "allow_private": True}
    assert [problem.id for problem in webhooks_stay_outside()] == ["mingus.E034"]
    settings.WEBHOOKS["allow_private"] = False
    assert webhooks_stay_outside() == []


def test_a_port_that_is_none_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("WEBHOOK_PORTS", "443,https,70000")
    env = Environment(tmp_path / ".env")
    assert webhooks_from(env)["ports"] == [443]
    assert [name for name, _ in env.problems] == ["WEBHOOK_PORTS"] * 2
