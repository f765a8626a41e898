"""Fifty webhooks a second to a running server, each of which is accepted and stored once.

`WEBHOOK_SECONDS=60 make faults ARGS="-k webhooks_under_load -n 0"` measures the response times of a whole minute.
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
    """Return an event as large as Stripe's, of an unknown customer."""
    thing = {"id": f"in_{number}", "object": "invoice", "customer": f"cus_{number % 97}", "lines": ["x" * 80] * 50}
    whole = {"id": f"evt_{number}", "object": "event", "type": "invoice.paid", "created": 1_770_000_000}
    return orjson.dumps({**whole, "data": {"object": thing}})


class Sender:
    """A sender of events at fixed instants, over one open connection per thread as Stripe uses."""

    def __init__(self, port: int) -> None:
        self._port, self._own = port, threading.local()
        self.start = time.monotonic() + 0.2

    def __call__(self, number: int) -> tuple[int, float]:
        """Send an event when it is due, and return the status and the seconds until the response."""
        body, due = event(number), self.start + number / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        moment = int(time.time())
        signature = hmac.new(SECRET.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        self._own.connection.request("POST", "/webhooks/stripe/", body, {"Stripe-Signature": f"t={moment},v1={signature}"})
        response = self._own.connection.getresponse()
        response.read()
        return response.status, time.monotonic() - due


def test_each_webhook_is_accepted_and_stored_once(no_jobs: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    number = SECONDS * RATE
    server = Server(tmp_path, STRIPE_WEBHOOK_SECRETS=SECRET)
    try:
        sender = Sender(server.port)
        with ThreadPoolExecutor(THREADS) as threads:
            responses = list(threads.map(sender, range(number)))
        until(lambda: "" if StripeEvent.objects.waiting().exists() else "all handled", "the worker")
    finally:
        server.close()
    assert {status for status, _ in responses} == {200}
    assert StripeEvent.objects.count() == number
    assert set(StripeEvent.objects.values_list("deliveries", "attempts", "state")) == {(1, 1, "ignored")}
    times = sorted(seconds * 1000 for _, seconds in responses)
    with capsys.disabled():
        figures = {"median": times[number // 2], "p99": times[number * 99 // 100], "longest": times[-1]}
        summary = ", ".join(f"{name} {ms:.1f} ms" for name, ms in figures.items())
        sys.stdout.write(f"\n{number} webhooks, {RATE} a second: {summary}\n")
