"""Registers of YNAB: accounts, categories with their groups, flags, splits and transfers."""

from decimal import Decimal

import pytest

from finance.models import Category, EncryptedFinancialProfile, FinancialTransaction, Transfer
from finance.moves import ynab
from finance.moves.rows import Move, Side
from finance.statements.rows import RowError, StatementError
from tests.finance.moves.app_files import ynab_file, ynab_row
from tests.finance.moves.conftest import Send, parsed, rows_of

REGISTER = ynab_file(
    ynab_row(date="03/01/2025", payee="Starting Balance", into="$1,000.00", category="Inflow: Ready to Assign"),
    ynab_row(out="$30.00", memo="Split (1/2) milk", category="Food: Groceries", flag="Red"),
    ynab_row(out="$12.50", memo="Split (2/2) soap", category="Home: Cleaning", flag="Red"),
    ynab_row(date="03/16/2025", payee="Transfer : Rainy Day Savings", out="$200.00"),
    ynab_row("Rainy Day Savings", "03/16/2025", "Transfer : Checking", into="$200.00"),
)


def errors_of(move: Move, account: str = "Checking") -> list[tuple[int, str, str]]:
    return [(row.number, row.field, row.code) for row in move.accounts[account].rows if isinstance(row, RowError)]


def test_a_register_is_read_as_accounts_with_balances(move: Send) -> None:
    move(REGISTER)
    found = EncryptedFinancialProfile.objects.order_by("profile_name")
    assert [(each.profile_name, each.profile_type, each.account_balance, str(each.balance_date)) for each in found] == [
        ("Checking", "checking", Decimal("757.50"), "2025-03-16"),
        ("Rainy Day Savings", "savings", Decimal("200.00"), "2025-03-16"),
    ]


def test_parts_become_one_transaction_with_splits(move: Send) -> None:
    move(REGISTER)
    row = FinancialTransaction.objects.get(divided_by="splits")
    assert (row.amount, row.payee, row.tags, row.note) == (Decimal("-42.50"), "Corner Shop", ["Red"], "")
    assert row.splits == [
        {"amount": Decimal("-30.00"), "category": "groceries", "note": "milk", "tags": []},
        {"amount": Decimal("-12.50"), "category": "cleaning", "note": "soap", "tags": []},
    ]
    assert {name: entry["kind"] for name, entry in row.sources.items()} == dict.fromkeys(["payee", "splits", "tags"], "import")


def test_categories_get_their_groups_as_parents(move: Send) -> None:
    move(REGISTER)
    assert set(Category.objects.filter(parent__isnull=False).values_list("name", "parent__name")) == {
        ("Groceries", "Food"),
        ("Cleaning", "Home"),
        ("Ready to Assign", "Inflow"),
    }


def test_a_stated_transfer_is_accepted(move: Send) -> None:
    assert move(REGISTER)["transfers"] == 1
    transfer = Transfer.objects.get()
    assert (transfer.status, transfer.outgoing.amount, transfer.incoming.amount) == ("accepted", Decimal(-200), Decimal(200))
    assert (transfer.outgoing.transaction_type, transfer.incoming.transaction_type) == ("transfer", "transfer")


def test_a_starting_balance_is_neither_income_nor_spending(move: Send) -> None:
    move(REGISTER)
    assert FinancialTransaction.objects.get(payee="Starting Balance").transaction_type == "transfer"


def test_a_part_that_is_a_transfer_becomes_a_transaction() -> None:
    move = parsed(
        ynab_file(
            ynab_row(payee="Transfer : Loan", out="$400.00", memo="Split (1/3) "),
            ynab_row(payee="Bank", out="$90.00", memo="Split (2/3) interest", category="Home: Interest", flag="Blue"),
            ynab_row(payee="Bank", out="$10.00", memo="Split (3/3) fee", category="Home: Fees"),
            ynab_row("Loan", payee="Transfer : Checking", into="$400.00"),
        )
    )
    assert [
        (row.row.number, row.row.amount, row.row.transaction_type, len(row.parts)) for row in rows_of(move, "Checking")
    ] == [
        (2, Decimal("-400.00"), "transfer", 0),
        (3, Decimal("-100.00"), "expense", 2),
    ]
    assert [pair.outgoing for pair in move.transfers] == [Side("Checking", 2)]
    assert [warning.code for warning in move.warnings] == ["split_transfers"]


def test_a_part_of_zero_leaves_a_plain_transaction() -> None:
    move = parsed(
        ynab_file(
            ynab_row(out="$12.50", memo="Split (1/2) all", category="Food: Groceries"), ynab_row(memo="Split (2/2) nothing")
        )
    )
    [row] = rows_of(move, "Checking")
    assert (row.row.amount, row.row.category, row.note, row.parts) == (Decimal("-12.50"), "Groceries", "all", ())


def test_a_missing_part_is_an_error_of_all_its_rows() -> None:
    move = parsed(
        ynab_file(
            ynab_row(out="$1.00", memo="Split (1/3) a"),
            ynab_row(out="$2.00", memo="Split (3/3) c"),
            ynab_row(out="$5.00"),
        )
    )
    assert errors_of(move) == [(2, "Memo", "incomplete_split"), (3, "Memo", "incomplete_split")]
    assert [row.row.amount for row in rows_of(move, "Checking")] == [Decimal("-5.00")]


def test_a_category_of_two_groups_keeps_them_apart() -> None:
    move = parsed(
        ynab_file(ynab_row(out="$1.00", category="Car: Insurance"), ynab_row(out="$2.00", category="House: Insurance"))
    )
    assert [row.row.category for row in rows_of(move, "Checking")] == ["Car: Insurance", "House: Insurance"]


def test_the_registers_of_ynab_4_are_read() -> None:
    titles = (
        "Account,Flag,Check Number,Date,Payee,Category,Master Category,Sub Category,Memo,Outflow,Inflow,Cleared,Running Balance"
    )
    rows = [
        "Bank,,,15/03/2014,Shop,Food:Groceries,Food,Groceries,(Split 1/2) milk,£3.00,£0.00,R,£7.00",
        "Bank,,,15/03/2014,Shop,Home:Soap,Home,Soap,(Split 2/2) ,£1.00,£0.00,R,£6.00",
    ]
    move = parsed("\n".join([titles, *rows]).encode())
    [row] = rows_of(move, "Bank")
    assert (row.row.amount, row.row.currency, str(row.row.date)) == (Decimal("-4.00"), "GBP", "2014-03-15")
    assert [part.category for part in row.parts] == ["Groceries", "Soap"]


@pytest.mark.parametrize(
    ("amount", "zero", "currency"),
    [("€1.234,56", "€0,00", "EUR"), ("1 234,56zł", "0,00zł", "PLN"), ("$1,234.56", "$0.00", "USD")],
)
def test_amounts_and_currencies_are_those_of_the_settings(amount: str, zero: str, currency: str) -> None:
    move = parsed(ynab_file(ynab_row(out=amount, into=zero)))
    assert [(str(row.row.amount), row.row.currency) for row in rows_of(move, "Checking")] == [("-1234.56", currency)]


def test_ambiguous_dates_are_asked_about() -> None:
    with pytest.raises(StatementError, match="date_order=day_first") as refused:
        parsed(ynab_file(ynab_row(date="03/04/2025", out="$1.00")))
    assert refused.value.code == "ambiguous_dates"


@pytest.mark.parametrize(("order", "day"), [("day_first", "2025-04-03"), ("month_first", "2025-03-04")])
def test_the_order_of_dates_can_be_sent(order: str, day: str) -> None:
    move = parsed(ynab_file(ynab_row(date="03/04/2025", out="$1.00")), date_order=order)
    assert [str(row.row.date) for row in rows_of(move, "Checking")] == [day]


def test_invalid_cells_name_their_column_and_the_remedy() -> None:
    move = parsed(
        ynab_file(ynab_row(date="2025-13-13", out="$1.00"), ynab_row(out="much"), ynab_row(out="$0.00"), ynab_row(out="$5.00"))
    )
    assert errors_of(move) == [(2, "Date", "bad_date"), (3, "Outflow", "bad_amount"), (4, "Outflow", "zero_amount")]
    messages = [row.message for row in move.accounts["Checking"].rows if isinstance(row, RowError)]
    assert all(message.endswith("Correct it in the file, or delete the row.") for message in messages)


def test_a_row_without_an_account_belongs_to_none() -> None:
    move = parsed(ynab_file(ynab_row("", out="$1.00"), ynab_row(out="$5.00")))
    assert [(error.number, error.field, error.code) for error in move.errors] == [(2, "Account", "missing_account")]


def test_only_a_register_is_recognized() -> None:
    assert parsed(REGISTER).format == ynab.FORMAT
    with pytest.raises(StatementError) as refused:
        parsed(b"Date,Payee,Outflow,Inflow\n2025-01-01,Shop,1.00,\n")
    assert refused.value.code == "unknown_app"
