"""CSV files with several accounts: refused with the list, or read for the account that is selected."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

TWO = (
    "Account,Date,Description,Amount,Balance\n"
    "Daily,2025-01-13,Bakery,-4.00,96.00\n"
    "Rainy day,2025-01-13,Interest,1.00,501.00\n"
    "Daily,2025-01-14,Books,-6.00,90.00\n"
    "Rainy day,2025-01-15,Oops,zero,501.00\n"
)
NUMBERS = TWO.replace("Rainy day", "DE02 1203 0000 0000 2020 51").replace("Daily", "DE02500105170137075030")


def _refusal(content: str, hint: str = "") -> StatementError:
    with pytest.raises(StatementError) as refusal:
        read(content, account_hint=hint)
    return refusal.value


def test_several_accounts_are_refused_with_their_names() -> None:
    error = _refusal(TWO)
    assert error.code == "several_accounts"
    assert "Daily, Rainy day" in error.message
    assert "account_hint" in error.message


def test_numbers_are_shown_by_their_last_four_digits() -> None:
    message = _refusal(NUMBERS).message
    assert "••••5030, ••••2051" in message
    assert "0137075030" not in message


@pytest.mark.parametrize("hint", ["Daily", " daily ", "DAILY"])
def test_an_account_is_selected_by_its_name(hint: str) -> None:
    reading = read(TWO, account_hint=hint)
    assert [(row.number, str(row.amount)) for row in reading.rows] == [(2, "-4.00"), (4, "-6.00")]
    assert reading.errors == []
    assert (str(reading.statement.balances.opening), str(reading.statement.balances.closing)) == ("100.00", "90.00")


def test_errors_of_other_accounts_are_not_reported() -> None:
    assert read(TWO, account_hint="Rainy day").codes == [(5, "bad_amount")]


@pytest.mark.parametrize("hint", ["DE02500105170137075030", "DE02 5001 0517 0137 0750 30", "5030", "0137075030", "••••5030"])
def test_an_account_is_selected_by_its_number(hint: str) -> None:
    assert read(NUMBERS, account_hint=hint).amounts == ["-4.00", "-6.00"]


def test_masked_card_numbers_are_matched_by_their_last_digits() -> None:
    content = "Card number,Date,Amount\n****1111,2025-01-13,-1.00\n****2222,2025-01-14,-2.00\n"
    assert read(content, account_hint="4000000000002222").amounts == ["-2.00"]


def test_an_account_that_is_not_in_the_file_is_refused() -> None:
    error = _refusal(NUMBERS, "DE99999999999999999999")
    assert error.code == "account_not_in_file"
    assert "••••5030, ••••2051" in error.message


def test_accounts_with_the_same_last_digits_need_the_whole_number() -> None:
    content = "IBAN,Date,Amount\nDE11111111,2025-01-13,-1.00\nDE22221111,2025-01-14,-2.00\n"
    assert _refusal(content, "1111").code == "several_accounts"
    assert read(content, account_hint="DE22221111").amounts == ["-2.00"]


def test_null_as_account_reads_all_rows() -> None:
    assert len(read(TWO, mapping={"account": None}).rows) == 3


def test_a_column_of_accounts_may_be_named() -> None:
    content = TWO.replace("Account,", "Pot,")
    assert len(read(content).rows) == 3
    assert read(content, mapping={"account": "Pot"}, account_hint="Daily").amounts == ["-4.00", "-6.00"]


def test_accounts_are_listed_even_if_there_is_one() -> None:
    content = "Account,Date,Amount\nDaily,2025-01-13,-1.00\nDaily,2025-01-14,-2.00\n"
    reading = read(content, account_hint="another name")
    assert reading.amounts == ["-1.00", "-2.00"]
    assert [account.masked for account in reading.statement.accounts] == ["Daily"]
    assert reading.statement.mapping["account"] == "Account"


def test_an_account_far_down_in_the_file_is_found() -> None:
    rows = "Daily,2025-01-13,Bakery,-4.00\n" * 3_000 + "Rainy day,2025-01-14,Interest,1.00\n"
    content = "Account,Date,Description,Amount\n" + rows
    assert "Daily, Rainy day" in _refusal(content).message
    assert read(content, account_hint="Rainy day").amounts == ["1.00"]


def test_an_account_after_a_megabyte_of_text_is_found() -> None:
    rows = f"Daily,2025-01-13,{'x' * 3_000},-4.00\n" * 400 + "Rainy day,2025-01-14,Interest,1.00\n"
    content = "Account,Date,Description,Amount\n" + rows
    assert "Daily, Rainy day" in _refusal(content).message


def test_an_account_that_names_the_first_one_is_found() -> None:
    rows = "Daily,2025-01-13,Bakery,-4.00\n" * 3_000 + "Rainy day,2025-01-14,From Daily,1.00\n" * 2
    content = "Account,Date,Description,Amount\n" + rows + "Rainy day,2025-01-15,Interest,1.00\n"
    assert "Daily, Rainy day" in _refusal(content).message


def test_a_row_without_an_account_is_an_error() -> None:
    content = TWO + ",2025-01-16,Nowhere,-1.00,0.00\n"
    assert read(content, account_hint="Daily").codes == [(6, "missing_account")]


OWN = {
    "a product": "Type,Product,Date,Description,Amount\nA,{0},2025-01-13,x,-1.00\nA,{1},2025-01-14,y,-2.00\n",
    "Auftragskonto": (
        '"Auftragskonto";"Buchungstag";"Verwendungszweck";"Kontonummer/IBAN";"Betrag"\n'
        '"{0}";"13.01.2025";"x";"DE7";"-1,00"\n'
        '"{1}";"14.01.2025";"y";"DE8";"-2,00"\n'
    ),
    "IBAN first": "IBAN;Datum;Naam;Bedrag\n{0};13-01-2025;x;-1,00\n{1};14-01-2025;y;-2,00\n",
    "IBAN/BBAN": (
        "IBAN/BBAN,Munt,Datum,Bedrag,Tegenrekening IBAN/BBAN,Naam tegenpartij\n"
        "{0},EUR,2025-01-13,-1.00,NL7,x\n"
        "{1},EUR,2025-01-14,-2.00,NL8,y\n"
    ),
    "Konto": "Konto;Dato;Navn;Beløb\n{0};13.01.2025;x;-1,00\n{1};14.01.2025;y;-2,00\n",
    "IBAN without a name beside it": "Date,IBAN,Description,Amount\n2025-01-13,{0},x,-1.00\n2025-01-14,{1},y,-2.00\n",
    "a card": "Date,Card No.,Description,Amount\n2025-01-13,{0},x,-1.00\n2025-01-14,{1},y,-2.00\n2025-01-14,{1},z,-3.00\n",
    "a name and a number": "Date,Account name,Account number,Amount\n2025-01-13,{0},{0},-1.00\n2025-01-14,{1},{1},-2.00\n",
    "a kind of account beside one number": (
        "Account number,Account type,Date,Amount\n77,{0},2025-01-13,-1.00\n77,{1},2025-01-14,-2.00\n"
    ),
}


@pytest.mark.parametrize("content", OWN.values(), ids=OWN.keys())
def test_a_column_of_own_accounts_separates_them(content: str) -> None:
    text = content.format("First", "Second")
    assert "First, Second" in _refusal(text).message
    assert str(read(text, account_hint="First").rows[0].amount) == "-1.00"


THEIRS = {
    "the payee's IBAN": (
        "Buchungstag;Empfänger;Verwendungszweck;IBAN;Betrag\n"
        "13.01.2025;A;x;DE1;-1,00\n"
        "14.01.2025;B;y;DE2;-2,00\n"
        "15.01.2025;A;z;DE1;-3,00\n"
    ),
    "Kontonummer/IBAN": (
        "Auftragskonto;Buchungstag;Beguenstigter/Zahlungspflichtiger;Kontonummer/IBAN;Betrag\n"
        "1;13.01.2025;A;DE1;-1,00\n"
        "1;14.01.2025;B;DE2;-2,00\n"
        "1;15.01.2025;A;DE1;-3,00\n"
    ),
    "IBAN Zahlungsbeteiligter": (
        "Buchungstag;Name Zahlungsbeteiligter;IBAN Zahlungsbeteiligter;Betrag\n"
        "13.01.2025;A;DE1;-1,00\n"
        "14.01.2025;B;DE2;-2,00\n"
        "15.01.2025;A;DE1;-3,00\n"
    ),
    "a counterparty": (
        "Date,Amount,Account,Counterparty,Name\n"
        "2025-01-13,-1.00,NL1,NL7,A\n"
        "2025-01-14,-2.00,NL1,NL8,B\n"
        "2025-01-15,-3.00,NL1,NL7,A\n"
    ),
    "a card of some rows": (
        "Date,Description,Card,Amount\n2025-01-13,A,1111,-1.00\n2025-01-14,B,,-2.00\n2025-01-15,C,2222,-3.00\n"
    ),
    "an account for each row": "Date,Description,Account,Amount\n"
    + "".join(f"2025-01-{day},D{day},Category {day},-1.00\n" for day in range(10, 30)),
    "items that were bought": (
        "Date,Merchant,Product,Amount\n2025-01-13,A,,-1.00\n2025-01-14,B,Pen,-2.00\n2025-01-15,C,,-3.00\n"
    ),
}


@pytest.mark.parametrize("content", THEIRS.values(), ids=THEIRS.keys())
def test_a_column_of_other_accounts_does_not(content: str) -> None:
    reading = read(content)
    assert len(reading.rows) >= 3
    assert reading.errors == []
