"""The list path that reads rows straight from SQL says what the plain path says."""

import orjson
import pytest
from django.db.models import Value

from core.api.renderers import ORJSON_OPTIONS, json_default
from dev.routes import LISTS, Route, make
from users.models import User

COMPILED = [route for route in LISTS if route.view.serializer_class.get_sql_serializer()]


def as_json(value: object) -> object:
    return orjson.loads(orjson.dumps(value, json_default, ORJSON_OPTIONS))


@pytest.mark.parametrize("route", COMPILED, ids=str)
def test_both_paths_give_the_same_objects(route: Route, alice: User) -> None:
    make(route.model, 5, alice)
    serializer = route.view.serializer_class
    by_the_view = {name: Value(True) for name in getattr(serializer.Meta, "annotated", ())}
    queryset = route.model.objects.order_by("pk").annotate(**by_the_view)
    sql_serializer = serializer.get_sql_serializer()
    assert as_json(sql_serializer.objects(list(queryset.values_list(*sql_serializer.expressions)))) == as_json(
        serializer(queryset, many=True).data
    )


def test_every_list_is_read_straight_from_sql() -> None:
    assert LISTS == COMPILED
