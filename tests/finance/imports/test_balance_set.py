"""An import sets the account's balance only if the statement proves or states it, and says why it does not."""

from datetime import date
from decimal import Decimal

import pytest

from dev.factories import AccountFactory, TransactionFactory
from finance.models import EncryptedFinancialProfile, StatementImport
from tests.finance.imports.conftest import Bring, Send
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of
from users.models import User

BALANCES = "Date,Amount,Description,Balance"
SALARY, RENT = Line(id="P1", amount="1200.10"), Line(id="P2", amount="-800.05")


def test_a_gap_is_a_warning_with_the_numbers(bring: Bring) -> None:
    result = bring(ofx_of(SALARY, RENT, balance="450.05"), opening_balance=Decimal("100.00"))
    [warning] = result.warnings
    assert warning.code == "balance_gap"
    assert "Opening balance 100.00 and rows of 400.05 make 500.05, but the closing balance is 450.05" in warning.message
    assert "a gap of -50.00 USD" in warning.message


def test_a_balance_with_a_gap_is_not_set(bring: Bring, account: EncryptedFinancialProfile) -> None:
    result = bring(ofx_of(SALARY, RENT, balance="450.05"), opening_balance=Decimal("100.00"))
    account.refresh_from_db()
    assert (account.account_balance, result.balance_set, result.balance_reason) == (None, False, "gap")
    record = StatementImport.objects.get()
    assert (record.balance_set, record.balance_reason, record.account_before) == (False, "gap", None)


def test_a_proved_balance_is_set(bring: Bring, account: EncryptedFinancialProfile) -> None:
    result = bring(ofx_of(SALARY, RENT, balance="500.05"), opening_balance=Decimal("100.00"))
    account.refresh_from_db()
    assert (account.account_balance, result.balance_set, result.balance_reason) == (Decimal("500.05"), True, "")


def test_a_row_that_cannot_be_read_leaves_the_balance(bring: Bring, account: EncryptedFinancialProfile) -> None:
    result = bring(ofx_of(SALARY, Line(id="P3", amount="nothing"), balance="500.05"))
    account.refresh_from_db()
    assert (account.account_balance, result.balance_set, result.balance_reason) == (None, False, "unreadable_rows")


@pytest.mark.parametrize("amount", ["0.00"])
def test_a_row_without_money_does_not_matter(bring: Bring, amount: str) -> None:
    result = bring(ofx_of(SALARY, Line(id="P3", amount=amount), balance="500.05"))
    assert (result.failed, result.balance_set) == (1, True)


def test_a_gap_beside_unreadable_rows_names_them(bring: Bring) -> None:
    content = csv_file("2026-03-02,-5.00,Coffee,95.00", "2026-03-03,x,Tea,90.00", "2026-03-04,-1.00,Gum,89.00", header=BALANCES)
    [warning] = bring(content).warnings
    assert "1 row can't be read" in warning.message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (csv_of(Line()), "no_balance"),
        (ofx_of(SALARY, balance="500.05", currency="EUR"), "other_currency"),
        (ofx_of(pending=(SALARY,), balance="500.05"), "no_booked_rows"),
    ],
)
def test_the_reason_is_named(bring: Bring, content: bytes, reason: str) -> None:
    result = bring(content)
    assert (result.balance_set, result.balance_reason) == (False, reason)


def test_the_balance_of_a_later_day_is_the_reason(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(Line(id="P9", day=date(2026, 4, 2)), balance="700.00"))
    result = bring(ofx_of(SALARY, balance="500.05"))
    account.refresh_from_db()
    assert (account.account_balance, result.balance_set, result.balance_reason) == (Decimal("700.00"), False, "newer_balance")


def test_later_transactions_are_added_to_the_balance(bring: Bring, account: EncryptedFinancialProfile) -> None:
    TransactionFactory(user=account.user, financial_profile=account, amount="-7.00", transaction_date=date(2026, 4, 2))
    assert bring(ofx_of(SALARY, balance="500.05")).balance_set is True
    account.refresh_from_db()
    assert (account.account_balance, account.computed_balance) == (Decimal("500.05"), Decimal("493.05"))


def test_a_balance_out_of_range_is_the_reason(bring: Bring) -> None:
    result = bring(ofx_of(SALARY), closing_balance=Decimal("99999999999999.00"))
    assert (result.balance_set, result.balance_reason) == (False, "out_of_range")


def test_an_equal_balance_counts_as_set(bring: Bring) -> None:
    bring(ofx_of(SALARY, balance="500.05"))
    assert bring(ofx_of(SALARY, balance="500.05")).balance_set is True
    assert StatementImport.objects.order_by("created_at").last().account_before is None


def test_a_dry_run_tells_it_too(bring: Bring, account: EncryptedFinancialProfile) -> None:
    assert bring(ofx_of(SALARY, balance="500.05"), dry_run=True).balance_set is True
    account.refresh_from_db()
    assert account.account_balance is None


@pytest.mark.parametrize("profile_type", ["credit", "loan", "mortgage"])
def test_what_is_owed_becomes_a_negative_balance(bring: Bring, alice: User, profile_type: str) -> None:
    account = AccountFactory(user=alice, profile_type=profile_type)
    content = csv_file("2026-01-13,-54.20,Grocer,154.20", "2026-01-14,100.00,Payment,54.20", header=BALANCES)
    result = bring(content, account=account)
    account.refresh_from_db()
    assert (account.account_balance, result.balance_set, result.warnings) == (Decimal("-54.20"), True, [])
    assert (result.statement["opening"], result.statement["gap"]) == ("-100.00", "0.00")


def test_a_balance_of_a_card_below_0_is_kept(bring: Bring, alice: User) -> None:
    account = AccountFactory(user=alice, profile_type="credit")
    content = csv_file("2026-01-13,-54.20,Grocer,-154.20", "2026-01-14,100.00,Payment,-54.20", header=BALANCES)
    assert (bring(content, account=account).statement["closing"]) == "-54.20"


@pytest.mark.parametrize(
    ("rows", "closing"),
    [
        (["2026-03-02,-5.00,Tea,95.00", "2026-03-02,-5.00,Tea,90.00", "2026-03-02,-5.00,Tea,85.00"], "85.00"),
        (["2026-03-02,-5.00,Tea,85.00", "2026-03-02,-5.00,Tea,90.00", "2026-03-02,-5.00,Tea,95.00"], "85.00"),
    ],
    ids=["oldest-first", "newest-first"],
)
def test_equal_amounts_of_one_day_are_read_in_the_order_that_fits(bring: Bring, rows: list[str], closing: str) -> None:
    result = bring(csv_file(*rows, header=BALANCES))
    assert (result.statement["closing"], result.statement["gap"], result.warnings) == (closing, "0.00", [])


def test_the_api_tells_it(send: Send) -> None:
    body = send(ofx_of(SALARY, RENT, balance="450.05"), opening_balance="100.00").json()
    assert (body["balance_set"], body["balance_reason"]) == (False, "gap")
