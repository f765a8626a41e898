"""Helpers for the account API: requests as a native app or a browser sends them, and the mailed keys."""

import re
from typing import Any

from django.core import mail
from django.http import HttpResponse
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from dev.factories import PASSWORD
from users.tasks import send_reset_mail

APP = "/_allauth/app/v1/"
BROWSER = "/_allauth/browser/v1/"


def send(path: str, body: dict[str, Any], session: str = "", method: str = "post") -> HttpResponse:
    """Send a request to the account API as a native app does."""
    headers = {"X-Session-Token": session} if session else {}
    return getattr(APIClient(raise_request_exception=False), method)(f"{APP}{path}", body, format="json", headers=headers)


def log_in(email: str, password: str = PASSWORD) -> str:
    """Return the session token after a login, even if the second factor is still missing."""
    return send("auth/login", {"email": email, "password": password}).json()["meta"]["session_token"]


def log_in_again(email: str, password: str = PASSWORD) -> str:
    """Return the session token after a login and a reauthentication, as changes of credentials require."""
    session = log_in(email, password)
    send("auth/reauthenticate", {"password": password}, session)
    return session


def with_session(token: str) -> APIClient:
    """Return an API client that authenticates with a session token."""
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_X_SESSION_TOKEN=token)
    return client


def mailed_reset_key(email: str) -> str:
    """Request a password reset, run its job and return the mailed key."""
    send("auth/password/request", {"email": email})
    send_reset_mail(**ProcrastinateJob.objects.filter(task_name="users.tasks.send_reset_mail").latest("pk").args)
    return re.search(r"/key/(\S+)", mail.outbox[-1].body)[1]


def mailed_verification_key() -> str:
    """Return the key in the last mail."""
    return key_in(mail.outbox[-1])


def key_in(message: Any) -> str:
    """Return the signed key on a line of its own in a mail."""
    return re.search(r"^([^/\s]+:[^/\s]+:[^/\s]+)$", message.body, re.MULTILINE)[1]
