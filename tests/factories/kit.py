"""The floor's own rows."""

import factory
from factory.django import DjangoModelFactory

from mingus.kit.models import IdempotencyKey
from tests.factories.users import UserFactory


class IdempotencyKeyFactory(DjangoModelFactory):
    class Meta:
        model = IdempotencyKey

    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda number: f"key-{number}")
    fingerprint = b"0" * 32
