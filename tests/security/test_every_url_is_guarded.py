"""Every address is known and has its guards; one that nobody has thought about fails the build."""

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

# What is not the API, and why nobody's rows are behind it. tests/security attacks the API's routes by itself.
OTHER_DOORS = {
    "": "leads to the documentation",
    "admin/": "the back office: staff only, tests/admin",
    "admin/login/": "the password of the back office: tests/users/test_admin_login.py",
    "admin/second-factor/": "and what comes after it",
    "admin/second-factor/set-up/": "the same, for who has none yet",
    "admin/roles/": "roles and permissions for all staff: tests/admin/test_roles_page.py",
    "_allauth/": "the account API: sign-up and login, under the reach of accounts",
    "api/schema/": "the description of the API",
    "api/docs/": "the same as a page",
    "healthz/live": "says ok",
    "healthz/ready": "says ok, or that the database or Redis is away",
    "webhooks/stripe/": "what Stripe tells, signed by it: tests/billing/test_webhooks.py",
    "billing/return/": "where Stripe's pages lead back to: the same words for everybody",
    "metrics": "figures without names, behind a token",
    ".well-known/security.txt": "public by its purpose",
    ".well-known/security-policy.md": "public by its purpose",
    "^(?:api|_allauth)/": "404",
}
BELONGS_TO_NOBODY = {
    "billing/plans/": "everybody reads what is on offer; staff change it",
    "billing/plans/<uuid:pk>/": "the same",
    "analytics/metrics/": "for staff",
    "analytics/metrics/<uuid:pk>/": "the same",
    "analytics/metrics/bulk/": "the same",
}


def test_every_address_outside_of_the_api_is_known() -> None:
    found = {str(entry.pattern) for entry in get_resolver().url_patterns if not str(entry.pattern).startswith(API)}
    assert found == set(OTHER_DOORS)


def test_what_no_customer_owns_is_known() -> None:
    assert {str(route) for route in ROUTES if not route.is_owned} == set(BELONGS_TO_NOBODY)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_route_of_the_api_stands_behind_the_walls(route: Route) -> None:
    guards = set(route.view.permission_classes)
    assert issubclass(route.view, BaseViewSet)  # which sets the reach of the database's wall
    assert guards & {IsAuthenticated, StaffModelPermission, PublicReadStaffWrite}
    assert TokenScopePermission in guards
    assert [item.__module__ + "." + item.__name__ for item in route.view.authentication_classes] == (
        settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"]
    )


def addresses(entries: list[Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in entries:
        place = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, place)
        elif isinstance(entry, URLPattern):
            yield place, entry.callback


OPEN_ADMIN = {"login/", "logout/", "jsi18n/", "autocomplete/", "(?P<url>.*)$"}  # the site's own, which ask by themselves
ADMIN = [(place, view) for place, view in addresses(admin.site.urls[0], "") if place not in OPEN_ADMIN]


@pytest.mark.parametrize("place", [place for place, _ in ADMIN])
def test_the_back_office_opens_to_no_customer(place: str, client: Any, alice: Any) -> None:
    client.force_login(alice)
    path = "/admin/" + place.replace("<path:object_id>", "1").replace("<path:content_type_id>", "1").replace(
        "<path:object_id>", "1"
    )
    answer = client.get(path)
    assert answer.status_code in (302, 403, 404)
    assert "/admin/login/" in answer.headers.get("Location", "/admin/login/")
