"""Statements in currencies without decimals and with three."""

from datetime import date
from decimal import Decimal

import pytest

from core.errors import DomainError
from finance.models import EncryptedFinancialProfile, FinancialTransaction, StatementImport, StatementImportRow
from tests.finance.imports.conftest import Bring, Send, Undo
from tests.finance.imports.statement_files import Line, csv_file, csv_of, ofx_of

YEN, DINAR = Line(amount="-1234", id="Y1"), Line(amount="-500.555", id="K1")


@pytest.fixture
def in_yen(account: EncryptedFinancialProfile) -> EncryptedFinancialProfile:
    account.currency, account.account_balance = "JPY", None
    account.save()
    return account


@pytest.fixture
def in_dinars(account: EncryptedFinancialProfile) -> EncryptedFinancialProfile:
    account.currency, account.account_balance = "KWD", None
    account.save()
    return account


def amounts() -> list[tuple[str, str]]:
    rows = FinancialTransaction.objects.order_by("amount")
    return [(str(row.amount), row.currency) for row in rows]


@pytest.mark.parametrize("content", [csv_of(YEN), ofx_of(YEN, currency="JPY"), csv_of(Line(amount="-1234.00", id="Y1"))])
def test_yen_are_imported_without_decimals(bring: Bring, in_yen: EncryptedFinancialProfile, content: bytes) -> None:
    assert bring(content).failed == 0
    assert amounts() == [("-1234", "JPY")]
    assert [str(row.amount) for row in StatementImportRow.objects.all()] == ["-1234"]


@pytest.mark.parametrize("content", [csv_of(DINAR), ofx_of(DINAR, currency="KWD"), csv_of(DINAR, Line(amount="-1.250"))])
def test_dinars_are_imported_with_three_decimals(bring: Bring, in_dinars: EncryptedFinancialProfile, content: bytes) -> None:
    assert bring(content).failed == 0
    assert ("-500.555", "KWD") in amounts()


@pytest.mark.parametrize(
    ("currency", "amount", "message"),
    [
        ("JPY", "-500.55", "-500.55 has more decimals than JPY, which has none."),
        ("USD", "-0.125", "-0.125 has more decimals than USD, which has 2."),
        ("KWD", "-1.2345", "-1.2345 has more decimals than KWD, which has 3."),
    ],
)
def test_a_row_with_more_decimals_than_its_currency_is_an_error(bring: Bring, currency: str, amount: str, message: str) -> None:
    result = bring(csv_file(f"2026-03-02,{amount},Tea,{currency}", header="Date,Amount,Description,Currency"))
    assert [(problem.field, problem.code, problem.message) for problem in result.errors] == [
        ("amount", "too_many_decimals", message)
    ]
    assert amounts() == []


def test_rows_of_one_file_have_the_decimals_of_their_currencies(bring: Bring) -> None:
    rows = ["2026-03-02,-1234,Tea,JPY", "2026-03-02,-12.5,Tea,USD", "2026-03-02,-500.555,Tea,KWD", "2026-03-02,-12.5,Tea,HRK"]
    assert bring(csv_file(*rows, header="Date,Amount,Description,Currency")).failed == 0
    assert amounts() == [("-1234", "JPY"), ("-500.555", "KWD"), ("-12.50", "USD"), ("-12.50", "HRK")]


def test_a_repeated_file_adds_nothing(bring: Bring, in_yen: EncryptedFinancialProfile) -> None:
    bring(csv_of(Line(amount="-1234")))
    assert bring(csv_of(Line(amount="-1234.00"))).duplicates == 1


@pytest.mark.parametrize(("currency", "amount", "balance"), [("JPY", "-1234", "5000"), ("KWD", "-500.555", "1000.125")])
def test_the_closing_balance_has_the_decimals_of_the_account(
    bring: Bring, undo: Undo, account: EncryptedFinancialProfile, currency: str, amount: str, balance: str
) -> None:
    account.currency, account.account_balance = currency, Decimal(7)
    account.balance_date, account.balance_source = date(2026, 1, 31), "user"
    account.save()
    before = str(account.account_balance)
    result = bring(ofx_of(Line(amount=amount, id="1"), currency=currency, balance=balance))
    account.refresh_from_db()
    assert (result.balance_set, str(account.account_balance), result.statement["closing"]) == (True, balance, balance)
    undo(result)
    account.refresh_from_db()
    assert str(account.account_balance) == before


def test_a_gap_is_reported_in_the_decimals_of_the_currency(bring: Bring, in_yen: EncryptedFinancialProfile) -> None:
    rows = csv_file("2026-03-02,-100,Tea")
    result = bring(rows, opening_balance=Decimal(1000), closing_balance=Decimal(950))
    assert result.statement == {"opening": "1000", "closing": "950", "computed": "900", "gap": "50", "currency": "JPY"}
    assert any("a gap of 50 JPY" in warning.message for warning in result.warnings)


def test_a_sent_balance_must_have_the_decimals_of_the_account(bring: Bring, in_yen: EncryptedFinancialProfile) -> None:
    with pytest.raises(DomainError, match="Closing balance in JPY must have no decimals") as refused:
        bring(csv_of(YEN), closing_balance=Decimal("950.50"))
    assert (refused.value.code, refused.value.field) == ("max_decimal_places", "closing_balance")
    assert not StatementImport.objects.exists()


def test_the_api_refuses_a_sent_balance_with_other_decimals(send: Send, in_yen: EncryptedFinancialProfile) -> None:
    response = send(csv_of(YEN), closing_balance="950.50")
    assert response.status_code == 400
    assert response.json()["errors"][0]["attr"] == "closing_balance"


def test_a_pending_row_that_posts_keeps_the_decimals(bring: Bring, in_yen: EncryptedFinancialProfile) -> None:
    bring(ofx_of(pending=(YEN,), currency="JPY"))
    bring(ofx_of(Line(amount="-1300", id="Y1"), currency="JPY"))
    assert amounts() == [("-1300", "JPY")]


@pytest.mark.parametrize(("currency", "amount", "balance"), [("JPY", "-1234", "5000"), ("KWD", "-500.555", "1000.125")])
def test_the_response_has_balances_in_the_decimals_of_the_account(
    send: Send, account: EncryptedFinancialProfile, currency: str, amount: str, balance: str
) -> None:
    account.currency, account.account_balance = currency, None
    account.save()
    response = send(ofx_of(Line(amount=amount, id="1"), currency=currency, balance=balance), filename="statement.ofx")
    assert (response.status_code, response.json()["statement"]["closing"]) == (201, balance)
