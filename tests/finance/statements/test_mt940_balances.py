"""Balances of MT940 messages: every statement and every page is proved, also several in one file."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.mt940_files import line, message
from tests.finance.statements.parse_helpers import Reading, read


def _balances(reading: Reading) -> tuple[str, str, str]:
    found = reading.statement.balances
    return str(found.opening), str(found.closing), found.currency


@pytest.mark.parametrize(
    ("opening", "closing", "expected"),
    [
        (":60F:C260301EUR100,00", ":62F:C260302EUR87,50", ("100.00", "87.50", "EUR")),
        (":60F:D260301EUR100,", ":62F:D260302EUR112,5", ("-100.00", "-112.50", "EUR")),
        (":60M:C260301EUR000000000100,00", ":62M:C260302EUR87,50", ("100.00", "87.50", "EUR")),
        (":60F:C260301EUR100,00", ":62F:C26030287,50", ("100.00", "87.50", "EUR")),
        (":60F:C260301EUR100,00", ":62F:C260302105000,00", ("100.00", "105000.00", "EUR")),
        (":60F:C260301EUR100,00", "", ("100.00", "None", "EUR")),
        ("", ":62F:C260302EUR87,50", ("None", "87.50", "EUR")),
        (":60F:C260230EUR100,00", ":62F:C260302EUR87,50", ("None", "87.50", "EUR")),
        (":60F:C260301EUR1,2,3", ":62F:C260302EUR87,50", ("None", "87.50", "EUR")),
        (":60F:C260301EUR12345678901234567,50", ":62F:C260302EUR87,50", ("None", "87.50", "EUR")),
    ],
)
def test_balances_have_sign_and_currency(opening: str, closing: str, expected: tuple[str, str, str]) -> None:
    reading = read(message(line(), opening=opening, closing=closing))
    assert reading.amounts == ["-12.50"]
    assert _balances(reading) == expected


MONDAY = message(line())
TUESDAY = message(line(day="260303", entry="0303"), opening=":60F:C260302EUR87,50", closing=":62F:C260303EUR75,00")
PAGES = message(line(), closing=":62M:C260302EUR87,50") + message(
    line(), opening=":60M:C260302EUR87,50", closing=":62F:C260302EUR75,"
)
SECOND_PAGE = PAGES[PAGES.index(":60M:") :]
ONE_MESSAGE = message(line(), closing=":62M:C260302EUR87,50", after="") + SECOND_PAGE


@pytest.mark.parametrize("content", [MONDAY + TUESDAY, TUESDAY + MONDAY, PAGES, ONE_MESSAGE])
def test_statements_and_pages_are_one(content: str) -> None:
    reading = read(content)
    assert _balances(reading) == ("100.00", "75.00", "EUR")
    assert reading.amounts == ["-12.50", "-12.50"]
    assert reading.statement.warnings == ()


def test_an_empty_statement_between_others_keeps_the_chain() -> None:
    empty = message(opening=":60F:C260302EUR87,50", closing=":62F:C260302EUR87,50")
    assert read(MONDAY + empty + TUESDAY).statement.warnings == ()


def test_a_reversed_credit_keeps_the_proof() -> None:
    content = message(line("C20,"), line("RC20,"), line()) + TUESDAY
    assert read(content).statement.warnings == ()


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (MONDAY + TUESDAY.replace("EUR75,00", "EUR76,00"), "statement_gap", ["1 of 2", "2026-03-03", "1.00 EUR"]),
        (MONDAY.replace("D12,50", "D12,40") + TUESDAY, "statement_gap", ["1 of 2", "2026-03-02", "-0.10 EUR"]),
        (
            MONDAY + TUESDAY.replace("EUR87,50", "EUR80,00").replace("EUR75,00", "EUR67,50"),
            "statement_missing",
            ["80.00", "87.50"],
        ),
    ],
)
def test_a_file_that_does_not_add_up_has_a_warning(content: str, code: str, words: list[str]) -> None:
    [warning] = read(content).statement.warnings
    assert warning.code == code
    assert [word for word in words if word not in warning.message] == []


def test_two_gaps_that_cancel_each_other_are_both_reported() -> None:
    content = MONDAY.replace("D12,50", "D12,40") + TUESDAY.replace("D12,50", "D12,60")
    reading = read(content)
    assert "2 of 2" in reading.statement.warnings[0].message


OTHER = message(line("D3,"), number="12030000/0000777777", opening=":60F:C260301EUR1,", closing=":62F:D260302EUR2,")
DOLLARS = message(line("D3,"), opening=":60F:C260301USD9,", closing=":62F:C260302USD6,")


@pytest.mark.parametrize(
    ("content", "hint", "currency", "amounts", "closing"),
    [
        (MONDAY + OTHER, "2051", "EUR", ["-12.50"], "87.50"),
        (MONDAY + OTHER + TUESDAY, "0000777777", "EUR", ["-3.00"], "-2.00"),
        (MONDAY + OTHER + TUESDAY, "DE02120300000000202051", "EUR", ["-12.50", "-12.50"], "75.00"),
        (MONDAY + DOLLARS, "", "EUR", ["-12.50"], "87.50"),
        (MONDAY + DOLLARS, "2051 USD", "EUR", ["-3.00"], "6.00"),
    ],
)
def test_the_hint_chooses_the_account(content: str, hint: str, currency: str, amounts: list[str], closing: str) -> None:
    reading = read(content, account_hint=hint, default_currency=currency)
    assert reading.amounts == amounts
    assert str(reading.statement.balances.closing) == closing


def test_several_accounts_are_listed() -> None:
    with pytest.raises(StatementError, match="••••2051.*••••7777") as refusal:
        read(MONDAY + OTHER)
    assert refusal.value.code == "several_accounts"


def test_a_currency_that_no_longer_exists_is_not_replaced() -> None:
    reading = read(message(line(), opening=":60F:C260301DEM100,00", closing=":62F:C260302DEM87,50"), default_currency="EUR")
    assert reading.rows == []
    assert reading.codes == [(5, "unknown_currency")]
