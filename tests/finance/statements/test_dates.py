"""Dates in every notation, with one format for each file."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.statements.dates import FORMATS, AmbiguousDatesError, DateReader, choose_format

DAY = datetime.date(2025, 3, 14)


@pytest.mark.parametrize(
    ("cell", "date_format"),
    [
        ("2025-03-14", "%Y-%m-%d"),
        ("2025-03-14T23:59:59Z", "%Y-%m-%d"),
        ("2025-03-14 23:59:59.123+01:00", "%Y-%m-%d"),
        ("2025/3/14", "%Y/%m/%d"),
        ("20250314", "%Y%m%d"),
        ("14.03.2025", "%d.%m.%Y"),
        ("14.3.25", "%d.%m.%y"),
        ("14/03/2025", "%d/%m/%Y"),
        ("03/14/2025", "%m/%d/%Y"),
        ("3/14/25", "%m/%d/%y"),
        ("3/14/2025 11:59 PM", "%m/%d/%Y"),
        ("14-03-2025", "%d-%m-%Y"),
        ("14-Mar-2025", "%d-%b-%Y"),
        ("14-MAR-25", "%d-%b-%y"),
        ("14 March 2025", "%d %b %Y"),
        ("14 mars 2025", "%d %b %Y"),
        ("14. März 2025", "%d. %b %Y"),
        ("14 mrt. 2025", "%d %b %Y"),
        ("14 de marzo de 2025", "%d de %b de %Y"),
        ("Mar 14, 2025", "%b %d, %Y"),
        ("2025年3月14日", "%Y年%m月%d日"),
        ("2025년 3월 14일", "%Y년 %m월 %d일"),
        ("２０２５/０３/１４", "%Y/%m/%d"),
    ],
)
def test_it_finds_the_format_and_the_date(cell: str, date_format: str) -> None:
    found = choose_format([cell], lambda: [cell])
    assert found == date_format
    assert DateReader(found).read(cell) == DAY


@pytest.mark.parametrize(
    "cell", ["", "0000-01-01", "2025-02-30", "2025-13-01", "2025-1-1-1", "x2025-01-01", "2025-01-01" + " " * 99]
)
def test_it_finds_no_date_in_an_invalid_cell(cell: str) -> None:
    assert DateReader("%Y-%m-%d").read(cell) is None


@pytest.mark.parametrize(("year", "century"), [("68", 2068), ("69", 1969), ("00", 2000)])
def test_two_digits_of_a_year_are_read_as_posix_does(year: str, century: int) -> None:
    assert DateReader("%d.%m.%y").read(f"14.03.{year}") == datetime.date(century, 3, 14)


@pytest.mark.parametrize("date_format", ["%Y%m%d%H%M%S", "%Y%m%d %H:%M"])
def test_a_time_of_day_in_the_format_is_ignored(date_format: str) -> None:
    assert DateReader(date_format).read("20250314235959") == DAY


def test_the_majority_of_cells_decides() -> None:
    assert choose_format(["13/01/2025", "14/01/2025", "01/15/2025"], list) == "%d/%m/%Y"


def test_a_cell_beyond_the_sample_decides() -> None:
    assert choose_format(["01/02/2025"], lambda: ["01/02/2025", "02/13/2025"]) == "%m/%d/%Y"


def test_nothing_decides_when_every_day_could_be_a_month() -> None:
    with pytest.raises(AmbiguousDatesError) as ambiguous:
        choose_format(["01/02/25"], lambda: ["01/02/25", "05/06/25"])
    assert (ambiguous.value.day_first, ambiguous.value.month_first) == ("%d/%m/%y", "%m/%d/%y")


@given(day=st.dates(datetime.date(1970, 1, 1), datetime.date(2068, 12, 31)), date_format=st.sampled_from(FORMATS))
def test_a_date_written_in_a_format_is_read_back(day: datetime.date, date_format: str) -> None:
    assert DateReader(date_format).read(day.strftime(date_format)) == day


@given(st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    assert isinstance(DateReader("%d %b %y").read(text), datetime.date | None)
