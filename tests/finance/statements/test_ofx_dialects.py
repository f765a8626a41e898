"""Deviations from the OFX specification that occur in files of real banks."""

import pytest

from tests.finance.statements.parse_helpers import ofx, read, transaction

TWO = (transaction("-1.00", fitid="A1"), transaction("-2.50", fitid="A2"))


@pytest.mark.parametrize(
    "content",
    [
        ofx(*TWO),
        ofx(*TWO, header=""),
        ofx(*TWO, header="OFXHEADER:100\nDATA:OFXSGML\n"),
        ofx(*TWO, header="\n\n  OFXHEADER: 100 DATA: OFXSGML "),
        ofx(*TWO, header='<?xml version="1.0"?>\n<?OFX OFXHEADER="200" VERSION="999"?>\n'),
        ofx(*TWO).lower(),
        ofx(*TWO).replace("\n", "\r\n"),
        ofx(*TWO).replace("\n", "\r"),
        ofx(*TWO).replace("\n", ""),
        ofx(*TWO).replace("<", "\n\t <").replace("</OFX>", "</OFX>\n\n\x1a"),
        ofx(*TWO).replace("</STMTTRN>", ""),
        ofx(*TWO).replace("</STMTTRN>", "").replace("</BANKTRANLIST>", ""),
        ofx(*TWO).replace("</STMTRS>", "").replace("</OFX>", ""),
        ofx(*TWO).replace("<CURDEF>USD", ""),
        ofx(*TWO).replace("<DTSTART>20250101", "<DTSTART>"),
        ofx(*TWO).replace("<OFX>", '<OFX xmlns="http://ofx.net/types/2003/04">'),
        ofx(*TWO).replace("<BANKTRANLIST>", "<!-- made by the bank --><BANKTRANLIST>"),
        "Content-Type: application/x-ofx\n\n" + ofx(*TWO),
        "\ufeff" + ofx(*TWO),
    ],
)
def test_two_transactions_are_two_rows(content: str) -> None:
    reading = read(content)
    assert reading.errors == []
    assert reading.amounts == ["-1.00", "-2.50"]
    assert [row.provider_id.upper() for row in reading.rows] == ["A1", "A2"]
    assert [row.merchant_name.upper() for row in reading.rows] == ["SHOP", "SHOP"]


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ("<NAME>Smith & Sons", "Smith & Sons"),
        ("<NAME>AT&amp;T", "AT&T"),
        ("<NAME>AT&amp;amp;T", "AT&T"),
        ("<NAME>O&#39;Brien &#x26; Co", "O'Brien & Co"),
        ("<NAME>J&REG Brothers", "J&REG Brothers"),
        ("<NAME>I <3 tea", "I <3 tea"),
        ("<NAME>a < b > c", "a < b > c"),
        ("<NAME>Paid <JOHN> twice", "Paid <JOHN> twice"),
        ("<NAME><![CDATA[Fish & <Chips>]]></NAME>", "Fish & <Chips>"),
        ("<NAME><![CDATA[ One ]]></NAME><MEMO><![CDATA[One]]></MEMO>", "One"),
        ("<NAME>\n</NAME>", ""),
        ("<NAME></NAME>", ""),
        ("<NAME/>", ""),
        ("<NAME>", ""),
        ("<NAME>Nul\0 and\x07 bell", "Nul and bell"),
        ("<NAME>evil\u202egnp.exe", "evilgnp.exe"),
        ("<PAYEE><NAME>Paid Inc<ADDR1>Street</PAYEE>", "Paid Inc"),
        ("<EXTDNAME>A long name of a shop", "A long name of a shop"),
        ("<X.BANK>internal<NAME>Shop", "Shop"),
        ("<NAME>" + "x" * 300, "x" * 255),
    ],
)
def test_a_name_is_read_and_cleaned(markup: str, name: str) -> None:
    [row] = read(ofx(transaction(rest=markup))).rows
    assert row.merchant_name == name


@pytest.mark.parametrize(
    ("markup", "description"),
    [
        ("<NAME>Shop<MEMO>Card 1234", "Shop - Card 1234"),
        (
            "<NAME>A NAME THAT IS CUT AT 32 CHARAC<MEMO>A name that is cut at 32 characters",
            "A name that is cut at 32 characters",
        ),
        ("<NAME>The whole story<MEMO>story", "The whole story"),
        ("<NAME>Shop<MEMO>", "Shop"),
        ("<MEMO>Only a memo", "Only a memo"),
        ("<CHECKNUM>319", "Check 319"),
        ("<CHECKNUM>0", ""),
        ("", ""),
    ],
)
def test_the_memo_is_added_if_it_differs(markup: str, description: str) -> None:
    [row] = read(ofx(transaction(rest=markup))).rows
    assert row.description == description


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("-12,5", "-12.50"),
        ("+3", "3.00"),
        (".5", "0.50"),
        ("-1,234.56", "-1234.56"),
        ("1.234,56", "1234.56"),
        (" 7.1000 ", "7.10"),
    ],
)
def test_an_amount_has_a_point_or_a_comma(written: str, amount: str) -> None:
    assert read(ofx(transaction(written))).amounts == [amount]


@pytest.mark.parametrize(
    "written",
    [
        "20250115",
        "20250115235959",
        "20250115000000.000[-5:EST]",
        "20250115120000[+14]",
        "20250115233000[-12]",
        "20250115003000.000[+5.30:SLST]",
        "20250115003000[+5.5:SLST]",
        "20250115003000.000[+5:30:SLST]",
        "20250115235900[-03:BRT]",
        "20250115000000[0:GMT]",
        "20250115[+9:JST]",
        "202501152359",
        "2025-01-15T00:30:00+05:30",
        "2025-01-15",
        "2025/01/15",
        "2025.01.15",
        "20250115 ",
    ],
)
def test_the_date_ignores_time_and_zone(written: str) -> None:
    assert read(ofx(transaction(day=written))).dates == ["2025-01-15"]


@pytest.mark.parametrize(
    ("user_day", "day"),
    [
        ("20250110", "2025-01-10"),
        ("20240115", "2024-01-15"),
        ("20250120", "2025-01-15"),
        ("00000000", "2025-01-15"),
        ("19700101", "2025-01-15"),
        ("19000101000000", "2025-01-15"),
        ("20250230", "2025-01-15"),
        ("", "2025-01-15"),
    ],
)
def test_the_purchase_date_counts_unless_implausible(user_day: str, day: str) -> None:
    reading = read(ofx(transaction(rest=f"<DTUSER>{user_day}")))
    assert reading.dates == [day]
    assert str(reading.rows[0].posted_date) == "2025-01-15"


@pytest.mark.parametrize(
    ("kind", "amount", "transaction_type"),
    [
        ("XFER", "-5", "transfer"),
        ("XFER", "5", "transfer"),
        ("FEE", "-5", "fee"),
        ("SRVCHG", "-5", "fee"),
        ("FEE", "5", "refund"),
        ("INT", "5", "income"),
        ("INT", "-5", "expense"),
        ("CREDIT", "5", "income"),
        ("POS", "5", "income"),
        ("POS", "-5", "expense"),
        ("NONSENSE", "-5", "expense"),
    ],
)
def test_the_banks_type_counts_if_it_fits_the_sign(kind: str, amount: str, transaction_type: str) -> None:
    content = ofx(transaction(amount)).replace("<TRNTYPE>DEBIT", f"<TRNTYPE>{kind}")
    assert [row.transaction_type for row in read(content).rows] == [transaction_type]


def test_a_transaction_may_have_its_own_currency() -> None:
    own = transaction(rest="<CURRENCY><CURRATE>1.1<CURSYM>EUR</CURRENCY>")
    converted = transaction(fitid="A2", rest="<ORIGCURRENCY><CURRATE>1.1<CURSYM>EUR</ORIGCURRENCY>")
    assert [row.currency for row in read(ofx(own, converted)).rows] == ["EUR", "USD"]


@pytest.mark.parametrize("fitid", ["", "0", "000000"])
def test_an_id_of_zeros_is_no_id(fitid: str) -> None:
    assert read(ofx(transaction(fitid=fitid))).rows[0].provider_id == ""


def test_without_a_currency_the_accounts_own_counts() -> None:
    content = ofx(*TWO).replace("<CURDEF>USD", "")
    assert {row.currency for row in read(content, default_currency="SEK").rows} == {"SEK"}


def test_a_statement_without_transactions_has_no_rows() -> None:
    reading = read(ofx())
    assert (reading.rows, reading.errors) == ([], [])
    assert str(reading.statement.balances.closing) == "100.00"


@pytest.mark.parametrize("balance", ["", "n/a", "NaN", "1e400", "9" * 50, "1.234567"])
def test_a_balance_that_is_no_amount_is_unknown(balance: str) -> None:
    content = ofx(*TWO).replace("<BALAMT>100.00", f"<BALAMT>{balance}")
    assert read(content).statement.balances.closing is None
