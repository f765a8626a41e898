"""QIF: records, dates, amounts, splits, transfers, accounts and investments."""

import pytest

from finance.statements.rows import AccountInfo, StatementError
from tests.finance.statements.parse_helpers import read

ONE = "D13/01/2026\nT-12.50\nPGrocer Blue\nMInvoice 17\n^\n"
OTHER = "D14/01/2026\nT20.00\nPGreen Mail Order\n^\n"


def qif(*records: str, header: str = "!Type:Bank\n") -> str:
    return header + "".join(records)


@pytest.mark.parametrize(
    "content",
    [
        qif(ONE, OTHER),
        qif(ONE, OTHER).replace("\n", "\r\n"),
        qif(ONE, OTHER).replace("\n", "\r"),
        "\ufeff" + qif(ONE, OTHER),
        "\n \n" + qif(ONE, OTHER),
        qif(ONE, OTHER, header="!type:BANK  \n"),
        qif(ONE, OTHER, header="# Accounts, of March\n#\n\n!Type:Bank\n"),
        qif(ONE, OTHER, header="!Type:CCard\n"),
        qif(ONE, OTHER, header="!Type:Cash\n"),
        qif(ONE, OTHER, header="!Type:Oth L\n"),
        qif(
            ONE,
            OTHER,
            header="!Option:AutoSwitch\n!Account\nNA\nTBank\n^\nNB\nTBank\n^\n!Clear:AutoSwitch\n!Account\nNA\n^\n!Type:Bank\n",
        ),
        qif(ONE, OTHER).removesuffix("^\n"),
        qif(ONE.replace("T-", "U-12.50\nT-"), OTHER.replace("T", "U", 1)),
        qif(ONE, "\n\n", OTHER, "\x1a"),
        qif(ONE, OTHER) + '!Type:Cat\nNFood\nE\n^\n!Type:Memorized\nKP\nT-9.00\n^\n!Type:Prices\n"X",1,"1/1\'26"\n^\n',
    ],
)
def test_two_records_are_two_rows(content: str) -> None:
    reading = read(content, default_currency="CHF")
    assert reading.statement.format == "qif"
    assert reading.errors == []
    assert reading.amounts == ["-12.50", "20.00"]
    assert reading.dates == ["2026-01-13", "2026-01-14"]
    assert {row.currency for row in reading.rows} == {"CHF"}


def test_every_field_of_a_record_is_read() -> None:
    [row] = read(qif(ONE.replace("^", "N101\nCX\nABlue Street 1\nLFood:Groceries\n^"))).rows
    assert (row.number, row.merchant_name, row.description) == (2, "Grocer Blue", "Grocer Blue - Invoice 17")
    assert (row.category, row.provider_id, row.is_pending, row.transaction_type) == ("Food:Groceries", "", False, "expense")


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        (["13/01/2026", "5/6/2026"], ["2026-01-13", "2026-06-05"]),
        (["01/13/2026", "5/6/2026"], ["2026-01-13", "2026-05-06"]),
        (["1/13'26", " 5/ 6' 5"], ["2026-01-13", "2005-05-06"]),
        (["1/13'98", "5/6/98"], ["2098-01-13", "1998-05-06"]),
        (["1/13/26", "5/6/2004", "5/6'04"], ["2026-01-13", "2004-05-06", "2004-05-06"]),
        (["13.1.26", "5.6.26"], ["2026-01-13", "2026-06-05"]),
        (["5.6.26"], ["2026-06-05"]),
        (["1.13.26", "5.6.26"], ["2026-01-13", "2026-05-06"]),
        (["13-01-2026", "05-06-2026"], ["2026-01-13", "2026-06-05"]),
        (["2026-06-05", "2026/06/05", "20260605"], ["2026-06-05"] * 3),
        (["5-Jun-26", "5 Jun 2026", "Jun 5, 2026"], ["2026-06-05"] * 3),
        (["1/1/26", "2/2/26"], ["2026-01-01", "2026-02-02"]),
    ],
)
def test_the_file_decides_the_order_of_dates(dates: list[str], days: list[str]) -> None:
    reading = read(qif(*(f"D{day}\nT-1.00\n^\n" for day in dates)))
    assert reading.errors == []
    assert reading.dates == days


@pytest.mark.parametrize(("order", "day"), [("day_first", "2026-06-05"), ("month_first", "2026-05-06")])
def test_an_open_order_is_asked_for(order: str, day: str) -> None:
    content = qif("D5/6/2026\nT-1.00\n^\n", "D7/7/2026\nT-1.00\n^\n")
    with pytest.raises(StatementError, match="“5/6/2026”.*date_order") as refusal:
        read(content)
    assert refusal.value.code == "ambiguous_dates"
    assert read(content, date_order=order).dates[0] == day


@pytest.mark.parametrize(("option", "day"), [("MDY", "2026-05-06"), ("dmy", "2026-06-05")])
def test_an_option_of_the_file_decides_the_order(option: str, day: str) -> None:
    assert read(qif("D5/6/2026\nT-1.00\n^\n", header=f"!Option:{option}\n!Type:Bank\n")).dates == [day]


def test_a_date_that_contradicts_the_file_is_an_error() -> None:
    content = qif(
        "D13/01/2026\nT-1\n^\n",
        "D14/01/2026\nT-1\n^\n",
        "D01/15/2026\nT-1\n^\n",
        "D30/02/2026\nT-1\n^\n",
        "Dsoon\nT-1\n^\n",
        "T-1\n^\n",
    )
    reading = read(content)
    assert reading.dates == ["2026-01-13", "2026-01-14"]
    assert [code for _, code in reading.codes] == ["bad_date", "bad_date", "bad_date", "missing_date"]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["-12.50"], ["-12.50"]),
        (["-12,50", "1.234,5"], ["-12.50", "1234.50"]),
        (["-1,234.56", "1,234"], ["-1234.56", "1234.00"]),
        (["-12,50", "1.234"], ["-12.50", "1234.00"]),
        (["-1'234.50", "(5)"], ["-1234.50", "-5.00"]),
        (["−12.50"], ["-12.50"]),
    ],
)
def test_amounts_have_one_decimal_mark_in_a_file(amounts: list[str], expected: list[str]) -> None:
    reading = read(qif(*(f"D13/01/2026\nT{amount}\n^\n" for amount in amounts)))
    assert reading.errors == []
    assert reading.amounts == expected


@pytest.mark.parametrize(("decimal", "amount"), [(".", "-1230.00"), (",", "-1.23")])
def test_an_open_amount_is_asked_for(decimal: str, amount: str) -> None:
    content = qif("D13/01/2026\nT-1,230\n^\n")
    with pytest.raises(StatementError, match="1,230.*decimal") as refusal:
        read(content)
    assert refusal.value.code == "ambiguous_amounts"
    assert read(content, decimal=decimal).amounts == [amount]


@pytest.mark.parametrize(
    ("amount", "code"),
    [("", "missing_amount"), ("n/a", "bad_amount"), ("0.00", "zero_amount"), ("1.2345", "too_many_decimals")],
)
def test_a_broken_record_does_not_affect_others(amount: str, code: str) -> None:
    reading = read(qif(ONE, f"D13/01/2026\nT{amount}\n^\n", OTHER))
    assert [row.number for row in reading.rows] == [2, 10]
    assert reading.codes == [(7, code)]


@pytest.mark.parametrize(
    ("category", "kind", "stored"),
    [
        ("[Savings]", "transfer", ""),
        ("[Savings/Joint]", "transfer", ""),
        ("[Savings]/Holiday", "transfer", ""),
        ("Food/Holiday", "expense", "Food/Holiday"),
        ("", "expense", ""),
    ],
)
def test_an_account_in_brackets_is_a_transfer(category: str, kind: str, stored: str) -> None:
    [row] = read(qif(f"D13/01/2026\nT-5\nL{category}\n^\n")).rows
    assert (row.transaction_type, row.category) == (kind, stored)
    assert row.description == (f"Transfer: {category[1:].split(']')[0]}" if kind == "transfer" else "")


SPLIT = "D13/01/2026\nT-12.50\nPGrocer Blue\nL--Split--\nSFood\nEBread\n$-10.00\nS[Savings]\n$-2.50\n^\n"


def test_the_lines_of_a_split_are_in_the_description() -> None:
    [row] = read(qif(SPLIT)).rows
    assert row.description == "Grocer Blue | Food; Bread; -10.00 | [Savings]; -2.50"
    assert (str(row.amount), row.category, row.transaction_type) == ("-12.50", "", "expense")


@pytest.mark.parametrize("part", ["$-2.49", "$2.50", "$-2.50\nSMore\n$-1.00"])
def test_splits_must_add_up(part: str) -> None:
    reading = read(qif(ONE, SPLIT.replace("$-2.50", part)))
    assert reading.codes == [(7, "splits_differ")]


def test_splits_in_percent_are_kept_as_text() -> None:
    [row] = read(qif("D13/01/2026\nT-10\nSFood\n%60\nSHome\n%40\n^\n")).rows
    assert row.description == "Food | Home"


@pytest.mark.parametrize(("rest", "description"), [("N101\n", "Check 101"), ("NATM\n", ""), ("MATM\n", "ATM"), ("", "")])
def test_the_number_of_a_check_is_the_last_resort(rest: str, description: str) -> None:
    assert read(qif(f"D13/01/2026\nT-10\n{rest}^\n")).rows[0].description == description


@pytest.mark.parametrize("cut", ["D13/01/2026\nT-1", "D13/01/2026\nT-12.5", "D13/0"])
def test_a_truncated_record_is_an_error(cut: str) -> None:
    reading = read(qif(ONE, cut))
    assert (reading.amounts, reading.codes) == (["-12.50"], [(7, "truncated")])


def test_a_record_without_end_is_an_error() -> None:
    assert read(qif(ONE, "Mx\n" * 2_100 + "^\n", OTHER)).codes == [(7, "truncated")]


def test_the_opening_balance_is_no_transaction() -> None:
    first = "D01/01/2026\nT1,000.00\nCX\nPOpening Balance\nL[Checking]\n^\n"
    reading = read(qif(first, ONE, OTHER))
    assert reading.amounts == ["-12.50", "20.00"]
    assert (str(reading.statement.balances.opening), reading.statement.balances.closing) == ("1000.00", None)


def test_a_later_payment_with_that_name_is_a_transaction() -> None:
    named = "D15/01/2026\nT7.00\nPOpening Balance\nL[Checking]\n^\n"
    assert read(qif(ONE, named)).amounts == ["-12.50", "7.00"]


TWO = (
    f"!Account\nNMy Savings\nTBank\n^\n!Type:Bank\n{ONE}"
    f"!Account\nN現金\nTCash\n^\n!Type:Cash\n{OTHER}!Account\nNMy Savings\nTBank\n^\n!Type:Bank\n{OTHER}"
)


@pytest.mark.parametrize(
    ("hint", "account_type", "amounts"),
    [
        ("My Savings", "", ["-12.50", "20.00"]),
        ("my savings", "", ["-12.50", "20.00"]),
        ("現金", "", ["20.00"]),
        ("CASH", "", ["20.00"]),
        ("", "savings", ["-12.50", "20.00"]),
        ("", "checking", ["-12.50", "20.00"]),
    ],
)
def test_an_account_is_chosen_by_name_or_type(hint: str, account_type: str, amounts: list[str]) -> None:
    assert read(TWO, account_hint=hint, account_type=account_type).amounts == amounts


def test_several_accounts_are_listed_with_names() -> None:
    with pytest.raises(StatementError, match=r"“My Savings” \(BANK\), “現金” \(CASH\)") as refusal:
        read(TWO)
    assert refusal.value.code == "several_accounts"
    assert read(TWO, account_hint="cash").statement.accounts[1] == AccountInfo("“現金”", "CASH", "")


INVESTMENTS = (
    "!Account\nNBroker\nTInvst\n^\n!Type:Invst\nD13/01/2026\nNBuy\nYX\nT9\n^\nD13/01/2026\nNBuyX\nT9\n^\n"
    "D1/1/2026\nNReinvDiv\n^\nD1/1/2026\nNCash\n^\n"
)


def test_investments_are_left_out_and_counted() -> None:
    reading = read(f"!Account\nNBank\n^\n!Type:Bank\n{ONE}{INVESTMENTS}")
    assert reading.amounts == ["-12.50"]
    [warning] = reading.statement.warnings
    assert (warning.code, warning.message.split(" were")[0]) == (
        "left_out",
        "2 purchases, 1 reinvestment and 1 investment transaction",
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (INVESTMENTS, "only_securities"),
        ("!Type:Cat\nNFood\n^\n", "no_statement"),
        ("!Type:Bank\n", "no_statement"),
        ("!Account\n", "no_statement"),
    ],
)
def test_a_file_without_transactions_is_refused(content: str, code: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == code
