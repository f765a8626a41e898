"""The number of queries of a list, which does not grow with its rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dev.routes import LISTS, Route, make
from tests.conftest import ClientFor
from users.models import User

MAX_ROWS = {"system/notification-preferences/": 6}  # a customer can have one of each type


@pytest.fixture
def client(administrator: User, api: ClientFor) -> APIClient:
    """Return a client of an administrator, who may open every list."""
    return api(administrator)


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_the_number_of_queries_does_not_grow_with_the_rows(route: Route, administrator: User, client: APIClient) -> None:
    client.get(route.path())
    make(route.model, 3, administrator)
    with CaptureQueriesContext(connection) as few:
        client.get(route.path(), {"limit": 200})
    make(route.model, 27, administrator)
    with CaptureQueriesContext(connection) as many:
        response = client.get(route.path(), {"limit": 200})
    assert len(response.json()["results"]) >= MAX_ROWS.get(str(route), 30)
    assert len(many) == len(few) <= 6


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_a_list_runs_no_count_query(route: Route, client: APIClient) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get(route.path())
    assert [query["sql"] for query in queries if query["sql"].startswith("SELECT COUNT(")] == []
