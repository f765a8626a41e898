"""Clients that request each page or object by both paths and compare the responses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from rest_framework.test import APIClient

from core.fast_lists import fast_path
from core.fast_lists.compiled_view import CompiledView
from tests.account_api import with_session
from tests.sign_in import sign_in
from users.models import User

Responses = list[HttpResponse | None]


def by_cookie(user: User) -> APIClient:
    client = APIClient(raise_request_exception=False)
    sign_in(client, user)
    return client


def by_session_token(user: User) -> APIClient:
    return with_session(by_cookie(user).cookies[settings.SESSION_COOKIE_NAME].value)


SESSION_CREDENTIALS: dict[str, Callable[[User], APIClient]] = {"cookie": by_cookie, "session token": by_session_token}


def used(client: APIClient) -> APIClient:
    """Return a client whose credential has just been used, which only the plain path can record."""
    client.get("/api/v1/users/profile/")
    return client


def watch(monkeypatch: pytest.MonkeyPatch) -> Responses:
    """Forget the compiled views, and return a list to which each response of the fast path is added."""
    found: Responses = []
    respond = CompiledView.respond

    def watched(self: CompiledView, *args: Any) -> HttpResponse | None:
        found.append(respond(self, *args))
        return found[-1]

    monkeypatch.setattr(CompiledView, "respond", watched)
    monkeypatch.setattr(fast_path, "COMPILED_VIEWS", {})
    return found


@dataclass
class ListClient:
    """A client that requests each page twice: by the plain path, and by the compiled path if there is one."""

    client: APIClient
    responses: Responses

    def page(self, path: str, params: dict[str, Any] | None = None) -> Any:
        """Return the page after checking that both responses are the same."""
        fast = self.both(path, params)
        assert fast.content == self.plain.content
        assert fast.headers["Content-Length"] == self.plain.headers["Content-Length"]
        return fast.json()

    def both(self, path: str, params: dict[str, Any] | None = None, *, status: int = 200, **headers: str) -> Any:
        """Return the response of the fast path after checking that the plain path's is the same."""
        fast_path.COMPILED_VIEWS.clear()
        self.plain, again = (self.client.get(path, params, headers=headers) for _ in range(2))
        assert again.status_code == self.plain.status_code == status, self.plain.content
        # equal to the byte but for spaces in JSON fields, which a single object's plain path formats again
        if status == 200:
            assert again.json() == self.plain.json()
            assert list(again.json()) == list(self.plain.json())
        assert headers_of(again) == headers_of(self.plain)
        return again

    @property
    def was_compiled(self) -> bool:
        return self.responses[-1] is not None


def headers_of(response: Any) -> dict[str, str]:
    """Return the headers of a response that do not differ between equal requests. Only compiled lists have a weak ETag."""
    varying = ("X-Request-Id", "Content-Length")
    return {name: value for name, value in response.headers.items() if name not in varying and not value.startswith("W/")}
