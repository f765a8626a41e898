"""A list asks the database as often for thirty rows as for three."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import ClientFor
from tests.contract.routes import LISTS, Route
from tests.factories import FACTORIES
from users.models import User


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_the_number_of_queries_does_not_grow_with_the_rows(route: Route, alice: User, api: ClientFor) -> None:
    client = api(alice)
    client.get(route.path())
    FACTORIES[route.model].create_batch(3, user=alice)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(route.path())
    FACTORIES[route.model].create_batch(27, user=alice)
    with CaptureQueriesContext(connection) as many:
        answer = client.get(route.path())
    assert len(answer.json()["results"]) >= 30
    assert len(many) == len(few) <= 5


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_no_list_counts(route: Route, alice: User, api: ClientFor) -> None:
    client = api(alice)
    with CaptureQueriesContext(connection) as queries:
        client.get(route.path())
    assert [query["sql"] for query in queries if "COUNT(" in query["sql"]] == []
