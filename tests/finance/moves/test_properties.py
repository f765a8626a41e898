"""Readers of any text: they return a move or raise StatementError, and what they return keeps the rules of transactions."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from finance.models import transactions
from finance.models.divided import MAX_SPLITS
from finance.models.payees import MAX_PAYEE_LENGTH
from finance.models.tags import MAX_TAG_LENGTH
from finance.moves.rows import Move
from finance.statements.row_validation import MAX_PARTS, MAX_TAGS, NOTE_LENGTH, PAYEE_LENGTH, TAG_LENGTH
from finance.statements.rows import RowError, StatementError
from tests.finance.moves.app_files import ACTUAL, FIREFLY, MINT, YNAB, actual_file, firefly_file, mint_file, ynab_file
from tests.finance.moves.conftest import parsed

FILES = {YNAB: ynab_file, MINT: mint_file, ACTUAL: actual_file, FIREFLY: firefly_file}
AMOUNTS = st.sampled_from(["0", "-12.5", "$1,234.56", "1.234,56", "€0.00", "12,34,5", "1e9", "-", "9" * 40, "NaN"])
DAYS = st.sampled_from(["2025-03-15", "03/04/2025", "15.3.25", "2025-02-30", "0000-00-00", "2025-03-15T00:00:00+01:00"])
WORDS = st.sampled_from(
    # after EUR the code by which ISO 4217 says that there is no currency
    ["", "Bank", "Cash", "Transfer : Cash", "Transfer : Bank", "Asset account", "Expense account", "Mortgage", "EUR", "XXX",
     "debit", "credit", "Split (1/2) a", "Split (2/2) b", "Split (9/0)", "(SPLIT INTO 2) ", "(SPLIT 1 OF 2) ",
     "(SPLIT 2 OF 2) ",
     "(SPLIT INTO 999) ", "a,b,,a", "\0", "\ud800", "x" * 3_000]
)  # fmt: skip
CELLS = st.one_of(AMOUNTS, DAYS, WORDS, st.text(max_size=20))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return a file of one of the apps with any cells, of which some are cut."""
    titles = draw(st.sampled_from(list(FILES)))
    rows = draw(st.lists(st.lists(CELLS, min_size=len(titles), max_size=len(titles)), max_size=8))
    safe = [[cell.encode("utf-8", "replace").decode() for cell in row] for row in rows]
    content = FILES[titles](*safe)
    return content[: len(content) - draw(st.integers(0, 30))] if draw(st.booleans()) else content


def outcome(content: bytes, **options: str) -> Move | None:
    try:
        return parsed(content, **options)
    except StatementError:
        return None


@given(content=files(), order=st.sampled_from(["", "day_first", "month_first"]), decimal=st.sampled_from(["", ".", ","]))
@settings(max_examples=400, deadline=None)
def test_any_cells_are_read_or_refused(content: bytes, order: str, decimal: str) -> None:
    move = outcome(content, date_order=order, decimal=decimal)
    for account in move.accounts.values() if move else ():
        numbers = [row.number if isinstance(row, RowError) else row.row.number for row in account.rows]
        valid = account.moved()
        assert len({row.row.number for row in valid}) == len(valid) <= len(numbers)
        for row in valid:
            assert row.row.amount
            assert len(row.note) <= 2_000
            assert len(row.tags) <= 30
            assert not row.parts or sum((part.amount for part in row.parts), Decimal(0)) == row.row.amount
            assert not (row.parts and row.row.transaction_type == "transfer")
            assert "\0" not in row.note + row.payee + row.row.category


@given(content=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused(content: bytes) -> None:
    assert outcome(content) is None


@given(text=st.text(max_size=300), titles=st.sampled_from(list(FILES)))
@settings(max_examples=200, deadline=None)
def test_any_text_below_the_titles_is_read_or_refused(text: str, titles: tuple[str, ...]) -> None:
    content = FILES[titles]() + text.encode("utf-8", "replace")
    move = outcome(content)
    assert move is None or move.accounts or move.errors


def test_the_limits_of_texts_are_those_of_transactions() -> None:
    stated = (MAX_TAGS, TAG_LENGTH, PAYEE_LENGTH, NOTE_LENGTH, MAX_PARTS)
    assert stated == (transactions.MAX_TAGS, MAX_TAG_LENGTH, MAX_PAYEE_LENGTH, transactions.MAX_NOTE_LENGTH, MAX_SPLITS)


def test_a_quotation_mark_that_is_left_open_breaks_one_row() -> None:
    good = b"Bank,2025-03-15,Shop,,,-1,0,Cleared\n"
    move = parsed(actual_file() + b'Bank,2025-03-15,"Shop,,,-1,0,Cleared\n' + good + good)
    assert [(error.number, error.code) for error in move.errors] == [(2, "unclosed_quote")]
    assert len(move.accounts["Bank"].moved()) == 2
