"""Undo removes the rows of an import that were not changed since (rule 7)."""

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from core.errors import ConflictError
from dev.factories import TransactionFactory
from dev.factories.finance import category_of
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from finance.services import ReviewDecision, resolve_row
from tests.conftest import ClientFor
from tests.finance.imports.conftest import URL, Bring, Undo
from tests.finance.imports.statement_files import Line, csv_of, ofx_of
from users.models import User

FILE = ofx_of(Line(id="P1"), Line(id="P2"), Line(id="P3"))
WAITING = ofx_of(pending=(Line(id="H1"),))
POSTED = ofx_of(Line(id="P1", day=date(2026, 3, 4)))


def test_an_import_is_undone(bring: Bring, undo: Undo) -> None:
    result = undo(bring(FILE))
    assert (result.removed, result.restored, result.kept) == (3, 0, [])
    assert not FinancialTransaction.objects.exists()
    assert StatementImport.objects.get().undone_at is not None


@pytest.mark.parametrize("content", [FILE, csv_of(Line(), Line())], ids=["ofx", "csv"])
def test_the_file_can_be_imported_again(bring: Bring, undo: Undo, content: bytes) -> None:
    first = bring(content)
    undo(first)
    assert bring(content).created == first.created
    assert bring(content).created == 0


def test_a_row_changed_since_is_reported_and_stays(bring: Bring, undo: Undo) -> None:
    result = bring(FILE)
    changed = FinancialTransaction.objects.get(reference_number="P2")
    changed.category = category_of(changed.user, "dining")
    changed.save()
    undone = undo(result)
    assert undone.removed == 2
    assert [(row.transaction, row.reason) for row in undone.kept] == [(changed.pk, "changed")]
    assert FinancialTransaction.objects.get() == changed
    again = bring(FILE)
    assert (again.created, again.duplicates) == (2, 1)


def test_a_change_by_a_bulk_update_counts_too(bring: Bring, undo: Undo) -> None:
    result = bring(FILE)
    changed = FinancialTransaction.objects.filter(reference_number="P2")
    changed.update(category=category_of(changed.get().user, "dining"))
    assert undo(result).removed == 2


def test_only_this_imports_transactions_are_removed(bring: Bring, undo: Undo, account: EncryptedFinancialProfile) -> None:
    by_hand = TransactionFactory(user=account.user, financial_profile=account)
    bring(csv_of(Line(text="earlier")))
    undo(bring(FILE))
    assert set(FinancialTransaction.objects.values_list("description", flat=True)) == {"earlier", by_hand.description}


def test_a_row_that_the_user_deleted_stays_deleted(bring: Bring, undo: Undo) -> None:
    result = bring(FILE)
    FinancialTransaction.objects.get(reference_number="P2").delete()
    assert undo(result).removed == 2
    again = bring(FILE)
    assert (again.created, again.tombstoned) == (2, 1)


def test_a_superseded_transaction_gets_its_old_values(bring: Bring, undo: Undo) -> None:
    bring(WAITING)
    before = FinancialTransaction.objects.values().get()
    result = undo(bring(POSTED))
    assert (result.removed, result.restored) == (0, 1)
    assert FinancialTransaction.objects.values().get() == before
    assert bring(POSTED).superseded == 1


def test_undoing_both_in_turn_leaves_nothing(bring: Bring, undo: Undo) -> None:
    first, second = bring(WAITING), bring(POSTED)
    undo(second)
    assert undo(first).removed == 1
    assert not FinancialTransaction.objects.exists()


def test_a_superseded_transaction_changed_since_stays(bring: Bring, undo: Undo) -> None:
    bring(WAITING)
    result = bring(POSTED)
    FinancialTransaction.objects.update(category=category_of(FinancialTransaction.objects.first().user, "dining"))
    undone = undo(result)
    assert (undone.restored, len(undone.kept)) == (0, 1)
    assert FinancialTransaction.objects.get().status == "completed"
    assert bring(POSTED).duplicates == 1


def test_a_pending_transaction_posted_since_stays(bring: Bring, undo: Undo) -> None:
    first = bring(WAITING)
    bring(POSTED)
    undone = undo(first)
    assert (undone.removed, len(undone.kept)) == (0, 1)


def test_a_manual_transaction_that_matched_a_row_stays(bring: Bring, undo: Undo, account: EncryptedFinancialProfile) -> None:
    TransactionFactory(user=account.user, financial_profile=account, reference_number="P1", status="completed")
    result = bring(FILE)
    assert undo(result).removed == 2
    assert FinancialTransaction.objects.get().reference_number == "P1"
    again = bring(FILE)
    assert (again.created, again.duplicates) == (2, 1)


def test_learned_ids_are_forgotten(bring: Bring, undo: Undo) -> None:
    bring(csv_of(Line()))
    undo(bring(ofx_of(Line(id="WRONG"))))
    assert bring(ofx_of(Line(id="P1"))).duplicates == 1


def test_a_transaction_created_from_a_review_is_removed(bring: Bring, undo: Undo, account: EncryptedFinancialProfile) -> None:
    entered = {"amount": Decimal("-5.00"), "transaction_date": date(2026, 3, 2), "status": "completed"}
    by_hand = TransactionFactory(user=account.user, financial_profile=account, **entered)
    result = bring(csv_of(Line()))
    resolve_row(row=StatementImportRow.objects.get(), decision=ReviewDecision.CREATE)
    assert undo(result).removed == 1
    assert FinancialTransaction.objects.get() == by_hand


def test_an_import_is_undone_once(bring: Bring, undo: Undo) -> None:
    result = bring(FILE)
    undo(result)
    with pytest.raises(ConflictError, match="already undone"):
        undo(result)


def test_delete_returns_its_result(bring: Bring, as_alice: APIClient) -> None:
    result = bring(FILE)
    response = as_alice.delete(f"{URL}{result.id}/")
    assert (response.status_code, response.json()) == (200, {"id": str(result.id), "removed": 3, "restored": 0, "kept": []})
    again = as_alice.delete(f"{URL}{result.id}/")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (409, "already_undone")


def test_delete_checks_if_match(bring: Bring, as_alice: APIClient) -> None:
    result = bring(FILE)
    assert as_alice.delete(f"{URL}{result.id}/", HTTP_IF_MATCH='"old"').status_code == 412
    assert FinancialTransaction.objects.count() == 3


def test_another_users_import_cannot_be_undone(bring: Bring, bob: User, api: ClientFor) -> None:
    result = bring(FILE)
    assert api(bob).delete(f"{URL}{result.id}/").status_code == 404
    assert FinancialTransaction.objects.count() == 3
