"""The tables of models with encrypted columns."""

from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from core import rls
from tests.core.encryption.rows import SECRET, Account, Counted, Document
from users.models import User


@pytest.fixture(autouse=True)
def tables(db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Create the tables in the test's transaction, and let pickles and fixtures find their models."""
    settings.FIELD_ENCRYPTION_KEYS = ["0d" * 32]
    monkeypatch.setattr("django.db.models.base.apps", Account._meta.apps)
    monkeypatch.setattr("django.core.serializers.python.apps", Account._meta.apps)
    with rls.as_login_role(), connection.schema_editor() as editor:
        for model in (Account, Document, Counted):
            editor.create_model(model)
            editor.execute(f"GRANT ALL ON {model._meta.db_table} TO mingus_staff")


@pytest.fixture
def account(alice: User) -> Any:
    """Return an account as loaded from the database, with values that are not decrypted yet."""
    return Account.objects.get(pk=Account.objects.create(user=alice, number=SECRET, routing="122105155").pk)
