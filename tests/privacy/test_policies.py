"""Privacy policies, which every model and table with a user's key must declare."""

from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models

from core.privacy.declarations import Erase
from tests.privacy.policy_table import table
from users.privacy.policies import columns_of, exported, find_policy, models_with_policy, policy_of

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "privacy.md"
USERS_COLUMNS = """
SELECT DISTINCT a.attrelid::regclass::text FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
  AND (a.attname ~ '^(user|owner|customer|actor|impersonator|account_holder)_id$' OR EXISTS (
    SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = 'users_user'::regclass
      AND f.conrelid = a.attrelid AND a.attnum = ANY (f.conkey)))
"""


def has_a_user(model: type[models.Model]) -> bool:
    links = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    named = {"user_id", "owner_id", "actor_id"} & {field.attname for field in model._meta.concrete_fields}
    return model is get_user_model() or bool(named) or any(field.related_model is get_user_model() for field in links)


# They contain no personal data, only keys of rows and of the account, which stays after an erasure.
TABLES_WITHOUT_MODEL = {
    "core_position": "the number of the user's changes",
    "core_changeset": "the transaction of each position, for 90 days",
    "core_change": "the keys of changed rows, for 90 days",
    "core_pendingposition": "empty outside of transactions",
}


def test_every_model_with_a_users_key_declares_its_policy() -> None:
    missing = [
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if has_a_user(model) and find_policy(model) is None and model._meta.managed  # a view has no rows of its own
    ]
    assert missing == []


@pytest.mark.django_db
def test_every_table_with_a_users_key_has_a_policy() -> None:
    with connection.cursor() as cursor:
        cursor.execute(USERS_COLUMNS)
        tables = {name for (name,) in cursor.fetchall()}
    assert "users_userprofile" in tables
    assert tables - {model._meta.db_table for model in models_with_policy()} == set(TABLES_WITHOUT_MODEL)


def test_every_policy_has_a_reason() -> None:
    assert [model._meta.label for model in models_with_policy() if len(policy_of(model).reason) < 20] == []


def test_only_anonymized_models_have_blanked_fields() -> None:
    mismatched = [
        model for model in models_with_policy() if bool(policy_of(model).blank) != (policy_of(model).erase is Erase.ANONYMIZE)
    ]
    assert mismatched == []


@pytest.mark.parametrize("model", exported(), ids=lambda model: model._meta.label)
def test_names_in_a_policy_are_columns_of_the_model(model: type[models.Model]) -> None:
    policy, names = policy_of(model), {field.name for field in model._meta.concrete_fields}
    assert {*policy.withheld, *policy.loose_references, *policy.blank} <= names
    assert {apps.get_model(label) for label in policy.loose_references.values()} <= set(exported())


@pytest.mark.parametrize("model", exported(), ids=lambda model: model._meta.label)
def test_an_export_has_every_column_that_the_model_shows(model: type[models.Model]) -> None:
    hidden = {model._meta.pk.name, policy_of(model).owner, *policy_of(model).withheld, *getattr(model, "secret_fields", ())}
    stored = {field.name for field in model._meta.concrete_fields if not field.generated}
    assert stored - {field.name for field in columns_of(model)} == hidden - {"pk"}


def test_the_document_has_the_current_table() -> None:
    assert table() in DOCUMENT.read_text(), f"Put this into docs/privacy.md:\n{table()}"
