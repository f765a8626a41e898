"""The SQL serializer, which returns the same objects as the plain path."""

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
def test_both_paths_return_the_same_objects(route: Route, alice: User) -> None:
    make(route.model, 5, alice)
    serializer = route.view.serializer_class
    annotations = {name: Value(True) for name in getattr(serializer.Meta, "annotated", ())}
    queryset = route.model.objects.order_by("pk").annotate(**annotations)
    sql_serializer = serializer.get_sql_serializer()
    assert as_json(sql_serializer.objects(list(queryset.values_list(*sql_serializer.expressions)))) == as_json(
        serializer(queryset, many=True).data
    )


def test_every_list_has_a_sql_serializer() -> None:
    assert LISTS == COMPILED
