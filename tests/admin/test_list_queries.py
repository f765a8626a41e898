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
def test_the_queries_are_as_many_for_more_rows_and_count_none(model: type[Model], office: Client) -> None:
    make(model, 3)
    office.get(page_url(model, "changelist"))
    with CaptureQueriesContext(connection) as few:
        office.get(page_url(model, "changelist"))
    make(model, 9)
    with CaptureQueriesContext(connection) as many:
        office.get(page_url(model, "changelist"))
    assert len(many) == len(few) <= 10
    assert [query["sql"] for query in (*few, *many) if "COUNT(" in query["sql"]] == []
