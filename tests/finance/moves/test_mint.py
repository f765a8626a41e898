"""Exports of Mint: signs by the transaction type, labels, notes and the bank's own text."""

from decimal import Decimal

from finance.statements.rows import RowError
from tests.finance.moves.app_files import mint_file, mint_row
from tests.finance.moves.conftest import parsed, rows_of


def test_the_transaction_type_is_the_sign() -> None:
    move = parsed(mint_file(mint_row(), mint_row(amount="1,250.00", kind="credit", category="Paycheck")))
    assert [(row.row.amount, row.row.transaction_type) for row in rows_of(move, "Everyday")] == [
        (Decimal("-12.50"), "expense"),
        (Decimal("1250.00"), "income"),
    ]


def test_dates_begin_with_the_month() -> None:
    [row] = rows_of(parsed(mint_file(mint_row(date="3/04/2023"))), "Everyday")
    assert str(row.row.date) == "2023-03-04"


def test_texts_labels_and_notes_have_their_places() -> None:
    [row] = rows_of(parsed(mint_file(mint_row(labels="Vacation Reimbursable", notes="with Bob"))), "Everyday")
    assert (row.payee, row.row.description, row.row.merchant_name) == ("Corner Shop", "CORNER SHOP 0815", "")
    assert (row.tags, row.note, row.row.category) == (("Vacation", "Reimbursable"), "with Bob", "Groceries")


def test_categories_of_transfers_are_no_spending() -> None:
    move = parsed(mint_file(mint_row(category="Credit Card Payment"), mint_row("Visa", kind="credit", category="Transfer")))
    assert [rows_of(move, name)[0].row.transaction_type for name in ("Everyday", "Visa")] == ["transfer", "transfer"]
    assert move.transfers == []


def test_uncategorized_is_no_category() -> None:
    [row] = rows_of(parsed(mint_file(mint_row(category="Uncategorized"))), "Everyday")
    assert row.row.category == ""


def test_an_unknown_type_is_an_error() -> None:
    move = parsed(mint_file(mint_row(kind="both")))
    assert [(row.field, row.code) for row in move.accounts["Everyday"].rows if isinstance(row, RowError)] == [
        ("Transaction Type", "unknown_type")
    ]


def test_types_of_accounts_follow_from_their_names() -> None:
    names = ["Chase Visa", "Joint Savings", "Roth IRA", "Home Mortgage", "Student Loan", "Cash"]
    move = parsed(mint_file(*map(mint_row, names)))
    assert [move.accounts[name].profile_type for name in names] == [
        *("credit", "savings", "investment", "mortgage", "loan", "checking")
    ]
