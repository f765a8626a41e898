"""Warnings for files whose signs look inverted, or that `invert` makes wrong."""

from decimal import Decimal

import pytest

from dev.factories import AccountFactory
from finance.models import EncryptedFinancialProfile
from finance.services import ImportResult
from tests.finance.imports.conftest import Bring
from tests.finance.imports.statement_files import Line, csv_file, ofx_of
from users.models import User

BALANCES = "Date,Amount,Description,Balance"
CODE = "signs_look_inverted"


@pytest.fixture
def card(alice: User) -> EncryptedFinancialProfile:
    return AccountFactory(user=alice, profile_type="credit")


def ofx_with(*rows: tuple[str, str]) -> bytes:
    """Return an OFX file with rows of (TRNTYPE, TRNAMT)."""
    blocks = [
        f"<STMTTRN><TRNTYPE>{kind}<DTPOSTED>20260302<TRNAMT>{amount}<FITID>K{number}<NAME>Shop {number}</STMTTRN>"
        for number, (kind, amount) in enumerate(rows)
    ]
    return ofx_of().replace(b"<BANKTRANLIST>", b"<BANKTRANLIST>" + "".join(blocks).encode())


def signs(result: ImportResult) -> list[str]:
    return [warning.message for warning in result.warnings if warning.code == CODE]


def test_one_positive_row_of_a_card_is_a_warning(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = b"01/13/2026,Grocer Blue,54.20\n"
    [message] = signs(bring(content, account=card, dry_run=True))
    assert "invert=true" in message
    assert "“Grocer Blue”" in message
    assert "54.20" in message


def test_mostly_positive_rows_of_a_card_are_a_warning(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = csv_file("2026-01-13,54.20,Grocer", "2026-01-14,9.00,Bakery", "2026-01-15,-100.00,Payment")
    result = bring(content, account=card)
    assert len(signs(result)) == 1
    assert (result.balance_set, result.balance_reason) == (False, "no_balance")


@pytest.mark.parametrize("rows", [
    ["2026-01-13,-54.20,Grocer"],
    ["2026-01-13,-54.20,Grocer", "2026-01-14,100.00,Payment"],
    ["2026-01-13,-54.20,Grocer", "2026-01-14,-9.00,Bakery", "2026-01-15,100.00,Payment"],
])  # fmt: skip
def test_a_card_with_negative_charges_is_no_warning(bring: Bring, card: EncryptedFinancialProfile, rows: list[str]) -> None:
    assert signs(bring(csv_file(*rows), account=card)) == []


def test_a_payment_alone_is_no_warning_once_charges_are_known(bring: Bring, card: EncryptedFinancialProfile) -> None:
    bring(csv_file("2026-01-13,-54.20,Grocer", "2026-01-14,-9.00,Bakery"), account=card)
    assert signs(bring(csv_file("2026-02-01,63.20,Payment"), account=card)) == []


@pytest.mark.parametrize("profile_type", ["checking", "savings", "loan", "mortgage", "investment"])
def test_positive_rows_of_other_accounts_are_usual(bring: Bring, alice: User, profile_type: str) -> None:
    account = AccountFactory(user=alice, profile_type=profile_type)
    assert signs(bring(csv_file("2026-01-13,54.20,Salary", "2026-01-14,9.00,Interest"), account=account)) == []


@pytest.mark.parametrize("rows", [
    [("DEBIT", "54.20")],
    [("CREDIT", "-54.20")],
    [("DIRECTDEP", "-54.20")],
    [("CHECK", "54.20"), ("FEE", "3.00"), ("DEP", "20.00")],
    [("POS", "54.20"), ("POS", "9.00"), ("ATM", "20.00")],
])  # fmt: skip
def test_a_type_that_contradicts_the_sign_is_a_warning(bring: Bring, rows: list[tuple[str, str]]) -> None:
    [message] = signs(bring(ofx_with(*rows)))
    assert "invert=true" in message


@pytest.mark.parametrize("rows", [
    [("DEBIT", "-54.20")],
    [("CREDIT", "54.20"), ("DEBIT", "-1.00")],
    [("POS", "12.00")],
    [("ATM", "300.00")],
    [("XFER", "300.00"), ("INT", "-3.00"), ("OTHER", "1.00"), ("PAYMENT", "2.00")],
    [("DEBIT", "-54.20"), ("DEBIT", "-5.00"), ("FEE", "3.00")],
], ids=["debit", "both", "a-return-at-a-shop", "a-deposit-at-a-machine", "untold", "a-fee-refunded"])  # fmt: skip
def test_a_type_that_agrees_or_tells_nothing_is_no_warning(bring: Bring, rows: list[tuple[str, str]]) -> None:
    assert signs(bring(ofx_with(*rows))) == []


def test_a_credit_of_a_card_is_no_charge(bring: Bring, card: EncryptedFinancialProfile) -> None:
    assert signs(bring(ofx_with(("CREDIT", "200.00")), account=card)) == []


@pytest.mark.parametrize("rows", [
    ["2026-03-02,5.00,Coffee,95.00", "2026-03-03,15.00,Lunch,80.00", "2026-03-04,-7.00,Refund,87.00"],
    ["2026-03-04,-7.00,Refund,87.00", "2026-03-03,15.00,Lunch,80.00", "2026-03-02,5.00,Coffee,95.00"],
    ["2026-03-02,5.00,Coffee,95.00", "2026-03-03,15.00,Lunch,80.00"],
], ids=["oldest-first", "newest-first", "two-rows"])  # fmt: skip
def test_a_running_balance_that_moves_the_other_way_is_a_warning(bring: Bring, rows: list[str]) -> None:
    result = bring(csv_file(*rows, header=BALANCES))
    [message] = signs(result)
    assert "balance" in message
    assert (result.balance_set, result.statement["opening"]) == (False, "100.00")


def test_balances_that_move_the_other_way_are_a_warning(bring: Bring, account: EncryptedFinancialProfile) -> None:
    content = ofx_of(Line(id="K1", amount="30.00"), Line(id="K2", amount="-5.00"), balance="75.00")
    result = bring(content, opening_balance=Decimal("100.00"))
    account.refresh_from_db()
    assert [warning.code for warning in result.warnings] == ["balance_gap", CODE]
    assert (account.account_balance, result.balance_set, result.balance_reason) == (None, False, "gap")


def test_a_balance_beside_doubtful_signs_is_not_set(bring: Bring, card: EncryptedFinancialProfile) -> None:
    result = bring(csv_file("2026-01-13,54.20,Grocer,154.20", "2026-01-14,9.00,Bakery,163.20", header=BALANCES), account=card)
    card.refresh_from_db()
    assert (card.account_balance, result.balance_set, result.balance_reason) == (None, False, "signs_in_doubt")


@pytest.mark.parametrize("is_remembered", [False, True])
def test_an_inversion_against_the_evidence_is_a_warning(
    bring: Bring, card: EncryptedFinancialProfile, is_remembered: bool
) -> None:
    if is_remembered:
        bring(csv_file("2026-01-13,54.20,Grocer"), account=card, invert=True)
    result = bring(ofx_with(("DEBIT", "-54.20"), ("CREDIT", "20.00")), account=card, invert=None if is_remembered else True)
    [message] = signs(result)
    assert "invert=false" in message


def test_an_inverted_card_with_negative_charges_is_a_warning(bring: Bring, card: EncryptedFinancialProfile) -> None:
    [message] = signs(bring(csv_file("2026-01-13,-54.20,Grocer", "2026-01-14,-9.00,Bakery"), account=card, invert=True))
    assert "invert=false" in message


def test_a_proved_running_balance_outweighs_an_inversion(bring: Bring) -> None:
    content = csv_file("2026-03-02,-5.00,Coffee,95.00", "2026-03-03,-15.00,Lunch,80.00", header=BALANCES)
    [message] = signs(bring(content, invert=True))
    assert "invert=false" in message


def test_the_warning_ends_with_the_inversion(bring: Bring, card: EncryptedFinancialProfile) -> None:
    content = b"01/13/2026,Grocer Blue,54.20\n"
    assert signs(bring(content, account=card, invert=True)) == []
