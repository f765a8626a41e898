"""Queries of the lists of the back office."""

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.pages import REGISTERED, make, name, page_url

pytestmark = pytest.mark.django_db
models = pytest.mark.parametrize("model", REGISTERED, ids=name)


@models
def test_the_number_of_queries_does_not_grow_with_the_rows(model: type[Model], office: Client) -> None:
    make(model, 3)
    office.get(page_url(model, "changelist"))
    with CaptureQueriesContext(connection) as few:
        office.get(page_url(model, "changelist"))
    make(model, 27)
    with CaptureQueriesContext(connection) as many:
        office.get(page_url(model, "changelist"))
    assert len(many) == len(few) <= 10


@models
def test_a_list_runs_no_count_query(model: type[Model], office: Client) -> None:
    make(model, 3)
    with CaptureQueriesContext(connection) as queries:
        office.get(page_url(model, "changelist"))
    assert [query["sql"] for query in queries if "COUNT(" in query["sql"]] == []
