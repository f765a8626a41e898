"""Webhooks: events are signed and posted to the endpoints from a thread of their own, again and again until they are taken.

The waits between attempts are of the length of Stripe's (three days in all), by the clock of what happened.
Source of the signature: docs.stripe.com/webhooks, `t=<seconds>,v1=<HMAC-SHA256 of "t.body">`, one `v1` for each secret.
"""

import hashlib
import hmac
import http.client
import random
import ssl
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import orjson

from dev.stripe.account import Account
from dev.stripe.api_versions import is_pre_basil
from dev.stripe.faults import Faults
from dev.stripe.store import Obj

RETRY_DELAYS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000, *([43_200] * 4))
DELIVERY_TIMEOUT = 30
POLL_INTERVAL = 0.05


def signature(body: bytes, secrets: list[str], seconds: int) -> str:
    """The header `Stripe-Signature`."""
    signed = str(seconds).encode() + b"." + body
    return ",".join(
        [f"t={seconds}", *(f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets)]
    )


def payload(event: Obj, endpoint: Obj) -> bytes:
    """The event as the endpoint's version shows it."""
    other = event["_"]["other"]
    version = endpoint["api_version"] or event["api_version"]
    plain = {key: value for key, value in event.items() if key != "_"}
    if other is not None and is_pre_basil(version) != is_pre_basil(event["api_version"]):
        plain["data"] = other
    plain["api_version"] = version
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2)


class Deliveries:
    """What is to be posted. One posting round at a time, so that without faults events arrive in their order."""

    def __init__(self, account: Account, faults: Faults) -> None:
        self.account, self.faults = account, faults
        self.waiting: dict[str, None] = {}
        self.round = threading.Lock()
        self.wake = threading.Event()
        self.stopped = False
        account.store.listeners.append(self.note)
        with account.store.transaction():
            self.note(account.store.where("_delivery"))

    def note(self, changed: list[Obj]) -> None:
        """Take down deliveries that wait."""
        for obj in changed:
            if obj["object"] == "_delivery" and obj["status"] == "pending":
                self.waiting[obj["id"]] = None
                self.wake.set()

    def run(self) -> None:
        """The thread: post what is due until told to stop."""
        while not self.stopped:
            self.wake.wait(POLL_INTERVAL * 10)
            self.wake.clear()
            if not self.held():
                self.post_all()

    def held(self) -> bool:
        """Whether deliveries wait for a word."""
        with self.account.store.transaction():
            return bool(self.account.settings["held"])

    def due(self, *, at_once: bool) -> list[str]:
        """Deliveries to make now, in the order of their events; `at_once` also those whose wait isn't over."""
        with self.account.store.transaction():
            rows = [self.account.store.find(name) for name in list(self.waiting)]
            ready = [row for row in rows if row and row["status"] == "pending" and (at_once or row["at"] <= self.time_of(row))]
            names = [row["id"] for row in ready]
        fault = self.faults.next_fault(("reorder",), "", "") if len(names) > 1 else None
        if fault:
            random.Random(fault.seed + fault.happened).shuffle(names)
        return names

    def time_of(self, row: Obj) -> int:
        """Now, for a delivery."""
        clock = row["clock"]
        return self.account.time_of(clock if clock and self.account.store.find(clock) else None)

    def post_all(self, *, at_once: bool = False) -> list[Obj]:
        """One round over what is due. Gives what was posted: event, kind, status (0: no answer)."""
        with self.round:
            return [made for name in self.due(at_once=at_once) for made in self.post(name, at_once=at_once)]

    def post_until_quiet(self, rounds: int = 100) -> list[Obj]:
        """Post everything now, also what comes of it, once each however it is answered."""
        made: list[Obj] = []
        tried: set[str] = set()
        with self.round:
            for _ in range(rounds):
                names = [name for name in self.due(at_once=True) if name not in tried]
                if not names:
                    return made
                tried.update(names)
                made += [entry for name in names for entry in self.post(name, at_once=True)]
        return made

    def post(self, name: str, *, at_once: bool) -> list[Obj]:
        """Make one delivery, or what a fault makes of it."""
        with self.account.store.transaction():
            row = self.account.store.get(name)
            event, endpoint = self.account.store.get(row["event"]), self.account.store.find(row["endpoint"])
            kind = event["type"]
            fault = self.faults.next_fault(("lose", "delay", "duplicate"), "", kind)
            if endpoint is None or (fault and fault.kind == "lose"):
                self.record_attempt(row, event, 0, lost=True)
                return []
            if fault and fault.kind == "delay" and not row.get("delayed") and not at_once:
                row.update(at=self.time_of(row) + int(fault.seconds), delayed=True)
                return []
            body, secrets, url = payload(event, endpoint), endpoint["_"]["secrets"], endpoint["url"]
            follows = self.account.settings["signs_with"] == "account"
            seconds = self.account.time_of(None) if follows else int(time.time())
        times = 2 if fault and fault.kind == "duplicate" else 1
        answers = [send(url, body, signature(body, secrets, seconds)) for _ in range(times)]
        with self.account.store.transaction():
            self.record_attempt(self.account.store.get(name), self.account.store.get(row["event"]), answers[-1])
        return [{"event": row["event"], "type": kind, "status": status} for status in answers]

    def record_attempt(self, row: Obj, event: Obj, status: int, *, lost: bool = False) -> None:
        """Write down how it went, and when to try again."""
        row["answers"].append(status)
        row["attempts"] += 1
        if 200 <= status < 300:
            row["status"] = "taken"
            event["pending_webhooks"] -= 1
        elif lost or row["attempts"] > len(RETRY_DELAYS):
            row["status"] = "failed"
            event["_"]["failed"] += 1
            event["pending_webhooks"] -= 0 if lost else 1
        else:
            row["at"] = self.time_of(row) + RETRY_DELAYS[row["attempts"] - 1]
        if row["status"] != "pending":
            self.waiting.pop(row["id"], None)

    def stop(self) -> None:
        """End the thread."""
        self.stopped = True
        self.wake.set()


def send(url: str, body: bytes, signed: str) -> int:
    """Post to an endpoint. Gives the status, 0 when there was no answer."""
    parts = urlsplit(url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signed,
        "Accept": "*/*",
    }
    connection = connected(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.request("POST", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        connection.close()


def connected(scheme: str, host: str, port: int | None) -> Any:
    """A connection to an endpoint."""
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=DELIVERY_TIMEOUT, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=DELIVERY_TIMEOUT)
