"""The best matching, compared with all matchings of small graphs."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from finance.best_matching import best_matching

TABLES = st.lists(st.integers(-3, 9), min_size=25, max_size=25)


def total(weights: dict[int, dict[int, float]], pairs: dict[int, int]) -> float:
    return sum(weights[left][right] for left, right in pairs.items())


def highest(weights: dict[int, dict[int, float]]) -> float:
    orders = permutations(range(5))
    return max(sum(max(0.0, weights.get(left, {}).get(right, 0.0)) for left, right in enumerate(order)) for order in orders)


def test_greedy_would_lose() -> None:
    assert best_matching({0: {0: 5.0, 1: 4.0}, 1: {0: 4.0}}) == {0: 1, 1: 0}


def test_pairs_of_no_weight_are_left_out() -> None:
    assert best_matching({0: {0: 0.0}, 1: {0: -1.0}, 2: {}}) == {}


@given(table=TABLES)
def test_no_matching_has_a_higher_weight(table: list[int]) -> None:
    weights = {left: {right: float(table[5 * left + right]) for right in range(5)} for left in range(5)}
    pairs = best_matching(weights)
    assert len(set(pairs.values())) == len(pairs)
    assert total(weights, pairs) == highest(weights)
