"""Rules for every model: keys, triggers, constraints, indexes and hidden secrets."""

import pytest
from django.apps import apps
from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models

from core.encryption.fields import is_encrypted
from core.models.base import BaseModel, OwnedModel
from dev.factories import FACTORIES
from finance.models import StatementImportRow

MODELS = [model for model in apps.get_models() if issubclass(model, BaseModel)]
OWNED = [model for model in MODELS if issubclass(model, OwnedModel)]
FIELDS = [(model, field) for model in MODELS for field in model._meta.concrete_fields]
JSON = [(model, field) for model, field in FIELDS if isinstance(field, models.JSONField) and not is_encrypted(field)]
CHOICES = [(model, field) for model, field in FIELDS if field.choices]
CHILDREN = [
    (model, field)
    for model, field in FIELDS
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, OwnedModel)
    if (model, field.name) != (StatementImportRow, "account")  # the account of its import, see the test of imports
]


def name(value: object) -> str:
    return getattr(value, "__name__", "") or getattr(value, "name", "")


def one(sql: str, *values: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=name)
def test_a_row_shows_its_key_and_no_secret(model: type[BaseModel]) -> None:
    row = FACTORIES[model]()
    hidden = {field.name for field in model._meta.concrete_fields if is_encrypted(field)} | set(model.secret_fields)
    assert repr(row) == f"<{model.__name__} {row.pk}>"
    assert not hidden & set(row.to_dict())
    assert set(model.derived) <= set(row.to_dict())


@pytest.mark.parametrize("model", MODELS, ids=name)
def test_keys_are_ordered_by_time_except_those_of_users(model: type[BaseModel]) -> None:
    assert model._meta.pk.get_default().version == (4 if model.__name__ == "User" else 7)


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS, ids=name)
def test_a_trigger_sets_updated_at(model: type[BaseModel]) -> None:
    assert one(
        "SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'pgtrigger_touch_updated_at%%'",
        model._meta.db_table,
    )


@pytest.mark.parametrize("model", MODELS, ids=name)
def test_constraints_are_named_after_their_table(model: type[BaseModel]) -> None:
    strays = [item.name for item in model._meta.constraints if not item.name.startswith(f"{model._meta.db_table}_")]
    assert strays == []


BY_AGE = ("core_idempotency_created", "billing_usage_by_age")  # a daily job uses them to delete old rows of all users


@pytest.mark.parametrize("model", OWNED, ids=name)
def test_indexes_of_an_owned_table_begin_with_the_owner(model: type[OwnedModel]) -> None:
    trees = [index for index in model._meta.indexes if not isinstance(index, GinIndex)]
    strays = [index.name for index in trees if index.fields[0] != "user" and index.name not in BY_AGE]
    assert strays == []


@pytest.mark.parametrize(("model", "field"), CHOICES, ids=name)
def test_choices_are_checked_by_the_database(model: type[BaseModel], field: models.Field) -> None:
    assert f"{model._meta.db_table}_{field.name}_choice" in {item.name for item in model._meta.constraints}


@pytest.mark.parametrize(("model", "field"), JSON, ids=name)
def test_the_type_of_json_is_checked_by_the_database(model: type[BaseModel], field: models.Field) -> None:
    assert f"{model._meta.db_table}_{field.name}_shape" in {item.name for item in model._meta.constraints}


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), CHILDREN, ids=name)
def test_a_child_and_its_parent_have_the_same_owner(model: type[BaseModel], field: models.Field) -> None:
    definition = f"FOREIGN KEY (user_id, {field.column}%) REFERENCES {field.related_model._meta.db_table}(user_id, id%"
    sql = "SELECT 1 FROM pg_constraint WHERE conrelid = %s::regclass AND pg_get_constraintdef(oid) LIKE %s"
    assert one(sql, model._meta.db_table, definition)
