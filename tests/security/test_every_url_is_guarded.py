"""Every URL is listed and has its access checks. An unlisted URL fails the test."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.permissions import IsAuthenticated

from core.api.permissions import PublicReadStaffWrite, StaffModelPermission, TokenScopePermission
from core.api.viewsets import BaseViewSet
from dev.routes import API, ROUTES, Route

# URLs outside of the API and what protects them; other tests of tests/security cover the API's routes
OTHER_URLS = {
    "": "a redirect to the documentation",
    "admin": "a redirect to the back office",
    "admin/": "the back office: staff only, tests/admin",
    "admin/login/": "the password of the back office: tests/users/test_admin_login.py",
    "admin/second-factor/": "the second step of the login",
    "admin/second-factor/set-up/": "the same, for staff without a factor",
    "admin/roles/": "roles and permissions for all staff: tests/admin/test_roles_page.py",
    "_allauth/": "the account API: sign-up and login, with the database role of accounts",
    "^_allauth/(?:app|browser)/v1/(?:auth/code|auth/phone|account/phone|tokens)/?": "404",
    "account/": "pages of the links in emails, with a signed key or without effect: tests/users/test_account_pages.py",
    "billing/checkout": "a fixed text",
    "api/schema/": "the OpenAPI document",
    "api/schema/staff/": "the same of the operations for staff",
    "api/docs/": "the documentation of the API",
    "api/docs/staff/": "the same of the operations for staff",
    "healthz/live": "returns ok",
    "healthz/ready": "returns ok, or that the database or Redis is unavailable",
    "webhooks/stripe/": "events signed by Stripe: tests/billing/test_webhooks.py",
    "billing/return/": "the target of Stripe's redirects, the same text for all callers",
    "metrics": "metrics without personal data, with a token",
    ".well-known/security.txt": "public by its purpose",
    ".well-known/security-policy.md": "public by its purpose",
    "^(?:api|_allauth)/": "404",
    "^admin/r/": "404",
}
NOT_OWNED = {
    "billing/plans/": "public to read, staff may change it",
    "billing/plans/<uuid:pk>/": "the same",
    "analytics/metrics/": "for staff",
    "analytics/metrics/<uuid:pk>/": "the same",
    "analytics/metrics/bulk/": "the same",
}


def test_every_url_outside_of_the_api_is_listed() -> None:
    found = {str(entry.pattern) for entry in get_resolver().url_patterns if not str(entry.pattern).startswith(API)}
    assert found == set(OTHER_URLS)


def test_routes_without_an_owner_are_listed() -> None:
    assert {str(route) for route in ROUTES if not route.is_owned} == set(NOT_OWNED)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_api_route_has_its_access_checks(route: Route) -> None:
    guards = set(route.view.permission_classes)
    assert issubclass(route.view, BaseViewSet)  # sets the database role for row-level security
    assert guards & {IsAuthenticated, StaffModelPermission, PublicReadStaffWrite}
    assert TokenScopePermission in guards
    assert [item.__module__ + "." + item.__name__ for item in route.view.authentication_classes] == (
        settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"]
    )


def urls_in(entries: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from urls_in(entry.url_patterns, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


OPEN_ADMIN = {"login/", "logout/", "jsi18n/", "autocomplete/", "(?P<url>.*)$"}  # Django's views, which check access themselves
ADMIN = [(path, view) for path, view in urls_in(admin.site.urls[0], "") if path not in OPEN_ADMIN]


@pytest.mark.parametrize("path", [path for path, _ in ADMIN])
def test_no_customer_opens_the_back_office(path: str, client: Any, alice: Any) -> None:
    client.force_login(alice)
    path = "/admin/" + path.replace("<path:object_id>", "1").replace("<path:content_type_id>", "1").replace(
        "<path:object_id>", "1"
    )
    response = client.get(path)
    assert response.status_code in (302, 403, 404)
    assert "/admin/login/" in response.headers.get("Location", "/admin/login/")
