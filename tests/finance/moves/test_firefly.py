"""Exports of Firefly III: journals between two accounts, groups as splits, currencies of each row."""

from decimal import Decimal

from finance.moves.rows import Pair, Side
from finance.statements.rows import RowError
from tests.finance.moves.app_files import firefly_file, firefly_row
from tests.finance.moves.conftest import parsed, rows_of

IBAN = "DE02120300000000202051"
DEPOSIT = {
    "type": "Deposit",
    "amount": "2500.00",
    "source_name": "Employer",
    "source_type": "Revenue account",
    "destination_name": "Giro",
    "destination_type": "Asset account",
}
FOREIGN = {
    "type": "Transfer",
    "foreign_amount": "9.00",
    "destination_name": "Dollars",
    "destination_type": "Asset account",
}
TRANSFER = {"type": "Transfer", "amount": "100.00", "destination_name": "Dollars", "destination_type": "Asset account"}


def test_money_leaves_the_source_and_enters_the_destination() -> None:
    move = parsed(firefly_file(firefly_row(source_iban=IBAN), firefly_row(group_id="2", journal_id="2", **DEPOSIT)))
    assert [(row.row.amount, row.row.currency, row.payee, row.row.provider_id) for row in rows_of(move, "Giro")] == [
        (Decimal("-12.50"), "EUR", "Corner Shop", "1"),
        (Decimal("2500.00"), "EUR", "Employer", "2"),
    ]
    assert move.accounts["Giro"].number == IBAN


def test_the_journals_of_a_group_are_a_split() -> None:
    move = parsed(
        firefly_file(
            firefly_row(group_title="Big shop", description="Milk", category="Food", tags="weekly,joint", notes="organic"),
            firefly_row(
                journal_id="2",
                group_title="Big shop",
                description="Soap",
                amount="-2.50",
                tags="weekly",
                destination_name="Mall",
            ),
        )
    )
    [row] = rows_of(move, "Giro")
    assert (row.row.amount, row.row.description, row.tags) == (Decimal("-15.00"), "Big shop", ("weekly", "joint"))
    assert [(part.amount, part.category, part.note) for part in row.parts] == [
        (Decimal("-12.50"), "Food", "Milk\norganic"),
        (Decimal("-2.50"), "", "Mall\nSoap"),
    ]


def test_a_transfer_between_two_currencies_has_both_amounts() -> None:
    move = parsed(firefly_file(firefly_row(foreign_currency_code="USD", foreign_amount="110.00", **TRANSFER)))
    [sent], [received] = rows_of(move, "Giro"), rows_of(move, "Dollars")
    assert (sent.row.amount, sent.row.currency) == (Decimal("-100.00"), "EUR")
    assert (received.row.amount, received.row.currency) == (Decimal("110.00"), "USD")
    assert move.transfers == [Pair(Side("Giro", 2), Side("Dollars", 2))]
    assert [account.currency for account in move.accounts.values()] == ["EUR", "USD"]


def test_a_payment_to_a_liability_is_a_transfer() -> None:
    move = parsed(firefly_file(firefly_row(destination_name="House", destination_type="Mortgage")))
    assert (move.accounts["House"].profile_type, len(move.transfers)) == ("mortgage", 1)
    assert rows_of(move, "House")[0].row.transaction_type == "transfer"


def test_an_opening_balance_is_neither_income_nor_spending() -> None:
    opening = {"type": "Opening balance", "source_name": "Initial balance", "source_type": "Initial balance account"}
    move = parsed(firefly_file(firefly_row(**DEPOSIT | opening)))
    [row] = rows_of(move, "Giro")
    assert (row.row.amount, row.row.transaction_type, row.payee) == (Decimal("2500.00"), "transfer", "")


def test_a_foreign_amount_of_a_purchase_is_not_the_accounts() -> None:
    move = parsed(firefly_file(firefly_row(foreign_currency_code="GBP", foreign_amount="-10.00")))
    assert [(row.row.amount, row.row.currency) for row in rows_of(move, "Giro")] == [(Decimal("-12.50"), "EUR")]
    assert move.accounts["Giro"].currency == "EUR"


def test_a_row_without_an_own_account_is_an_error() -> None:
    move = parsed(firefly_file(firefly_row(source_type="Revenue account"), firefly_row()))
    assert [(error.number, error.field, error.code) for error in move.errors] == [(2, "source_type", "no_own_account")]


def test_an_unknown_currency_is_an_error_and_makes_no_account() -> None:
    move = parsed(firefly_file(firefly_row(currency_code="XXY"), firefly_row(foreign_currency_code="?", **FOREIGN)))
    assert [(error.number, error.field, error.code) for error in move.errors] == [(2, "currency_code", "unknown_currency")]
    assert [row.field for row in move.accounts["Giro"].rows if isinstance(row, RowError)] == ["foreign_currency_code"]
