"""Investment statements: cash transactions are imported, and what is left out is counted."""

import re

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read, transaction

CASH = f"<INVBANKTRAN>{transaction('-3')}<SUBACCTFUND>CASH</INVBANKTRAN>"
BUY = "<BUYSTOCK><INVBUY><INVTRAN><FITID>T1<DTTRADE>20250110</INVTRAN><UNITS>1<TOTAL>-9</INVBUY><BUYTYPE>BUY</BUYSTOCK>"
SELL = BUY.replace("BUY", "SELL")


def _income(kind: str, element: str = "INCOME") -> str:
    return f"<{element}><INVTRAN><FITID>D1<DTTRADE>20250110</INVTRAN><INCOMETYPE>{kind}<TOTAL>4</{element}>"


def _statement(*transactions: str, positions: str = "") -> str:
    return (
        f"<OFX><INVSTMTRS><CURDEF>USD<INVACCTFROM><BROKERID>broker<ACCTID>5</INVACCTFROM><INVTRANLIST><DTSTART>20250101"
        f"<DTEND>20250131{''.join(transactions)}</INVTRANLIST><INVPOSLIST>{positions}</INVPOSLIST></INVSTMTRS>"
        "<SECLIST><STOCKINFO><SECNAME>BUYSTOCK Corp</STOCKINFO></SECLIST></OFX>"
    )


def _left_out(content: str) -> list[str]:
    return [re.split(" (?:was|were) left out", warning.message)[0] for warning in read(content).statement.warnings]


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([BUY], "1 purchase"),
        ([BUY] * 12, "12 purchases"),
        ([BUY, BUY, SELL], "2 purchases and 1 sale"),
        ([BUY] * 3 + [SELL] * 2 + [_income("DIV")], "3 purchases, 2 sales and 1 dividend"),
        ([_income("div"), _income("DIV")], "2 dividends"),
        ([_income("INTEREST")], "1 interest payment"),
        ([_income("CGLONG"), _income("CGSHORT")], "2 capital gains"),
        ([_income("MISC"), _income("")], "2 income payments"),
        ([_income("DIV", "REINVEST")], "1 reinvestment"),
        ([_income("DIV", "REINVEST"), _income("DIV")], "1 reinvestment and 1 dividend"),
        (["<INVEXPENSE><TOTAL>-1</INVEXPENSE>"] * 2, "2 investment expenses"),
        (["<MARGININTEREST><TOTAL>-1</MARGININTEREST>"], "1 margin interest charge"),
        (["<JRNLFUND><TOTAL>1</JRNLFUND>", "<JRNLSEC><UNITS>1</JRNLSEC>"], "2 journal entries"),
        (["<RETOFCAP><TOTAL>1</RETOFCAP>"] * 2, "2 returns of capital"),
        (["<SPLIT><OLDUNITS>1</SPLIT>"], "1 stock split"),
        (["<TRANSFER><UNITS>1</TRANSFER>"] * 2, "2 transfers of securities"),
        (["<CLOSUREOPT><UNITS>1</CLOSUREOPT>"], "1 option closure"),
        (["<buymf><UNITS>1</buymf>", "<BUYOTHER >", "<BUYDEBT/>", "<BUYOPT>"], "4 purchases"),
    ],
)
def test_what_is_left_out_is_counted(others: list[str], words: str) -> None:
    assert _left_out(_statement(CASH, *others)) == [words]


def test_the_warning_has_a_code_and_says_what_to_do() -> None:
    [warning] = read(_statement(CASH, BUY)).statement.warnings
    assert warning.code == "left_out"
    assert "only cash transactions are imported" in warning.message
    assert "by hand" in warning.message


@pytest.mark.parametrize(("trades", "words"), [([BUY], "1 purchase was left out"), ([BUY, SELL], "1 sale were left out")])
def test_the_sentence_fits_the_number(trades: list[str], words: str) -> None:
    assert words in read(_statement(CASH, *trades)).statement.warnings[0].message


def test_positions_are_counted() -> None:
    positions = "<POSSTOCK><INVPOS><UNITS>1</INVPOS></POSSTOCK>" * 4 + "<POSMF><INVPOS><UNITS>1</INVPOS></POSMF>"
    assert _left_out(_statement(CASH, positions=positions)) == ["5 positions"]


def test_cash_alone_has_no_warning() -> None:
    reading = read(_statement(CASH))
    assert reading.amounts == ["-3.00"]
    assert reading.statement.warnings == ()


def test_every_trade_of_a_large_statement_is_counted() -> None:
    assert _left_out(_statement(CASH, *[BUY] * 9_000)) == ["9,000 purchases"]


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([BUY] * 12 + [SELL], "12 purchases and 1 sale"),
        ([_income("DIV")], "1 dividend"),
        (["<TRANSFER></TRANSFER>"], "1 transfer"),
    ],
)
def test_a_statement_of_securities_alone_is_refused_with_counts(others: list[str], words: str) -> None:
    with pytest.raises(StatementError, match=words) as refusal:
        read(_statement(*others))
    assert refusal.value.code == "only_securities"


def test_only_the_chosen_account_is_counted() -> None:
    bank = "<STMTRS><CURDEF>USD<BANKACCTFROM><ACCTID>7777<ACCTTYPE>CHECKING</BANKACCTFROM>" + transaction("-2") + "</STMTRS>"
    both = _statement(CASH, BUY).replace("<OFX>", f"<OFX>{bank}")
    assert read(both, account_hint="7777").statement.warnings == ()
    assert len(read(both, account_hint="INVESTMENT").statement.warnings) == 1


def test_the_cash_balance_of_an_investment_account_is_not_taken() -> None:
    content = _statement(CASH, BUY).replace("</INVSTMTRS>", "<LEDGERBAL><BALAMT>9<DTASOF>20250131</LEDGERBAL></INVSTMTRS>")
    assert read(content).statement.balances.closing is None
