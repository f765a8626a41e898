"""A body can set what its route lets people set, and no other column of the row: each of them is tried, one by one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import models

from core.api.renderers import json_default
from dev.routes import ROUTES, Route
from tests.security.probes import NOBODYS, Probe, body_of
from tests.security.tenants import Tenant, undone

CHANGING = [route for route in ROUTES if route.is_owned and route.methods.get("patch")]
CREATING = [
    route for route in ROUTES if route.is_owned and route.methods.get("post") == "create" and "import" not in str(route)
]
BY_THE_DATABASE = {"updated_at"}  # changes with every change, whatever a body says
FORGED: list[tuple[type[models.Field], Any]] = [
    (models.BooleanField, True),
    (models.IntegerField, 4242),
    (models.DecimalField, "42.42"),
    (models.DateTimeField, "2042-04-02T04:02:00Z"),
    (models.DateField, "2042-04-02"),
    (models.UUIDField, str(NOBODYS)),
    (models.ForeignKey, str(NOBODYS)),
    (models.JSONField, {"forged": True}),
    (models.BinaryField, "Zm9yZ2Vk"),
    (models.Field, "forged"),
]


def forged(field: models.Field) -> Any:
    """A value of the field's type that no row has: for a boolean, and a choice, the one that it is not by default."""
    if isinstance(field, models.BooleanField):
        return not field.default
    if field.choices:
        return next(value for value, _ in reversed(field.choices) if value != field.default)
    return next(value for kind, value in FORGED if isinstance(field, kind))


def closed_fields(route: Route) -> dict[str, Any]:
    """Each name of a column that the route does not let people set, with a forged value."""
    form = route.view.serializer_class
    writable = {name for name, field in form().fields.items() if not field.read_only}
    columns = [field for field in route.model._meta.concrete_fields if field.name not in writable]
    names = {name: field for field in columns for name in {field.name, field.attname}}
    return {name: forged(field) for name, field in names.items()}


def columns_of(row: models.Model, names: Any) -> dict[str, Any]:
    return {name: getattr(row, row._meta.get_field(name).attname) for name in names if name not in BY_THE_DATABASE}


def as_sent(value: Any) -> Any:
    """A column's value as a body would have it, to be compared with what was forged."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal | date) or not isinstance(value, dict | bool | int) else value


@pytest.mark.parametrize("route", CHANGING, ids=str)
def test_a_change_touches_no_column_that_is_not_open(route: Route, attacker: Tenant) -> None:
    closed = closed_fields(route)
    Probe("patch", route.path(attacker.id), body={}).send(attacker.token, attacker.id)  # what saving works out anew
    before = columns_of(route.model._base_manager.get(pk=attacker.id), closed)
    for name, value in closed.items():
        answer = Probe("patch", route.path(attacker.id), body={name: value}).send(attacker.token, attacker.id)
        assert answer.status_code in (200, 400), (name, answer.content)
    assert columns_of(route.model._base_manager.get(pk=attacker.id), closed) == before


def created(route: Route, tenant: Tenant, **forgery: Any) -> tuple[Any, dict[str, Any]]:
    """The answer to a POST, and the columns of the row that it made; none when it made none."""
    known = set(route.model._base_manager.values_list("pk", flat=True))
    body = orjson.loads(orjson.dumps((body_of(route, "post", str(tenant.id)) or {}) | forgery, json_default))
    answer = Probe("post", route.path(), body=body).send(tenant.token, tenant.id)
    new = route.model._base_manager.exclude(pk__in=known).first()
    return answer, columns_of(new, closed_fields(route)) if new else {}


@pytest.mark.parametrize("route", CREATING, ids=str)
def test_a_new_row_has_no_forged_column(route: Route, attacker: Tenant) -> None:
    with undone():
        _, plainly = created(route, attacker)
    for name, value in closed_fields(route).items():
        with undone():
            answer, columns = created(route, attacker, **{name: value})
        assert answer.status_code in (201, 400, 403), (name, answer.content)
        assert as_sent(columns.get(name)) in (as_sent(plainly.get(name)), as_sent(None)) or as_sent(columns[name]) != value


@pytest.mark.parametrize("route", CREATING, ids=str)
def test_the_same_body_without_a_forgery_makes_a_row(route: Route, attacker: Tenant) -> None:
    """Else the test above would see refusals that have another reason. A token's maker is a session."""
    answer, _ = created(route, attacker)
    assert answer.status_code in (201, 403) or {error["code"] for error in answer.json()["errors"]} == {"unique"}, (
        answer.content
    )
