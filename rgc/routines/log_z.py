"""Sums over the states of a small side of a machine whose other side is summed in closed form."""

from __future__ import annotations

from math import exp, fsum, log
from typing import Any

LARGEST = 300.0
"""The largest exponent, of either sign, that `log_z_small_side` takes."""


def log_z_small_side(first: Any, second: Any, x: Any, y: Any) -> float:
    """ln sum_ab exp(first_a + second_b + sum_i ln(1 + sum_s exp(x_ais + y_bis))).

    a and b count the states of two halves of the small side, i the units of the other side, and s
    the states of such a unit except one, from which the exponents of the others are counted. The
    arrays are float64[a], float64[b], float64[a, i, s] and float64[b, i, s], and no x, y or x + y
    is beyond `LARGEST`.

    exp(x + y) is made as exp(x) exp(y), and the logarithm is taken of products of as many units as
    do not overflow. The relative error of the sum is a few (a + b + i) 2^-53.
    """
    xp = x.__array_namespace__()
    group = _group(x, y, xp)
    weights = xp.exp(y)
    parts = []
    for a in range(x.shape[0]):
        factors = 1.0 + xp.sum(xp.exp(x[a, ...]) * weights, axis=2)
        logs = xp.zeros(factors.shape[0])
        for start in range(0, factors.shape[1], group):
            logs = logs + xp.log(xp.prod(factors[:, start : start + group], axis=1))
        parts.append(float(first[a]) + _log_sum(second + logs, xp))
    largest = max(parts)
    return largest + log(fsum(exp(part - largest) for part in parts))


def _group(x: Any, y: Any, xp: Any) -> int:
    """How many factors 1 + sum_s exp(x + y) can be multiplied without overflow."""
    if 0 in x.shape:
        return 1
    most = max(0.0, float(xp.max(x)) + float(xp.max(y))) + log(1 + x.shape[2])
    return max(1, int(2 * LARGEST / most))


def _log_sum(exponents: Any, xp: Any) -> float:
    """ln sum exp of an array."""
    largest = float(xp.max(exponents))
    return largest + log(float(xp.sum(xp.exp(exponents - largest))))
