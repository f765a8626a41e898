"""Amounts in OFX as banks write them, with one decimal mark per file where an amount does not show its own."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import ofx, read, transaction


def _amounts(*written: str, decimal: str = "", currency: str = "USD", balance: str = "100.00") -> list[str]:
    content = ofx(*(transaction(amount, fitid=f"A{number}") for number, amount in enumerate(written)))
    content = content.replace("<CURDEF>USD", f"<CURDEF>{currency}").replace("<BALAMT>100.00", f"<BALAMT>{balance}")
    reading = read(content, decimal=decimal)
    assert reading.errors == []
    return reading.amounts


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("−12.50", "-12.50"),
        ("–12.50", "-12.50"),
        ("－12.50", "-12.50"),
        ("&#8722;12.50", "-12.50"),
        ("&minus;12.50", "-12.50"),
        ("- 12.50", "-12.50"),
        ("(12.50)", "-12.50"),
        ("( 12,50 )", "-12.50"),
        ("12.50-", "-12.50"),
        ("12,50 −", "-12.50"),
        ("$12.50", "12.50"),
        ("-$12.50", "-12.50"),
        ("$-12.50", "-12.50"),
        ("($12.50)", "-12.50"),
        ("12.50 USD", "12.50"),
        ("USD -12.50", "-12.50"),
        ("12.50 DR", "-12.50"),
        ("12.50 CR", "12.50"),
        ("-1'234.50", "-1234.50"),
        ("-1’234.50", "-1234.50"),
        ("-1,23,456.50", "-123456.50"),
        ("-12,34,567", "-1234567.00"),
        ("-1\u00a0234,50", "-1234.50"),
        ("-1\u202f234,50", "-1234.50"),
        ("-1&nbsp;234,50", "-1234.50"),
        ("-1 234.50", "-1234.50"),
        ("-1.234.567,5", "-1234567.50"),
        ("-00000000001500.0000", "-1500.00"),
        ("-0012.500", "-12.50"),
        ("12.–", "12.00"),
        ("１２．５０", "12.50"),
    ],
)
def test_an_amount_is_read_as_csv_reads_it(written: str, amount: str) -> None:
    assert _amounts(written) == [amount]


def test_a_currency_at_the_amount_is_that_of_the_row() -> None:
    reading = read(ofx(transaction("-12.50 €"), transaction("$-1.50", fitid="A2"), transaction("-2.50 GBP", fitid="A3")))
    assert [row.currency for row in reading.rows] == ["EUR", "USD", "GBP"]


@pytest.mark.parametrize(
    ("written", "amounts"),
    [
        (("-1,234", "-2.50"), ["-1234.00", "-2.50"]),
        (("-1.234", "-2,50"), ["-1234.00", "-2.50"]),
        (("-1,234", "-500"), ["-1234.00", "-500.00"]),
        (("-1,234", "-1,234,567"), ["-1234.00", "-1234567.00"]),
        (("-1.234", "-1.234.567"), ["-1234.00", "-1234567.00"]),
        (("-12,50", "-12.50"), ["-12.50", "-12.50"]),
    ],
)
def test_the_file_decides_what_an_amount_leaves_open(written: tuple[str, ...], amounts: list[str]) -> None:
    assert _amounts(*written) == amounts


@pytest.mark.parametrize(("balance", "amount"), [("100.00", "-1234.00"), ("100,00", "-1.23")])
def test_the_balance_decides_if_no_amount_does(balance: str, amount: str) -> None:
    written = "-1,234" if balance == "100.00" else "-1,230"
    assert _amounts(written, balance=balance) == [amount]


@pytest.mark.parametrize("written", [("-1,234",), ("-1.234",), ("-1,234", "-2,345"), ("-1,234", "-2.50", "-2,50")])
def test_amounts_that_stay_open_refuse_the_file(written: tuple[str, ...]) -> None:
    with pytest.raises(StatementError, match=r"1[.,]234.*decimal") as refusal:
        _amounts(*written, balance="")
    assert refusal.value.code == "ambiguous_amounts"


@pytest.mark.parametrize(("decimal", "amount"), [(".", "-1234.00"), (",", "-1.23")])
def test_the_option_decides(decimal: str, amount: str) -> None:
    assert _amounts("-1,230" if decimal == "," else "-1,234", decimal=decimal, balance="") == [amount]


def test_a_currency_without_cents_has_no_decimals() -> None:
    assert _amounts("-1,234", currency="JPY", balance="") == ["-1234"]


def test_the_other_account_of_the_file_decides_nothing() -> None:
    own = ofx(transaction("-1,234"), transaction("-2.50", fitid="A2"))
    other = own.replace("000012345678", "99998888").replace("-1,234", "-7,50").replace("-2.50", "-8,50")
    assert read(own + other, account_hint="5678").amounts == ["-1234.00", "-2.50"]


@pytest.mark.parametrize(("written", "closing"), [("−1.234,56", "-1234.56"), ("$ 1,234.56", "1234.56"), ("(5)", "-5.00")])
def test_a_balance_is_read_as_an_amount(written: str, closing: str) -> None:
    content = ofx(transaction("-1.00")).replace("<BALAMT>100.00", f"<BALAMT>{written}")
    assert str(read(content).statement.balances.closing) == closing


def test_a_balance_that_stays_open_is_unknown() -> None:
    content = ofx(transaction("-1000")).replace("<BALAMT>100.00", "<BALAMT>1,234")
    assert read(content).statement.balances.closing is None


@pytest.mark.parametrize("written", ["--", "12.50.", "1,2,3", "12 50", "1.234.56", "12,3456,7", "&", "&#0;", "12.50 shells"])
def test_what_is_no_amount_is_an_error(written: str) -> None:
    reading = read(ofx(transaction("-1.00"), transaction(written, fitid="A2")))
    assert reading.codes == [(2, "bad_amount")]
