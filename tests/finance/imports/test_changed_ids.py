"""Ids that the bank changes with each download lead to one question for all rows (rule 4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from finance.models import FinancialTransaction, StatementImport, StatementImportRow
from finance.models.imports import ReviewReason
from finance.services import ReviewDecision, resolve_reviews
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_of, ofx_of

COFFEE = Line()
ROWS = [Line(day=date(2026, 3, 1) + timedelta(number), text=f"Shop {number}") for number in range(8)] + [COFFEE, COFFEE]


def named(prefix: str, rows: list[Line] = ROWS) -> list[Line]:
    return [replace(line, id=f"{prefix}{number}") for number, line in enumerate(rows)]


def decide(decision: str) -> None:
    record = StatementImport.objects.get(review__gt=0)
    resolve_reviews(record=record, reason=ReviewReason.IDS_CHANGED, decision=ReviewDecision(decision))


def test_known_content_under_other_ids_goes_to_review(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    result = bring(ofx_of(*named("B")))
    assert (result.created, result.review_reasons) == (0, {"ids_changed": 10})
    candidates = [row.data["candidates"] for row in StatementImportRow.objects.filter(verdict="review")]
    assert sorted(candidates) == sorted([str(key)] for key in FinancialTransaction.objects.values_list("pk", flat=True))


def test_csv_ids_can_change_too(bring: Bring) -> None:
    bring(csv_of(*named("A")))
    assert bring(csv_of(*named("B"))).review_reasons == {"ids_changed": 10}


def test_after_a_match_both_sets_of_ids_are_known(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    bring(ofx_of(*named("B")))
    decide("match")
    assert FinancialTransaction.objects.count() == 10
    results = [bring(ofx_of(*named(prefix))) for prefix in "BAB"]
    assert [(result.created, result.review, result.duplicates) for result in results] == [(0, 0, 10)] * 3


def test_a_third_set_of_ids_asks_again(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    bring(ofx_of(*named("B")))
    decide("match")
    assert bring(ofx_of(*named("C"))).review == 10


def test_before_the_decision_the_same_file_asks_nothing(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    bring(ofx_of(*named("B")))
    again = bring(ofx_of(*named("B")))
    assert (again.created, again.review, again.duplicates) == (0, 0, 10)


def test_another_id_of_a_row_in_review_goes_to_review_too(bring: Bring) -> None:
    bring(ofx_of(Line(id="P1"), Line(id="P1", text="Tea Room")))
    result = bring(ofx_of(Line(id="P2", text="Tea Room")))
    assert (result.created, result.review_reasons) == (0, {"ids_changed": 1})


def test_created_ones_are_further_transactions(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    bring(ofx_of(*named("B")))
    decide("create")
    assert FinancialTransaction.objects.count() == 20
    assert bring(ofx_of(*named("A"), *named("B"))).duplicates == 20


def test_ignored_ones_stay_away(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    bring(ofx_of(*named("B")))
    decide("ignore")
    assert bring(ofx_of(*named("B"))).tombstoned == 10
    assert bring(ofx_of(*named("A"))).duplicates == 10


def test_new_rows_of_the_file_are_created(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    result = bring(ofx_of(*named("B"), Line(id="N1", text="New"), Line(id="N2")))
    assert (result.created, result.review_reasons) == (2, {"ids_changed": 10})


def test_below_80_percent_equal_rows_are_two_purchases(bring: Bring) -> None:
    bring(ofx_of(Line(id="A1"), Line(id="A2", text="Tea Room")))
    new = [Line(id=f"B{number}", text=f"Shop {number}") for number in range(3)]
    result = bring(ofx_of(Line(id="B8"), Line(id="B9", text="Tea Room"), *new))
    assert (result.created, result.review) == (5, 0)


def test_ids_that_are_numbers_of_the_file_are_compared_by_content(bring: Bring) -> None:
    bring(ofx_of(*[replace(line, id=str(number)) for number, line in enumerate(ROWS, 1)]))
    result = bring(ofx_of(*[replace(line, id=str(number)) for number, line in enumerate(reversed(ROWS), 1)]))
    assert result.created == 0
    assert set(result.review_reasons) == {"ids_changed"}


def test_a_deleted_transaction_stays_away(bring: Bring) -> None:
    bring(ofx_of(*named("A")))
    FinancialTransaction.objects.get(reference_number="A3").delete()
    result = bring(ofx_of(*named("B")))
    assert (result.created, result.tombstoned, result.review) == (0, 1, 9)


def test_an_undo_forgets_the_ids(bring: Bring, undo: Undo) -> None:
    bring(ofx_of(*named("A")))
    before = list(FinancialTransaction.objects.order_by("pk").values())
    later = bring(ofx_of(*named("B")))
    decide("match")
    undo(later)
    assert list(FinancialTransaction.objects.order_by("pk").values()) == before
    assert bring(ofx_of(*named("B"))).review == 10


@pytest.mark.parametrize("decision", list(ReviewDecision))
def test_the_counts_of_the_import_follow(bring: Bring, decision: ReviewDecision) -> None:
    bring(ofx_of(*named("A")))
    bring(ofx_of(*named("B")))
    decide(decision)
    record = StatementImport.objects.latest("created_at")
    assert record.review == 0
    assert {record.created, record.duplicates, record.tombstoned} == {0, 10}
