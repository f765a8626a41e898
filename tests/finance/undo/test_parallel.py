"""Undos and edits at the same time, and the database's own protection of the records."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from rest_framework.test import APIClient

from core import rls
from dev.factories import DeletedTransactionFactory, EditedRowFactory, EditRunFactory, TransactionFactory
from finance.models import DeletedTransaction, EditedRow, EditRun, FinancialTransaction
from tests.conftest import ClientFor, use_staff_role
from tests.finance.undo.conftest import BULK, TRANSACTIONS
from users.models import User

OWNED: list[tuple[Any, Any]] = [
    (EditRun, EditRunFactory),
    (EditedRow, EditedRowFactory),
    (DeletedTransaction, DeletedTransactionFactory),
]


def run_together(*calls: Callable[[], Any]) -> list[Any]:
    def closing(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls), initializer=use_staff_role) as pool:
        return list(pool.map(closing, calls))


@pytest.mark.django_db(transaction=True)
def test_an_edit_at_the_same_time_as_an_undo_is_kept(alice: User, api: ClientFor) -> None:
    rows = TransactionFactory.create_batch(20, user=alice)
    body = {"ids": [str(row.pk) for row in rows], "patch": {"note": "bulk"}, "expected_count": len(rows)}
    token = api(alice).post(BULK, body).json()["undo_token"]
    undo_client, edit_client = api(alice), api(alice)

    def edit() -> list[int]:
        return [edit_client.patch(f"{TRANSACTIONS}{row.pk}/", {"note": "person"}).status_code for row in rows]

    answer, statuses = run_together(lambda: undo_client.post(f"{BULK}undo/", {"undo_token": token}), edit)
    assert (answer.status_code, set(statuses)) == (200, {200})
    assert set(FinancialTransaction.objects.values_list("note", flat=True)) == {"person"}


@pytest.mark.django_db(transaction=True)
def test_of_parallel_undos_one_succeeds(alice: User, api: ClientFor) -> None:
    row = TransactionFactory(user=alice)
    body = {"ids": [str(row.pk)], "patch": {"note": "bulk"}, "expected_count": 1}
    token = api(alice).post(BULK, body).json()["undo_token"]
    clients = [api(alice) for _ in range(3)]
    undos = [lambda client=client: client.post(f"{BULK}undo/", {"undo_token": token}).status_code for client in clients]
    assert sorted(run_together(*undos)) == [200, 409, 409]


@pytest.mark.django_db(transaction=True)
def test_of_parallel_restores_one_succeeds(alice: User, api: ClientFor) -> None:
    row = TransactionFactory(user=alice)
    key = row.pk
    api(alice).delete(f"{TRANSACTIONS}{key}/")
    clients = [api(alice) for _ in range(3)]
    restores = [lambda client=client: client.post(f"{TRANSACTIONS}{key}/restore/").status_code for client in clients]
    assert sorted(run_together(*restores)) == [200, 404, 404]
    assert FinancialTransaction.objects.get().pk == key


@pytest.mark.parametrize(("model", "factory"), OWNED, ids=lambda value: value.__name__)
def test_the_database_hides_the_rows_of_others(alice: User, bob: User, model: Any, factory: Any) -> None:
    row = factory(user=alice)
    with rls.as_customer(bob):
        assert not model.objects.exists()
        assert model.objects.filter(pk=row.pk).delete()[0] == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            factory(user=alice)
    with rls.as_customer(alice):
        assert model.objects.get() == row


def test_an_edited_row_has_the_owner_of_its_run(alice: User, bob: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EditedRowFactory(user=bob, run=EditRunFactory(user=alice))


def test_a_deleted_account_leaves_nothing(alice: User, as_alice: APIClient) -> None:
    TransactionFactory(user=alice)
    as_alice.delete(f"{TRANSACTIONS}{TransactionFactory(user=alice).pk}/")
    alice.delete()
    assert not DeletedTransaction.objects.exists()
