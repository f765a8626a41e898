"""What comes to the webhook: taken in once when Stripe has signed it, refused and not kept otherwise."""

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


def deliver(body: bytes, **how: Any) -> Any:
    return post(body, signed(body, **how))


def test_a_signed_event_is_kept_with_its_text_and_a_job(db: None) -> None:
    answer = deliver(event())
    assert (answer.status_code, answer.json()) == (200, {"received": "evt_1", "is_new": True})
    row = StripeEvent.objects.get()
    assert (row.type, row.stripe_customer_id, row.body, row.state) == ("customer.updated", "cus_1", event().decode(), "waiting")
    assert row.headers["Stripe-Signature"].startswith("t=")
    assert ProcrastinateJob.objects.filter(task_name="billing.tasks.handle_stripe_event").count() == 1


def test_five_deliveries_are_one_event_and_one_job(db: None) -> None:
    assert [deliver(event()).json()["is_new"] for _ in range(5)] == [True, False, False, False, False]
    assert StripeEvent.objects.get().deliveries == 5
    assert ProcrastinateJob.objects.filter(task_name="billing.tasks.handle_stripe_event").count() == 1


def test_both_secrets_are_good_while_one_replaces_the_other(settings: Settings) -> None:
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
def test_what_stripe_did_not_sign_now_is_refused_and_not_kept(forgery: str) -> None:
    answer = post(event(), FORGERIES[forgery]())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "invalid_signature")
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize(("age", "status"), [(290, 200), (310, 400), (-290, 200), (-310, 400)])
def test_five_minutes_are_the_limit_in_both_directions(age: int, status: int) -> None:
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
def test_what_is_no_event_gets_a_sentence_and_is_not_kept(body: bytes) -> None:
    answer = deliver(body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["detail"]
    assert not StripeEvent.objects.exists()


@pytest.mark.parametrize("created", [None, "now", -1, 10**30, 1.5])
def test_a_strange_instant_is_no_reason_to_lose_an_event(created: Any) -> None:
    body = event().replace(b"1770000000", str(created).encode() if isinstance(created, int) else orjson.dumps(created))
    assert deliver(body).status_code == 200


def test_ten_megabytes_are_not_read() -> None:
    body = event(padding="x" * 10_000_000)
    assert deliver(body).status_code == 413
    assert not StripeEvent.objects.exists()


def test_without_a_secret_it_says_that_payments_are_not_connected(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []
    answer = deliver(event())
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "payments_unavailable")


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_only_a_post_is_answered(method: str, client: Any) -> None:
    answer = getattr(client, method)("/webhooks/stripe/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
