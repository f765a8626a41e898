"""Web Push (RFC 8030) with VAPID (RFC 8292): the server's keys, and the sending of one notification.

SECURITY: a customer chooses the URL to which the server sends, so only the known push services are accepted, without redirects
and without a proxy of the environment.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

TIMEOUT = 10  # seconds
TTL = 24 * 3600  # seconds that a push service keeps a notification for a device that is off
MAX_BYTES = 3_000  # of a message; services accept 4,096 bytes with the encryption
ACCEPTED = (200, 201, 202)
GONE = (404, 410)
ENDED, SENT, BUSY = "ended", "sent", "busy"
URGENCIES = {"low": "low", "medium": "normal", "high": "high", "critical": "high"}


class PushError(Exception):
    """A push service refused a notification, and would refuse it again."""


def is_push_service(endpoint: str) -> bool:
    """Return True for an HTTPS URL of one of settings.WEB_PUSH_SERVICES or a host below one."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:  # for example an unfinished IPv6 address
        return False
    if "@" in parts.netloc or (parts.scheme != "https" and not (settings.DEBUG and parts.hostname == "127.0.0.1")):
        return False
    return any(parts.netloc == host or parts.netloc.endswith(f".{host}") for host in settings.WEB_PUSH_SERVICES)


def is_public_key(text: str) -> bool:
    """Return True for a point of the curve P-256 in base64url, uncompressed."""
    try:
        point = urlsafe_b64decode(text.rstrip("=") + "==")
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return True


@cache
def public_key_of(private_key: str) -> str:
    """Return the key that browsers need for a subscription, in base64url."""
    from py_vapid import Vapid  # noqa: PLC0415 - of one feature

    point = Vapid.from_string(private_key).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return urlsafe_b64encode(point).decode().rstrip("=")


def send(subscription: dict[str, Any], message: dict[str, str], *, severity: str) -> str:
    """Send a notification. Return SENT, ENDED if the device is gone, or BUSY if the service is to be asked again.

    Raise PushError if the service refuses it.
    """
    from py_vapid import Vapid  # noqa: PLC0415 - of one feature
    from pywebpush import WebPushException, webpush  # noqa: PLC0415 - it imports aiohttp, which takes a while
    from requests import RequestException, Session  # noqa: PLC0415 - of one feature

    if not is_push_service(subscription["endpoint"]):  # the operator has removed the service
        return ENDED
    with Session() as session:
        session.trust_env, session.max_redirects = False, 0
        try:
            webpush(
                subscription,
                _text_of(message),
                vapid_private_key=Vapid.from_string(settings.WEB_PUSH_PRIVATE_KEY),
                vapid_claims={"sub": settings.SECURITY_CONTACT},
                ttl=TTL,
                headers={"Urgency": URGENCIES[severity]},
                timeout=TIMEOUT,
                requests_session=session,
            )
        except WebPushException as error:
            return _outcome_of(error)
        except RequestException:
            return BUSY
    return SENT


def _outcome_of(error: Any) -> str:
    status = error.response.status_code if error.response is not None else 0
    if status in GONE:
        return ENDED
    if status == 429 or status >= 500:
        return BUSY
    raise PushError(f"The push service has refused a notification with status {status}.")


def _text_of(message: dict[str, str]) -> str:
    """Return the message as JSON, with a body that is cut to MAX_BYTES in all."""
    body = message["body"]
    while len((text := json.dumps(message | {"body": body}, ensure_ascii=False)).encode()) > MAX_BYTES:
        body = body[: max(len(body) * 3 // 4 - 1, 0)] + "…"
    return text
