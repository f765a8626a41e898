"""Webhooks: a thread signs events and posts them to the endpoints until they are accepted.

The delays between attempts are Stripe's (three days in all), by the clock of the event's object.
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
    signed = str(seconds).encode() + b"." + body
    return ",".join(
        [f"t={seconds}", *(f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}" for secret in secrets)]
    )


def payload(event: Obj, endpoint: Obj) -> bytes:
    """Return the event in the format of the endpoint's API version. A thin event has no version."""
    if event["object"] != "event":
        return orjson.dumps({key: value for key, value in event.items() if key not in ("_", "pending_webhooks")})
    other = event["_"]["other"]
    version = endpoint["api_version"] or event["api_version"]
    plain = {key: value for key, value in event.items() if key != "_"}
    if other is not None and is_pre_basil(version) != is_pre_basil(event["api_version"]):
        plain["data"] = other
    plain["api_version"] = version
    return orjson.dumps(plain, option=orjson.OPT_INDENT_2)


class Deliveries:
    """The pending deliveries. Only one round of posts runs at a time, so events arrive in order unless a fault intervenes."""

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
        """Remember changed deliveries that are pending."""
        for obj in changed:
            if obj["object"] == "_delivery" and obj["status"] == "pending":
                self.waiting[obj["id"]] = None
                self.wake.set()

    def run(self) -> None:
        while not self.stopped:
            self.wake.wait(POLL_INTERVAL * 10)
            self.wake.clear()
            if not self.held():
                self.post_all()

    def held(self) -> bool:
        with self.account.store.transaction():
            return bool(self.account.settings["held"])

    def due(self, *, at_once: bool) -> list[str]:
        """Return the ids of due deliveries (with `at_once`, of all pending ones) in the order of their events."""
        with self.account.store.transaction():
            rows = [self.account.store.find(name) for name in list(self.waiting)]
            ready = [row for row in rows if row and row["status"] == "pending" and (at_once or row["at"] <= self.time_of(row))]
            names = [row["id"] for row in ready]
        fault = self.faults.next_fault(("reorder",), "", "") if len(names) > 1 else None
        if fault:
            random.Random(fault.seed + fault.happened).shuffle(names)
        return names

    def time_of(self, row: Obj) -> int:
        clock = row["clock"]
        return self.account.time_of(clock if clock and self.account.store.find(clock) else None)

    def post_all(self, *, at_once: bool = False) -> list[Obj]:
        """Post all due deliveries. Return the event, type and status (0: no response) of each post."""
        with self.round:
            return [post for name in self.due(at_once=at_once) for post in self.post(name, at_once=at_once)]

    def post_until_quiet(self, rounds: int = 100) -> list[Obj]:
        """Post every pending delivery once, and those that they cause, whatever the responses are."""
        posts: list[Obj] = []
        tried: set[str] = set()
        with self.round:
            for _ in range(rounds):
                names = [name for name in self.due(at_once=True) if name not in tried]
                if not names:
                    return posts
                tried.update(names)
                posts += [entry for name in names for entry in self.post(name, at_once=True)]
        return posts

    def post(self, name: str, *, at_once: bool) -> list[Obj]:
        """Post one delivery. A fault may lose, delay or duplicate it."""
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
            uses_account_clock = self.account.settings["signs_with"] == "account"
            seconds = self.account.time_of(None) if uses_account_clock else int(time.time())
        times = 2 if fault and fault.kind == "duplicate" else 1
        statuses = [send(url, body, signature(body, secrets, seconds)) for _ in range(times)]
        with self.account.store.transaction():
            self.record_attempt(self.account.store.get(name), self.account.store.get(row["event"]), statuses[-1])
        return [{"event": row["event"], "type": kind, "status": status} for status in statuses]

    def record_attempt(self, row: Obj, event: Obj, status: int, *, lost: bool = False) -> None:
        """Store the outcome of an attempt and the time of the next one."""
        row["responses"].append(status)
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
        self.stopped = True
        self.wake.set()


def send(url: str, body: bytes, signed: str) -> int:
    """Post to an endpoint. Return the status, 0 when there was no response."""
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
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return response.status
    finally:
        connection.close()


def connected(scheme: str, host: str, port: int | None) -> Any:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=DELIVERY_TIMEOUT, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=DELIVERY_TIMEOUT)
