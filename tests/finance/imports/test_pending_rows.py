"""Pending rows that post with another amount or id are superseded (rule 6)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dev.factories import TransactionFactory
from dev.factories.finance import category_of
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of

WAITING = Line(id="H1", day=date(2026, 3, 2))
POSTED = Line(id="P1", day=date(2026, 3, 4))
STATUS = "Date,Amount,Description,Status"


def stored() -> Any:
    return FinancialTransaction.objects.get()


def test_a_posted_row_takes_the_place_of_its_pending_one(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    key = stored().pk
    result = bring(ofx_of(POSTED))
    row = stored()
    assert (result.superseded, result.created) == (1, 0)
    assert (row.pk, row.status, row.reference_number) == (key, "completed", "P1")
    assert (row.transaction_date, row.posted_date) == (date(2026, 3, 4), date(2026, 3, 4))


def test_the_users_changes_survive(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    row = stored()
    row.category, row.metadata, row.description = category_of(row.user, "dining"), {"note": "with bob"}, "Breakfast"
    row.save()
    bring(ofx_of(Line(id="H1", amount="-6.00")))
    row = stored()
    assert (row.amount, row.category, row.metadata, row.description) == (
        Decimal("-6.00"),
        "dining",
        {"note": "with bob"},
        "Breakfast",
    )


def test_an_unchanged_text_becomes_the_banks_latest(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", text="PENDING COFFEE"),)))
    bring(ofx_of(Line(id="P1", text="Coffee House Boston")))
    assert (stored().description, stored().merchant_name) == ("Coffee House Boston", "Coffee House Boston")


def test_the_same_id_posts_with_any_amount(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00", text="FUEL HOLD"),)))
    assert bring(ofx_of(Line(id="P1", amount="-61.20", text="Fuel"))).superseded == 1
    assert (stored().amount, stored().status) == (Decimal("-61.20"), "completed")


def test_the_same_id_posts_with_another_sign(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00"),)))
    assert bring(ofx_of(Line(id="P1", amount="1.00"))).superseded == 1
    assert (stored().amount, stored().transaction_type) == (Decimal("1.00"), "income")


def test_a_changed_pending_amount_is_updated(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00"),)))
    assert bring(ofx_of(pending=(Line(id="P1", amount="-2.00"),))).superseded == 1
    assert (stored().amount, stored().status) == (Decimal("-2.00"), "pending")


def test_an_older_file_does_not_turn_a_pending_row_back(bring: Bring) -> None:
    old, new = ofx_of(pending=(Line(id="P1", amount="-1.00"),)), ofx_of(pending=(Line(id="P1", amount="-2.00"),))
    bring(old)
    bring(new)
    assert bring(old).duplicates == 1
    assert stored().amount == Decimal("-2.00")


def test_importing_either_file_again_adds_nothing(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    bring(ofx_of(POSTED))
    assert bring(ofx_of(pending=(WAITING,))).duplicates == 1
    assert bring(ofx_of(POSTED)).duplicates == 1
    assert bring(csv_of(Line(day=date(2026, 3, 4)))).duplicates == 1
    assert stored().status == "completed"


def test_a_csv_row_that_has_posted_completes_the_pending_one(bring: Bring) -> None:
    bring(csv_file("2026-03-02,-5.00,Coffee House,Pending", header=STATUS))
    assert stored().status == "pending"
    assert bring(csv_file("2026-03-02,-5.00,Coffee House,Posted", header=STATUS)).superseded == 1
    assert stored().status == "completed"
    assert bring(csv_file("2026-03-02,-5.00,Coffee House,Posted", header=STATUS)).duplicates == 1


def test_a_tip_is_accepted(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="H1", amount="-10.00", text="Bistro"),)))
    assert bring(ofx_of(Line(id="P1", amount="-13.00", text="Bistro"))).superseded == 1
    assert stored().amount == Decimal("-13.00")


@pytest.mark.parametrize("amount", ["-13.01", "-6.99", "10.00"])
def test_an_amount_too_far_away_is_another_purchase(bring: Bring, amount: str) -> None:
    bring(ofx_of(pending=(Line(id="H1", amount="-10.00", text="Bistro"),)))
    assert bring(ofx_of(Line(id="P1", amount=amount, text="Bistro"))).created == 1


def test_a_row_more_than_a_week_away_is_another_purchase(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    assert bring(ofx_of(Line(id="P1", day=date(2026, 3, 10)))).created == 1


def test_an_equal_amount_has_priority_over_a_tip(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    result = bring(ofx_of(Line(id="P1", amount="-5.80"), Line(id="P2")))
    assert (result.superseded, result.created) == (1, 1)
    assert FinancialTransaction.objects.get(reference_number="P2").status == "completed"
    assert FinancialTransaction.objects.get(reference_number="P1").amount == Decimal("-5.80")


def test_of_two_equal_rows_the_nearer_one_supersedes(bring: Bring) -> None:
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
    assert (stored().status, stored().metadata) == ("completed", {"source": "factory"})


def test_a_row_that_the_user_completed_is_left_alone(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1", amount="-1.00"),)))
    FinancialTransaction.objects.update(status="completed", amount=Decimal("-7.00"))
    assert bring(ofx_of(Line(id="P1", amount="-2.00"))).duplicates == 1
    assert stored().amount == Decimal("-7.00")


def test_a_row_that_the_user_set_to_pending_is_left_alone(bring: Bring) -> None:
    bring(ofx_of(Line(id="P1")))
    FinancialTransaction.objects.update(status="pending")
    assert bring(ofx_of(Line(id="P1"))).duplicates == 1
    assert stored().status == "pending"


def test_a_deleted_pending_row_stays_deleted_when_it_posts(bring: Bring) -> None:
    bring(ofx_of(pending=(Line(id="P1"),)))
    stored().delete()
    assert bring(ofx_of(Line(id="P1"))).tombstoned == 1


def test_the_old_values_are_stored(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    bring(ofx_of(Line(id="H1", amount="-6.00")))
    before = StatementImportRow.objects.get(verdict="superseded").before["transaction"]
    assert (before["amount"], before["status"], before["transaction_date"]) == ("-5.00", "pending", "2026-03-02")


def test_one_transaction_has_one_successor(bring: Bring) -> None:
    bring(ofx_of(pending=(WAITING,)))
    bring(ofx_of(pending=(Line(id="H1", amount="-5.20"),)))
    result = bring(ofx_of(Line(id="H1", amount="-5.50"), Line(amount="-5.20")))
    assert (result.superseded, result.duplicates) == (1, 1)
    assert stored().amount == Decimal("-5.50")
