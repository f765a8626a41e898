"""The SQL serializer, which returns the same objects as the plain path."""

from datetime import UTC, date, datetime

import orjson
import pytest
from django.db.models import Value
from rest_framework.serializers import BooleanField, CharField, DateField, DateTimeField, Field, IntegerField

from core.api.renderers import ORJSON_OPTIONS, json_default
from dev.routes import LISTS, Route, make
from users.models import User

EXAMPLES: dict[type[Field], object] = {
    BooleanField: True,
    CharField: "text",
    DateField: date(2026, 1, 31),
    DateTimeField: datetime(2026, 1, 31, 12, 30, tzinfo=UTC),
    IntegerField: 7,
}
COMPILED = [route for route in LISTS if route.view.serializer_class.get_sql_serializer()]


def as_json(value: object) -> object:
    return orjson.loads(orjson.dumps(value, json_default, ORJSON_OPTIONS))


@pytest.mark.parametrize("route", COMPILED, ids=str)
def test_both_paths_return_the_same_objects(route: Route, alice: User) -> None:
    make(route.model, 5, alice)
    serializer = route.view.serializer_class
    fields = serializer().fields
    annotations = {name: Value(EXAMPLES[type(fields[name])]) for name in getattr(serializer.Meta, "annotated", ())}
    queryset = route.model.objects.order_by("pk").annotate(**annotations)
    sql_serializer = serializer.get_sql_serializer()
    assert as_json(sql_serializer.objects(list(queryset.values_list(*sql_serializer.expressions)))) == as_json(
        serializer(queryset, many=True).data
    )


def test_every_list_has_a_sql_serializer() -> None:
    assert LISTS == COMPILED
