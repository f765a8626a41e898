"""Rows whose ids are of another kind are matched by day, amount and currency (rule 4)."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from finance.models import FinancialTransaction, StatementImport, StatementImportRow
from tests.finance.imports.conftest import Bring, Undo
from tests.finance.imports.statement_files import Line, csv_of, ofx_of, rows_of

pytestmark = pytest.mark.usefixtures("_rows_parser")

COFFEE = Line()
DAYS = [date(2026, 3, 2) + timedelta(number) for number in range(6)]
STATEMENT = [
    *[Line(day=day, amount="-2.90", text="Ticket") for day in DAYS],
    Line(day=DAYS[2], amount="1200.00", text="Salary"),
    Line(day=DAYS[3], amount="-54.20", text="Grocer"),
    COFFEE,
    COFFEE,
]
KINDS = ["ofx", "camt", "mt940", "qif", "csv"]


def written_as(kind: str, lines: list[Line]) -> bytes:
    """Return a statement in one of five formats, each with ids and texts of its own; QIF and CSV have no ids."""
    if kind == "csv":
        return csv_of(*[replace(line, text=f"{line.text} 4711 card") for line in lines])
    named = [
        replace(line, id="" if kind == "qif" else f"{kind}{n}", text=f"{kind} {line.text}") for n, line in enumerate(lines)
    ]
    return ofx_of(*named) if kind == "ofx" else rows_of(kind, *named)


def counts(results: list[Any]) -> list[tuple[int, int]]:
    return [(result.created, result.review) for result in results]


@pytest.mark.parametrize("kinds", [KINDS, KINDS[::-1], ["csv", "camt", "ofx", "qif", "mt940"]], ids="-".join)
def test_one_statement_in_five_formats_is_imported_once(bring: Bring, kinds: list[str]) -> None:
    results = [bring(written_as(kind, STATEMENT)) for kind in kinds]
    assert counts(results) == [(10, 0), (0, 0), (0, 0), (0, 0), (0, 0)]
    again = [bring(written_as(kind, STATEMENT)) for kind in kinds]
    assert counts(again) == [(0, 0)] * 5
    assert FinancialTransaction.objects.count() == 10


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("text", ["Coffee House", "Coffee Bar"])
def test_one_more_coffee_of_the_day_is_one_question(bring: Bring, kind: str, text: str) -> None:
    bring(written_as("ofx", STATEMENT))
    result = bring(written_as(kind, [*STATEMENT, replace(COFFEE, text=text)]))
    assert (result.created, result.review_reasons) == (0, {"possible_duplicate": 1})
    row = StatementImportRow.objects.get(verdict="review")
    coffees = FinancialTransaction.objects.filter(amount="-5.00").values_list("pk", flat=True)
    assert sorted(row.data["candidates"]) == sorted(map(str, coffees))
    again = bring(written_as(kind, [*STATEMENT, replace(COFFEE, text=text)]))
    assert (again.created, again.review) == (0, 0)


def test_a_question_is_asked_once_for_all_formats(bring: Bring) -> None:
    bring(written_as("ofx", STATEMENT))
    results = [bring(written_as(kind, [*STATEMENT, COFFEE])) for kind in KINDS[1:]]
    assert counts(results) == [(0, 1), (0, 0), (0, 0), (0, 0)]


def test_the_first_id_stays_and_the_others_are_known(bring: Bring) -> None:
    bring(rows_of("ofx", Line(id="P1")))
    bring(rows_of("camt", Line(id="C1", text="Coffee")))
    entry = FinancialTransaction.objects.get()
    assert entry.reference_number == "P1"
    claims = StatementImportRow.objects.filter(is_claim=True, transaction_id=entry.pk)
    assert sorted(claims.values_list("statement_import__id_scheme", "provider_id")) == [("camt", "C1"), ("ofx", "P1")]


def test_qfx_has_the_ids_of_ofx(bring: Bring) -> None:
    bring(ofx_of(Line(id="P1")))
    assert bring(ofx_of(Line(id="P1")), filename="march.qfx").duplicates == 1
    assert set(StatementImport.objects.values_list("id_scheme", flat=True)) == {"ofx"}


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_format_may_state_the_neighboring_day(bring: Bring, shift: int) -> None:
    bring(written_as("ofx", STATEMENT))
    shifted = [replace(line, day=line.day + timedelta(shift)) for line in STATEMENT]
    result = bring(written_as("camt", shifted))
    assert (result.created, result.review, result.duplicates) == (0, 0, 10)


def test_two_days_apart_are_two_transactions(bring: Bring) -> None:
    bring(rows_of("ofx", Line(id="P1")))
    assert bring(rows_of("camt", Line(id="C1", day=date(2026, 3, 4)))).created == 1


def test_the_same_day_is_preferred(bring: Bring) -> None:
    bring(rows_of("ofx", Line(id="P1", day=DAYS[0]), Line(id="P2", day=DAYS[1])))
    bring(rows_of("camt", Line(id="C2", day=DAYS[1], text="Other"), Line(id="C0", day=DAYS[4])))
    matched = StatementImportRow.objects.get(provider_id="C2")
    assert matched.transaction_id == FinancialTransaction.objects.get(reference_number="P2").pk


@pytest.mark.parametrize("other", [{"amount": "-5.01"}, {"amount": "5.00"}, {"day": date(2026, 3, 9)}], ids=str)
def test_other_sums_are_other_transactions(bring: Bring, other: dict[str, Any]) -> None:
    bring(rows_of("ofx", Line(id="P1")))
    assert bring(rows_of("camt", replace(Line(id="C1"), **other))).created == 1


def test_rows_outside_of_the_period_are_left_alone(bring: Bring) -> None:
    bring(written_as("ofx", STATEMENT))
    later = [Line(day=DAYS[-1] + timedelta(10 + number), amount="-2.90", text="Ticket") for number in range(4)]
    assert bring(written_as("camt", later)).created == 4
    assert FinancialTransaction.objects.count() == 14


def test_the_next_day_of_another_format_is_asked_about(bring: Bring) -> None:
    bring(rows_of("ofx", *[Line(id=f"P{day}", day=day, amount="-2.90", text="Ticket") for day in DAYS[:3]]))
    result = bring(rows_of("camt", *[Line(id=f"C{day}", day=day, amount="-2.90", text="Ticket") for day in DAYS[3:]]))
    assert (result.created, result.duplicates, result.review_reasons) == (2, 0, {"possible_duplicate": 1})


def test_another_text_in_the_same_format_is_another_purchase(bring: Bring) -> None:
    bring(csv_of(COFFEE))
    assert bring(csv_of(replace(COFFEE, text="Tea Room"))).created == 1


def test_a_row_without_the_id_of_its_format_is_another_purchase(bring: Bring) -> None:
    bring(ofx_of(Line(id="P1")))
    assert bring(ofx_of(Line(id="P1"), Line(text="Bakery"))).created == 1


def test_a_deleted_transaction_stays_away_in_every_format(bring: Bring) -> None:
    bring(written_as("ofx", STATEMENT))
    FinancialTransaction.objects.get(amount="1200.00").delete()
    results = [bring(written_as(kind, STATEMENT)) for kind in KINDS[1:]]
    assert [(result.created, result.tombstoned) for result in results] == [(0, 1)] * 4


def test_an_undo_of_the_aliases_leaves_the_rest(bring: Bring, undo: Undo) -> None:
    bring(written_as("ofx", STATEMENT))
    before = list(FinancialTransaction.objects.order_by("pk").values())
    undone = undo(bring(written_as("camt", STATEMENT)))
    assert (undone.removed, undone.kept) == (0, [])
    assert list(FinancialTransaction.objects.order_by("pk").values()) == before
    assert bring(written_as("camt", STATEMENT)).duplicates == 10


def test_after_an_undo_of_the_first_import_either_can_come_again(bring: Bring, undo: Undo) -> None:
    first = bring(written_as("ofx", STATEMENT))
    bring(written_as("camt", STATEMENT))
    assert undo(first).removed == 10
    assert bring(written_as("camt", STATEMENT)).created == 10
    assert bring(written_as("ofx", STATEMENT)).duplicates == 10


def test_a_transaction_that_the_user_moved_to_another_day_is_known(bring: Bring) -> None:
    bring(written_as("ofx", STATEMENT))
    FinancialTransaction.objects.update(transaction_date=date(2026, 1, 1), description="Mine")
    assert bring(written_as("camt", STATEMENT)).duplicates == 10
