"""The floor's own rows."""

import os

import factory
from factory.django import DjangoModelFactory

from core.encryption import data_keys
from core.models.base import DataKey, IdempotencyKey
from dev.factories.users import UserFactory


class IdempotencyKeyFactory(DjangoModelFactory):
    class Meta:
        model = IdempotencyKey

    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda number: f"key-{number}")
    fingerprint = b"0" * 32


class DataKeyFactory(DjangoModelFactory):
    class Meta:
        model = DataKey
        django_get_or_create = ("user",)  # whoever has something sealed has one

    user = factory.SubFactory(UserFactory)
    wrapped = factory.LazyAttribute(lambda made: data_keys.wrap(made.user.pk, os.urandom(32)))
