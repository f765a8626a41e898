"""The options `date_order` and `decimal`, and the refusals that name them."""

import pytest

from finance.statements.rows import StatementError
from tests.finance.statements.parse_helpers import read

DATES = "Date,Amount,Description\n03/04/2026,-5.00,Tea\n05/06/2026,-6.00,Gum\n"
ISO_DATES = DATES.replace("03/04/2026", "2026-04-03").replace("05/06/2026", "2026-06-05")
AMOUNTS = "Date;Amount;Description\n2026-04-03;1,234;Tea\n"


@pytest.mark.parametrize(
    ("content", "date_order", "dates"),
    [
        (DATES, "day_first", ["2026-04-03", "2026-06-05"]),
        (DATES, "month_first", ["2026-03-04", "2026-05-06"]),
        (DATES.replace("/2026", "/26"), "day_first", ["2026-04-03", "2026-06-05"]),
        (DATES.replace("/", "-"), "month_first", ["2026-03-04", "2026-05-06"]),
        (DATES.replace("/", "."), "day_first", ["2026-04-03", "2026-06-05"]),
        (DATES.replace("/", "."), "month_first", ["2026-03-04", "2026-05-06"]),
        (DATES.replace("03/", "25/"), "day_first", ["2026-04-25", "2026-06-05"]),
        (DATES.replace("/04/", "/25/"), "month_first", ["2026-03-25", "2026-05-06"]),
        (ISO_DATES, "day_first", ["2026-04-03", "2026-06-05"]),
        (ISO_DATES, "month_first", ["2026-04-03", "2026-06-05"]),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_can_be_sent(content: str, date_order: str, dates: list[str]) -> None:
    assert read(content, date_order=date_order).dates == dates


@pytest.mark.parametrize(
    ("content", "date_order", "remedy"),
    [
        (DATES.replace("03/", "25/"), "month_first", "date_order=day_first"),
        (DATES.replace("/04/", "/25/"), "day_first", "date_order=month_first"),
        (DATES.replace("03/", "25/").replace("/", "."), "month_first", "date_order=day_first"),
    ],
)
def test_an_order_that_the_dates_refute_is_refused(content: str, date_order: str, remedy: str) -> None:
    with pytest.raises(StatementError, match=remedy) as refused:
        read(content, date_order=date_order)
    assert refused.value.code == "wrong_date_order"


def test_ambiguous_dates_name_the_option_and_both_readings() -> None:
    with pytest.raises(StatementError) as refused:
        read(DATES)
    assert refused.value.code == "ambiguous_dates"
    assert refused.value.message == (
        "Dates such as “03/04/2026” could begin with the day or the month. Send date_order=day_first if this is 2026-04-03, or "
        "date_order=month_first if it is 2026-03-04."
    )


def test_the_example_is_a_date_whose_readings_differ() -> None:
    with pytest.raises(StatementError, match="“03/04/2026”"):
        read(DATES.replace("Description\n", "Description\n01/01/2026,-1.00,Pen\n"))


@pytest.mark.parametrize(("decimal", "amount"), [(".", "1234.00"), (",", None)])
def test_the_decimal_mark_can_be_sent(decimal: str, amount: str | None) -> None:
    reading = read(AMOUNTS, decimal=decimal)
    assert reading.amounts == ([amount] if amount else [])
    assert [code for _, code in reading.codes] == ([] if amount else ["too_many_decimals"])


def test_a_decimal_comma_that_is_sent_reads_points_as_thousands() -> None:
    assert read("Date;Amount;Description\n2026-04-03;1.234;Tea\n", decimal=",").amounts == ["1234.00"]


def test_ambiguous_amounts_name_the_option_and_both_readings() -> None:
    with pytest.raises(StatementError) as refused:
        read(AMOUNTS)
    assert refused.value.code == "ambiguous_amounts"
    assert refused.value.message == (
        "“1,234” could have a thousands separator or a decimal mark. Send decimal=. if this is 1234, or decimal=, if it is "
        "1.234."
    )


def test_keys_of_the_mapping_keep_working() -> None:
    assert read(DATES, mapping={"date_format": "%m/%d/%Y"}).dates == ["2026-03-04", "2026-05-06"]
    assert read(AMOUNTS, mapping={"decimal": "."}).amounts == ["1234.00"]
