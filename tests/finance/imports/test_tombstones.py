"""Rows that the user deleted stay deleted and can be restored under their id (rule 5)."""

from decimal import Decimal

import pytest
from django.db import connection
from rest_framework.test import APIClient

from dev.factories import TransactionFactory
from dev.factories.finance import category_of
from finance.models import FinancialTransaction, StatementImportRow
from tests.conftest import ClientFor
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_of, ofx_of
from users.models import User

CONTENTS = pytest.mark.parametrize("content", [csv_of(Line(), Line(text="Tea")), ofx_of(Line(id="1"), Line(id="2"))])
RESTORE = "/api/v1/finance/transactions/{}/restore/"


@CONTENTS
def test_a_deleted_row_stays_deleted_when_imported_again(bring: Bring, content: bytes) -> None:
    bring(content)
    FinancialTransaction.objects.earliest("pk").delete()
    again = bring(content)
    assert (again.created, again.duplicates, again.tombstoned) == (0, 1, 1)
    assert bring(content, dry_run=True).tombstoned == 1
    assert FinancialTransaction.objects.count() == 1


def test_a_raw_delete_leaves_a_tombstone_too(bring: Bring) -> None:
    bring(csv_of(Line()))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM finance_financialtransaction")
    assert bring(csv_of(Line())).tombstoned == 1


def test_of_equal_rows_only_the_deleted_one_stays_away(bring: Bring) -> None:
    bring(csv_of(Line(), Line()))
    FinancialTransaction.objects.earliest("pk").delete()
    result = bring(csv_of(Line(), Line(), Line()))
    assert (result.tombstoned, result.duplicates, result.created) == (1, 1, 1)


def test_a_csv_row_deleted_before_its_id_was_known_stays_deleted(bring: Bring) -> None:
    bring(csv_of(Line()))
    FinancialTransaction.objects.all().delete()
    assert bring(ofx_of(Line(id="P1"))).tombstoned == 1
    assert bring(ofx_of(Line(id="P1", text="Renamed"))).tombstoned == 1


def test_a_restored_row_has_its_old_values(bring: Bring, as_alice: APIClient) -> None:
    bring(ofx_of(Line(id="P1", amount="-9999999999.99")))
    row = FinancialTransaction.objects.get()
    row.category, row.metadata = category_of(row.user, "dining"), {"note": "with bob", "cents": 0.1}
    row.save()
    before = FinancialTransaction.objects.values().get()
    row.delete()
    response = as_alice.post(RESTORE.format(before["id"]))
    body = response.json()
    assert (response.status_code, body["id"], body["amount"]) == (200, str(before["id"]), "-9999999999.99")
    assert FinancialTransaction.objects.values().get() == before
    assert StatementImportRow.objects.get().deleted_row is None


def test_a_restored_row_is_a_duplicate_again(bring: Bring, as_alice: APIClient) -> None:
    bring(csv_of(Line()))
    row = FinancialTransaction.objects.get()
    key = row.pk
    row.delete()
    as_alice.post(RESTORE.format(key))
    assert bring(csv_of(Line())).duplicates == 1


def test_a_second_restore_is_not_found(bring: Bring, as_alice: APIClient) -> None:
    bring(csv_of(Line()))
    key = FinancialTransaction.objects.get().pk
    FinancialTransaction.objects.all().delete()
    assert as_alice.post(RESTORE.format(key)).status_code == 200
    assert as_alice.post(RESTORE.format(key)).status_code == 404


def test_another_users_transaction_cannot_be_restored(bring: Bring, bob: User, api: ClientFor) -> None:
    bring(csv_of(Line()))
    key = FinancialTransaction.objects.get().pk
    FinancialTransaction.objects.all().delete()
    assert api(bob).post(RESTORE.format(key)).status_code == 404
    assert not FinancialTransaction.objects.exists()


def test_a_row_whose_reference_is_taken_cannot_be_restored(bring: Bring, alice: User, as_alice: APIClient) -> None:
    bring(ofx_of(Line(id="P1")))
    row = FinancialTransaction.objects.get()
    key, account = row.pk, row.financial_profile
    row.delete()
    TransactionFactory(user=alice, financial_profile=account, reference_number="P1")
    response = as_alice.post(RESTORE.format(key))
    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "reference_number_taken"
    assert FinancialTransaction.objects.get().amount != Decimal("-5.00")
