"""Without credentials nothing is shown and nothing is done."""

import pytest
from rest_framework.test import APIClient

from dev.routes import AUTHENTICATED_OPERATIONS, Route


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "method"), AUTHENTICATED_OPERATIONS, ids=str)
def test_an_anonymous_call_is_refused(route: Route, method: str) -> None:
    answer = APIClient().generic(method.upper(), route.path(), "{}", "application/json")
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "not_authenticated"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "method"), AUTHENTICATED_OPERATIONS, ids=str)
def test_a_wrong_token_is_refused(route: Route, method: str) -> None:
    client = APIClient(headers={"Authorization": "Bearer mgs_" + "0" * 64})
    assert client.generic(method.upper(), route.path(), "{}", "application/json").status_code == 401
