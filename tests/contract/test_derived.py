"""Derived values of unsaved objects, which must equal those that PostgreSQL computes from the same columns."""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.models.base import BaseModel
from dev.factories import ProfileFactory
from users.models import User

MODELS = [model for model in apps.get_models() if issubclass(model, BaseModel) and model.sql_derived()]
NEVER_NULL = ("date_value", "recurrence_pattern")  # `system_next_occurrence` has no meaningful result for NULL
ZONES = ["America/New_York", "Pacific/Kiritimati", "Asia/Kathmandu", "Pacific/Pago_Pago", "Etc/UTC"]
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
BY_TYPE: dict[type, st.SearchStrategy[Any]] = {
    models.BooleanField: st.booleans(),
    models.DateTimeField: INSTANTS | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    models.DateField: st.dates(date(2024, 1, 1), date(2027, 12, 31)) | st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    models.TimeField: st.times(),
    models.TextField: st.text(st.sampled_from("aé' %\\"), max_size=5),
    models.CharField: st.text(st.sampled_from("aé' %\\"), max_size=5),
}


def limits(field: Any, lowest: Any, highest: Any) -> tuple[Any, Any]:
    """Return the least and the greatest value that the field's validators accept."""
    least = [found.limit_value for found in field.validators if isinstance(found, MinValueValidator)]
    most = [found.limit_value for found in field.validators if isinstance(found, MaxValueValidator)]
    return max([lowest, *least]), min([highest, *most])


def known_values(field: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a column, including its extremes and 0."""
    if field.choices:
        return st.sampled_from([value for value, _ in field.flatchoices])
    if isinstance(field, models.IntegerField):
        low, high = limits(field, -(2**31), 2**31 - 1)
        return st.integers(low, high) | st.sampled_from([low, high, max(low, 0), max(low, -1)])
    if isinstance(field, models.DecimalField):
        unit, extreme = Decimal(1).scaleb(-field.decimal_places), Decimal(10) ** (field.max_digits - field.decimal_places)
        low, high = limits(field, unit - extreme, extreme - unit)
        return st.decimals(low, high, places=field.decimal_places) | st.sampled_from(
            [Decimal(value).quantize(unit) for value in (low, high, max(low, 0), max(low, -unit), max(low, unit))]
        )
    return next(values for kind, values in BY_TYPE.items() if isinstance(field, kind))


def select_of(model: type[BaseModel]) -> tuple[str, tuple[Any, ...]]:
    """Return the query of all derived values of a model at the current time."""
    derived = model._base_manager.order_by("pk").values_list(*model.sql_derived().values())
    sql, parameters = derived.query.get_compiler(using=connection.alias).as_sql()
    return sql, tuple(parameters)


@cache
def columns_of(model: type[BaseModel]) -> list[Any]:
    """Return the columns from which the derived values are computed, including the key and the owner."""
    sql, _ = select_of(model)
    return [field for field in model._meta.concrete_fields if f'"{model._meta.db_table}"."{field.column}"' in sql]


@cache
def rows_of(model: type[BaseModel]) -> st.SearchStrategy[list[dict[str, Any]]]:
    known = {field.name: known_values(field) for field in columns_of(model) if not (field.primary_key or field.is_relation)}
    columns = {name: values if name in NEVER_NULL else st.none() | values for name, values in known.items()}
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=40)


def in_sql(objects: list[BaseModel]) -> list[list[tuple[type, str]]]:
    """Return the derived values that the database computes from the objects instead of from stored rows."""
    model, (select, parameters) = type(objects[0]), select_of(type(objects[0]))
    fields = columns_of(model)
    names = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(f"%s::{field.db_type(connection)}" for field in fields)
    row = [getattr(each, field.attname) for each in objects for field in fields]
    sql = f"WITH {model._meta.db_table} ({names}) AS (VALUES {', '.join([f'({places})'] * len(objects))}) {select}"
    with connection.cursor() as cursor:
        cursor.execute(sql, [*row, *parameters])
        return [[(type(value), str(value)) for value in found] for found in cursor.fetchall()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(data=st.data())
def test_python_and_the_database_compute_the_same_values(model: type[BaseModel], data: st.DataObject, alice: User) -> None:
    alice.profile = getattr(alice, "profile", None) or ProfileFactory.create(user=alice)
    alice.profile.timezone = data.draw(st.sampled_from(ZONES))
    alice.profile.save()
    owner = {"user": alice} if hasattr(model, "user") else {}
    objects = [model(**owner, **values) for values in data.draw(rows_of(model))]
    with time_machine.travel(data.draw(INSTANTS), tick=False):
        in_python = [
            [getattr(each, name) for name in model.sql_derived()] for each in sorted(objects, key=lambda each: each.pk)
        ]
        assert [[(type(value), str(value)) for value in found] for found in in_python] == in_sql(objects)
