"""Requests without valid credentials."""

import pytest
from rest_framework.test import APIClient

from dev.routes import AUTHENTICATED_OPERATIONS, Route


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "method"), AUTHENTICATED_OPERATIONS, ids=str)
def test_an_anonymous_call_is_refused(route: Route, method: str) -> None:
    response = APIClient().generic(method.upper(), route.path(), "{}", "application/json")
    assert response.status_code == 401
    assert response.json()["errors"][0]["code"] == "not_authenticated"
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
@pytest.mark.parametrize(("route", "method"), AUTHENTICATED_OPERATIONS, ids=str)
def test_a_wrong_token_is_refused(route: Route, method: str) -> None:
    client = APIClient(headers={"Authorization": "Bearer mgs_" + "0" * 64})
    assert client.generic(method.upper(), route.path(), "{}", "application/json").status_code == 401
