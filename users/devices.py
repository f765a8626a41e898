"""Devices that have logged in before. They have login attempts of their own, so that a stranger's guesses do not lock them out.

A browser has a signed cookie, an app stores the device token that a login returns. It is not a credential: it gives its holder
some guesses at the password, and no access.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import signing
from django.http import HttpRequest, HttpResponse

from users.models import User
from users.sessions import DEVICE, SessionStore

SALT = "users.device"
HEADER = "X-Device-Token"
COOKIE = f"{settings.COOKIE_PREFIX}device"
APP_PATH = "/_allauth/app/"
MAX_USERS = 5  # who can share a device
ID_BYTES = 12


def ids_of(request: HttpRequest | None, session: Any = None) -> dict[str, str]:
    """Return the ids of the request's device by the keys (in hexadecimal) of the users who have logged in on it."""
    if request is None:
        return {}
    text = request.headers.get(HEADER) or request.COOKIES.get(COOKIE, "")
    ids: dict[str, str] = {}
    with suppress(signing.BadSignature):  # a stranger, or a device that was not used for a long time
        ids = signing.loads(text, salt=SALT, max_age=settings.KNOWN_DEVICE_TIME)
    session = session if session is not None else getattr(request, "session", None)
    if isinstance(session, SessionStore) and SESSION_KEY in session:
        # a session is more than a device, for example when the password is asked for again
        ids[session[SESSION_KEY].replace("-", "")] = session.get(DEVICE, {}).get("id", session.digest)
    return ids


def remember(request: HttpRequest, user: User) -> str:
    """Return the id of the device on which `user` has logged in, and send its token with the response."""
    ids = ids_of(request)
    own = ids.pop(user.pk.hex, secrets.token_hex(ID_BYTES))
    latest = dict([*ids.items(), (user.pk.hex, own)][-MAX_USERS:])
    request.device_token = signing.dumps(latest, salt=SALT)  # type: ignore[attr-defined]
    return own


class DeviceMiddleware:
    """Middleware that sends the device token of a login: as a cookie, and to an app as a header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        token = getattr(request, "device_token", "")
        if token and request.path.startswith(APP_PATH):
            response[HEADER] = token
        elif token:
            response.set_cookie(
                COOKIE,
                token,
                max_age=settings.KNOWN_DEVICE_TIME,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response
