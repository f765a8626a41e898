"""Declaration, migration and system checks of encrypted fields."""

# ruff: noqa: DJ008 - the models exist only in tests

from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations.writer import MigrationWriter
from django.test.utils import isolate_apps
from django_cryptography.fields import EncryptedMixin

from core import rls
from core.encryption.fields import Ciphertext, encrypt, is_encrypted
from core.encryption.key_ring import EncryptionError
from tests.core.encryption.rows import SECRET, Account, Document, Row, field_of
from users.models import User


def test_it_is_a_field_of_django_cryptography_and_of_its_base() -> None:
    field = field_of(Account, "number")
    assert isinstance(field, EncryptedMixin)
    assert isinstance(field, models.CharField)
    assert is_encrypted(field)
    assert not is_encrypted(field_of(Account, "nickname"))


def test_its_column_is_bytea() -> None:
    assert field_of(Account, "number").db_type(connection) == "bytea"


def test_a_migration_writes_it_as_the_model_does() -> None:
    code, imports = MigrationWriter.serialize(field_of(Document, "text"))
    assert code == "core.encryption.fields.encrypt(models.TextField(default=''), label='tests.document.text')"
    assert imports == {"import core.encryption.fields", "from django.db import models"}


@pytest.mark.parametrize("name", ["number", "routing"])
def test_a_deconstructed_field_can_be_rebuilt(name: str) -> None:
    field = field_of(Account, name)
    _, path, args, kwargs = field.deconstruct()
    again: Any = encrypt(*args, **kwargs)
    assert path == "core.encryption.fields.encrypt"
    assert type(again) is type(field)
    assert again.deconstruct()[3] == field.clone().deconstruct()[3] == {"label": f"tests.account.{name}"}
    assert [base.deconstruct()[3] for base in again.deconstruct()[2]] == [base.deconstruct()[3] for base in args]


def test_a_renamed_table_and_column_keep_their_values(account: Account) -> None:
    with rls.as_login_role(), connection.schema_editor() as editor:
        editor.execute('ALTER TABLE contenttypes_account RENAME COLUMN "number" TO "iban"')
        editor.execute('ALTER TABLE contenttypes_account RENAME TO "renamed"')
    with isolate_apps("django.contrib.contenttypes"):

        class Renamed(Row):
            user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
            iban: Any = encrypt(models.CharField(max_length=34, null=True), label="tests.account.number")

            class Meta:
                app_label = "contenttypes"
                db_table = "renamed"

    assert Renamed.objects.get().iban == SECRET


@pytest.mark.usefixtures("account")
def test_an_error_about_a_former_type_does_not_quote_the_value() -> None:
    with isolate_apps("django.contrib.contenttypes"):

        class Retyped(Row):
            user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
            number: Any = encrypt(models.DateField(null=True), label="tests.account.number")

            class Meta(Row.Meta):
                abstract = False
                db_table = "contenttypes_account"

    with pytest.raises(EncryptionError, match="encrypted by a field of another type") as refusal:
        _ = Retyped.objects.get().number
    assert SECRET not in str(refusal.getrepr(chain=True))


def test_its_class_attribute_is_the_descriptor() -> None:
    assert Account.number.field is field_of(Account, "number")


def test_valid_fields_pass_their_checks() -> None:
    fields = [*Account._meta.local_fields, *Document._meta.local_fields]
    assert [error for field in fields if is_encrypted(field) for error in field.check()] == []


@isolate_apps("django.contrib.contenttypes")
def test_a_label_is_required_and_unique() -> None:
    class Wrong(models.Model):
        first: Any = encrypt(models.TextField(), label="tests.same")
        second: Any = encrypt(models.TextField(), label="tests.same")
        third: Any = encrypt(models.TextField(), label="")

        class Meta:
            app_label = "contenttypes"

    assert [error.id for error in Wrong.check()] == ["core.E001"] * 3


@isolate_apps("django.contrib.contenttypes")
def test_it_cannot_be_unique() -> None:
    class Wrong(models.Model):
        text: Any = encrypt(models.CharField(max_length=9, unique=True), label="tests.unique")

        class Meta:
            app_label = "contenttypes"

    assert [error.id for error in Wrong.check()] == ["core.E002"]


def test_a_ciphertext_equals_only_the_same_bytes() -> None:
    assert Ciphertext(b"a") == Ciphertext(b"a")
    assert Ciphertext(b"a") != Ciphertext(b"b")
    assert Ciphertext(b"a") != b"a"
    assert len({Ciphertext(b"a"), Ciphertext(b"a")}) == 1
