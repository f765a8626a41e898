"""Opening and closing balances computed from a running balance, in files of any order."""

import pytest

from tests.finance.statements.parse_helpers import read

HEADER = "Date,Description,Amount,Balance\n"
OLDEST_FIRST = ["2025-01-13,A,-10.00,90.00", "2025-01-14,B,30.00,120.00", "2025-01-15,C,-20.00,100.00"]
ONE_DAY = [row.replace("-14,", "-13,").replace("-15,", "-13,") for row in OLDEST_FIRST]
ONCE_A_DAY = ["2025-01-13,A,-4.00,", "2025-01-13,A,-6.00,90.00", "2025-01-14,B,30.00,", "2025-01-15,C,-20.00,100.00"]


@pytest.mark.parametrize(
    "rows",
    [OLDEST_FIRST, OLDEST_FIRST[::-1], ONE_DAY, ONE_DAY[::-1], ONCE_A_DAY, ONCE_A_DAY[::-1]],
    ids=["oldest first", "newest first", "one day", "one day, newest first", "once a day", "once a day, newest first"],
)
def test_opening_and_closing_are_found(rows: list[str]) -> None:
    reading = read(HEADER + "\n".join(rows))
    balances = reading.statement.balances
    assert (str(balances.opening), str(balances.closing), balances.currency) == ("100.00", "100.00", "USD")


def test_a_row_that_is_missing_shows_as_a_gap() -> None:
    reading = read(HEADER + "\n".join(OLDEST_FIRST[::2]))
    balances = reading.statement.balances
    assert balances.opening is not None
    assert balances.closing is not None
    assert balances.closing - balances.opening - sum(row.amount for row in reading.rows) == 30


def test_a_pending_row_counts_in_no_balance() -> None:
    content = "Date,Amount,Balance,Status\n2025-01-13,-10.00,90.00,booked\n2025-01-14,-5.00,,pending\n"
    balances = read(content).statement.balances
    assert (str(balances.opening), str(balances.closing)) == ("100.00", "90.00")


@pytest.mark.parametrize(
    "content",
    [
        "Date,Amount\n2025-01-13,-10.00\n",
        "Date,Amount,Balance\n2025-01-13,-10.00,n/a\n",
        "Date,Amount,Balance,Currency\n2025-01-13,-10.00,90.00,USD\n2025-01-13,-10.00,80.00,EUR\n",
    ],
)
def test_without_one_running_balance_both_are_unknown(content: str) -> None:
    balances = read(content).statement.balances
    assert (balances.opening, balances.closing) == (None, None)
