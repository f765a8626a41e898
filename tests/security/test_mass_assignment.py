"""Attempts to set each column that is not a writable field of its route."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import models

from core.api.renderers import json_default
from dev.routes import ROUTES, Route
from finance.models import Transfer
from tests.account_api import log_in_again
from tests.security.probes import UNKNOWN_ID, Probe, body_of
from tests.security.tenants import Tenant, undone

CHANGING = [route for route in ROUTES if route.is_owned and route.methods.get("patch")]
CREATING = [route for route in ROUTES if route.is_owned and route.methods.get("post") == "create" and not route.takes_a_file]
BY_THE_DATABASE = {"updated_at"}  # changes with every update
FORGED: list[tuple[type[models.Field], Any]] = [
    (models.BooleanField, True),
    (models.IntegerField, 4242),
    (models.DecimalField, "42.42"),
    (models.DateTimeField, "2042-04-02T04:02:00Z"),
    (models.DateField, "2042-04-02"),
    (models.UUIDField, str(UNKNOWN_ID)),
    (models.ForeignKey, str(UNKNOWN_ID)),
    (models.JSONField, {"forged": True}),
    (models.BinaryField, "Zm9yZ2Vk"),
    (models.Field, "forged"),
]


def forged(field: models.Field) -> Any:
    """Return a value of the field's type that no row has, or another one than the default of a boolean or choice."""
    if isinstance(field, models.BooleanField):
        return not field.default
    if field.choices:
        return next(value for value, _ in reversed(field.choices) if value != field.default)
    return next(value for kind, value in FORGED if isinstance(field, kind))


def closed_fields(route: Route) -> dict[str, Any]:
    """Return a forged value for each column that is not writable in the route."""
    form = route.view.serializer_class
    writable = {name for name, field in form().fields.items() if not field.read_only}
    columns = [field for field in route.model._meta.concrete_fields if field.name not in writable]
    names = {name: field for field in columns for name in {field.name, field.attname}}
    return {name: forged(field) for name, field in names.items()}


def columns_of(row: models.Model, names: Any) -> dict[str, Any]:
    return {name: getattr(row, row._meta.get_field(name).attname) for name in names if name not in BY_THE_DATABASE}


def as_sent(value: Any) -> Any:
    """Return a column's value as in a request body, for the comparison with a forged one."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal | date) or not isinstance(value, dict | bool | int) else value


@pytest.mark.parametrize("route", CHANGING, ids=str)
def test_a_change_sets_no_closed_column(route: Route, attacker: Tenant) -> None:
    closed = closed_fields(route)
    session = {"X-Session-Token": log_in_again(attacker.user.email)}  # a token can't change the account
    Probe("patch", route.path(attacker.id), body={}).send("", attacker.id, **session)  # the first save changes computed values
    before = columns_of(route.model._base_manager.get(pk=attacker.id), closed)
    for name, value in closed.items():
        response = Probe("patch", route.path(attacker.id), body={name: value}).send("", attacker.id, **session)
        assert response.status_code in (200, 400), (name, response.content)
    assert columns_of(route.model._base_manager.get(pk=attacker.id), closed) == before


def create_row(route: Route, tenant: Tenant, **forgery: Any) -> tuple[Any, dict[str, Any]]:
    """Return the response to a POST and the closed columns of the create_row row, if any."""
    known = set(route.model._base_manager.values_list("pk", flat=True))
    body = orjson.loads(orjson.dumps((body_of(route, "post", str(tenant.id)) or {}) | forgery, json_default))
    response = Probe("post", route.path(), body=body).send(tenant.token, tenant.id)
    new = route.model._base_manager.exclude(pk__in=known).first()
    return response, columns_of(new, closed_fields(route)) if new else {}


@pytest.mark.parametrize("route", CREATING, ids=str)
def test_a_new_row_has_no_forged_column(route: Route, attacker: Tenant) -> None:
    with undone():
        _, unforged = create_row(route, attacker)
    for name, value in closed_fields(route).items():
        with undone():
            response, columns = create_row(route, attacker, **{name: value})
        assert response.status_code in (201, 400, 403), (name, response.content)
        assert as_sent(columns.get(name)) in (as_sent(unforged.get(name)), as_sent(None)) or as_sent(columns[name]) != value


@pytest.mark.parametrize("route", [route for route in CREATING if route.model is not Transfer], ids=str)
def test_the_same_body_without_a_forgery_creates_a_row(route: Route, attacker: Tenant) -> None:
    """Check that the refusals of the test above have no other reason. Creating a token requires a session, hence 403.

    A transfer is of two transactions, which can't have the same id; its own tests forge its columns.
    """
    response, _ = create_row(route, attacker)
    assert response.status_code in (201, 403) or {error["code"] for error in response.json()["errors"]} == {"unique"}, (
        response.content
    )
