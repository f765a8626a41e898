"""A file that comes again with a better choice of columns takes over the texts instead of adding its rows again."""

from datetime import date, timedelta

import pytest

from dev.factories.finance import category_of
from finance.models import FinancialTransaction, StatementImport
from finance.models.imports import ReviewReason
from finance.services import Resolution, ReviewDecision, resolve_reviews
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_file, csv_of

HEADER = "Date,Amount,Noise,Info"
NO_TEXT = {"date": "Date", "amount": "Amount"}
NOISE = NO_TEXT | {"description": "Noise"}
INFO = NO_TEXT | {"description": "Info"}
DAYS = [date(2026, 3, 2) + timedelta(number // 2) for number in range(10)]


def file(*days: date, first: int = 0) -> bytes:
    rows = [f"{day},-5.00,booking,Shop {number}" for number, day in enumerate(days, first)]
    return csv_file(*rows, header=HEADER)


def texts() -> list[str]:
    return sorted(FinancialTransaction.objects.values_list("description", flat=True))


def decide(decision: str) -> Resolution:
    record = StatementImport.objects.get(review__gt=0)
    return resolve_reviews(record=record, reason=ReviewReason.SAME_ROW_OTHER_TEXT, decision=ReviewDecision(decision))


@pytest.mark.parametrize("mapping", [NO_TEXT, NOISE], ids=["no text", "another text"])
def test_the_same_file_again_goes_to_review(bring: Bring, mapping: dict[str, str]) -> None:
    bring(file(*DAYS), mapping=mapping)
    result = bring(file(*DAYS), mapping=INFO)
    assert (result.created, result.review_reasons) == (0, {"same_row_other_text": 10})
    assert FinancialTransaction.objects.count() == 10


def test_a_match_takes_over_the_texts(bring: Bring, undo: Undo) -> None:
    bring(file(*DAYS), mapping=NO_TEXT)
    before = list(FinancialTransaction.objects.order_by("pk").values())
    later = bring(file(*DAYS), mapping=INFO)
    assert decide("match") == Resolution(created=0, duplicates=0, tombstoned=0, superseded=10, left=0)
    assert texts() == sorted(f"Shop {number}" for number in range(10))
    results = [bring(file(*DAYS), mapping=mapping) for mapping in (INFO, NO_TEXT, INFO)]
    assert [(result.created, result.review) for result in results] == [(0, 0)] * 3
    assert undo(later).restored == 10
    assert list(FinancialTransaction.objects.order_by("pk").values()) == before


def test_a_text_that_the_user_edited_stays(bring: Bring) -> None:
    bring(file(*DAYS[:2]), mapping=NOISE)
    row = FinancialTransaction.objects.order_by("pk").first()
    row.description, row.category = "Breakfast", category_of(row.user, "dining")
    row.save()
    bring(file(*DAYS[:2]), mapping=INFO)
    decide("match")
    assert texts() == ["Breakfast", "Shop 1"]
    assert FinancialTransaction.objects.get(category="dining").description == "Breakfast"


def test_a_longer_file_adds_only_its_new_rows(bring: Bring) -> None:
    bring(file(*DAYS), mapping=NO_TEXT)
    later = [date(2026, 4, 1) + timedelta(number) for number in range(5)]
    result = bring(file(*DAYS, *later), mapping=INFO)
    assert (result.created, result.review_reasons) == (5, {"same_row_other_text": 10})


def test_another_period_is_new(bring: Bring) -> None:
    bring(file(*DAYS), mapping=NO_TEXT)
    assert bring(file(*[day + timedelta(30) for day in DAYS]), mapping=INFO).created == 10


def test_a_file_of_which_little_is_known_is_new(bring: Bring) -> None:
    bring(csv_of(*[Line(day=day, amount=f"-{number}.10") for number, day in enumerate(DAYS, 1)]))
    result = bring(file(*DAYS), mapping=INFO)
    assert (result.created, result.review) == (10, 0)


def test_another_text_under_the_same_columns_is_another_purchase(bring: Bring) -> None:
    bring(file(*DAYS[:6]), mapping=INFO)
    assert bring(file(*DAYS[:6], first=100), mapping=INFO).created == 6


def test_a_statement_whose_texts_all_changed_goes_to_review(bring: Bring) -> None:
    bring(file(*DAYS), mapping=INFO)
    assert bring(file(*DAYS, first=100), mapping=INFO).review_reasons == {"same_row_other_text": 10}


def test_a_better_choice_may_add_the_ids(bring: Bring) -> None:
    rows = [Line(day=day, id=f"P{number}", text=f"Shop {number}") for number, day in enumerate(DAYS)]
    bring(csv_of(*rows), mapping=NO_TEXT | {"description": None, "provider_id": None})
    result = bring(csv_of(*rows), mapping=NO_TEXT | {"description": "Description", "provider_id": "Transaction ID"})
    assert result.review_reasons == {"same_row_other_text": 10}
    decide("match")
    assert (bring(csv_of(*rows)).duplicates, FinancialTransaction.objects.count()) == (10, 10)


def test_a_deleted_transaction_stays_away(bring: Bring) -> None:
    bring(file(*DAYS), mapping=NO_TEXT)
    FinancialTransaction.objects.earliest("pk").delete()
    result = bring(file(*DAYS), mapping=INFO)
    assert (result.created, result.tombstoned, result.review) == (0, 1, 9)


def test_created_ones_are_further_transactions(bring: Bring) -> None:
    bring(file(*DAYS), mapping=NO_TEXT)
    bring(file(*DAYS), mapping=INFO)
    assert decide("create").created == 10
    assert bring(file(*DAYS), mapping=INFO).duplicates == 10
