"""Corrections of the bank replace or delete earlier transactions, and can be undone."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from dev.factories import PaymentFactory
from dev.factories.finance import category_of
from finance.models import FinancialTransaction, StatementImportRow
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, ofx_of, rows_of

pytestmark = pytest.mark.usefixtures("_rows_parser")

OLD = Line(id="P1", text="Coffee")
NEW = Line(id="P2", amount="-6.00", text="Coffee and cake")
NEWER = Line(id="P3", amount="-7.00", text="Coffee and two cakes")
ORIGINAL = rows_of("ofx", OLD)
REPLACED = rows_of("ofx", NEW, replace={"P2": "P1"})
DELETED = rows_of("ofx", Line(id="P2", text="Coffee"), delete={"P2": "P1"})


def stored() -> list[tuple[str, str]]:
    return [(str(row.amount), row.description) for row in FinancialTransaction.objects.order_by("pk")]


def test_a_replacement_updates_the_transaction(bring: Bring) -> None:
    bring(ORIGINAL)
    key = FinancialTransaction.objects.get().pk
    result = bring(REPLACED)
    after = FinancialTransaction.objects.get()
    assert (result.superseded, result.created) == (1, 0)
    assert (after.pk, after.reference_number, after.status) == (key, "P2", "completed")
    assert stored() == [("-6.00", "Coffee and cake")]


def test_the_users_changes_survive_a_replacement(bring: Bring) -> None:
    bring(ORIGINAL)
    row = FinancialTransaction.objects.get()
    row.description, row.category, row.metadata = "Breakfast", category_of(row.user, "dining"), {"note": "with bob"}
    row.save()
    bring(REPLACED)
    after = FinancialTransaction.objects.get()
    assert stored() == [("-6.00", "Breakfast")]
    assert (after.category, after.metadata) == ("dining", {"note": "with bob"})


@pytest.mark.parametrize("first", [[ORIGINAL, REPLACED], [rows_of("ofx", OLD, NEW, replace={"P2": "P1"})]], ids=["two", "one"])
def test_after_a_replacement_both_ids_are_known(bring: Bring, first: list[bytes]) -> None:
    for content in first:
        bring(content)
    assert stored() == [("-6.00", "Coffee and cake")]
    files = [ORIGINAL, REPLACED, *first, rows_of("ofx", NEW)]
    results = [bring(content) for content in files]
    assert [(result.created, result.review, result.superseded) for result in results] == [(0, 0, 0)] * len(files)


def test_a_replacement_is_undone(bring: Bring, undo: Undo) -> None:
    bring(ORIGINAL)
    before = FinancialTransaction.objects.values().get()
    assert undo(bring(REPLACED)).restored == 1
    assert FinancialTransaction.objects.values().get() == before
    assert bring(REPLACED).superseded == 1


def test_a_replacement_of_an_unknown_transaction_is_a_new_row(bring: Bring) -> None:
    assert bring(REPLACED).created == 1
    assert bring(REPLACED).duplicates == 1


@pytest.mark.parametrize("known", [0, 1, 2])
def test_of_several_corrections_the_last_one_counts(bring: Bring, known: int) -> None:
    for content in (ORIGINAL, REPLACED)[:known]:
        bring(content)
    whole = rows_of("ofx", OLD, NEW, NEWER, replace={"P2": "P1", "P3": "P2"})
    bring(whole)
    assert stored() == [("-7.00", "Coffee and two cakes")]
    again = bring(whole)
    assert (again.created, again.review, again.superseded, again.duplicates) == (0, 0, 0, 3)


def test_a_correction_under_the_same_id_replaces(bring: Bring) -> None:
    corrected = rows_of("ofx", Line(id="P1", amount="-6.00"), replace={"P1": "P1"})
    bring(ORIGINAL)
    assert bring(corrected).superseded == 1
    assert bring(corrected).duplicates == 1


def test_a_replaced_transaction_that_was_deleted_stays_away(bring: Bring) -> None:
    bring(ORIGINAL)
    FinancialTransaction.objects.all().delete()
    assert bring(REPLACED).tombstoned == 1
    assert bring(rows_of("ofx", NEW)).tombstoned == 1


def test_a_deletion_removes_the_transaction(bring: Bring) -> None:
    bring(ORIGINAL)
    result = bring(DELETED)
    assert (result.superseded, result.created, stored()) == (1, 0, [])
    results = [bring(content) for content in (DELETED, ORIGINAL)]
    assert [(result.created, result.review, result.superseded) for result in results] == [(0, 0, 0)] * 2


def test_a_deletion_is_undone(bring: Bring, undo: Undo) -> None:
    bring(ORIGINAL)
    before = FinancialTransaction.objects.values().get()
    assert undo(bring(DELETED)).restored == 1
    assert FinancialTransaction.objects.values().get() == before
    assert bring(ORIGINAL).duplicates == 1
    assert bring(DELETED).superseded == 1


def test_an_undo_leaves_what_the_user_deleted_again(bring: Bring, undo: Undo, as_alice: APIClient) -> None:
    bring(ORIGINAL)
    key = FinancialTransaction.objects.get().pk
    later = bring(DELETED)
    as_alice.post(f"/api/v1/finance/transactions/{key}/restore/")
    FinancialTransaction.objects.all().delete()
    StatementImportRow.objects.filter(is_claim=True).update(deleted_at="2026-01-01T00:00:00Z")  # a test is one transaction
    assert undo(later).restored == 0
    assert stored() == []


def test_original_and_deletion_in_one_file_leave_nothing(bring: Bring) -> None:
    both = rows_of("ofx", OLD, Line(id="P2", text="Coffee"), Line(id="P9", text="Tea"), delete={"P2": "P1"})
    result = bring(both)
    assert (result.created, result.tombstoned, stored()) == (1, 2, [("-5.00", "Tea")])
    again = bring(both)
    assert (again.created, again.review, again.duplicates, again.tombstoned) == (0, 0, 1, 2)


def test_a_deletion_of_an_unknown_transaction_keeps_it_away(bring: Bring, undo: Undo) -> None:
    result = bring(DELETED)
    assert (result.created, result.tombstoned) == (0, 1)
    assert [warning.code for warning in result.warnings] == ["unknown_deletions"]
    assert bring(ORIGINAL).tombstoned == 1
    undo(result)
    assert bring(ORIGINAL).created == 1


@pytest.fixture
def touched(bring: Bring) -> FinancialTransaction:
    """Return a transaction that the user has changed, and whose deletion by the bank is in review."""
    bring(ORIGINAL)
    row = FinancialTransaction.objects.get()
    row.category = category_of(row.user, "dining")
    row.save()
    assert bring(DELETED).review_reasons == {"correction": 1}
    return row


def resolve(client: APIClient, **body: str) -> object:
    row = StatementImportRow.objects.get(verdict="review")
    response = client.post(f"/api/v1/finance/imports/{row.statement_import_id}/rows/{row.number}/resolve/", body)
    return response.status_code, response.json().get("verdict") or response.json()["errors"][0]["code"]


def test_a_changed_transaction_is_deleted_by_a_match(touched: FinancialTransaction, as_alice: APIClient) -> None:
    assert resolve(as_alice, decision="match", transaction=str(touched.pk)) == (200, "superseded")
    assert stored() == []


def test_a_changed_transaction_stays_if_the_row_is_ignored(touched: FinancialTransaction, as_alice: APIClient) -> None:
    assert resolve(as_alice, decision="ignore") == (200, "tombstoned")
    assert FinancialTransaction.objects.get() == touched


def test_a_deletion_creates_no_transaction(touched: FinancialTransaction, as_alice: APIClient) -> None:
    assert resolve(as_alice, decision="create") == (400, "is_deletion")
    assert FinancialTransaction.objects.get() == touched


def test_a_deletion_in_review_asks_once(touched: FinancialTransaction, bring: Bring) -> None:
    assert bring(DELETED).review == 0


def test_a_linked_transaction_goes_to_review(bring: Bring) -> None:
    bring(ORIGINAL)
    row = FinancialTransaction.objects.get()
    PaymentFactory(user=row.user, transaction=row, amount=Decimal("5.00"))
    assert bring(DELETED).review_reasons == {"correction": 1}
    assert FinancialTransaction.objects.count() == 1


def test_a_transaction_that_the_bank_updated_is_not_a_changed_one(bring: Bring) -> None:
    bring(ofx_of(pending=(OLD,)))
    bring(ofx_of(OLD))
    assert bring(DELETED).superseded == 1
    assert stored() == []


def test_the_dry_run_changes_nothing(bring: Bring) -> None:
    bring(ORIGINAL)
    assert (bring(DELETED, dry_run=True).superseded, bring(REPLACED, dry_run=True).superseded) == (1, 1)
    assert stored() == [("-5.00", "Coffee")]
