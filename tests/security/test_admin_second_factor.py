"""Whoever has not shown a second factor in this session opens no page of the back office; the URL map is walked."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from dev.factories import MetricFactory
from tests.account_api import log_in, with_session
from tests.conftest import ClientFor
from tests.sign_in import give_factor, sign_in, sign_in_with_password
from users.middleware import OPEN_PAGES
from users.models import User

OFFICE = "admin/"


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Every address under /admin/ with its name."""
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver) and path.startswith(OFFICE):
            yield from walk(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith(OFFICE):
            yield path, entry.name


def filled(pattern: str) -> str:
    """A pattern as an address; regular expressions stand for any text."""
    key = str(uuid4())
    for name in ("<path:object_id>", "<id>", "<uuid:object_id>", "<str:object_id>", "<path:object_pk>"):
        pattern = pattern.replace(name, key)
    return "/" + pattern.split("(?P")[0].replace("<path:content_type_id>", "1").replace("<int:content_type_id>", "1")


PAGES = sorted({filled(path) for path, name in walk(get_resolver().url_patterns) if name not in (*OPEN_PAGES, "login")})


def opened(client: Client, methods: tuple[str, ...] = ("get",)) -> list[str]:
    """The pages that answer with anything but the way to the login."""
    answers = [(path, getattr(client, method)(path)) for path in PAGES for method in methods]
    return [path for path, answer in answers if not (answer.headers.get("Location") or "").startswith("/admin/login/?next=")]


def test_there_are_pages_to_try() -> None:
    assert len(PAGES) > 100


def test_a_colleague_without_a_factor_opens_none(administrator: User) -> None:
    client = Client()
    sign_in_with_password(client, administrator)
    assert opened(client, ("get", "post", "put", "delete", "head", "options")) == []


def test_a_colleague_who_has_not_shown_his_factor_opens_none(administrator: User) -> None:
    client = Client()
    give_factor(administrator)
    sign_in_with_password(client, administrator)
    assert opened(client) == []


def test_a_colleague_between_password_and_factor_opens_none(administrator: User) -> None:
    client = Client()
    give_factor(administrator)
    client.cookies["sessionid"] = log_in(administrator.email)
    assert client.session["account_authentication_methods"][0]["method"] == "password"
    assert opened(client) == []


def test_the_factor_of_somebody_else_opens_none(administrator: User, alice: User) -> None:
    client = Client()
    sign_in(client, alice)
    session = client.session
    session["_auth_user_id"] = str(administrator.pk)
    session.save()
    assert opened(client) == []


@pytest.mark.django_db
def test_nobody_opens_none() -> None:
    assert opened(Client()) == []


def test_a_customer_opens_none_with_a_factor_either(alice: User) -> None:
    client = Client()
    sign_in(client, alice)
    assert opened(client) == []


def test_a_colleague_who_has_shown_it_opens_the_first_page(administrator: User) -> None:
    client = Client()
    sign_in(client, administrator)
    assert client.get("/admin/").status_code == 200


def test_what_is_for_staff_in_the_api_needs_it_too(administrator: User) -> None:
    row = MetricFactory()
    client = with_session(log_in(administrator.email))
    assert client.get(f"/api/v1/analytics/metrics/{row.pk}/").status_code == 403
    assert client.get("/api/v1/users/me/").status_code == 200


def test_a_colleague_gets_no_token_for_his_password_alone(staff: User) -> None:
    refused = with_session(log_in(staff.email)).post("/api/v1/users/tokens/", {"name": "Script"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "second_factor_required")


def test_a_customer_who_has_a_factor_gets_no_token_for_his_password_alone(alice: User) -> None:
    client = Client()
    sign_in_with_password(client, alice)
    give_factor(alice)
    refused = client.post("/api/v1/users/tokens/", {"name": "Script"}, content_type="application/json")
    assert refused.json()["errors"][0]["code"] == "second_factor_required"


def test_a_colleague_who_has_shown_it_gets_a_token(staff: User) -> None:
    client = Client()
    sign_in(client, staff)
    assert client.post("/api/v1/users/tokens/", {"name": "Script"}, content_type="application/json").status_code == 201


def test_the_tokens_of_a_customer_who_becomes_staff_end(administrator: User, alice: User, api: ClientFor) -> None:
    office, hers = Client(), api(alice)
    sign_in(office, administrator)
    form = {"is_active": "on", "is_staff": "on", "profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    assert office.post(f"/admin/users/user/{alice.pk}/change/", form).status_code == 302
    assert hers.get("/api/v1/users/me/").status_code == 401


def test_the_permission_alone_opens_nothing(staff: User) -> None:
    staff.user_permissions.set(Permission.objects.all())
    client = Client()
    sign_in_with_password(client, staff)
    assert opened(client) == []
