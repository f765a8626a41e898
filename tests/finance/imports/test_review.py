"""Doubtful rows wait in review until the user decides (rule 6)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.conftest import ClientFor
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_of, ofx_of
from users.models import User

DAY = date(2026, 3, 2)


def manual_transaction(account: EncryptedFinancialProfile, **fields: Any) -> FinancialTransaction:
    """Create a manual transaction with the default date and amount of a `Line`."""
    given = {"amount": Decimal("-5.00"), "transaction_date": DAY, "description": "Breakfast", "status": "completed"} | fields
    return TransactionFactory(user=account.user, financial_profile=account, **given)


def resolve(client: APIClient, row: StatementImportRow, **body: Any) -> Any:
    return client.post(f"/api/v1/finance/imports/{row.statement_import_id}/rows/{row.number}/resolve/", body)


def the_row() -> StatementImportRow:
    return StatementImportRow.objects.get(verdict="review")


def test_a_manual_transaction_of_equal_text_is_a_duplicate(bring: Bring, account: EncryptedFinancialProfile) -> None:
    manual_transaction(account, description="coffee house")
    assert bring(csv_of(Line())).duplicates == 1
    assert bring(ofx_of(Line(id="P1"))).duplicates == 1


def test_two_empty_texts_are_equal(bring: Bring, account: EncryptedFinancialProfile) -> None:
    manual_transaction(account, description="")
    assert bring(ofx_of(Line(id="P1", text=""))).duplicates == 1


def test_a_manual_transaction_of_another_text_goes_to_review(bring: Bring, account: EncryptedFinancialProfile) -> None:
    mine = manual_transaction(account)
    result = bring(csv_of(Line()))
    assert (result.review, result.created) == (1, 0)
    assert FinancialTransaction.objects.get() == mine
    assert the_row().data["candidates"] == [str(mine.pk)]
    assert (the_row().data["amount"], the_row().data["description"]) == ("-5.00", "Coffee House")


def test_each_manual_transaction_matches_one_row(bring: Bring, account: EncryptedFinancialProfile) -> None:
    manual_transaction(account)
    manual_transaction(account, description="Coffee House")
    result = bring(csv_of(Line(), Line(), Line()))
    assert (result.duplicates, result.review, result.created) == (1, 1, 1)


@pytest.mark.parametrize(
    "other", [{"amount": Decimal("-5.01")}, {"transaction_date": date(2026, 3, 3)}, {"currency": "EUR"}], ids=str
)
def test_a_manual_transaction_that_differs_is_another(
    bring: Bring, account: EncryptedFinancialProfile, other: dict[str, Any]
) -> None:
    manual_transaction(account, **other)
    assert bring(csv_of(Line())).created == 1


def test_several_pending_candidates_go_to_review(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="H1"), Line(id="H2", day=date(2026, 3, 3)))))
    result = bring(ofx_of(Line(id="P1", day=date(2026, 3, 4))))
    assert (result.review, result.superseded) == (1, 0)
    assert len(the_row().data["candidates"]) == 2


def test_an_equal_amount_with_another_text_goes_to_review(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="H1", text="SQ *UNKNOWN"),)))
    assert bring(ofx_of(Line(id="P1"))).review == 1


def test_several_tips_at_once_go_to_review(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="H1"),)))
    assert bring(ofx_of(Line(id="P1", amount="-5.50"), Line(id="P2", amount="-6.00"))).review == 2


def test_a_row_in_review_is_a_duplicate_on_the_next_import(bring: Bring, account: EncryptedFinancialProfile) -> None:
    manual_transaction(account)
    bring(csv_of(Line()))
    again = bring(csv_of(Line()))
    assert (again.duplicates, again.review, again.created) == (1, 0, 0)


def test_a_row_can_become_a_transaction(bring: Bring, account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    manual_transaction(account)
    bring(ofx_of(Line(id="P1")))
    response = resolve(as_alice, the_row(), decision="create")
    created = FinancialTransaction.objects.get(reference_number="P1")
    assert (response.status_code, response.json()["verdict"]) == (200, "created")
    assert response.json()["transaction_id"] == str(created.pk)
    assert (created.amount, created.status, created.posted_date) == (Decimal("-5.00"), "completed", DAY)
    assert (StatementImport.objects.get().review, StatementImport.objects.get().created) == (0, 1)
    assert bring(ofx_of(Line(id="P1"))).duplicates == 1


def test_a_row_can_be_matched_with_a_transaction(bring: Bring, account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    mine = manual_transaction(account)
    bring(csv_of(Line()))
    response = resolve(as_alice, the_row(), decision="match", transaction=str(mine.pk))
    body = response.json()
    assert (response.status_code, body["verdict"], body["transaction_id"]) == (200, "duplicate", str(mine.pk))
    assert FinancialTransaction.objects.get().description == "Breakfast"
    assert bring(csv_of(Line())).duplicates == 1
    mine.delete()
    assert bring(csv_of(Line())).tombstoned == 1


def test_a_posted_row_completes_its_matched_pending_one(bring: Bring, as_alice: APIClient) -> None:
    bring(ofx_of(pending=(Line(id="H1", text="SQ *UNKNOWN"),)))
    bring(ofx_of(Line(id="P1")))
    waiting = FinancialTransaction.objects.get()
    response = resolve(as_alice, the_row(), decision="match", transaction=str(waiting.pk))
    assert response.json()["verdict"] == "superseded"
    after = FinancialTransaction.objects.get()
    assert (after.pk, after.status, after.reference_number) == (waiting.pk, "completed", "P1")
    assert after.description == "Coffee House"


def test_an_ignored_row_is_not_imported_again(bring: Bring, account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    manual_transaction(account)
    bring(csv_of(Line()))
    assert resolve(as_alice, the_row(), decision="ignore").json()["verdict"] == "tombstoned"
    assert bring(csv_of(Line())).tombstoned == 1
    assert FinancialTransaction.objects.count() == 1


def test_a_row_is_resolved_once(bring: Bring, account: EncryptedFinancialProfile, as_alice: APIClient) -> None:
    manual_transaction(account)
    bring(csv_of(Line()))
    row = the_row()
    resolve(as_alice, row, decision="create")
    response = resolve(as_alice, row, decision="create")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (409, "already_settled")
    assert FinancialTransaction.objects.count() == 2


def test_a_row_of_an_undone_import_cannot_be_resolved(
    bring: Bring, undo: Undo, account: EncryptedFinancialProfile, as_alice: APIClient
) -> None:
    manual_transaction(account)
    undo(bring(csv_of(Line())))
    assert resolve(as_alice, the_row(), decision="create").status_code == 409


@pytest.mark.parametrize(
    ("body", "attr", "code"),
    [
        ({}, "decision", "required"),
        ({"decision": "perhaps"}, "decision", "invalid_choice"),
        ({"decision": "match"}, "transaction", "required"),
        ({"decision": "create", "because": "I say so"}, "because", "unknown_field"),
    ],
)
def test_an_invalid_decision_is_refused(
    bring: Bring, account: EncryptedFinancialProfile, as_alice: APIClient, body: dict[str, str], attr: str, code: str
) -> None:
    manual_transaction(account)
    bring(csv_of(Line()))
    response = resolve(as_alice, the_row(), **body)
    assert response.status_code == 400
    assert (response.json()["errors"][0]["attr"], response.json()["errors"][0]["code"]) == (attr, code)


def test_a_row_is_not_matched_with_another_accounts_transaction(
    bring: Bring, account: EncryptedFinancialProfile, alice: User, as_alice: APIClient
) -> None:
    manual_transaction(account)
    other = TransactionFactory(user=alice, financial_profile=AccountFactory(user=alice))
    bring(csv_of(Line()))
    response = resolve(as_alice, the_row(), decision="match", transaction=str(other.pk))
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "other_account")


def test_a_row_is_not_matched_with_another_users_transaction(
    bring: Bring, account: EncryptedFinancialProfile, bob: User, as_alice: APIClient
) -> None:
    manual_transaction(account)
    bring(csv_of(Line()))
    response = resolve(as_alice, the_row(), decision="match", transaction=str(TransactionFactory(user=bob).pk))
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "does_not_exist")


def test_another_users_row_is_not_found(bring: Bring, account: EncryptedFinancialProfile, bob: User, api: ClientFor) -> None:
    manual_transaction(account)
    bring(csv_of(Line()))
    assert resolve(api(bob), the_row(), decision="create").status_code == 404
    assert FinancialTransaction.objects.count() == 1
