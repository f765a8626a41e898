"""Projected incomes against values computed by hand from the published rates."""

from decimal import Decimal
from math import exp, log, sqrt
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance.income_growth import OccupationGroup, project, spread

D = Decimal
INCOMES = st.decimals("0.01", "9999999999.99", places=2)


def test_the_published_example() -> None:
    found = project(D("75000.00"))
    assert found.growth_rate == D("4.3")
    assert found.median == {1: D("78225.00"), 3: D("85096.99"), 5: D("92572.67")}


@pytest.mark.parametrize(
    ("occupation", "percent"),
    [
        ("all", "4.3"),
        ("management_and_professional", "4.1"),
        ("management_business_financial", "3.6"),
        ("professional", "4.6"),
        ("sales_and_office", "4.0"),
        ("sales", "3.9"),
        ("office_support", "4.2"),
    ],
)
def test_each_group_has_its_own_rate(occupation: str, percent: str) -> None:
    found = project(D(100_000), occupation=OccupationGroup(occupation))
    assert found.growth_rate == D(percent)
    assert found.median[1] == 100_000 + 1_000 * D(percent)


def test_a_switch_raises_the_first_year_only() -> None:
    found = project(D(100_000), switch=True).median
    assert found[1] == D("105400.00")
    assert found[3] == (D("1.054") * D("1.043") ** 2 * 100_000).quantize(D("0.01"))


def test_the_spread_is_that_of_the_three_published_periods() -> None:
    assert float(spread()) == pytest.approx(stdev([log(1.051), log(1.045), log(1.043)]), abs=5e-7)


def test_the_percentiles_are_exact_quantiles() -> None:
    fan = project(D("75000.00")).fan
    wide = float(spread()) * sqrt(5) * 1.2815515655446004
    assert float(fan[5][10]) == pytest.approx(92572.67 * exp(-wide), abs=0.01)
    assert float(fan[5][90]) == pytest.approx(92572.67 * exp(wide), abs=0.01)


@given(income=INCOMES, occupation=st.sampled_from(OccupationGroup), switch=st.booleans())
def test_the_percentiles_are_in_order(income: Decimal, occupation: OccupationGroup, switch: bool) -> None:
    found = project(income, occupation=occupation, switch=switch)
    assert all(row[10] <= row[50] <= row[90] for row in found.fan.values())
    assert found.median == {years: row[50] for years, row in found.fan.items()}
    assert income <= found.median[1] <= found.median[3] <= found.median[5]


def test_the_factors_name_every_source_with_its_period() -> None:
    factors = project(D("75000.00"), switch=True).factors
    tables = [factors[part]["table"] for part in ("growth", "switch", "spread")]
    assert [sorted(table) for table in tables] == [["reference_period", "retrieved", "source", "title"]] * 3
    assert tables[0]["reference_period"] == "12 months to December 2023"
    assert factors["fan"]["5"]["p50"] == str(project(D("75000.00"), switch=True).median[5])
