"""A client as a stranger writes it: it knows the OpenAPI document, sends JSON, and stops at an unexpected response."""

import re
from functools import cache
from typing import Any

from django.core import mail
from django.test import Client
from orjson import dumps, loads

from dev.factories import FeatureAccessFactory
from tests.billing.stripe_payments import run_jobs
from tests.contract.test_live_answers import document, json_schema_of, problems
from users.models import User

ACCOUNT, API = "/_allauth/app/v1/", "/api/v1/"
PASSWORD = "Zebra-crossing-42"


class Stranger:
    """A person with an app. Each response must have the expected status and the documented form."""

    def __init__(self, email: str = "carol@example.com") -> None:
        self.email = email
        self.headers: dict[str, str] = {}
        self.calls = 0

    def call(self, method: str, path: str, status: int = 200, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
        """Send a request with a body of JSON, and return the body of the response."""
        sent = dumps(body) if body or method != "get" else b""
        return self.checked(method, path, status, self._send(method, path, headers, data=sent, content_type="application/json"))

    def upload(self, path: str, status: int = 201, **form: Any) -> Any:
        """Send a form with a file."""
        response = Client().post(f"{API}{path}", form, headers=self.headers)
        return self.checked("post", path, status, response)

    def get(self, path: str, status: int = 200, **query: str) -> Any:
        return self.checked("get", path, status, self._send("get", path, None, query_params=query))

    def post(self, path: str, status: int = 201, **body: Any) -> Any:
        return self.call("post", path, status, **body)

    def account(self, path: str, status: int = 200, method: str = "post", **body: Any) -> Any:
        """Call the account API, and keep the session's token."""
        found = self.call(method, ACCOUNT + path, status, **body)
        self.headers = {"X-Session-Token": found.get("meta", {}).get("session_token", self.headers.get("X-Session-Token", ""))}
        return found

    def all(self, path: str, **query: str) -> list[Any]:
        """Return the rows of all pages of a list."""
        page = self.get(path, **query)
        rows = page["results"]
        while page["next"]:
            page = self.checked("get", path, 200, Client().get(page["next"], headers=self.headers))
            rows += page["results"]
        return list(rows)

    def checked(self, method: str, path: str, status: int, response: Any) -> Any:
        self.calls += 1
        content = response.getvalue()
        assert response.status_code == status, (method, path, response.status_code, content[:1000])
        operation = operation_of(method, full(path))
        assert str(status) in operation["responses"], (method, path, status)
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return content
        body = loads(content)
        schema = json_schema_of(operation["responses"][str(status)])
        assert schema is None or problems(body, schema) == []
        return body

    def sign_up(self) -> "Stranger":
        self.account("auth/signup", 401, email=self.email, password=PASSWORD)
        self.account("auth/email/verify", code=mailed_code())
        return self

    def log_in(self) -> "Stranger":
        self.headers = {}
        self.account("auth/login", email=self.email, password=PASSWORD)
        return self

    def have(self, feature: str) -> None:
        """Buy a plan with a feature."""
        FeatureAccessFactory(user=User.objects.get(email=self.email), feature_name=feature, usage_limit=None)

    def _send(self, method: str, path: str, headers: dict[str, str] | None, **request: Any) -> Any:
        client = Client(raise_request_exception=False)
        return client.generic(method.upper(), full(path), headers=self.headers | (headers or {}), **request)


def full(path: str) -> str:
    return path if path.startswith("/") else API + path


def mailed_code() -> str:
    """Return the six digits in the last email."""
    return re.search(r"^(\d{6})$", mail.outbox[-1].body, re.MULTILINE)[1]


@cache
def patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the paths of the document with their patterns, those without a parameter first."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


def operation_of(method: str, path: str) -> Any:
    name = next(name for pattern, name in patterns() if pattern.fullmatch(path.split("?")[0]))
    return document()["paths"][name][method]


__all__ = ["PASSWORD", "Stranger", "mailed_code", "run_jobs"]
