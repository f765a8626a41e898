"""Concurrent transactions that first use a user's data key, and one that destroys it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection, transaction

from core.encryption import data_keys
from core.encryption.key_ring import EncryptionError
from core.models.base import DataKey
from dev.factories import AccountFactory, UserFactory
from finance.models import EncryptedFinancialProfile
from tests.conftest import use_staff_role

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8


def closing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with its thread's connection closed at the end."""

    def run(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        finally:
            connection.close()

    return run


def test_eight_concurrent_first_uses_create_one_key() -> None:
    user, barrier = UserFactory.create(), Barrier(AT_ONCE)

    def first_use(number: int) -> None:
        barrier.wait()
        AccountFactory(user=user, account_number=f"NUMBER{number}")

    with ThreadPoolExecutor(AT_ONCE, initializer=use_staff_role) as threads:
        list(threads.map(closing(first_use), range(AT_ONCE)))
    data_keys._cache.forget(user.pk)
    assert DataKey.objects.filter(user=user).count() == 1
    assert {row.account_number for row in EncryptedFinancialProfile.objects.all()} == {f"NUMBER{n}" for n in range(AT_ONCE)}


@pytest.mark.parametrize("accounts_before", [0, 1])
def test_an_erasure_waits_for_the_encryption_of_a_value(accounts_before: int) -> None:
    user, encrypted, order = UserFactory.create(), Event(), list[str]()
    AccountFactory.create_batch(accounts_before, user=user)

    def erase() -> None:
        encrypted.wait()
        with transaction.atomic():
            data_keys.destroy(user)
            order.append("destroyed")

    with ThreadPoolExecutor(1, initializer=use_staff_role) as threads:
        erasing = threads.submit(closing(erase))
        with transaction.atomic():
            AccountFactory(user=user)
            encrypted.set()
            with pytest.raises(TimeoutError):
                erasing.result(timeout=0.5)
            order.append("stored")
        erasing.result(timeout=10)
    assert order == ["stored", "destroyed"]
    assert not DataKey.objects.filter(user=user).exists()


def test_encryption_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(EncryptionError, match=r"Use transaction\.atomic\(\)\."):
        data_keys.key_for_encryption(UserFactory().pk)
