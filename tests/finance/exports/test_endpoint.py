"""The endpoint `accounts/{id}/export/`."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from dev.factories import AccountFactory, TransactionFactory
from tests.finance.exports.conftest import FORMATS, Export
from users.models import User

MEDIA_TYPES = {
    "ofx": "application/x-ofx; charset=utf-8",
    "qif": "application/qif; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def url(account: Any) -> str:
    return f"/api/v1/finance/accounts/{account.pk}/export/"


def add(account: Any, day: date, **fields: Any) -> None:
    TransactionFactory(user=account.user, financial_profile=account, transaction_date=day, **fields)


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_file_is_named_after_account_and_period(as_alice: APIClient, account: Any, file_format: str) -> None:
    response = as_alice.get(url(account), {"file_format": file_format, "from": "2026-01-01", "to": "2026-03-31"})
    name = f'attachment; filename="Checking 2026-01-01 to 2026-03-31.{file_format}"'
    assert (response.headers["Content-Disposition"], response.headers["Content-Type"]) == (name, MEDIA_TYPES[file_format])
    assert int(response.headers["Content-Length"]) == len(response.getvalue())


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("../../etc/pass\\wd", 'attachment; filename="etc pass wd 2026-03-31.csv"'),
        ('a"; filename="b.exe', 'attachment; filename="a ; filename= b.exe 2026-03-31.csv"'),
        ("x\r\nSet-Cookie: a=b", 'attachment; filename="x Set-Cookie a=b 2026-03-31.csv"'),
        ("Girokonto Müller", "attachment; filename*=utf-8''Girokonto%20M%C3%BCller%202026-03-31.csv"),
        ("...", 'attachment; filename="account 2026-03-31.csv"'),
    ],
)
def test_the_name_of_the_account_is_made_safe(as_alice: APIClient, alice: User, name: str, disposition: str) -> None:
    account = AccountFactory(user=alice, profile_name=name)
    assert as_alice.get(url(account), {"to": "2026-03-31"}).headers["Content-Disposition"] == disposition


@pytest.mark.parametrize("file_format", FORMATS)
def test_it_has_the_days_of_the_period(account: Any, export: Export, file_format: str) -> None:
    for day, text in [(1, "Before"), (2, "First"), (3, "Last"), (4, "After")]:
        add(account, date(2026, 3, day), description=text)
    file = export(account, file_format, **{"from": "2026-03-02", "to": "2026-03-03"}).decode()
    assert [text in file for text in ("Before", "First", "Last", "After")] == [False, True, True, False]


@pytest.mark.parametrize("file_format", FORMATS)
def test_it_has_no_rows_of_other_accounts(account: Any, alice: User, bob: User, export: Export, file_format: str) -> None:
    add(AccountFactory(user=alice), date(2026, 3, 2), description="Another account")
    add(AccountFactory(user=bob), date(2026, 3, 2), description="Another user")
    assert b"Another" not in export(account, file_format)


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_moved_no_money_is_left_out(account: Any, export: Export, file_format: str) -> None:
    for status in ("failed", "cancelled", "completed"):
        add(account, date(2026, 3, 2), description=f"Payment {status}", status=status)
    file = export(account, file_format)
    assert [file.count(word) for word in (b"Payment failed", b"Payment cancelled", b"Payment completed")] == [0, 0, 1]


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_account_number_is_not_shown(alice: User, export: Export, file_format: str) -> None:
    file = export(AccountFactory(user=alice, account_number="000123456789", routing_number="021000021"), file_format)
    assert b"0123456" not in file
    assert b"021000021" not in file


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_currency_can_be_chosen(account: Any, export: Export, file_format: str) -> None:
    add(account, date(2026, 3, 2), currency="EUR", description="Euros")
    add(account, date(2026, 3, 2), currency="USD", description="Dollars")
    file = export(account, file_format, currency="EUR")
    assert (b"Euros" in file, b"Dollars" in file) == (True, False)


def test_qif_refuses_several_currencies(as_alice: APIClient, account: Any) -> None:
    add(account, date(2026, 3, 2), currency="EUR")
    add(account, date(2026, 3, 2), currency="USD")
    response = as_alice.get(url(account), {"file_format": "qif"})
    error = response.json()["errors"][0]
    assert (response.status_code, error["attr"], error["code"]) == (400, "currency", "several_currencies")
    assert "currency=USD" in error["detail"]


@pytest.mark.parametrize(
    ("query", "attr", "code"),
    [
        ({"file_format": "xlsx"}, "file_format", "invalid_choice"),
        ({"file_format": ""}, "file_format", "invalid_choice"),
        ({"from": "yesterday"}, "from", "invalid"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to", "ends_before_it_begins"),
        ({"currency": "EURO"}, "currency", "invalid_choice"),
        ({"currency": ["EUR", "USD"]}, "currency", "repeated"),
        ({"limit": "5"}, "limit", "unknown_filter"),
    ],
)
def test_an_invalid_parameter_is_refused(as_alice: APIClient, account: Any, query: Any, attr: str, code: str) -> None:
    response = as_alice.get(url(account), query)
    error = response.json()["errors"][0]
    assert (response.status_code, error["attr"], error["code"]) == (400, attr, code)


def test_the_account_of_another_user_does_not_exist(as_alice: APIClient, bob: User) -> None:
    assert as_alice.get(url(AccountFactory(user=bob))).status_code == 404


def test_a_closed_account_can_be_exported(account: Any, export: Export) -> None:
    account.is_active = False
    account.save()
    assert export(account, "csv").startswith(b"\xef\xbb\xbfDate,")


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("1234.00", "JPY", "1234"), ("-1.20", "KWD", "-1.200"), ("0.005", "KWD", "0.005"), ("5.00", "USD", "5.00")],
)
@pytest.mark.parametrize("file_format", FORMATS)
def test_amounts_have_the_decimals_of_their_currency(
    account: Any, export: Export, file_format: str, amount: str, currency: str, shown: str
) -> None:
    add(account, date(2026, 3, 2), amount=Decimal(amount), currency=currency, transaction_type="transfer")
    around = {"ofx": "<TRNAMT>{}</TRNAMT>", "qif": "\nT{}\n", "csv": ",{},", "json": '"amount":"{}"'}
    assert around[file_format].format(shown) in export(account, file_format).decode()
