"""Rows that were imported before are duplicates (rules 2, 3 and 4)."""

from datetime import date
from decimal import Decimal

import pytest

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImportRow
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_of, ofx_of
from users.models import User

COFFEE = Line()
NAMED = Line(id="P1")
TWIN = Line(id="P2")


@pytest.mark.parametrize("content", [csv_of(COFFEE, Line(text="Tea")), ofx_of(NAMED, TWIN)], ids=["csv", "ofx"])
def test_the_same_file_again_adds_nothing(bring: Bring, content: bytes) -> None:
    first, again = bring(content), bring(content)
    assert (first.created, first.duplicates) == (2, 0)
    assert (again.created, again.duplicates) == (0, 2)
    assert FinancialTransaction.objects.count() == 2


def test_two_equal_rows_are_two_and_a_third_adds_one(bring: Bring) -> None:
    assert bring(csv_of(COFFEE, COFFEE)).created == 2
    assert bring(csv_of(COFFEE, COFFEE)).created == 0
    assert bring(csv_of(COFFEE, COFFEE, COFFEE)).created == 1
    assert bring(csv_of(COFFEE)).duplicates == 1
    assert FinancialTransaction.objects.count() == 3


def test_text_is_compared_without_case_punctuation_and_spacing(bring: Bring) -> None:
    bring(csv_of(Line(text="COFFEE  HOUSE #12")))
    assert bring(csv_of(Line(text="Coffee House 12"))).duplicates == 1


@pytest.mark.parametrize(
    "other", [Line(day=date(2026, 3, 3)), Line(amount="-5.01"), Line(amount="5.00"), Line(text="Coffee Houses")], ids=str
)
def test_a_row_with_another_date_amount_or_text_is_new(bring: Bring, other: Line) -> None:
    bring(csv_of(COFFEE))
    assert bring(csv_of(other)).created == 1


def test_one_id_twice_in_a_file_is_one_row(bring: Bring) -> None:
    result = bring(ofx_of(NAMED, Line(id="P1", text="COFFEE  HOUSE")))
    assert (result.created, result.duplicates) == (1, 1)
    first, copy = StatementImportRow.objects.order_by("number")
    assert (first.verdict, copy.verdict) == ("created", "duplicate")
    assert copy.transaction_id == first.transaction_id == FinancialTransaction.objects.get().pk


def test_of_a_pending_and_a_posted_row_the_posted_one_counts(bring: Bring) -> None:
    result = bring(ofx_of(Line(id="P1", amount="-5.50"), pending=(NAMED,)))
    assert (result.created, result.duplicates) == (1, 1)
    assert FinancialTransaction.objects.get().amount == Decimal("-5.50")


def test_rows_with_two_ids_are_never_merged(bring: Bring) -> None:
    assert bring(ofx_of(NAMED)).created == 1
    assert bring(ofx_of(NAMED, TWIN)).created == 1
    assert bring(ofx_of(NAMED, TWIN)).duplicates == 2


def test_csv_of_rows_imported_by_ofx_adds_nothing(bring: Bring) -> None:
    bring(ofx_of(NAMED, TWIN))
    result = bring(csv_of(COFFEE, COFFEE))
    assert (result.duplicates, result.created) == (2, 0)


def test_ofx_of_rows_imported_by_csv_adds_only_the_ids(bring: Bring) -> None:
    bring(csv_of(COFFEE, COFFEE))
    assert bring(ofx_of(NAMED, TWIN)).duplicates == 2
    known = StatementImportRow.objects.filter(is_claim=True).values_list("provider_id", flat=True)
    assert sorted(known) == ["", "", "P1", "P2"]
    assert bring(ofx_of(NAMED, TWIN, Line(id="P3"))).created == 1


def test_a_transaction_with_an_id_is_not_taken_by_another_id(bring: Bring) -> None:
    bring(csv_of(COFFEE))
    bring(ofx_of(NAMED))
    assert bring(ofx_of(NAMED, TWIN)).created == 1


def test_rows_with_and_without_an_id_in_one_file_differ(bring: Bring) -> None:
    bring(csv_of(COFFEE))
    mixed = csv_of(COFFEE, NAMED)
    result = bring(mixed)
    assert (result.duplicates, result.created) == (1, 1)
    assert bring(mixed).duplicates == 2
    assert FinancialTransaction.objects.count() == 2


def test_a_manual_transaction_with_the_banks_id_is_known(bring: Bring, account: EncryptedFinancialProfile) -> None:
    entered = TransactionFactory(user=account.user, financial_profile=account, reference_number="P1", status="completed")
    assert bring(ofx_of(NAMED)).duplicates == 1
    claim = StatementImportRow.objects.get()
    assert (claim.is_claim, claim.transaction_id, claim.provider_id) == (True, entered.pk, "P1")
    assert bring(csv_of(COFFEE)).duplicates == 1


def test_an_id_used_as_another_reference_does_not_block_a_row(bring: Bring) -> None:
    bring(ofx_of(NAMED))
    FinancialTransaction.objects.update(reference_number="P2")
    assert bring(ofx_of(NAMED, TWIN)).created == 1
    assert sorted(FinancialTransaction.objects.values_list("reference_number", flat=True)) == ["", "P2"]
    assert bring(ofx_of(NAMED, TWIN)).duplicates == 2


def test_an_import_into_one_account_does_not_affect_another(bring: Bring, alice: User) -> None:
    bring(ofx_of(NAMED))
    assert bring(ofx_of(NAMED), account=AccountFactory(user=alice)).created == 1


def test_a_transaction_moved_to_another_account_is_still_known(bring: Bring, alice: User) -> None:
    bring(ofx_of(NAMED))
    FinancialTransaction.objects.update(financial_profile=AccountFactory(user=alice))
    assert bring(ofx_of(NAMED)).duplicates == 1


def test_an_id_of_zeros_is_no_id(bring: Bring) -> None:
    assert bring(ofx_of(Line(id="0"), Line(id="0"))).created == 2
