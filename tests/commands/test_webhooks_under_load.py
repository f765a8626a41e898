"""Fifty webhooks a second come to the product as it is served: each is answered 200 and kept once.

`WEBHOOK_SECONDS=60 make faults ARGS="-k webhooks_under_load -n 0"` says how long answers take in a whole minute.
"""

import hmac
import http.client
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from billing.models import StripeEvent
from tests.commands.conftest import Server, until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
SECONDS, RATE, THREADS = int(os.environ.get("WEBHOOK_SECONDS", "4")), 50, 10
SECRET = "whsec_load"


def event(number: int) -> bytes:
    """An event as large as Stripe's are, of a customer who is nobody here."""
    thing = {"id": f"in_{number}", "object": "invoice", "customer": f"cus_{number % 97}", "lines": ["x" * 80] * 50}
    whole = {"id": f"evt_{number}", "object": "event", "type": "invoice.paid", "created": 1_770_000_000}
    return orjson.dumps({**whole, "data": {"object": thing}})


class Sender:
    """Posts events at their appointed instants, over one connection a thread, as Stripe keeps them open."""

    def __init__(self, port: int) -> None:
        self._port, self._own = port, threading.local()
        self.start = time.monotonic() + 0.2

    def __call__(self, number: int) -> tuple[int, float]:
        """The status of an answer and its seconds since the instant at which it was due."""
        body, due = event(number), self.start + number / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        moment = int(time.time())
        signature = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._own.connection.request("POST", "/webhooks/stripe/", body, {"Stripe-Signature": f"t={moment},v1={signature}"})
        answer = self._own.connection.getresponse()
        answer.read()
        return answer.status, time.monotonic() - due


def test_each_is_answered_and_kept_once(no_jobs: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = SECONDS * RATE
    server = Server(tmp_path, STRIPE_WEBHOOK_SECRETS=SECRET)
    try:
        sender = Sender(server.port)
        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(sender, range(number)))
        until(lambda: "" if StripeEvent.objects.waiting().exists() else "all handled", "the worker")
    finally:
        server.close()
    assert {status for status, _ in answers} == {200}
    assert StripeEvent.objects.count() == number
    assert set(StripeEvent.objects.values_list("deliveries", "attempts", "state")) == {(1, 1, "ignored")}
    times = sorted(seconds * 1000 for _, seconds in answers)
    with capsys.disabled():
        figures = {"median": times[number // 2], "p99": times[number * 99 // 100], "longest": times[-1]}
        said = ", ".join(f"{name} {ms:.1f} ms" for name, ms in figures.items())
        sys.stdout.write(f"\n{number} webhooks, {RATE} a second: {said}\n")
