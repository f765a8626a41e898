"""OPTIONS names the methods of an address and says where its fields are described."""

import pytest

from dev.routes import ROUTES, Route
from tests.conftest import ClientFor
from users.models import User


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_options_of_every_address(route: Route, administrator: User, api: ClientFor) -> None:
    answer = api(administrator).options(route.path())
    assert {name.upper() for name in route.methods} <= set(answer.headers["Allow"].split(", "))
    if "/imports/<uuid:pk>/" in route.pattern and "rows/" in route.pattern:  # of an import that does not exist
        assert answer.status_code == 404
    else:
        assert answer.status_code == 200
        assert answer.json()["schema"] == "http://testserver/api/schema/"


def test_a_body_sent_along_changes_nothing(alice: User, api: ClientFor) -> None:
    answer = api(alice).options("/api/v1/users/me/import/", {"file": "not an export"}, format="json")
    assert answer.status_code == 200
    assert answer.json() == {
        "name": "Export Import",
        "description": "Taking an export in.",
        "schema": "http://testserver/api/schema/",
    }
