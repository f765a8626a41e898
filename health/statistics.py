"""Correlation of two autocorrelated daily series, with intervals and p-values that account for the autocorrelation.

The usual test finds independent AR(1) series (coefficient 0.7, 60 days) "significant" in a quarter of all cases. Therefore
the effective sample size is used instead of the number of days. The functions are pure and take sequences of floats;
tests/health compares them with published values.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from statistics import NormalDist

Z_95 = NormalDist().inv_cdf(0.975)
MAX_ITERATIONS = 500
PRECISION = 1e-15
TINY = 1e-300  # replaces 0 in a denominator (Lentz)


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient with its 95 % interval and two-sided p-value, both computed for `effective_size` independent pairs."""

    strength: float
    lower: float
    upper: float
    p_value: float
    effective_size: float


def correlate(xs: Sequence[float], ys: Sequence[float]) -> Correlation | None:
    """Return Pearson's correlation of two series in order of time; None if one of them is constant.

    For Spearman's correlation, which measures monotonic instead of linear dependence, pass `mid_ranks` of both series.
    """
    strength = pearson(xs, ys)
    if strength is None:
        return None
    size = effective_size(xs, ys)
    lower, upper = fisher_interval(strength, size)
    return Correlation(strength, lower, upper, p_value(strength, size), size)


def pearson(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Return Pearson's r of two series of equal length; None if one of them is constant."""
    if is_constant(xs) or is_constant(ys):
        return None
    dx, dy = deviations(xs), deviations(ys)
    r = _dot(dx, dy) / math.sqrt(_dot(dx, dx)) / math.sqrt(_dot(dy, dy))
    return min(max(r, -1.0), 1.0)  # rounding errors may exceed the bounds


def is_constant(values: Sequence[float]) -> bool:
    """Return True for fewer than two or for equal values. Deviations from a rounded mean may differ from 0 even then."""
    return len(values) < 2 or min(values) == max(values)


def deviations(values: Sequence[float]) -> list[float]:
    mean = math.fsum(values) / len(values)
    return [value - mean for value in values]


def mid_ranks(values: Sequence[float]) -> list[float]:
    """Return the ranks of the values from 1; equal values have the mean of their ranks."""
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
    """Return the autocorrelation at lag 1, from -1 to 1; 0 for a constant series."""
    if is_constant(values):
        return 0.0
    distances = deviations(values)
    return _dot(distances[:-1], distances[1:]) / _dot(distances, distances)


def effective_size(xs: Sequence[float], ys: Sequence[float]) -> float:
    """Return the effective sample size n (1 - rx ry) / (1 + rx ry), at most n (Bartlett 1935)."""
    product = lag_one_autocorrelation(xs) * lag_one_autocorrelation(ys)
    return min(len(xs) * (1 - product) / (1 + product), float(len(xs)))


def fisher_interval(strength: float, size: float) -> tuple[float, float]:
    """Return the 95 % interval by Fisher's z transformation; -1 to 1 for a size of three or less."""
    if abs(strength) >= 1:
        return strength, strength
    if size <= 3:
        return -1.0, 1.0
    middle, reach = math.atanh(strength), Z_95 / math.sqrt(size - 3)
    return math.tanh(middle - reach), math.tanh(middle + reach)


def p_value(strength: float, size: float) -> float:
    """Return the two-sided p-value of "no correlation" by Student's t with size - 2 (possibly fractional) degrees of freedom.

    With t = r sqrt(df / (1 - r²)), the tail probability is the incomplete beta function at df / (df + t²), which is 1 - r².
    """
    degrees = size - 2
    if degrees <= 0:
        return 1.0
    return incomplete_beta(degrees / 2, 0.5, 1 - strength * strength)


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):  # the fraction converges slowly here, so use the symmetry relation
        return 1 - incomplete_beta(b, a, 1 - x)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta)
    return front * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction by Lentz's method, which tracks ratios of successive numerators and denominators."""
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
    """Return the adjusted p-values in the given order: those below q contain a share of at most q of false discoveries."""
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
