"""Imports of exports: equal rows, deletions, previews, undo, options and balances."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dev.factories import AccountFactory, TransactionFactory
from finance.models import FinancialTransaction, StatementImport
from tests.finance.exports.conftest import FORMATS, Export, rows_of
from tests.finance.imports.conftest import Bring, Send, Undo
from tests.finance.imports.statement_files import Line, csv_of, ofx_of
from users.models import User

DAY = date(2026, 3, 2)


def coffees(account: Any, number: int, **fields: Any) -> None:
    """Store equal transactions, which were not imported."""
    values = {"amount": Decimal("-5.00"), "description": "Coffee", "transaction_date": DAY, "status": "completed"} | fields
    TransactionFactory.create_batch(number, user=account.user, financial_profile=account, **values)


@pytest.mark.parametrize("file_format", FORMATS)
def test_equal_rows_are_counted(account: Any, alice: User, export: Export, bring: Bring, file_format: str) -> None:
    coffees(account, 3)
    file, other = export(account, file_format), AccountFactory(user=alice)
    assert (bring(file, account=other).created, bring(file, account=other).duplicates) == (3, 3)
    assert (bring(file).created, bring(file).duplicates) == (0, 3)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_deleted_row_stays_deleted(account: Any, export: Export, bring: Bring, file_format: str) -> None:
    coffees(account, 3)
    file = export(account, file_format)
    bring(file)
    FinancialTransaction.objects.on_account(account).first().delete()
    result = bring(file)
    assert (result.created, result.duplicates, result.tombstoned) == (0, 2, 1)


@pytest.mark.parametrize("file_format", FORMATS)
def test_what_was_added_since_is_new(account: Any, alice: User, export: Export, bring: Bring, file_format: str) -> None:
    coffees(account, 2)
    other = AccountFactory(user=alice)
    bring(export(account, file_format), account=other)
    coffees(account, 1)
    coffees(account, 1, amount=Decimal("-6.00"))
    result = bring(export(account, file_format), account=other)
    assert (result.created, result.duplicates, result.review) == (2, 2, 0)


@pytest.mark.parametrize("file_format", FORMATS)
def test_it_can_be_previewed_and_undone(
    account: Any, alice: User, export: Export, bring: Bring, undo: Undo, file_format: str
) -> None:
    coffees(account, 2, reference_number="")
    file, other = export(account, file_format), AccountFactory(user=alice)
    dry = bring(file, account=other, dry_run=True)
    assert ([row.verdict for row in dry.preview], rows_of(other)) == (["created", "created"], [])
    result = bring(file, account=other)
    assert (undo(result).removed, rows_of(other)) == (2, [])
    assert bring(file, account=other).created == 2


def test_all_formats_of_an_export_are_one_import(account: Any, alice: User, export: Export, bring: Bring) -> None:
    coffees(account, 2, merchant_name="Coffee House")
    coffees(account, 1, reference_number="A1")
    other = AccountFactory(user=alice)
    results = [bring(export(account, file_format), account=other) for file_format in FORMATS]
    assert [(result.created, result.review) for result in results] == [(3, 0), (0, 0), (0, 0), (0, 0)]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_bank_file_after_the_export_adds_nothing(
    account: Any, alice: User, export: Export, bring: Bring, file_format: str
) -> None:
    file, other = ofx_of(Line(id="P1"), Line(id="P2"), Line(id="P3", amount="-9.00")), AccountFactory(user=alice)
    bring(file)
    bring(export(account, file_format), account=other)
    results = [bring(file, account=into) for into in (account, other)]
    assert [(result.created, result.review, result.duplicates) for result in results] == [(0, 0, 3)] * 2


@pytest.mark.parametrize("file_format", FORMATS)
def test_options_of_earlier_imports_do_not_count(
    account: Any, alice: User, export: Export, bring: Bring, file_format: str
) -> None:
    coffees(account, 1, description="Café", merchant_name="Coffee House")
    other = AccountFactory(user=alice)
    mapping = {"date": "Date", "amount": "Amount", "description": "Description"}
    bring(csv_of(Line(amount="9.00")), account=other, mapping=mapping, invert=True, encoding="windows-1252")
    bring(export(account, file_format), account=other)
    assert rows_of(account)[0] in rows_of(other)


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_option_format_accepts_it(account: Any, alice: User, export: Export, send: Send, file_format: str) -> None:
    coffees(account, 1)
    file, other = export(account, file_format), AccountFactory(user=alice)
    response = send(file, account=str(other.pk), format=file_format)
    assert (response.status_code, response.json()["format"], response.json()["created"]) == (201, file_format, 1)
    assert StatementImport.objects.get().id_scheme == "mingus"


def test_another_format_is_refused(account: Any, export: Export, send: Send) -> None:
    response = send(export(account, "json"), format="csv")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "wrong_format")


@pytest.mark.parametrize("file_format", ["ofx", "json"])
@pytest.mark.parametrize(
    ("kind", "balance", "later", "booked"),
    [
        ("checking", "12.34", {"status": "completed"}, "7.34"),
        ("checking", "12.34", {"status": "pending"}, "12.34"),
        ("credit", "-20.00", {"status": "disputed"}, "-25.00"),
        ("credit", "12.34", {"status": "completed"}, "7.34"),
    ],
)
def test_the_booked_balance_is_taken_over(
    alice: User, export: Export, bring: Bring, kind: str, balance: str, later: dict[str, str], booked: str, file_format: str
) -> None:
    known = {
        "account_balance": Decimal(balance),
        "balance_date": date(2026, 3, 1),
        "overpaid": kind == "credit" and balance[0] != "-",
    }
    account, other = AccountFactory(user=alice, profile_type=kind, **known), AccountFactory(user=alice, profile_type=kind)
    coffees(account, 1, transaction_date=date(2026, 2, 27))
    coffees(account, 1, transaction_date=date(2026, 3, 5), amount=Decimal("-5.00"), **later)
    assert bring(export(account, file_format), account=other).balance_set
    other.refresh_from_db()
    assert other.account_balance == Decimal(booked)


def test_a_csv_that_a_spreadsheet_has_saved_is_read_as_a_table(account: Any, alice: User, export: Export, bring: Bring) -> None:
    coffees(account, 1, merchant_name="Coffee House")
    saved = export(account, "csv").decode("utf-8-sig").replace(",", ";").replace("2026-03-02", "02.03.2026").encode()
    other = AccountFactory(user=alice)
    result = bring(saved, account=other)
    assert (result.created, result.errors, rows_of(other)) == (1, [], rows_of(account))


def test_a_mapping_of_the_user_counts(account: Any, alice: User, export: Export, bring: Bring) -> None:
    coffees(account, 1, merchant_name="Coffee House", category="dining")
    other = AccountFactory(user=alice)
    bring(export(account, "csv"), account=other, mapping={"description": "Category", "merchant_name": None})
    assert FinancialTransaction.objects.on_account(other).get().description == "dining"
