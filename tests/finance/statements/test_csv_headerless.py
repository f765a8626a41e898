"""CSV files without a header: what the cells prove is read, and the rest is refused."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

LEDGERS = {
    "balance after, oldest first": ("1/1/25,a,-1.50,98.50", "1/2/25,b,2.25,100.75", "1/13/25,c,-3.00,97.75"),
    "balance after, newest first": ("1/13/25,c,-3.00,97.75", "1/2/25,b,2.25,100.75", "1/1/25,a,-1.50,98.50"),
    "balance before, oldest first": ("1/1/25,a,-1.50,100.00", "1/2/25,b,2.25,98.50", "1/13/25,c,-3.00,100.75"),
    "balance before, newest first": ("1/13/25,c,-3.00,100.75", "1/2/25,b,2.25,98.50", "1/1/25,a,-1.50,100.00"),
    "balance to the left": ("1/1/25,98.50,-1.50,a", "1/2/25,100.75,2.25,b", "1/13/25,97.75,-3.00,c"),
    "numbers of checks": ("1/1/25,101,-1.50,98.50,a", "1/2/25,102,2.25,100.75,b", "1/13/25,103,-3.00,97.75,c"),
    "debit, credit and balance": ("1/1/25,a,1.50,,98.50", "1/2/25,b,,2.25,100.75", "1/13/25,c,3.00,,97.75"),
    "debit and credit": ("1/1/25,a,1.50,", "1/2/25,b,,2.25", "1/13/25,c,3.00,"),
    "debit, credit and a card": ("1/1/25,a,1.50,,4000********0001", "1/2/25,b,,2.25,4000********0001",
                                 "1/13/25,c,3.00,,4000********0001"),
    "a word for the sign": ("1/1/25,a,1.50,debit", "1/2/25,b,2.25,credit", "1/13/25,c,3.00,debit"),
    "a letter for the sign": ("1/1/25,a,1.50,D", "1/2/25,b,2.25,C", "1/13/25,c,3.00,D"),
    "debit and credit with zeros": ("1/1/25,a,1.50,0,98.50", "1/2/25,b,0,2.25,100.75", "1/13/25,c,3.00,0.00,97.75"),
    "only one column with decimals": ("1/1/25,a,77,-1.50", "1/2/25,b,78,2.25", "1/13/25,c,79,-3.00"),
}  # fmt: skip


@pytest.mark.parametrize("lines", LEDGERS.values(), ids=LEDGERS.keys())
def test_the_cells_prove_the_columns(lines: tuple[str, ...]) -> None:
    reading = read("\n".join(lines) + "\n")
    assert reading.errors == []
    assert sorted((row.date.isoformat(), str(row.amount), row.description[:1]) for row in reading.rows) == [
        ("2025-01-01", "-1.50", "a"),
        ("2025-01-02", "2.25", "b"),
        ("2025-01-13", "-3.00", "c"),
    ]
    assert read("\n".join(lines), mapping=reading.statement.mapping).rows == reading.rows


UNPROVED = {
    "two amounts": "2025-01-13,a,-1.50,8.00\n2025-01-14,b,2.25,9.00\n2025-01-15,c,4.00,3.00\n",
    "a balance that does not add up": "2025-01-13,a,-1.50,98.50\n2025-01-14,b,2.25,100.00\n2025-01-15,c,1.00,7.00\n",
    "debits alone": "2025-01-13,a,1.50,\n2025-01-14,b,2.25,\n",
    "no amount": "2025-01-13,a,b\n2025-01-14,c,d\n",
    "a commission beside amounts of which some are whole": "2025-01-13,a,-50.25,-0.35\n2025-01-14,b,4000,-0.40\n",
    "a balance beside amounts of which some are zero": "2025-01-13,a,0,5.00,5.00\n2025-01-14,b,0,0,5.00\n",
    "zeros beside one number": "2025-01-13,a,0,5\n2025-01-14,b,0,5\n2025-01-15,c,0,5\n",
}


@pytest.mark.parametrize("content", UNPROVED.values(), ids=UNPROVED.keys())
def test_what_is_not_proved_is_refused(content: str) -> None:
    with pytest.raises(StatementError, match="mapping") as refusal:
        read(content)
    assert refusal.value.code == "unknown_columns"


def test_a_balance_before_the_row_is_no_running_balance() -> None:
    reading = read("\n".join(LEDGERS["balance before, oldest first"]))
    assert "balance" not in reading.statement.mapping
    assert reading.statement.balances.closing is None


@pytest.mark.parametrize(
    "text", ["Balance", "Opening balance", "CLOSING BALANCE", "Saldo anterior", "Algsaldo", "Konečný zůstatek"]
)
def test_a_line_of_a_balance_is_no_transaction(text: str) -> None:
    reading = read(f"Date,Description,Amount\n2025-01-13,{text},100.00\n2025-01-14,A,-1.00\n")
    assert reading.amounts == ["-1.00"]
    assert reading.codes == [(2, "balance_row")]


@pytest.mark.parametrize("cells", ["|Saldo finale,", "Closing balance,AS", ",* Opening balance *"])
def test_a_balance_is_recognized_in_each_text(cells: str) -> None:
    content = f"Date,Amount,Details,Code\n2025-01-13,-1.50,Shop,K\n2025-01-14,98.50,{cells}\n"
    reading = read(content, mapping={"description": ["Details", "Code"]})
    assert reading.amounts == ["-1.50"]
    assert reading.codes == [(3, "balance_row")]
