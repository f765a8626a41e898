"""The job security index: exact sums, monotone in each input, independent of personal attributes."""

import inspect
import math
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from career import services
from career.job_security import (
    AVERAGE,
    PROTECTOR_WEIGHTS,
    SIGNAL_WEIGHTS,
    Situation,
    assess,
    in_hundredths,
    index,
    logit,
    tenure_log_odds,
)
from career.labor_tables import INDUSTRIES, INDUSTRY_OF_SECTOR, UNEMPLOYMENT_BY_EDUCATION
from users.models.reference import NAICS_SECTORS, EducationLevel

facts = st.sampled_from([None, False, True])
tenures = st.none() | st.decimals(0, 80, places=1)
situations = st.builds(
    Situation,
    naics_code=st.sampled_from(["", *INDUSTRY_OF_SECTOR]),
    education_level=st.sampled_from(["", *UNEMPLOYMENT_BY_EDUCATION]),
    tenure_years=tenures,
    hiring_freeze=facts,
    recent_layoffs=facts,
    reorganisation=facts,
    public_sector=facts,
    union=facts,
)
known = situations.filter(lambda situation: assess(situation).overall is not None)
signals = st.sampled_from(list(SIGNAL_WEIGHTS))
protectors = st.sampled_from(list(PROTECTOR_WEIGHTS))


def overall(situation: Situation) -> Decimal:
    found = assess(situation).overall
    assert found is not None
    return found


@given(known)
def test_the_contributions_and_the_average_add_up_to_the_index(situation: Situation) -> None:
    found = assess(situation)
    assert AVERAGE + sum(factor.contribution for factor in found.factors) == found.overall


@given(known)
def test_contributions_have_the_sign_of_their_log_odds(situation: Situation) -> None:
    found = assess(situation)
    assert 0 <= overall(situation) <= 1
    assert all(factor.contribution * Decimal(factor.log_odds) >= 0 for factor in found.factors)


@given(known, signals)
def test_a_signal_never_lowers_the_risk(situation: Situation, name: str) -> None:
    assert overall(replace(situation, **{name: False})) <= overall(replace(situation, **{name: True}))


@given(known, protectors)
def test_a_protector_never_raises_the_risk(situation: Situation, name: str) -> None:
    assert overall(replace(situation, **{name: True})) <= overall(replace(situation, **{name: False}))


@given(known, st.decimals(0, 80, places=1), st.decimals(0, 80, places=1))
def test_longer_tenure_never_raises_the_risk(situation: Situation, one: Decimal, other: Decimal) -> None:
    shorter, longer = sorted([one, other])
    assert overall(replace(situation, tenure_years=longer)) <= overall(replace(situation, tenure_years=shorter))


@given(known, st.lists(st.sampled_from(list(UNEMPLOYMENT_BY_EDUCATION)), min_size=2, max_size=2))
def test_education_with_less_unemployment_never_raises_the_risk(situation: Situation, levels: list[str]) -> None:
    worse, better = sorted(levels, key=lambda level: -UNEMPLOYMENT_BY_EDUCATION[level])
    assert overall(replace(situation, education_level=better)) <= overall(replace(situation, education_level=worse))


@given(situations, st.lists(st.sampled_from(INDUSTRIES), min_size=2, max_size=2))
def test_less_unemployment_never_raises_the_industry_score(situation: Situation, pair: list) -> None:
    better, worse = sorted(pair, key=lambda industry: industry.rate)
    scores = [assess(replace(situation, naics_code=industry.sectors[0])).industry for industry in (better, worse)]
    assert scores == sorted(scores, key=lambda score: score or Decimal(-1))


@given(st.lists(st.floats(-1, 1), max_size=8))
def test_hundredths_are_the_exact_parts_rounded_up_or_down(exact: list[float]) -> None:
    total = Decimal(math.fsum(exact)).quantize(Decimal("0.01"))
    parts = in_hundredths(exact, total)
    assert sum(parts, Decimal(0)) == total
    assert all(abs(float(part) - value) <= 0.01 + 1e-9 for part, value in zip(parts, exact, strict=True))


def test_log_odds_match_the_formula() -> None:
    situation = Situation(naics_code="238210", education_level="high_school", tenure_years=Decimal(2), recent_layoffs=True)
    found = {factor.name: factor.log_odds for factor in assess(situation).factors}
    assert found["industry"] == pytest.approx(math.log(0.0595 / 0.9405) - math.log(0.04 / 0.96))
    assert found["education"] == pytest.approx(math.log(4.1 / 3.1))
    assert found["tenure"] == pytest.approx(math.log(3.9 / 2))
    assert found["recent_layoffs"] == SIGNAL_WEIGHTS["recent_layoffs"]
    assert overall(situation) == Decimal(index(math.fsum(found.values()))).quantize(Decimal("0.01"))


def test_the_average_worker_has_the_average_risk() -> None:
    assert index(0) == 0.5
    assert logit(Decimal(50)) == 0
    assert overall(Situation(hiring_freeze=False)) == AVERAGE


@pytest.mark.parametrize(("own", "expected"), [("0", 1.5), ("0.1", 1.5), ("3.9", 0.0), ("80", -1.5)])
def test_the_log_odds_of_tenure_are_clamped(own: str, expected: float) -> None:
    assert tenure_log_odds(Decimal("3.9"), Decimal(own)) == expected


@pytest.mark.parametrize(("code", "median"), [("2111", "5.7"), ("52", "4.7"), ("722511", "2.1"), ("92", "6.2"), ("", "3.9")])
def test_tenure_is_compared_within_the_sector_if_it_is_known(code: str, median: str) -> None:
    assert Situation(naics_code=code).median_tenure == Decimal(median)


def test_the_public_sector_does_not_count_twice() -> None:
    assert overall(Situation(naics_code="92", public_sector=True)) == overall(Situation(naics_code="92", public_sector=False))


def test_without_facts_there_is_no_score() -> None:
    found = assess(Situation())
    assert (found.industry, found.company, found.personal, found.overall, found.factors) == (None, None, None, None, ())


def test_the_index_uses_the_average_for_an_unknown_part() -> None:
    found = assess(Situation(education_level="doctorate"))
    assert (found.industry, found.company, found.personal) == (None, None, Decimal("0.40"))
    assert found.overall == Decimal("0.40")


def test_every_sector_and_education_level_has_a_rate() -> None:
    assert set(INDUSTRY_OF_SECTOR) == set(NAICS_SECTORS)
    assert set(UNEMPLOYMENT_BY_EDUCATION) == set(EducationLevel.values)


@pytest.mark.parametrize("name", ["gender", "age", "date_of_birth", "marital_status", "dependents", "household_size"])
def test_personal_attributes_are_no_input(name: str) -> None:
    inputs = {field.name for field in fields(Situation)} | set(inspect.signature(services.generate_analysis).parameters)
    assert name not in inputs
    assert f"profile.{name}" not in inspect.getsource(services)
