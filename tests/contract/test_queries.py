"""A list asks the database as often for three hundred rows as for three."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from dev.routes import LISTS, Route, make
from tests.conftest import ClientFor
from users.models import User

MOST = {"system/notification-preferences/": 6}  # one of each type is all that a customer can have


@pytest.fixture
def client(administrator: User, api: ClientFor) -> APIClient:
    """One who may open every list; of owned rows he sees his own."""
    return api(administrator)


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_the_number_of_queries_does_not_grow_with_the_rows(route: Route, administrator: User, client: APIClient) -> None:
    client.get(route.path())
    make(route.model, 3, administrator)
    with CaptureQueriesContext(connection) as few:
        client.get(route.path(), {"limit": 200})
    make(route.model, 27, administrator)
    with CaptureQueriesContext(connection) as many:
        answer = client.get(route.path(), {"limit": 200})
    assert len(answer.json()["results"]) >= MOST.get(str(route), 30)
    assert len(many) == len(few) <= 6


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_no_list_counts(route: Route, client: APIClient) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get(route.path())
    assert [query["sql"] for query in queries if "COUNT(" in query["sql"]] == []
