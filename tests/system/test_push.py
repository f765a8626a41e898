"""Push notifications by Web Push: registration of devices, and delivery to a push service that decrypts as a browser does."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_bytes
from threading import Thread
from typing import Any

import http_ece
import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from procrastinate.contrib.django.models import ProcrastinateJob
from py_vapid import Vapid
from pytest_django import Settings
from rest_framework.test import APIClient

from core import clock
from dev.factories import ImportantDateFactory, PreferenceFactory, PushDeviceFactory
from system import services, web_push
from system.models import AlertType, NotificationPreference, PushDevice, Severity, SystemAlert
from system.services.push import push_alert, push_to_device
from users.models import User

DEVICES = "/api/v1/system/push-devices/"
pytestmark = pytest.mark.django_db


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


class PushService:
    """A push service with one browser, which decrypts what it gets. It responds with `status`."""

    def __init__(self) -> None:
        self.key, self.auth = ec.generate_private_key(ec.SECP256R1()), token_bytes(16)
        self.status = 201
        self.messages: list[dict[str, str]] = []
        self.headers: list[Any] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.headers.append(self.headers)
                service.messages.append(json.loads(http_ece.decrypt(body, private_key=service.key, auth_secret=service.auth)))
                self.send_response(service.status)
                if service.status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def subscription(self) -> dict[str, Any]:
        """Return what `pushManager.subscribe()` of the browser returns."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": b64(point), "auth": b64(self.auth)}
        return {"endpoint": f"http://{self.host}/push/1", "expirationTime": None, "keys": keys}


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    service = PushService()
    settings.DEBUG, settings.WEB_PUSH_SERVICES = True, [service.host]  # in production only HTTPS
    yield service
    service.server.shutdown()


@pytest.fixture
def registered(as_alice: APIClient, service: PushService) -> PushService:
    response = as_alice.post(DEVICES, {"name": "Phone", "subscription": service.subscription}, format="json")
    assert response.status_code == 201, response.content
    return service


def run_jobs_of(name: str) -> None:
    task = {"push_alert": push_alert, "push_to_device": push_to_device}[name]
    for job in ProcrastinateJob.objects.filter(task_name=f"system.services.push.{name}"):
        task(**job.args)


def notify(user: User, alert_type: AlertType = AlertType.BILLING, **fields: Any) -> SystemAlert:
    fields = {"severity": Severity.HIGH, "title": "Card", "message": "Your card expires."} | fields
    return services.alert(user=user, alert_type=alert_type, **fields)


def deliver() -> None:
    run_jobs_of("push_alert")
    run_jobs_of("push_to_device")


def test_an_alert_arrives_at_the_browser_encrypted(registered: PushService, alice: User) -> None:
    alert = notify(alice)
    deliver()
    assert registered.messages == [{"title": "Card", "body": "Your card expires.", "alert": str(alert.pk), "type": "billing"}]
    [headers] = registered.headers
    assert (headers["Urgency"], headers["TTL"], headers["Content-Encoding"]) == ("high", "86400", "aes128gcm")
    assert PushDevice.objects.get().last_sent_at is not None


def test_the_server_identifies_itself_by_its_key(registered: PushService, as_alice: APIClient, alice: User) -> None:
    notify(alice)
    deliver()
    public_key = as_alice.get(f"{DEVICES}public-key/").json()["public_key"]
    token, key = registered.headers[0]["Authorization"].removeprefix("vapid t=").split(",k=")
    assert key == public_key
    assert Vapid.verify(f"vapid t={token},k={key}")
    claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["aud"], claims["sub"]) == (f"http://{registered.host}", "mailto:security@mingus.example")


def test_a_reminder_of_a_date_arrives(registered: PushService, alice: User) -> None:
    ImportantDateFactory(user=alice, date_name="Car insurance", reminder_days=7)
    services.send_reminders(now=clock.now())
    deliver()
    assert [message["title"] for message in registered.messages] == ["Car insurance"]


def test_a_long_message_is_cut(registered: PushService, alice: User) -> None:
    notify(alice, message="Ä" * 5_000)
    deliver()
    assert registered.messages[0]["body"].endswith("…")


class TestChoices:
    def test_registering_a_device_switches_push_on(self, registered: PushService, alice: User) -> None:
        assert NotificationPreference.objects.filter(user=alice, push_enabled=True).count() == 6

    def test_only_for_the_types_that_are_named(self, as_alice: APIClient, service: PushService, alice: User) -> None:
        body = {"name": "Phone", "subscription": service.subscription, "notification_types": ["security"]}
        as_alice.post(DEVICES, body, format="json")
        notify(alice)
        deliver()
        assert service.messages == []
        notify(alice, AlertType.SECURITY)
        deliver()
        assert len(service.messages) == 1

    def test_quiet_hours_are_waited_for(self, registered: PushService, alice: User) -> None:
        NotificationPreference.objects.filter(notification_type="billing").update(
            quiet_hours_start="00:00", quiet_hours_end="23:59"
        )
        notify(alice)
        run_jobs_of("push_alert")
        [job] = ProcrastinateJob.objects.filter(task_name="system.services.push.push_to_device")
        assert job.scheduled_at is not None
        assert job.scheduled_at > clock.now()

    def test_an_alert_that_was_read_in_the_meantime_is_not_sent(self, registered: PushService, alice: User) -> None:
        services.mark_read(notify(alice), user=alice, now=clock.now())
        deliver()
        assert registered.messages == []

    def test_an_expired_alert_is_not_sent(self, registered: PushService, alice: User) -> None:
        notify(alice, expires_at=clock.now() + timedelta(hours=1))
        with time_machine.travel(clock.now() + timedelta(hours=2)):
            deliver()
        assert registered.messages == []

    def test_another_user_gets_nothing(self, registered: PushService, bob: User) -> None:
        notify(bob)
        assert not ProcrastinateJob.objects.filter(task_name="system.services.push.push_alert").exists()


class TestFailures:
    @pytest.mark.parametrize("status", [404, 410])
    def test_a_device_that_is_gone_is_deleted(self, status: int, registered: PushService, alice: User) -> None:
        registered.status = status
        notify(alice)
        deliver()
        assert not PushDevice.objects.exists()

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_a_busy_service_is_asked_again(self, status: int, registered: PushService, alice: User) -> None:
        registered.status = status
        notify(alice)
        run_jobs_of("push_alert")
        with pytest.raises(web_push.PushError, match="busy"):
            run_jobs_of("push_to_device")
        registered.status = 201
        run_jobs_of("push_to_device")
        assert len(registered.messages) == 2

    def test_a_redirect_is_not_followed(self, registered: PushService, alice: User) -> None:
        registered.status = 302
        notify(alice)
        run_jobs_of("push_alert")
        with pytest.raises(web_push.PushError):
            run_jobs_of("push_to_device")
        assert len(registered.messages) == 1

    def test_a_service_that_is_down_is_asked_again(self, registered: PushService, alice: User) -> None:
        registered.server.shutdown()
        registered.server.server_close()
        notify(alice)
        run_jobs_of("push_alert")
        with pytest.raises(web_push.PushError, match="busy"):
            run_jobs_of("push_to_device")


class TestRegistration:
    def test_a_device_that_comes_again_is_one_device(self, registered: PushService, as_alice: APIClient) -> None:
        again = as_alice.post(DEVICES, {"name": "My phone", "subscription": registered.subscription}, format="json").json()
        assert [row["name"] for row in as_alice.get(DEVICES).json()["results"]] == [again["name"]] == ["My phone"]

    def test_a_response_does_not_contain_the_subscription(self, registered: PushService, as_alice: APIClient) -> None:
        text = as_alice.get(DEVICES).content.decode()
        assert registered.host not in text
        assert registered.subscription["keys"]["auth"] not in text

    def test_a_deleted_device_gets_nothing(self, registered: PushService, as_alice: APIClient, alice: User) -> None:
        [row] = as_alice.get(DEVICES).json()["results"]
        assert as_alice.delete(f"{DEVICES}{row['id']}/").status_code == 204
        notify(alice)
        deliver()
        assert registered.messages == []

    @pytest.mark.parametrize(
        "endpoint",
        [
            "https://evil.example/push",
            "https://push.apple.com.evil.example/",
            "https://push.apple.com@evil.example/",
            "http://web.push.apple.com/",
            "https://127.0.0.1/",
            "https://web.push.apple.com:8443/",
            "ftp://web.push.apple.com/",
            "nonsense",
            "https://[web.push.apple.com/",
            "https://web.push.apple.com\u2100/",
        ],
    )
    def test_an_unknown_service_is_refused(self, endpoint: str, as_alice: APIClient) -> None:
        subscription = PushService().subscription | {"endpoint": endpoint}
        response = as_alice.post(DEVICES, {"name": "Phone", "subscription": subscription}, format="json")
        [error] = response.json()["errors"]
        assert (response.status_code, error["code"], error["attr"]) == (400, "unknown_push_service", "subscription.endpoint")

    @pytest.mark.parametrize(
        "endpoint",
        [
            "https://fcm.googleapis.com/fcm/send/a:b",
            "https://updates.push.services.mozilla.com/wpush/v2/a",
            "https://web.push.apple.com/a",
            "https://wns2-par02p.notify.windows.com/w/?token=a",
        ],
    )
    def test_a_known_service_is_accepted(self, endpoint: str) -> None:
        assert web_push.is_push_service(endpoint)

    def test_a_user_has_at_most_twenty_devices(self, as_alice: APIClient, alice: User, service: PushService) -> None:
        PushDeviceFactory.create_batch(20, user=alice)
        response = as_alice.post(DEVICES, {"name": "Phone", "subscription": service.subscription}, format="json")
        assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "too_many_devices")

    def test_without_keys_there_is_no_push(self, as_alice: APIClient, service: PushService, settings: Settings) -> None:
        settings.WEB_PUSH_PRIVATE_KEY = ""
        body = {"name": "Phone", "subscription": service.subscription}
        for response in (as_alice.get(f"{DEVICES}public-key/"), as_alice.post(DEVICES, body, format="json")):
            assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "push_not_configured")

    @pytest.mark.parametrize(
        "keys", [{}, {"p256dh": "a", "auth": "b"}, {"p256dh": "B" * 87, "auth": "A" * 22}, {"auth": "A" * 22}]
    )
    def test_wrong_keys_are_a_400(self, keys: dict[str, str], as_alice: APIClient, service: PushService) -> None:
        body = {"name": "Phone", "subscription": service.subscription | {"keys": keys}}
        assert as_alice.post(DEVICES, body, format="json").status_code == 400

    def test_a_preference_that_exists_is_changed(self, as_alice: APIClient, service: PushService, alice: User) -> None:
        PreferenceFactory(user=alice, notification_type="health", frequency="weekly")
        as_alice.post(DEVICES, {"name": "Phone", "subscription": service.subscription}, format="json")
        stored = NotificationPreference.objects.get(user=alice, notification_type="health")
        assert (stored.frequency, stored.push_enabled) == ("weekly", True)
