"""A pending row that posts with another amount or id is superseded: rule 6."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dev.factories import TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of

WAITING = Line(id="H1", day=date(2026, 3, 2))
POSTED = Line(id="P1", day=date(2026, 3, 4))
STATUS = "Date,Amount,Description,Status"


def the_one() -> Any:
    return FinancialTransaction.objects.get()


def test_a_posted_row_takes_the_place_of_its_pending_one(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    key = the_one().pk
    result = bring(ofx_of(POSTED))
    row = the_one()
    assert (result.superseded, result.created) == (1, 0)
    assert (row.pk, row.status, row.reference_number) == (key, "completed", "P1")
    assert (row.transaction_date, row.posted_date) == (date(2026, 3, 4), date(2026, 3, 4))


def test_what_the_user_added_survives(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    row = the_one()
    row.category, row.metadata, row.description = "dining", {"note": "with bob"}, "Breakfast"
    row.save()
    bring(ofx_of(Line(id="H1", amount="-6.00")))
    row = the_one()
    assert (row.amount, row.category, row.metadata, row.description) == (
        Decimal("-6.00"),
        "dining",
        {"note": "with bob"},
        "Breakfast",
    )


def test_a_text_that_the_user_left_alone_becomes_the_banks_last_one(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", text="PENDING COFFEE"),)))
    bring(ofx_of(Line(id="P1", text="Coffee House Boston")))
    assert (the_one().description, the_one().merchant_name) == ("Coffee House Boston", "Coffee House Boston")


def test_the_same_id_posts_with_any_amount(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00", text="FUEL HOLD"),)))
    assert bring(ofx_of(Line(id="P1", amount="-61.20", text="Fuel"))).superseded == 1
    assert (the_one().amount, the_one().status) == (Decimal("-61.20"), "completed")


def test_the_same_id_posts_with_another_sign(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00"),)))
    assert bring(ofx_of(Line(id="P1", amount="1.00"))).superseded == 1
    assert (the_one().amount, the_one().transaction_type) == (Decimal("1.00"), "income")


def test_a_pending_amount_that_changed_is_brought_up_to_date(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00"),)))
    assert bring(ofx_of(pending=(Line(id="P1", amount="-2.00"),))).superseded == 1
    assert (the_one().amount, the_one().status) == (Decimal("-2.00"), "pending")


def test_an_older_file_does_not_turn_a_pending_row_back(bring: Bring) -> None:
    old, new = ofx_of(pending=(Line(id="P1", amount="-1.00"),)), ofx_of(pending=(Line(id="P1", amount="-2.00"),))
    bring(old)
    bring(new)
    assert bring(old).duplicates == 1
    assert the_one().amount == Decimal("-2.00")


def test_neither_file_adds_anything_afterwards(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    bring(ofx_of(POSTED))
    assert bring(ofx_of(pending=(WAITING,))).duplicates == 1
    assert bring(ofx_of(POSTED)).duplicates == 1
    assert bring(csv_of(Line(day=date(2026, 3, 4)))).duplicates == 1
    assert the_one().status == "completed"


def test_a_csv_row_that_has_posted_completes_the_pending_one(bring: Bring) -> None:
    bring(csv_file("2026-03-02,-5.00,Coffee House,Pending", header=STATUS))
    assert the_one().status == "pending"
    assert bring(csv_file("2026-03-02,-5.00,Coffee House,Posted", header=STATUS)).superseded == 1
    assert the_one().status == "completed"
    assert bring(csv_file("2026-03-02,-5.00,Coffee House,Posted", header=STATUS)).duplicates == 1


def test_a_tip_is_added(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="H1", amount="-10.00", text="Bistro"),)))
    assert bring(ofx_of(Line(id="P1", amount="-13.00", text="Bistro"))).superseded == 1
    assert the_one().amount == Decimal("-13.00")


@pytest.mark.parametrize("amount", ["-13.01", "-6.99", "10.00"])
def test_an_amount_too_far_away_is_another_purchase(bring: Bring, amount: str) -> None:
    bring(ofx_of(pending=(Line(id="H1", amount="-10.00", text="Bistro"),)))
    assert bring(ofx_of(Line(id="P1", amount=amount, text="Bistro"))).created == 1


def test_a_row_more_than_a_week_away_is_another_purchase(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    assert bring(ofx_of(Line(id="P1", day=date(2026, 3, 10)))).created == 1


def test_the_equal_amount_goes_before_the_tip(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    result = bring(ofx_of(Line(id="P1", amount="-5.80"), Line(id="P2")))
    assert (result.superseded, result.created) == (1, 1)
    assert FinancialTransaction.objects.get(reference_number="P2").status == "completed"
    assert FinancialTransaction.objects.get(reference_number="P1").amount == Decimal("-5.80")


def test_of_two_equal_rows_the_nearer_one_is_the_pending_one(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    result = bring(ofx_of(Line(id="P1", day=date(2026, 3, 8)), Line(id="P2", day=date(2026, 3, 3))))
    assert (result.superseded, result.created) == (1, 1)
    assert StatementImportRow.objects.get(provider_id="P2").verdict == "superseded"


def test_a_pending_row_in_the_same_file_is_still_pending(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    result = bring(ofx_of(POSTED, pending=(WAITING,)))
    assert (result.created, result.duplicates) == (1, 1)


def test_another_currency_is_another_purchase(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    assert bring(ofx_of(POSTED, currency="EUR")).created == 1


def test_a_pending_transaction_entered_by_hand_is_completed(bring: Bring, account: EncryptedFinancialProfile) -> None:
    TransactionFactory(
        user=account.user, financial_profile=account, amount=Decimal("-5.00"), description="", merchant_name="COFFEE HOUSE"
    )
    FinancialTransaction.objects.update(transaction_date=date(2026, 3, 2))
    assert bring(ofx_of(POSTED)).superseded == 1
    assert (the_one().status, the_one().metadata) == ("completed", {"source": "factory"})


def test_what_the_user_completed_himself_is_left_alone(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00"),)))
    FinancialTransaction.objects.update(status="completed", amount=Decimal("-7.00"))
    assert bring(ofx_of(Line(id="P1", amount="-2.00"))).duplicates == 1
    assert the_one().amount == Decimal("-7.00")


def test_what_the_user_set_back_to_pending_is_left_alone(bring: Bring) -> None:
    bring(ofx_of(Line(id="P1")))
    FinancialTransaction.objects.update(status="pending")
    assert bring(ofx_of(Line(id="P1"))).duplicates == 1
    assert the_one().status == "pending"


def test_a_deleted_pending_row_stays_deleted_when_it_posts(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1"),)))
    the_one().delete()
    assert bring(ofx_of(Line(id="P1"))).tombstoned == 1


def test_the_old_values_are_kept(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    bring(ofx_of(Line(id="H1", amount="-6.00")))
    before = StatementImportRow.objects.get(verdict="superseded").before["transaction"]
    assert (before["amount"], before["status"], before["transaction_date"]) == ("-5.00", "pending", "2026-03-02")


def test_one_transaction_has_one_successor(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    bring(ofx_of(pending=(Line(id="H1", amount="-5.20"),)))
    result = bring(ofx_of(Line(id="H1", amount="-5.50"), Line(amount="-5.20")))
    assert (result.superseded, result.duplicates) == (1, 1)
    assert the_one().amount == Decimal("-5.50")
