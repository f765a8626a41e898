"""Two furnished customers for the whole module, in one transaction; each test's writes are undone."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from mingus.kit import rls
from tests.security.tenants import Tenant, settle


@pytest.fixture(scope="module")
def settled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Tenant, Tenant]]:
    """Two customers with everything that a customer can have. Stored once: it takes longer than a test."""
    with django_db_blocker.unblock(), transaction.atomic():
        with rls.everybody():
            found = settle(1), settle(2)
        yield found
        transaction.set_rollback(True)


@pytest.fixture
def attacker(settled: tuple[Tenant, Tenant], db: None) -> Tenant:
    return settled[0]


@pytest.fixture
def victim(settled: tuple[Tenant, Tenant], db: None) -> Tenant:
    return settled[1]
