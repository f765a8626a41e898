"""The response of a write is the row as a GET returns it, with compiled statements and without."""

from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from core.api.viewsets import CreateMixin, UpdateMixin
from dev.factories import FACTORIES
from dev.routes import OWNED_KEYED, OWNED_LISTS, Route
from users.models import User

# a token changes no webhook
UPDATED = [
    route for route in OWNED_KEYED if route.methods.get("patch") == "partial_update" and str(route) != "webhooks/<uuid:pk>/"
]
# a new row of these needs more than the fields of an earlier one; a new token or webhook is returned with its secret
CREATED = [
    route
    for route in OWNED_LISTS
    if route.methods.get("post") == "create"
    and route.view.create is CreateMixin.create
    and str(route) not in ("users/tokens/", "webhooks/")
]


OF_WRITES = ("created_category", "warnings")


@pytest.fixture(params=[True, False], ids=["compiled", "plain"])
def client(request: pytest.FixtureRequest, settings: Settings, as_alice: APIClient) -> APIClient:
    """Return a client, with and without compiled statements."""
    settings.FAST_LISTS = request.param
    return as_alice


def require_same(written: Any, read: Any) -> None:
    """Compare two responses, without what only that of a write tells."""
    row = {name: value for name, value in written.json().items() if name not in OF_WRITES}
    assert (read.status_code, row, written.headers["ETag"]) == (200, read.json(), read.headers["ETag"])


@pytest.mark.parametrize("route", UPDATED, ids=str)
def test_an_updated_row_is_returned_as_a_get_returns_it(route: Route, alice: User, client: APIClient) -> None:
    path = route.path(FACTORIES[route.model](user=alice).pk)
    before = client.get(path)
    body = {name: value for name, value in before.json().items() if value is not None}
    written = client.patch(path, body, headers={"If-Match": before.headers["ETag"]})
    assert written.status_code == 200, written.content
    assert written.headers["ETag"] != before.headers["ETag"]
    require_same(written, client.get(path))
    assert client.patch(path, {}, headers={"If-Match": before.headers["ETag"]}).status_code == 412


@pytest.mark.parametrize("route", CREATED, ids=str)
def test_a_created_row_is_returned_as_a_get_returns_it(route: Route, alice: User, client: APIClient) -> None:
    earlier = FACTORIES[route.model](user=alice)
    body = {name: value for name, value in client.get(route.path() + f"{earlier.pk}/").json().items() if value is not None}
    earlier.delete()
    written = client.post(route.path(), body)
    assert written.status_code == 201, written.content
    assert written.json()["id"] != str(earlier.pk)
    require_same(written, client.get(f"{route.path()}{written.json()['id']}/"))


def test_most_routes_are_compared() -> None:
    assert len(UPDATED) >= 10
    assert len(CREATED) >= 10
    assert all(issubclass(route.view, UpdateMixin) for route in UPDATED)
