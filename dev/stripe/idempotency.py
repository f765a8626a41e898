"""Idempotency keys. A repeated request gets the stored response. A key in use, or of another request, is refused.

Stripe stores responses for at least 24 hours, except those of requests that fail before the operation begins.
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dev.stripe.account import Account
from dev.stripe.billing_periods import DAY
from dev.stripe.errors import ApiError
from dev.stripe.store import Obj

KEY_LIFETIME = DAY
MAX_KEY_LENGTH = 255


class IdempotencyKeys:
    def __init__(self, account: Account) -> None:
        self.account = account
        self.lock = threading.Lock()
        self.busy: set[str] = set()

    @contextmanager
    def using(self, key: str | None) -> Iterator[None]:
        """Reserve a key during its request. Raise ApiError with 409 if it is in use."""
        if key is None:
            yield
            return
        if len(key) > MAX_KEY_LENGTH:
            raise ApiError(f"Idempotency-Key must be at most {MAX_KEY_LENGTH} characters.", kind="idempotency_error")
        with self.lock:
            if key in self.busy:
                raise ApiError(
                    f"There is currently another in-progress request using this Idempotent Key: {key}.",
                    status=409,
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self.busy.add(key)
        try:
            yield
        finally:
            with self.lock:
                self.busy.discard(key)

    def stored(self, key: str | None, fingerprint: str) -> Obj | None:
        """Return the stored response of a key. Raise ApiError if the request differs from the first one."""
        found = self.account.store.find(f"_idem_{key}") if key else None
        if found is None or found["at"] + KEY_LIFETIME < self.account.now():
            return None
        if found["fingerprint"] != fingerprint:
            raise ApiError(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
        return found

    def store(self, key: str | None, fingerprint: str, status: int, body: str, request: str) -> None:
        if key:
            self.account.store.add(
                {
                    "id": f"_idem_{key}",
                    "object": "_idempotency",
                    "fingerprint": fingerprint,
                    "status": status,
                    "body": body,
                    "request": request,
                    "at": self.account.now(),
                }
            )


def fingerprint(method: str, path: str, body: str) -> str:
    return hashlib.sha256(f"{method} {path}\n{body}".encode()).hexdigest()
