"""Factories of the core models."""

import os

import factory

from core.encryption import data_keys
from core.models.base import DataKey, IdempotencyKey
from dev.factories.users import OwnedFactory


class IdempotencyKeyFactory(OwnedFactory):
    class Meta:
        model = IdempotencyKey

    key = factory.Sequence(lambda number: f"key-{number}")
    fingerprint = b"0" * 32


class DataKeyFactory(OwnedFactory):
    class Meta:
        model = DataKey
        django_get_or_create = ("user",)  # a user with encrypted values already has a key

    wrapped = factory.LazyAttribute(lambda made: data_keys.wrap(made.user.pk, os.urandom(32)))
