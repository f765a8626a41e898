"""MT940 and MT942: lines, details, balances and accounts as banks write them."""

import pytest

from finance.statements.rows import AccountInfo, StatementError
from tests.finance.statements.mt940_files import NUMBER, line, message
from tests.finance.statements.parse_helpers import read

TWO = message(line(), ":86:Grocer Blue", line("C20,", rest="NTRFNONREF//B4E07XM00J02"), closing=":62F:C260302EUR107,50")


@pytest.mark.parametrize(
    "content",
    [
        TWO,
        TWO.replace("\n", "\r\n"),
        TWO.replace("\n", "\r"),
        "\n\n" + TWO,
        "\ufeff" + TWO,
        message(
            line(),
            ":86:Grocer Blue",
            line("C20,"),
            before="{1:F01BANKDEFFXXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\n",
            after="-}\n",
        ),
        message(line(), ":86:Grocer Blue", line("C20,"), before="BANKDEFF\n940\nBANKDEFF\n", after="-}{5:{MAC:00000000}}"),
        message(line(), ":86:Grocer Blue", "", line("C20,"), before=":940:\n", after=""),
        TWO[: TWO.index(":62F:")],
    ],
)
def test_two_lines_are_two_rows(content: str) -> None:
    reading = read(content)
    assert reading.statement.format == "mt940"
    assert reading.errors == []
    assert reading.amounts == ["-12.50", "20.00"]
    assert [row.description for row in reading.rows] == ["Grocer Blue", ""]
    assert {row.currency for row in reading.rows} == {"EUR"}


def test_the_number_of_a_row_is_its_line() -> None:
    assert [row.number for row in read(TWO).rows] == [5, 7]


@pytest.mark.parametrize(
    ("status", "amount", "kind"),
    [
        ("C", "12.50", "income"),
        ("D", "-12.50", "expense"),
        ("RC", "-12.50", "expense"),
        ("RD", "12.50", "refund"),
        ("CR", "12.50", "income"),
        ("DR", "-12.50", "expense"),
        ("RCR", "-12.50", "expense"),
        ("RDR", "12.50", "refund"),
        ("DF", "-12.50", "expense"),
    ],
)
def test_the_sign_is_that_of_the_status(status: str, amount: str, kind: str) -> None:
    [row] = read(message(line(f"{status}12,50"))).rows
    assert (str(row.amount), row.transaction_type, row.is_pending) == (amount, kind, False)


@pytest.mark.parametrize(("status", "amount"), [("EC", "12.50"), ("ED", "-12.50")])
def test_an_expected_entry_is_pending(status: str, amount: str) -> None:
    content = message(line(f"{status}12,50"), opening=":34F:EURD0,", closing=":90D:1EUR12,50")
    [row] = read(content).rows
    assert (str(row.amount), row.is_pending, row.posted_date, row.currency) == (amount, True, None, "EUR")


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("D12,", "-12.00"),
        ("D12", "-12.00"),
        ("D0,5", "-0.50"),
        ("D000000000012,50", "-12.50"),
        ("D12.50", "-12.50"),
        ("D,50", "-0.50"),
        ("DR\n12,50", "-12.50"),
    ],
)
def test_an_amount_has_a_comma(written: str, amount: str) -> None:
    assert read(message(line(written))).amounts == [amount]


def test_an_amount_on_the_next_line_is_not_cut() -> None:
    assert read(message(line("D\n1234567890123456,50"))).codes == [(5, "bad_line")]


@pytest.mark.parametrize(
    ("day", "entry", "expected"),
    [
        ("260302", "0302", "2026-03-02"),
        ("260302", "0305", "2026-03-05"),
        ("260302", "", "2026-03-02"),
        ("260302", "    ", "2026-03-02"),
        ("260302", "0000", "2026-03-02"),
        ("260101", "1231", "2025-12-31"),
        ("251231", "0102", "2026-01-02"),
        ("240229", "0229", "2024-02-29"),
        ("260230", "0302", "2026-03-02"),
        ("990302", "0302", "1999-03-02"),
    ],
)
def test_the_day_is_that_of_booking(day: str, entry: str, expected: str) -> None:
    reading = read(message(line(day=day, entry=entry)))
    assert reading.errors == []
    assert reading.dates == [expected]
    assert reading.rows[0].posted_date == reading.rows[0].date


@pytest.mark.parametrize(
    ("broken", "field", "code"),
    [
        (line(day="260230", entry=""), "date", "bad_date"),
        (line(day="261302"), "date", "bad_date"),
        (line(entry="0230"), "date", "bad_date"),
        (line("X12,50"), "row", "bad_line"),
        (line("D"), "row", "bad_line"),
        (line("D1234567890123456,50"), "row", "bad_line"),
        (line("D1,2,3"), "amount", "bad_amount"),
        (line("D0,00"), "amount", "zero_amount"),
        (line("D1,005"), "amount", "too_many_decimals"),
        (line("D12345678901234,"), "amount", "amount_too_large"),
        (":61:", "row", "bad_line"),
    ],
)
def test_a_broken_line_does_not_affect_others(broken: str, field: str, code: str) -> None:
    reading = read(message(line(), broken, line()))
    assert [row.number for row in reading.rows] == [5, 7]
    assert [(error.number, error.field, error.code) for error in reading.errors] == [(6, field, code)]


@pytest.mark.parametrize(
    ("details", "payee", "text"),
    [
        ("166?00TRANSFER?20Invoice 17?32Grocer Blue", "Grocer Blue", "Invoice 17"),
        ("166?00X?20SVWZ+abcdefghijklmnopqrstuv?21wxyz?32Grocer Blue GmbH and Co. KG?33 Nord",
         "Grocer Blue GmbH and Co. KG Nord", "abcdefghijklmnopqrstuvwxyz"),
        ("166?00TRANSFER?20EREF+E-1?21SVWZ+Invoice 17?22ABWA+Someone?32Grocer\n Blue", "Grocer Blue", "Invoice 17"),
        ("166?00TRANSFER?20Invoice EREF: E-1 IBAN: DE02", "", "Invoice"),
        ("166?00CARD PAYMENT?34000", "", "CARD PAYMENT"),
        ("000>00X>20Invoice 17>32Grocer Blue", "Grocer Blue", "Invoice 17"),
        ("~20Invoice 17~32Grocer Blue", "Grocer Blue", "Invoice 17"),
        ("166?20Invoice?2117?6018?32Grocer Blue?31DE02120300000000202051", "Grocer Blue", "Invoice 17 18"),
        ("/BENM//NAME/Grocer Blue/REMI/Invoice 17/ISDT/2026-03-02", "Grocer Blue", "Invoice 17"),
        ("/ORDP//NAME/Ada Holder/BENM//NAME/Grocer Blue/REMI/USTD//Invoice 17/", "Grocer Blue", "Invoice 17"),
        ("/ORDP//NAME/Ada Holder/REMI/Invoice 17", "", "Invoice 17"),
        ("/TRTP/SEPA/IBAN/NL02/NAME/Grocer Blue/REMI/Invoice 17/EREF/E", "Grocer Blue", "Invoice 17"),
        ("/EREF/E//CNTP/NL02INGB/INGBNL2A/Grocer Blue///REMI/USTD//Invoice 17/", "Grocer Blue", "Invoice 17"),
        ("Invoice 17", "", "Invoice 17"),
        ("First line\nsecond line", "", "First line second line"),
        ("x" * 65 + "\nyz", "", "x" * 65 + "yz"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_the_details_have_payee_and_text(details: str, payee: str, text: str) -> None:
    [row] = read(message(line(), f":86:{details}")).rows
    assert (row.merchant_name, row.description) == (payee, text or payee)


@pytest.mark.parametrize(("status", "payee"), [("C", "Payer"), ("D", "Receiver"), ("RC", "Receiver"), ("RD", "Payer")])
def test_the_payee_follows_the_direction_of_the_payment(status: str, payee: str) -> None:
    reversed_roles = {"RC": "Payer", "RD": "Receiver"}
    [row] = read(message(line(f"{status}5,"), ":86:/ORDP//NAME/Payer/BENM//NAME/Receiver/REMI/x")).rows
    assert row.merchant_name == reversed_roles.get(status, payee)


def test_several_fields_of_details_are_one_text() -> None:
    [row] = read(message(line(), ":86:Direct debit", ":86:March")).rows
    assert row.description == "Direct debit March"


def test_the_text_of_the_statement_belongs_to_no_transaction() -> None:
    reading = read(message(line(), ":86:Grocer Blue", closing=":62F:C260302EUR87,50\n:64:C260302EUR87,50\n:86:Dear customer"))
    assert [row.description for row in reading.rows] == ["Grocer Blue"]


def test_a_text_that_looks_like_a_field_stays_a_text() -> None:
    [row] = read(message(line(), ":86:Invoice\n:1: first position")).rows
    assert row.description == "Invoice :1: first position"


@pytest.mark.parametrize(
    ("rest", "description"),
    [
        ("NTRFNONREF\nGrocer Blue", "Grocer Blue"),
        ("NTRFNONREF\n/OCMT/USD13,00/", ""),
        ("NTRFNONREF\n20260302000017", ""),
        ("NTRFINVOICE 17", "INVOICE 17"),
        ("NTRFNONREF", ""),
        ("NOVBNL47INGB9999999999\nGrocer Blue", "Grocer Blue"),
        ("NOVBNL47INGB9999999999", "NL47INGB9999999999"),
    ],
)
def test_a_line_without_details_is_described_by_its_own_text(rest: str, description: str) -> None:
    assert read(message(line(rest=rest))).rows[0].description == description


@pytest.mark.parametrize(
    ("rest", "id"),
    [
        ("NTRFNONREF//B4E07XM00J01", "B4E07XM00J01"),
        ("NTRFCUSTOMER REF//B4E07XM00J01\nmore", "B4E07XM00J01"),
        ("NTRFNONREF//NONREF", ""),
        ("NTRFNONREF//000000000", ""),
        ("NTRFNONREF//POS", ""),
        ("NTRFNONREF", ""),
        ("NOVBNL47INGB9999999999//B4E07XM00J01\nGrocer Blue", "B4E07XM00J01"),
    ],
)
def test_the_id_is_the_banks_reference(rest: str, id: str) -> None:
    assert read(message(line(rest=rest))).rows[0].provider_id == id


def test_a_reference_of_different_transactions_is_no_id() -> None:
    reading = read(message(line(), line("D9,"), line("D9,", rest="NTRFNONREF//B4E07XM00J02")))
    assert [row.provider_id for row in reading.rows] == ["", "", "B4E07XM00J02"]


@pytest.mark.parametrize("code", ["NCHG", "FCHG", "NCOM"])
def test_charges_are_fees(code: str) -> None:
    assert read(message(line(rest=f"{code}NONREF"))).rows[0].transaction_type == "fee"


def test_an_extension_of_the_bank_has_payee_and_text() -> None:
    [row] = read(message(line(), ":NS:01Invoice 17\n02March\n15Grocer\n16Blue\n18052065")).rows
    assert (row.merchant_name, row.description) == ("Grocer Blue", "Invoice 17 March")


@pytest.mark.parametrize(
    ("number", "masked", "currency"),
    [
        (NUMBER, "••••2051", "EUR"),
        ("DE02120300000000202051", "••••2051", "EUR"),
        ("12.34.56.789EUR", "••••6789", "EUR"),
        ("BANKHUHB/0000202051/EUR", "••••2051", "EUR"),
        ("MU17BOMM0101101030300200000MUR", "••••0MUR", "EUR"),
    ],
)
def test_the_account_is_masked(number: str, masked: str, currency: str) -> None:
    assert read(message(line(), number=number)).statement.accounts == (AccountInfo(masked, "", currency),)


@pytest.mark.parametrize("content", [":20:X\n:25:1/2\n:28C:1\n-\n", ":20:X\n:25:1/2\n:64:C260302EUR1,\n"])
def test_a_message_without_statement_is_refused(content: str) -> None:
    with pytest.raises(StatementError) as refusal:
        read(content)
    assert refusal.value.code == "no_statement"
