"""Exports of Actual: splits whose parts do not name their transaction, and transfers by the name of the account."""

from decimal import Decimal

from finance.moves.rows import Move, Pair, Side
from finance.statements.rows import RowError
from tests.finance.moves.app_files import actual_file, actual_row
from tests.finance.moves.conftest import parsed, rows_of


def errors_of(move: Move) -> list[tuple[int, str, str]]:
    return [(row.number, row.field, row.code) for row in move.accounts["Bank"].rows if isinstance(row, RowError)]


def test_parts_are_put_together() -> None:
    move = parsed(
        actual_file(
            actual_row(amount="0", split="-42.5", notes="(SPLIT INTO 2) weekly"),
            actual_row(amount="-30", notes="(SPLIT 1 OF 2) milk", category="Groceries"),
            actual_row(amount="-12.5", notes="(SPLIT 2 OF 2) ", category="Cleaning"),
        )
    )
    [row] = rows_of(move, "Bank")
    assert (row.row.amount, row.note, row.payee) == (Decimal("-42.50"), "weekly", "Corner Shop")
    assert [(part.amount, part.category, part.note) for part in row.parts] == [
        (Decimal("-30.00"), "Groceries", "milk"),
        (Decimal("-12.50"), "Cleaning", ""),
    ]


def test_parts_of_one_day_are_told_apart_by_their_sums() -> None:
    # Actual sorts by day and by the place of a part, so that the parts of two transactions are mixed
    move = parsed(
        actual_file(
            actual_row(amount="0", split="-30", notes="(SPLIT INTO 2) "),
            actual_row(amount="0", split="-100", notes="(SPLIT INTO 2) "),
            actual_row(amount="-80", notes="(SPLIT 1 OF 2) ", category="Rent"),
            actual_row(amount="-10", notes="(SPLIT 1 OF 2) ", category="Food"),
            actual_row(amount="-20", notes="(SPLIT 2 OF 2) ", category="Heating"),
            actual_row(amount="-20", notes="(SPLIT 2 OF 2) ", category="Soap"),
        )
    )
    assert [[(str(part.amount), part.category) for part in row.parts] for row in rows_of(move, "Bank")] == [
        [("-10.00", "Food"), ("-20.00", "Heating")],
        [("-80.00", "Rent"), ("-20.00", "Soap")],
    ]


def test_the_payee_decides_between_parts_with_equal_sums() -> None:
    move = parsed(
        actual_file(
            actual_row(payee="Shop", amount="0", split="-30", notes="(SPLIT INTO 2) "),
            actual_row(payee="Mall", amount="0", split="-30", notes="(SPLIT INTO 2) "),
            actual_row(payee="Mall", amount="-10", notes="(SPLIT 1 OF 2) ", category="Toys"),
            actual_row(payee="Shop", amount="-10", notes="(SPLIT 1 OF 2) ", category="Food"),
            actual_row(payee="Mall", amount="-20", notes="(SPLIT 2 OF 2) ", category="Books"),
            actual_row(payee="Shop", amount="-20", notes="(SPLIT 2 OF 2) ", category="Soap"),
        )
    )
    assert [(row.payee, [part.category for part in row.parts]) for row in rows_of(move, "Bank")] == [
        ("Shop", ["Food", "Soap"]),
        ("Mall", ["Toys", "Books"]),
    ]


def test_parts_that_do_not_add_up_are_errors() -> None:
    move = parsed(
        actual_file(
            actual_row(amount="0", split="-42.5", notes="(SPLIT INTO 2) "),
            actual_row(amount="-30", notes="(SPLIT 1 OF 2) "),
            actual_row(amount="-12", notes="(SPLIT 2 OF 2) "),
        )
    )
    assert errors_of(move) == [
        (2, "Split_Amount", "other_sum"),
        (3, "Notes", "incomplete_split"),
        (4, "Notes", "incomplete_split"),
    ]


def test_a_transfer_has_the_name_of_the_other_account() -> None:
    move = parsed(
        actual_file(actual_row(payee="Cash", amount="-50"), actual_row("Cash", payee="Bank", amount="50"), actual_row("Cash"))
    )
    assert move.transfers == [Pair(Side("Bank", 2), Side("Cash", 3))]
    assert [row.row.transaction_type for row in rows_of(move, "Cash")] == ["transfer", "expense"]


def test_a_payee_called_like_an_account_is_no_transfer_alone() -> None:
    move = parsed(actual_file(actual_row(payee="Cash", amount="-50"), actual_row("Cash", amount="-1")))
    assert (move.transfers, rows_of(move, "Bank")[0].row.transaction_type) == ([], "expense")


def test_more_splits_of_a_day_than_anyone_has_are_errors() -> None:
    whole = actual_row(amount="0", split="-3", notes="(SPLIT INTO 2) ")
    parts = [actual_row(amount="-1", notes="(SPLIT 1 OF 2) "), actual_row(amount="-2", notes="(SPLIT 2 OF 2) ")]
    assert len(rows_of(parsed(actual_file(*[whole, *parts] * 20)), "Bank")) == 20
    assert {code for _, _, code in errors_of(parsed(actual_file(*[whole, *parts] * 21)))} == {"other_sum", "incomplete_split"}
