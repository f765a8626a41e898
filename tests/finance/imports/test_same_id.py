"""One id of the bank with other content is a further row, for the user to decide (rule 4)."""

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from dev.factories.finance import category_of
from finance.models import FinancialTransaction, StatementImportRow
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of

FIRST = Line(id="P1")
AMOUNT = Line(id="P1", amount="-6.00")
OTHERS = [AMOUNT, Line(id="P1", day=date(2026, 3, 9)), Line(id="P1", text="Tea Room")]
OTHER_CONTENT = pytest.mark.parametrize("other", OTHERS, ids=["amount", "day", "text"])


def the_row() -> StatementImportRow:
    return StatementImportRow.objects.get(verdict="review")


@OTHER_CONTENT
def test_another_use_in_the_same_file_goes_to_review(bring: Bring, other: Line) -> None:
    result = bring(ofx_of(FIRST, other))
    assert (result.created, result.review, result.review_reasons) == (1, 1, {"same_id_other_content": 1})
    assert the_row().reason == "same_id_other_content"
    assert the_row().data["candidates"] == [str(FinancialTransaction.objects.get().pk)]


@OTHER_CONTENT
def test_another_use_in_a_later_file_goes_to_review(bring: Bring, other: Line) -> None:
    bring(ofx_of(FIRST))
    result = bring(ofx_of(other))
    assert (result.created, result.duplicates, result.review_reasons) == (0, 0, {"same_id_other_content": 1})
    assert the_row().data["candidates"] == [str(FinancialTransaction.objects.get().pk)]


@OTHER_CONTENT
def test_either_file_again_asks_nothing(bring: Bring, other: Line) -> None:
    files = [ofx_of(FIRST, other), ofx_of(other), ofx_of(FIRST), ofx_of(other, FIRST)]
    bring(files[0])
    results = [bring(content) for content in files]
    assert [(result.created, result.review) for result in results] == [(0, 0)] * 4


def test_the_dry_run_says_the_same(bring: Bring) -> None:
    dry = bring(ofx_of(FIRST, AMOUNT), dry_run=True)
    assert (dry.created, dry.review_reasons) == (1, {"same_id_other_content": 1})
    assert [(row.verdict, row.reason) for row in dry.preview] == [("created", ""), ("review", "same_id_other_content")]


@pytest.mark.parametrize("text", ["COFFEE  HOUSE", "Coffee-House.", "coffee house"])
def test_another_spelling_is_the_same_content(bring: Bring, text: str) -> None:
    bring(ofx_of(FIRST))
    assert bring(ofx_of(Line(id="P1", text=text))).duplicates == 1


def test_a_third_content_asks_again(bring: Bring) -> None:
    bring(ofx_of(FIRST, AMOUNT))
    assert bring(ofx_of(Line(id="P1", amount="-7.00"))).review == 1
    assert bring(ofx_of(FIRST, AMOUNT, Line(id="P1", amount="-7.00"))).review == 0


def test_a_csv_with_ids_is_treated_alike(bring: Bring) -> None:
    result = bring(csv_of(FIRST, AMOUNT), mapping={"provider_id": "Transaction ID"})
    assert (result.created, result.review_reasons) == (1, {"same_id_other_content": 1})


def test_another_merchant_with_the_same_description_is_other_content(bring: Bring) -> None:
    header = "Date,Amount,Description,Merchant,Transaction ID"
    rows = ["2026-03-02,-5.00,Card payment,Baker,P1", "2026-03-02,-5.00,Card payment,Grocer,P1"]
    result = bring(csv_file(*rows, header=header), mapping={"provider_id": "Transaction ID"})
    assert (result.created, result.review_reasons) == (1, {"same_id_other_content": 1})


def test_a_deleted_transaction_stays_away_under_another_text(bring: Bring) -> None:
    bring(ofx_of(FIRST))
    FinancialTransaction.objects.all().delete()
    assert bring(ofx_of(Line(id="P1", text="Tea Room"))).tombstoned == 1
    assert bring(ofx_of(AMOUNT)).review == 1


def resolve(client: APIClient, **body: str) -> dict:
    row = the_row()
    response = client.post(f"/api/v1/finance/imports/{row.statement_import_id}/rows/{row.number}/resolve/", body)
    assert response.status_code == 200, response.json()
    return dict(response.json())


def test_a_match_takes_over_the_text(bring: Bring, undo: Undo, as_alice: APIClient) -> None:
    bring(ofx_of(FIRST))
    before = FinancialTransaction.objects.values().get()
    later = bring(ofx_of(Line(id="P1", text="Tea Room, Main Street")))
    assert resolve(as_alice, decision="match", transaction=str(before["id"]))["verdict"] == "superseded"
    after = FinancialTransaction.objects.get()
    assert (after.pk, after.description, after.merchant_name) == (
        before["id"],
        "Tea Room, Main Street",
        "Tea Room, Main Street",
    )
    assert bring(ofx_of(FIRST)).duplicates == 1
    assert undo(later).restored == 1
    assert FinancialTransaction.objects.values().get() == before


def test_a_match_keeps_what_the_user_has_edited(bring: Bring, as_alice: APIClient) -> None:
    bring(ofx_of(FIRST))
    row = FinancialTransaction.objects.get()
    row.description, row.amount, row.category, row.status = (
        "Breakfast",
        Decimal("-2.50"),
        category_of(row.user, "dining"),
        "disputed",
    )
    row.save()
    bring(ofx_of(Line(id="P1", text="Tea Room")))
    resolve(as_alice, decision="match", transaction=str(row.pk))
    after = FinancialTransaction.objects.get()
    assert (after.description, after.amount, after.category, after.status) == (
        "Breakfast",
        Decimal("-2.50"),
        "dining",
        "disputed",
    )


def test_a_match_takes_over_another_amount(bring: Bring, as_alice: APIClient) -> None:
    bring(ofx_of(FIRST))
    bring(ofx_of(AMOUNT))
    resolve(as_alice, decision="match", transaction=str(FinancialTransaction.objects.get().pk))
    assert FinancialTransaction.objects.get().amount == Decimal("-6.00")
    assert bring(ofx_of(FIRST, AMOUNT)).duplicates == 2


def test_a_created_one_has_the_id_without_the_reference(bring: Bring, as_alice: APIClient) -> None:
    bring(ofx_of(FIRST, AMOUNT))
    resolve(as_alice, decision="create")
    stored = FinancialTransaction.objects.order_by("amount").values_list("amount", "reference_number")
    assert list(stored) == [(Decimal("-6.00"), ""), (Decimal("-5.00"), "P1")]
    assert bring(ofx_of(FIRST, AMOUNT)).duplicates == 2


def test_an_undone_review_asks_again(bring: Bring, undo: Undo) -> None:
    bring(ofx_of(FIRST))
    undo(bring(ofx_of(AMOUNT)))
    assert bring(ofx_of(AMOUNT)).review == 1


def test_a_pending_row_still_posts_under_its_id(bring: Bring) -> None:
    bring(ofx_of(pending=(FIRST,)))
    assert bring(ofx_of(AMOUNT)).superseded == 1
    assert bring(ofx_of(pending=(Line(id="P1", amount="-5.50"),))).duplicates == 1
    assert bring(ofx_of(Line(id="P1", amount="-7.00"))).review == 1
