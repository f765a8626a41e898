"""OPTIONS requests, which return the methods of a route and the URL of the schema."""

import pytest

from dev.routes import ROUTES, Route
from tests.conftest import ClientFor
from users.models import User


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_options_of_every_route(route: Route, administrator: User, api: ClientFor) -> None:
    response = api(administrator).options(route.path())
    assert {name.upper() for name in route.methods} <= set(response.headers["Allow"].split(", "))
    if "/imports/<uuid:pk>/" in route.pattern and "rows/" in route.pattern:  # of an import that does not exist
        assert response.status_code == 404
    else:
        assert response.status_code == 200
        assert response.json()["schema"] == "http://testserver/api/schema/"


def test_a_body_of_an_options_request_is_ignored(alice: User, api: ClientFor) -> None:
    response = api(alice).options("/api/v1/users/me/import/", {"file": "not an export"}, format="json")
    assert response.status_code == 200
    assert response.json() == {
        "name": "Export Import",
        "description": "Imports an export into an empty account, all of it or nothing.",
        "schema": "http://testserver/api/schema/",
    }
