"""Statistical functions against published values and autocorrelated series."""

import random
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from health import statistics
from tests.health import reference_data

LONGLEY = (reference_data.LONGLEY_EMPLOYED, reference_data.LONGLEY_UNEMPLOYED)
values = st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=40)
positive = st.floats(0.5, 60)
shares = st.floats(0, 1)


def test_longley_has_its_published_correlation() -> None:
    r = statistics.pearson(*LONGLEY)
    assert r == pytest.approx(0.502498083876, abs=1e-12)
    assert statistics.p_value(r, 16) == pytest.approx(0.0472894097790, abs=1e-12)
    assert statistics.fisher_interval(r, 16) == pytest.approx((0.009046, 0.799144), abs=1e-6)


def test_longley_has_its_published_rank_correlation() -> None:
    ranks = [statistics.mid_ranks(series) for series in LONGLEY]
    assert statistics.pearson(*ranks) == pytest.approx(0.564705882353, abs=1e-12)


def test_longleys_sixteen_years_count_as_seven() -> None:
    found = statistics.correlate(*LONGLEY)
    assert found.effective_size == pytest.approx(7.219695, abs=1e-6)
    assert found.p_value == pytest.approx(0.23933, abs=1e-5)


def test_anscombes_first_set_has_its_published_correlation() -> None:
    r = statistics.pearson(reference_data.ANSCOMBE_X, reference_data.ANSCOMBE_Y)
    assert r == pytest.approx(0.816420516345, abs=1e-12)
    assert statistics.p_value(r, 11) == pytest.approx(0.00216962887, abs=1e-11)


def test_norris_has_its_certified_r_squared() -> None:
    r = statistics.pearson(reference_data.NORRIS_X, reference_data.NORRIS_Y) or 0
    assert r**2 == pytest.approx(0.999993745883712, abs=1e-14)


def test_p_values_are_adjusted_as_by_benjamini_and_hochberg() -> None:
    assert statistics.benjamini_hochberg(reference_data.P_VALUES) == pytest.approx(reference_data.ADJUSTED, abs=1e-8)


def test_adjusted_p_values_keep_their_order() -> None:
    adjusted = statistics.benjamini_hochberg(reference_data.P_VALUES[::-1])
    assert adjusted == pytest.approx(reference_data.ADJUSTED[::-1], abs=1e-8)


def test_adjusting_an_empty_list_returns_an_empty_list() -> None:
    assert statistics.benjamini_hochberg([]) == []


def test_equal_values_share_their_ranks() -> None:
    assert statistics.mid_ranks([3, 1, 3, 3, 0]) == [4, 2, 4, 4, 1]


def test_a_straight_line_has_a_perfect_correlation() -> None:
    found = statistics.correlate([1, 5, 2, 8, 3, 9, 4], [-2, -10, -4, -16, -6, -18, -8])
    assert (found.strength, found.lower, found.upper, found.p_value) == pytest.approx((-1, -1, -1, 0), abs=1e-12)


@pytest.mark.parametrize("constant", [[5.0] * 8, [0.1] * 8, [1e16 / 3] * 8])
def test_a_constant_series_correlates_with_nothing(constant: list[float]) -> None:
    assert statistics.correlate(constant, [1, 2, 3, 4, 5, 6, 7, 8]) is None
    assert statistics.correlate([1, 2, 3, 4, 5, 6, 7, 8], constant) is None


def test_a_constant_series_has_no_autocorrelation() -> None:
    assert statistics.lag_one_autocorrelation([0.1] * 8) == 0
    assert statistics.effective_size([0.1] * 8, [1, 2, 3, 4, 5, 6, 7, 8]) == 8


def test_three_pairs_have_the_widest_interval() -> None:
    assert statistics.fisher_interval(0.9, 3) == (-1, 1)
    assert statistics.p_value(0.9, 2) == 1


# Closed forms: I_x(1, b) = 1 - (1 - x)^b, I_x(a, 1) = x^a; and Student's t with one and two degrees of freedom
@pytest.mark.parametrize(
    ("a", "b", "x", "expected"),
    [
        (1, 3, 0.2, 0.488),
        (4, 1, 0.5, 0.0625),
        (0.5, 0.5, 0.5, 0.5),
        (0.5, 0.5, 0.25, 1 / 3),
        (1, 0.5, 0.19, 0.1),
        (2, 2, 0.0, 0.0),
        (2, 2, 1.0, 1.0),
    ],
)
def test_the_incomplete_beta_function_has_its_known_values(a: float, b: float, x: float, expected: float) -> None:
    assert statistics.incomplete_beta(a, b, x) == pytest.approx(expected, abs=1e-13)


@given(a=positive, b=positive, x=shares)
@settings(max_examples=60, deadline=None)
def test_the_incomplete_beta_function_is_symmetric(a: float, b: float, x: float) -> None:
    assert statistics.incomplete_beta(a, b, x) + statistics.incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


@given(xs=values, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_results_are_within_their_bounds(xs: list[float], seed: int) -> None:
    generator = random.Random(seed)
    found = statistics.correlate([generator.random() for _ in xs], [*xs[:-1], max(xs) + 1])
    assert -1 <= found.lower <= found.strength <= found.upper <= 1
    assert 0 <= found.p_value <= 1
    assert 0 < found.effective_size <= len(xs)


def drifting(generator: random.Random, days: int) -> list[float]:
    """Return an AR(1) series with a coefficient of 0.7."""
    return list(accumulate((generator.gauss(0, 1) for _ in range(days)), lambda before, shock: 0.7 * before + shock))


def test_autocorrelated_series_are_rarely_significant() -> None:
    generator = random.Random(1995)
    pairs = [(drifting(generator, 60), drifting(generator, 60)) for _ in range(1_000)]
    naive = [statistics.p_value(statistics.pearson(*pair), 60) < 0.05 for pair in pairs]
    corrected = [statistics.correlate(*pair).p_value < 0.05 for pair in pairs]
    assert 0.20 < sum(naive) / len(naive) < 0.30
    assert 0.03 < sum(corrected) / len(corrected) < 0.08
