"""Secrets and signatures of webhooks, as Standard Webhooks specifies: HMAC-SHA256 over id, time and body."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret, in the form that the libraries of Standard Webhooks read."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(keys: Iterable[str], *, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`: one signature for each of the secrets."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    digests = [hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256) for key in keys]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
