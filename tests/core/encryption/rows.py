"""Models with sealed columns that live as long as a test, and a look at what the database holds of them."""

# ruff: noqa: DJ008 - the models are thrown away with the test

import uuid
from typing import Any, ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.test.utils import isolate_apps
from rest_framework.serializers import ModelSerializer

from core.encryption.fields import Ciphertext, encrypt
from users.models import User

SECRET = "DE02120300000000202051"

with isolate_apps("django.contrib.contenttypes"):

    class Row(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)

        objects: ClassVar[models.Manager[Any]] = models.Manager()

        class Meta:
            abstract = True
            app_label = "contenttypes"

    class Account(Row):
        """Owned, with two sealed columns of one shape, so that their values can be swapped."""

        user_id: uuid.UUID
        user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
        nickname = models.CharField(max_length=20, blank=True)
        number: Any = encrypt(
            models.CharField(max_length=34, null=True, blank=True, validators=[RegexValidator(r"^[A-Z0-9]+$")]),
            label="tests.account.number",
        )
        routing: Any = encrypt(models.CharField(max_length=34, null=True, blank=True), label="tests.account.routing")

    class Answer(Row):
        """Unowned, with a column of every kind."""

        body: Any = encrypt(models.JSONField(null=True), label="tests.answer.body")
        text: Any = encrypt(models.TextField(default=""), label="tests.answer.text")
        amount: Any = encrypt(models.DecimalField(max_digits=9, decimal_places=2, null=True), label="tests.answer.amount")
        day: Any = encrypt(models.DateField(null=True), label="tests.answer.day")

    class Counted(models.Model):
        """Its key comes from the database, too late to be bound."""

        id = models.BigAutoField(primary_key=True)
        text: Any = encrypt(models.TextField(), label="tests.counted.text")

        objects: ClassVar[models.Manager[Any]] = models.Manager()

        class Meta:
            app_label = "contenttypes"


class AccountSerializer(ModelSerializer[Account]):
    class Meta:
        model = Account
        fields = ["nickname", "number"]


def stored(row: models.Model, column: str) -> bytes | None:
    """The bytes in the database."""
    value = type(row)._base_manager.values_list(column, flat=True).get(pk=row.pk)
    return None if value is None else bytes(value.blob)


def overwrite(row: models.Model, column: str, value: bytes | None) -> None:
    """Put bytes into the database behind the row's back."""
    type(row)._base_manager.filter(pk=row.pk).update(**{column: Ciphertext(value or b"")})


def field_of(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def loaded(row: models.Model) -> Any:
    return type(row)._base_manager.get(pk=row.pk)
