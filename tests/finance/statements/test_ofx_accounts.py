"""OFX files with several accounts, which require a hint."""

import pytest

from finance.statements.rows import AccountInfo, StatementError
from tests.finance.statements.parse_helpers import ofx, read, transaction


def _account(number: str, amount: str, kind: str = "CHECKING", day: str = "20250131", balance: str = "5") -> str:
    return (
        f"<STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>1<ACCTID>{number}<ACCTTYPE>{kind}</BANKACCTFROM>"
        f"<BANKTRANLIST>{transaction(amount)}</BANKTRANLIST>"
        f"<LEDGERBAL><BALAMT>{balance}<DTASOF>{day}</LEDGERBAL></STMTRS></STMTTRNRS>"
    )


TWO = f"<OFX>{_account('111-2222', '-1')}{_account('9998887777', '-2', 'SAVINGS')}</OFX>"


@pytest.mark.parametrize(
    ("hint", "amount"), [("2222", "-1.00"), ("111 2222", "-1.00"), ("7777", "-2.00"), ("DE009998887777", "-2.00")]
)
def test_the_hint_chooses_the_account(hint: str, amount: str) -> None:
    assert read(TWO, account_hint=hint).amounts == [amount]


def test_the_error_lists_the_accounts_with_masked_numbers() -> None:
    with pytest.raises(StatementError) as refusal:
        read(TWO)
    assert refusal.value.code == "several_accounts"
    assert "••••2222 (CHECKING), ••••7777 (SAVINGS)" in refusal.value.message
    assert "888" not in refusal.value.message


@pytest.mark.parametrize("hint", ["1234", "77", "0002222", "8887777888"])
def test_a_hint_without_a_matching_account_is_refused(hint: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(TWO, account_hint=hint)
    assert refusal.value.code == "account_not_in_file"


def test_the_same_last_four_twice_need_the_whole_number() -> None:
    twins = f"<OFX>{_account('1002222', '-1')}{_account('2002222', '-2')}</OFX>"
    with pytest.raises(StatementError) as refusal:
        read(twins, account_hint="2222")
    assert refusal.value.code == "several_accounts"
    assert read(twins, account_hint="2002222").amounts == ["-2.00"]


def test_a_single_account_needs_no_hint_to_fit() -> None:
    assert read(ofx(transaction()), account_hint="0000").amounts == ["-1.00"]


def test_two_statements_of_one_account_close_with_the_later_one() -> None:
    months = f"<OFX>{_account('1', '-2', day='20250228', balance='7')}{_account('1', '-1', day='20250131', balance='9')}</OFX>"
    reading = read(months)
    assert [(row.number, str(row.amount)) for row in reading.rows] == [(1, "-2.00"), (2, "-1.00")]
    assert str(reading.statement.balances.closing) == "7.00"


def test_the_accounts_of_the_file_are_listed_masked() -> None:
    assert read(TWO, account_hint="7777").statement.accounts == (
        AccountInfo("••••2222", "CHECKING", "USD"),
        AccountInfo("••••7777", "SAVINGS", "USD"),
    )


def test_an_investment_account_has_its_cash_transactions() -> None:
    cash = f"<INVBANKTRAN>{transaction('-3')}<SUBACCTFUND>CASH</INVBANKTRAN>"
    trades = f"<INVTRANLIST>{cash}<BUYSTOCK></BUYSTOCK></INVTRANLIST>"
    reading = read(f"<OFX><INVSTMTRS><CURDEF>USD<INVACCTFROM><ACCTID>5</INVACCTFROM>{trades}</INVSTMTRS></OFX>")
    assert reading.amounts == ["-3.00"]
    assert reading.statement.balances.closing is None


def test_an_investment_account_with_securities_alone_is_refused() -> None:
    with pytest.raises(StatementError) as refusal:
        read("<OFX><INVSTMTRS><CURDEF>USD<INVTRANLIST><BUYSTOCK><UNITS>1</BUYSTOCK></INVTRANLIST></INVSTMTRS></OFX>")
    assert refusal.value.code == "only_securities"
