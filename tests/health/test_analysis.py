"""Correlations of pairs of days, and the reasons for a missing result."""

import math
import random
from datetime import date, timedelta
from decimal import Decimal

import pytest

from health.analysis import CorrelationFinding, Days, analyze

FIRST = date(2026, 1, 1)


def series(*values: float) -> Days:
    return {FIRST + timedelta(days=place): Decimal(str(value)) for place, value in enumerate(values)}


def noise(seed: int, days: int) -> list[float]:
    generator = random.Random(seed)
    return [round(generator.gauss(50, 10), 2) for _ in range(days)]


def headline(findings: list[CorrelationFinding], method: str = "pearson") -> CorrelationFinding:
    [found] = [found for found in findings if found.is_headline and found.method == method]
    return found


def test_twenty_days_are_too_few_and_are_counted() -> None:
    found = headline(analyze({"mood": series(*noise(1, 20))}, {"": series(*noise(2, 20))}))
    assert found.correlation is None
    assert found.missing == "21 days with both values are needed, but there are 20."


def test_twenty_one_days_are_enough() -> None:
    found = headline(analyze({"mood": series(*noise(1, 21))}, {"": series(*noise(2, 21))}))
    assert found.correlation is not None
    assert found.missing == ""


@pytest.mark.parametrize(("mood", "spent"), [([5.0] * 40, noise(2, 40)), (noise(1, 40), [0.0] * 40)])
def test_without_variation_there_is_no_correlation(mood: list[float], spent: list[float]) -> None:
    found = headline(analyze({"mood": series(*mood)}, {"": series(*spent)}))
    assert found.correlation is None
    assert "no variation" in found.missing


def test_autocorrelated_days_count_less() -> None:
    waves = [math.sin(day / 20) for day in range(60)]
    found = headline(analyze({"mood": series(*waves)}, {"": series(*reversed(waves))}))
    assert found.correlation is None
    assert "independent ones, but 10 are needed" in found.missing


def test_a_lag_of_two_days_is_found() -> None:
    mood = noise(3, 120)
    spent = [50.0, 50.0, *mood[:-2]]
    findings = analyze({"mood": series(*mood)}, {"": series(*spent)})
    strongest = max((found for found in findings if found.correlation), key=lambda found: found.correlation.strength)
    assert strongest.pairs.lag == 2
    assert strongest.correlation.strength == pytest.approx(1)
    assert strongest.is_reliable


def test_correlations_by_chance_are_not_reliable() -> None:
    health = {name: series(*noise(seed, 150)) for seed, name in enumerate(["mood", "stress", "sleep"])}
    spending = {name: series(*noise(seed, 150)) for seed, name in enumerate(["", "dining", "travel"], 10)}
    findings = analyze(health, spending)
    by_chance = [found for found in findings if found.correlation and found.correlation.p_value < 0.05]
    assert len(findings) == 3 * 3 * 8 * 2
    assert by_chance
    assert not any(found.is_reliable for found in findings)


def test_a_day_with_one_value_is_no_pair() -> None:
    mood, spent = dict(series(*noise(1, 40))), dict(series(*noise(2, 40)))
    del mood[FIRST], spent[FIRST + timedelta(days=7)]
    assert headline(analyze({"mood": mood}, {"": spent})).pairs.days == 38


def test_a_single_extreme_day_does_not_mislead_the_ranks() -> None:
    mood, spent = noise(5, 60), noise(6, 60)
    mood[30], spent[30] = 900.0, 90_000.0
    findings = analyze({"mood": series(*mood)}, {"": series(*spent)})
    assert headline(findings, "pearson").correlation.strength > 0.9
    assert abs(headline(findings, "spearman").correlation.strength) < 0.4


def test_without_data_there_are_no_findings() -> None:
    assert analyze({"mood": {}}, {"": {}}) == []
