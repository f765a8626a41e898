"""Wait time after allauth's rate limits refuse a request; allauth stores it in the cache but does not return it."""

import math
import time
from typing import Any

import orjson
from allauth.core.internal.ratelimit import Rate, get_cache_key, get_rates
from allauth.headless.internal.sessionkit import authenticate_by_x_session_token
from django.core.cache import cache
from django.http import HttpRequest

APP = "allauth.account"
ACTIONS = {  # allauth's name of the action of a path
    "auth/signup": "signup",
    "auth/reauthenticate": "reauthenticate",
    "auth/password/request": "reset_password",
    "auth/password/reset": "reset_password_from_key",
    "auth/email/undo": "reset_password_from_key",
    "account/password/change": "change_password",
    "account/email": "manage_email",
}


def seconds_left(request: HttpRequest) -> int:
    """Return the seconds until the request would be accepted; 60, the period of most limits, if unknown."""
    action = ACTIONS.get(request.path.partition("/v1/")[2], "")
    waits = [_seconds_of(request, action, rate) for rate in get_rates(app=APP, action=action)]
    return max(1, math.ceil(max(waits, default=0))) if any(waits) else 60


def _seconds_of(request: HttpRequest, action: str, rate: Rate) -> float:
    arguments: dict[str, Any] = {"key": _address(request)} if rate.per == "key" else {}
    if rate.per == "user":
        arguments["user"] = _user(request)
    if None in arguments.values():
        return float(rate.duration)
    history = cache.get(get_cache_key(request, app=APP, action=action, rate=rate, **arguments), [])
    return max(0.0, history[-1] + rate.duration - time.time()) if len(history) >= rate.amount else 0.0


def _address(request: HttpRequest) -> str | None:
    """Return the email address in the body."""
    try:
        address = orjson.loads(request.body)["email"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return str(address).lower()


def _user(request: HttpRequest) -> Any:
    """Return the user. A session cookie is resolved already, a session token is not."""
    if request.user.is_authenticated:
        return request.user
    found = authenticate_by_x_session_token(request.headers.get("X-Session-Token", ""))
    return found[0] if found else None
