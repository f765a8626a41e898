"""Statement balances are checked and a gap is reported to the cent (rule 8)."""

from datetime import date
from decimal import Decimal

from dev.factories import TransactionFactory
from finance.balance_check import BalanceCheck
from finance.models import EncryptedFinancialProfile
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_file, ofx_of

BALANCES = "Date,Amount,Description,Balance"
SALARY, RENT = Line(id="P1", amount="1200.10"), Line(id="P2", amount="-800.05")


def test_a_running_balance_matches_its_rows(bring: Bring) -> None:
    result = bring(csv_file("2026-03-02,-5.00,Coffee,95.00", "2026-03-03,-15.00,Lunch,80.00", header=BALANCES))
    assert result.statement == {"opening": "100.00", "closing": "80.00", "computed": "80.00", "gap": "0.00", "currency": "USD"}


def test_a_missing_row_is_a_gap_to_the_cent(bring: Bring) -> None:
    result = bring(csv_file("2026-03-02,-5.00,Coffee,95.00", "2026-03-03,-14.97,Lunch,80.00", header=BALANCES))
    assert (result.statement["computed"], result.statement["gap"]) == ("80.03", "-0.03")


def test_without_an_opening_balance_nothing_can_be_computed(bring: Bring) -> None:
    result = bring(ofx_of(SALARY, RENT, balance="500.05"))
    assert result.statement == {"opening": None, "closing": "500.05", "computed": None, "gap": None, "currency": "USD"}


def test_a_balance_that_the_file_lacks_can_be_given(bring: Bring) -> None:
    result = bring(ofx_of(SALARY, RENT, balance="500.05"), opening_balance=Decimal("100.00"))
    assert (result.statement["computed"], result.statement["gap"], result.warnings) == ("500.05", "0.00", [])


def test_the_files_balance_has_priority_over_a_given_one(bring: Bring) -> None:
    result = bring(ofx_of(SALARY, balance="500.05"), closing_balance=Decimal("1.00"))
    assert result.statement["closing"] == "500.05"
    assert [warning.code for warning in result.warnings] == ["balance_differs"]


def test_known_rows_count_as_well_as_new_ones(bring: Bring) -> None:
    bring(ofx_of(SALARY))
    result = bring(ofx_of(SALARY, RENT, balance="500.05"), opening_balance=Decimal("100.00"))
    assert (result.duplicates, result.statement["gap"]) == (1, "0.00")


def test_one_id_twice_counts_once(bring: Bring) -> None:
    result = bring(ofx_of(SALARY, SALARY, RENT, balance="500.05"), opening_balance=Decimal("100.00"))
    assert result.statement["gap"] == "0.00"


def test_pending_rows_count_in_no_balance(bring: Bring) -> None:
    waiting = (Line(id="H1", amount="-50.00"),)
    result = bring(ofx_of(SALARY, RENT, pending=waiting, balance="500.05"), opening_balance=Decimal("100.00"))
    assert result.statement["gap"] == "0.00"


def test_two_currencies_are_never_added(bring: Bring) -> None:
    content = csv_file("2026-03-02,-5.00,Coffee,USD", "2026-03-03,-7.00,Café,EUR", header="Date,Amount,Description,Currency")
    result = bring(content, opening_balance=Decimal("100.00"))
    assert (result.statement["currency"], result.statement["computed"]) == ("USD", "95.00")
    assert [warning.code for warning in result.warnings] == ["foreign_currency"]
    assert "EUR are not included" in result.warnings[0].message


def test_zero_is_a_balance() -> None:
    check = BalanceCheck(Decimal("0.00"), Decimal("0.00"), Decimal("0.00"), "USD")
    assert (check.computed, check.gap) == (Decimal("0.00"), Decimal("0.00"))


def test_the_closing_balance_becomes_the_accounts(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(SALARY, balance="500.05"))
    account.refresh_from_db()
    assert account.account_balance == Decimal("500.05")


def test_an_older_files_balance_is_ignored(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(Line(id="P9", day=date(2026, 4, 2)), balance="700.00"))
    bring(ofx_of(SALARY, balance="500.05"))
    account.refresh_from_db()
    assert account.account_balance == Decimal("700.00")


def test_a_balance_in_another_currency_is_ignored(bring: Bring, account: EncryptedFinancialProfile) -> None:
    result = bring(ofx_of(SALARY, balance="500.05", currency="EUR"))
    account.refresh_from_db()
    assert account.account_balance is None
    assert result.statement["currency"] == "EUR"
    assert [warning.code for warning in result.warnings] == ["foreign_currency"]


def test_a_balance_out_of_range_is_ignored(bring: Bring, account: EncryptedFinancialProfile) -> None:
    bring(ofx_of(SALARY), closing_balance=Decimal("99999999999999.00"))
    account.refresh_from_db()
    assert account.account_balance is None


def test_a_later_pending_transaction_does_not_matter(bring: Bring, account: EncryptedFinancialProfile) -> None:
    TransactionFactory(user=account.user, financial_profile=account, transaction_date=date(2026, 12, 24))
    bring(ofx_of(SALARY, balance="500.05"))
    account.refresh_from_db()
    assert account.account_balance == Decimal("500.05")
