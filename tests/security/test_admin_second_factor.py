"""Every URL of the back office refuses sessions without a second factor."""

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


def urls_in(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield every URL pattern under /admin/ with its name."""
    for entry in patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver) and path.startswith(OFFICE):
            yield from urls_in(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and path.startswith(OFFICE):
            yield path, entry.name


def path_for(pattern: str) -> str:
    """Return a path that matches the pattern, cut off before the first regular expression."""
    key = str(uuid4())
    for name in ("<path:object_id>", "<id>", "<uuid:object_id>", "<str:object_id>", "<path:object_pk>"):
        pattern = pattern.replace(name, key)
    return "/" + pattern.split("(?P")[0].replace("<path:content_type_id>", "1").replace("<int:content_type_id>", "1")


PAGES = sorted({path_for(path) for path, name in urls_in(get_resolver().url_patterns) if name not in (*OPEN_PAGES, "login")})
PAGES = [page for page in PAGES if not page.startswith("/admin/r/")]  # a 404 for everyone


def opened(client: Client, methods: tuple[str, ...] = ("get",)) -> list[str]:
    """Return the pages that do not redirect to the login."""
    pages = [(path, getattr(client, method)(path)) for path in PAGES for method in methods]
    return [path for path, page in pages if not (page.headers.get("Location") or "").startswith("/admin/login/?next=")]


def test_pages_are_found() -> None:
    assert len(PAGES) > 100


def test_staff_without_a_factor_open_no_page(administrator: User) -> None:
    client = Client()
    sign_in_with_password(client, administrator)
    assert opened(client, ("get", "post", "put", "delete", "head", "options")) == []


def test_staff_before_the_second_factor_open_no_page(administrator: User) -> None:
    client = Client()
    give_factor(administrator)
    sign_in_with_password(client, administrator)
    assert opened(client) == []


def test_staff_during_the_login_open_no_page(administrator: User) -> None:
    client = Client()
    give_factor(administrator)
    client.cookies["sessionid"] = log_in(administrator.email)
    assert client.session["account_authentication_methods"][0]["method"] == "password"
    assert opened(client) == []


def test_another_users_factor_opens_no_page(administrator: User, alice: User) -> None:
    client = Client()
    sign_in(client, alice)
    session = client.session
    session["_auth_user_id"] = str(administrator.pk)
    session.save()
    assert opened(client) == []


@pytest.mark.django_db
def test_anonymous_requests_open_no_page() -> None:
    assert opened(Client()) == []


def test_a_customer_with_a_factor_opens_no_page(alice: User) -> None:
    client = Client()
    sign_in(client, alice)
    assert opened(client) == []


def test_staff_with_a_second_factor_open_the_first_page(administrator: User) -> None:
    client = Client()
    sign_in(client, administrator)
    assert client.get("/admin/").status_code == 200


def test_staff_endpoints_of_the_api_need_a_second_factor(administrator: User) -> None:
    row = MetricFactory()
    client = with_session(log_in(administrator.email))
    assert client.get(f"/api/v1/analytics/metrics/{row.pk}/").status_code == 403
    assert client.get("/api/v1/users/me/").status_code == 200


def test_staff_get_no_token_for_a_password_alone(staff: User) -> None:
    refused = with_session(log_in(staff.email)).post("/api/v1/users/tokens/", {"name": "Script"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "second_factor_required")


def test_a_customer_with_a_factor_needs_it_for_a_token(alice: User) -> None:
    client = Client()
    sign_in_with_password(client, alice)
    give_factor(alice)
    refused = client.post("/api/v1/users/tokens/", {"name": "Script"}, content_type="application/json")
    assert refused.json()["errors"][0]["code"] == "second_factor_required"


def test_staff_with_a_second_factor_get_a_token(staff: User) -> None:
    client = Client()
    sign_in(client, staff)
    assert client.post("/api/v1/users/tokens/", {"name": "Script"}, content_type="application/json").status_code == 201


def test_the_tokens_of_a_customer_who_becomes_staff_end(administrator: User, alice: User, api: ClientFor) -> None:
    office, as_alice = Client(), api(alice)
    sign_in(office, administrator)
    form = {"is_active": "on", "is_staff": "on", "profile-TOTAL_FORMS": "0", "profile-INITIAL_FORMS": "0"}
    assert office.post(f"/admin/users/user/{alice.pk}/change/", form).status_code == 302
    assert as_alice.get("/api/v1/users/me/").status_code == 401


def test_permissions_alone_open_no_page(staff: User) -> None:
    staff.user_permissions.set(Permission.objects.all())
    client = Client()
    sign_in_with_password(client, staff)
    assert opened(client) == []
