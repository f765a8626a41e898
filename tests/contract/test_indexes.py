"""What people filter by is found by an index."""

import pytest
from django.db import connection, models

from tests.contract.dictionary import Entry, contracts
from tests.contract.routes import LISTS, Route, make
from users.models import User

JSON = [entry for contract in contracts() for entry in contract.entries if entry.type == "json"]
PROBES = {list: ["probe"], dict: {"probe": True}}


def plan_of(queryset: models.QuerySet) -> str:
    """How the database would answer, if reading the whole table were out of the question, as it is at a million rows."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return queryset.explain()


@pytest.mark.parametrize("entry", JSON, ids=str)
def test_staff_search_inside_json_by_its_gin_index(entry: Entry, alice: User) -> None:
    make(entry.model, 1, alice)
    probe = PROBES[entry.model._meta.get_field(entry.name).default]
    [index] = [index.name for index in entry.model._meta.indexes if index.fields == [entry.name]]
    assert index in plan_of(entry.model._base_manager.filter(**{f"{entry.name}__contains": probe}))


@pytest.mark.parametrize("route", LISTS, ids=str)
def test_every_json_field_of_a_list_has_its_filter(route: Route) -> None:
    wanted = {f"{entry.name}__contains" for entry in JSON if entry.model is route.model}
    assert wanted <= set(getattr(route.view.filterset_class, "base_filters", {}))
