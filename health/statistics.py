"""Correlation of two series of days that each resemble the day before, with honest uncertainty.

Series that drift together by chance fool the usual test: independent AR(1) series (0.7, 60 days) are found "significant" in a
quarter of cases. So the number of days is reduced to the number of independent ones before interval and p-value are computed.
Pure functions on sequences of floats; tests/health holds them against published values.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from statistics import NormalDist

Z_95 = NormalDist().inv_cdf(0.975)
MAX_ITERATIONS = 500
PRECISION = 1e-15
TINY = 1e-300  # stands in for 0 in a denominator (Lentz)


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient; its 95 % interval and its two-sided p-value are those of `effective_size` independent pairs."""

    strength: float
    lower: float
    upper: float
    p_value: float
    effective_size: float


def correlate(xs: Sequence[float], ys: Sequence[float]) -> Correlation | None:
    """Pearson's correlation of two series in the order of time; None when one of them does not vary.

    For Spearman's, which asks whether both rise together and not whether they do so in a line, pass `mid_ranks` of both.
    """
    strength = pearson(xs, ys)
    if strength is None:
        return None
    size = effective_size(xs, ys)
    lower, upper = fisher_interval(strength, size)
    return Correlation(strength, lower, upper, p_value(strength, size), size)


def pearson(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's r of two series of equal length; None when one of them does not vary."""
    if is_constant(xs) or is_constant(ys):
        return None
    dx, dy = deviations(xs), deviations(ys)
    shared = _dot(dx, dy) / math.sqrt(_dot(dx, dx)) / math.sqrt(_dot(dy, dy))
    return min(max(shared, -1.0), 1.0)  # rounding may carry it a hair beyond


def is_constant(values: Sequence[float]) -> bool:
    """Whether there is nothing to compare; asked of the values, since deviations from a rounded mean need not be 0."""
    return len(values) < 2 or min(values) == max(values)


def deviations(values: Sequence[float]) -> list[float]:
    """Each value's distance from the mean."""
    mean = math.fsum(values) / len(values)
    return [value - mean for value in values]


def mid_ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of the ranks they take up."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, first = [0.0] * len(values), 0
    while first < len(order):
        last = first
        while last + 1 < len(order) and values[order[last + 1]] == values[order[first]]:
            last += 1
        for place in order[first : last + 1]:
            ranks[place] = (first + last) / 2 + 1
        first = last + 1
    return ranks


def lag_one_autocorrelation(values: Sequence[float]) -> float:
    """How much each value resembles the one before, -1 to 1; 0 for a series that does not vary."""
    if is_constant(values):
        return 0.0
    distances = deviations(values)
    return _dot(distances[:-1], distances[1:]) / _dot(distances, distances)


def effective_size(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The number of independent pairs that say as much: n (1 - rx ry) / (1 + rx ry), at most n (Bartlett 1935)."""
    shared = lag_one_autocorrelation(xs) * lag_one_autocorrelation(ys)
    return min(len(xs) * (1 - shared) / (1 + shared), float(len(xs)))


def fisher_interval(strength: float, size: float) -> tuple[float, float]:
    """The 95 % interval by Fisher's z; everything from -1 to 1 when three or fewer pairs are behind it."""
    if abs(strength) >= 1:
        return strength, strength
    if size <= 3:
        return -1.0, 1.0
    middle, reach = math.atanh(strength), Z_95 / math.sqrt(size - 3)
    return math.tanh(middle - reach), math.tanh(middle + reach)


def p_value(strength: float, size: float) -> float:
    """The two-sided p-value of "no correlation", by Student's t with size - 2 degrees of freedom, which need not be whole.

    With t = r sqrt(df / (1 - r²)) its tail is the incomplete beta function at df / (df + t²), and that is 1 - r².
    """
    degrees = size - 2
    if degrees <= 0:
        return 1.0
    return incomplete_beta(degrees / 2, 0.5, 1 - strength * strength)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # there it converges slowly, and its mirror image quickly
        return 1 - incomplete_beta(b, a, 1 - x)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta)
    return front * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The fraction by Lentz's method: numerator and denominator of each convergent are followed as ratios."""
    above, below = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    value = below
    for m in range(1, MAX_ITERATIONS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            below = 1 / _not_zero(1 + part * below)
            above = _not_zero(1 + part / above)
            value *= above * below
        if abs(above * below - 1) < PRECISION:
            break
    return value


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Each p-value adjusted so that those below q hold a share of at most q of false discoveries, in the given order."""
    number = len(p_values)
    adjusted, least = [1.0] * number, 1.0
    for rank, place in reversed(list(enumerate(sorted(range(number), key=p_values.__getitem__), 1))):
        least = min(least, p_values[place] * number / rank)
        adjusted[place] = least
    return adjusted


def _dot(xs: Sequence[float], ys: Sequence[float]) -> float:
    return math.fsum(map(mul, xs, ys))


def _not_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
