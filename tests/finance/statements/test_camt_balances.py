"""Balances and accounts of CAMT documents with several statements."""

from datetime import date

import pytest

from finance.statements.rows import AccountInfo, StatementError
from tests.finance.statements.camt_files import OTHER_IBAN, OWN_IBAN, Entry, balance, document, entry, statement
from tests.finance.statements.parse_helpers import Reading, read


def _balances(reading: Reading) -> tuple[str, str, str]:
    found = reading.statement.balances
    return str(found.opening), str(found.closing), found.currency


@pytest.mark.parametrize(
    ("parts", "opening", "closing"),
    [
        (["OPBD 100", "CLBD 87.50"], "100.00", "87.50"),
        (["PRCD 100", "CLBD 87.50"], "100.00", "87.50"),
        (["PRCD 1", "OPBD 100", "CLBD 87.50"], "100.00", "87.50"),
        (["OPBD 100", "PRCD 1", "CLBD 87.50", "CLAV 500", "FWAV 9"], "100.00", "87.50"),
        (["OPBD -100", "CLBD -112.50"], "-100.00", "-112.50"),
        (["OPBD 100", "ITBD 87.50"], "100.00", "87.50"),
        (["ITBD 100", "CLBD 87.50"], "100.00", "87.50"),
        (["ITBD 100", "ITBD 87.50"], "100.00", "87.50"),
        (["ITBD 87.50"], "None", "87.50"),
        (["CLAV 87.50", "OPAV 1"], "None", "None"),
        (["CLBD 87.50"], "None", "87.50"),
        ([], "None", "None"),
    ],
)
def test_booked_balances_are_taken(parts: list[str], opening: str, closing: str) -> None:
    reading = read(document(statement(*(balance(*part.split()) for part in parts), entry())))
    assert _balances(reading) == (opening, closing, "EUR")


@pytest.mark.parametrize("order", [1, -1])
def test_the_day_is_that_of_the_closing_balance(order: int) -> None:
    parts = [balance("OPBD", "100", "2026-03-01"), balance("CLBD", "87.50", "2026-03-31")]
    assert read(document(statement(*parts[::order], entry()))).statement.balances.closing_date == date(2026, 3, 31)


def test_balances_in_another_currency_are_ignored() -> None:
    parts = [
        balance("OPBD", "100"),
        balance("OPBD", "7", currency="USD"),
        balance("CLBD", "87.50"),
        balance("CLBD", "8", currency="USD"),
    ]
    assert _balances(read(document(statement(*parts, entry())))) == ("100.00", "87.50", "EUR")


def test_the_currency_may_come_from_the_first_balance() -> None:
    content = document(statement(balance("OPBD", "100", currency="CHF"), entry(Entry(currency="CHF")), currency=""))
    reading = read(content)
    assert _balances(reading) == ("100.00", "None", "CHF")
    assert reading.statement.accounts == (AccountInfo("••••2051", "", "CHF"),)


MONDAY = statement(balance("OPBD", "100", "2026-03-02"), balance("CLBD", "87.50", "2026-03-02"), entry())
TUESDAY = statement(balance("OPBD", "87.50", "2026-03-03"), balance("CLBD", "75", "2026-03-03"), entry(Entry(day="2026-03-03")))


@pytest.mark.parametrize("order", [(MONDAY, TUESDAY), (TUESDAY, MONDAY)])
def test_daily_statements_are_one_in_either_order(order: tuple[str, str]) -> None:
    reading = read(document(*order))
    assert _balances(reading) == ("100.00", "75.00", "EUR")
    assert len(reading.rows) == 2
    assert reading.statement.warnings == ()


def test_a_statement_that_does_not_add_up_has_a_warning() -> None:
    reading = read(document(MONDAY, TUESDAY.replace(">75<", ">76<")))
    [warning] = reading.statement.warnings
    assert (warning.code, "1 of 2" in warning.message, "2026-03-03" in warning.message) == ("statement_gap", True, True)


def test_a_missing_statement_has_a_warning() -> None:
    reading = read(document(MONDAY, TUESDAY.replace(">87.50<", ">80.00<").replace(">75<", ">67.50<")))
    [warning] = reading.statement.warnings
    assert (warning.code, "80.00" in warning.message, "87.50" in warning.message) == ("statement_missing", True, True)


def test_pending_entries_and_other_currencies_are_not_in_the_proof() -> None:
    others = entry(Entry(status="PDNG")) + entry(Entry(currency="USD"))
    assert read(document(MONDAY.replace("<Ntry>", others + "<Ntry>", 1), TUESDAY)).statement.warnings == ()


OTHER = statement(balance("OPBD", "1"), balance("CLBD", "-2"), entry(Entry("-3.00")), iban=OTHER_IBAN)


@pytest.mark.parametrize(
    ("hint", "amounts", "closing"),
    [
        ("2051", ["-12.50", "-12.50"], "75.00"),
        (OTHER_IBAN, ["-3.00"], "-2.00"),
        ("DE02 5001 0517 0137 0750 30", ["-3.00"], "-2.00"),
    ],
)
def test_the_hint_chooses_the_account(hint: str, amounts: list[str], closing: str) -> None:
    reading = read(document(MONDAY, OTHER, TUESDAY), account_hint=hint)
    assert reading.amounts == amounts
    assert str(reading.statement.balances.closing) == closing


def test_several_accounts_are_listed() -> None:
    with pytest.raises(StatementError, match="••••2051.*••••5030") as refusal:
        read(document(MONDAY, OTHER, TUESDAY))
    assert refusal.value.code == "several_accounts"


def test_the_second_account_of_a_truncated_document_is_noticed() -> None:
    content = document(MONDAY, OTHER)
    with pytest.raises(StatementError) as refusal:
        read(content[: content.rindex("<Ntry>")])
    assert refusal.value.code == "several_accounts"


def test_two_currencies_of_one_number_are_two_accounts() -> None:
    dollars = MONDAY.replace("EUR", "USD").replace("12.50", "15.00")
    assert read(document(MONDAY, dollars), default_currency="EUR").amounts == ["-12.50"]
    assert read(document(MONDAY, dollars), account_hint=f"{OWN_IBAN} USD", default_currency="EUR").amounts == ["-15.00"]


def test_a_number_that_is_no_iban_is_read() -> None:
    content = document(MONDAY).replace(f"<Id><IBAN>{OWN_IBAN}</IBAN></Id>", "<Id><Othr><Id>12-3456789</Id></Othr></Id>", 1)
    assert read(content).statement.accounts == (AccountInfo("••••6789", "", "EUR"),)
