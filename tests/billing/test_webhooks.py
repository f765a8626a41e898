"""The webhook endpoint, which stores an event once if Stripe has signed it and otherwise refuses it."""

import hmac
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import orjson
import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from billing.models import StripeEvent
from tests.billing.stripe_payments import SECRET, post

pytestmark = pytest.mark.django_db
OTHER = "whsec_the_next_one"


@pytest.fixture(autouse=True)
def _connected(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]


def event(**changed: Any) -> bytes:
    thing = {"id": "cus_1", "object": "customer"}
    whole = {"id": "evt_1", "object": "event", "type": "customer.updated", "created": 1_770_000_000, "data": {"object": thing}}
    return orjson.dumps({**whole, **changed})


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    moment = int(time.time() if at is None else at)
    return f"t={moment},v1={hmac.new(secret.encode(), f'{moment}.'.encode() + body, sha256).hexdigest()}"


def deliver(body: bytes, **options: Any) -> Any:
    return post(body, signed(body, **options))


def test_a_signed_event_is_stored_with_its_body_and_a_job(db: None) -> None:
    response = deliver(event())
    assert (response.status_code, response.json()) == (200, {"received": "evt_1", "is_new": True})
    row = StripeEvent.objects.get()
    assert (row.type, row.stripe_customer_id, row.body, row.state) == ("customer.updated", "cus_1", event().decode(), "waiting")
    assert row.headers["Stripe-Signature"].startswith("t=")
    assert ProcrastinateJob.objects.filter(task_name="billing.tasks.handle_stripe_event").count() == 1


def test_five_deliveries_are_one_event_and_one_job(db: None) -> None:
    assert [deliver(event()).json()["is_new"] for _ in range(5)] == [True, False, False, False, False]
    assert StripeEvent.objects.get().deliveries == 5
    assert ProcrastinateJob.objects.filter(task_name="billing.tasks.handle_stripe_event").count() == 1


def test_both_secrets_are_valid_during_a_rotation(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = [OTHER, SECRET]
    assert deliver(event()).status_code == 200
    assert deliver(event(id="evt_2"), secret=OTHER).status_code == 200


FORGERIES: dict[str, Callable[[], str]] = {
    "none": lambda: "",
    "no instant": lambda: "v1=00",
    "a word for an instant": lambda: "t=now,v1=00",
    "no signature": lambda: "t=1",
    "no names": lambda: "=,=",
    "another secret": lambda: signed(event(), secret="whsec_forged"),
    "an hour old": lambda: signed(event(), at=time.time() - 3600),
    "an hour ahead": lambda: signed(event(), at=time.time() + 3600),
    "of another event": lambda: signed(event(id="evt_2")),
    "no such instant": lambda: signed(event(), at=10**30),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_event_without_a_valid_signature_is_refused(forgery: str) -> None:
    response = post(event(), FORGERIES[forgery]())
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "invalid_signature")
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(290, 200), (310, 400), (-290, 200), (-310, 400)])
def test_the_time_may_differ_by_five_minutes_either_way(age: int, status: int) -> None:
    assert deliver(event(), at=time.time() - age).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"evt_1"',
        b"\xff\xfe",
        b'{"object": "event"}',
        event(id=""),
        event(id=7),
        event(id="e" * 256),
        event(type=None),
        event(type="t" * 101),
        event(data=None),
        event(data={"object": []}),
        event(object="customer"),
        event(id="evt_\x00"),
        event().replace(b"cus_1", b"\\ud800"),
    ],
)
def test_an_invalid_event_is_refused(body: bytes) -> None:
    response = deliver(body)
    assert response.status_code == 400, response.content
    assert response.json()["errors"][0]["detail"]
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("created", [None, "now", -1, 10**30, 1.5])
def test_an_event_with_an_invalid_time_is_stored(created: Any) -> None:
    body = event().replace(b"1770000000", str(created).encode() if isinstance(created, int) else orjson.dumps(created))
    assert deliver(body).status_code == 200


def test_ten_megabytes_are_not_read() -> None:
    body = event(padding="x" * 10_000_000)
    assert deliver(body).status_code == 413
    assert not StripeEvent.objects.exists()


def test_without_a_secret_payments_are_unavailable(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    response = deliver(event())
    assert (response.status_code, response.json()["errors"][0]["code"]) == (503, "payments_unavailable")


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_post_is_allowed(method: str, client: Any) -> None:
    response = getattr(client, method)("/webhooks/stripe/")
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST"
