"""Errors of averages over independent replicas, and autocorrelations of time series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]

GROUPS = 32
"""The number of groups of replicas that the jackknife leaves out one at a time. `replicas` is a
multiple of 64.
"""

WINDOW = 6.0
"""The sum of the autocorrelation function ends at the first lag of at least WINDOW autocorrelation
times.
"""

ROUNDING = 1e-12
"""The part of a sum below which a difference is rounding."""


def grouped(values: Array, groups: int = GROUPS) -> Array:
    """Sums over the replicas of each group, from [..., replica] to [..., group]. Replica r belongs
    to group r * groups // replicas.
    """
    *others, replicas = values.shape
    return np.asarray(values.reshape(*others, groups, replicas // groups).sum(axis=-1))


def resample(sums: Array, counts: Array) -> Floats:
    """Averages over all groups, then over all but one: from sums [group, ...] and counts [group] to
    float64[1 + group, ...].

    Functions of averages are evaluated along the first axis and passed to `jackknife`. A value that
    is not finite becomes NaN.
    """
    total = np.asarray(sums, dtype=np.float64)
    weight = np.asarray(counts, dtype=np.float64).reshape(-1, *(1,) * (total.ndim - 1))
    whole = total.sum(axis=0, keepdims=True)
    below = weight.sum(axis=0, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.concatenate([whole / below, (whole - total) / (below - weight)])


def jackknife(resampled: Array) -> tuple[Floats, Floats]:
    """Value and standard error of resampled values [1 + group, ...], with the bias of order
    1/groups removed.

    value = n theta - (n - 1) mean theta_i, error^2 = (n - 1)/n sum (theta_i - mean theta_i)^2
    (Quenouille 1956, Tukey 1958). A value that is not finite gives NaN.
    """
    values = np.asarray(resampled, dtype=np.float64)
    others, n = values[1:], len(values) - 1
    with np.errstate(invalid="ignore"):
        mean = others.mean(axis=0)
        return n * values[0] - (n - 1) * mean, np.sqrt(
            (n - 1) * ((others - mean) ** 2).mean(axis=0)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Autocorrelation:
    """The autocorrelation of a time series.

    - `time` is the integrated autocorrelation time 1/2 + sum_t rho(t) in units of the spacing of
      records.
    - `error` is its standard error (Madras and Sokal 1988), or None where the series never changes.
    - `window` is the lag at which the sum ends.
    - `function` is rho(t) from t = 0 to twice the window.
    """

    time: float
    error: float | None
    window: int
    function: Floats


def autocorrelation(series: Array) -> Autocorrelation:
    """The autocorrelation of a series [record], or of independent streams [record, stream] with a
    common mean.

    The autocovariances of all streams are averaged before they are divided. A series that never
    changes, but for rounding, or has fewer than 4 records, has time 1/2 by convention and no error.
    One that is shorter than 2 * WINDOW times ends at half its length, and its time is then a lower
    bound.
    """
    values = np.asarray(series, dtype=np.float64)
    values = values.reshape(len(values), -1)
    covariance = _autocovariance(values - values.mean())
    if len(values) < 4 or constant_record(values) or not covariance[0] > 0:
        return Autocorrelation(0.5, None, 0, np.ones(1))
    rho = covariance / covariance[0]
    running = np.cumsum(rho[: len(rho) // 2 + 1]) - 0.5
    enough = np.flatnonzero(np.arange(len(running)) >= WINDOW * running)
    window = int(enough[0]) if len(enough) else len(running) - 1
    time = max(float(running[window]), 0.5)
    error = time * np.sqrt(2 * (2 * window + 1) / values.size)
    return Autocorrelation(time, float(error), window, rho[: 2 * window + 2])


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Differences between the two halves of a sample, each array float64[average] or bool[average].

    `gaps` are the differences of the averages, `errors` their standard errors. `apart` says which
    of them are not 0.
    """

    gaps: Floats
    errors: Floats
    apart: NDArray[np.bool_]


def compare_halves(halves: Array, chance: float) -> Gaps:
    """Which averages differ between the halves 0 and 1, from those of each group [average, group,
    half].

    The gaps of the groups are independent, so that each mean over its standard error is a Student t
    of groups - 1 degrees of freedom. `chance` is the probability that any average of the family
    counts as different although none is (Holm 1979). A gap within rounding is none.
    """
    from scipy.special import stdtr

    values = np.asarray(halves, dtype=np.float64)
    split = values[..., 0] - values[..., 1]
    gaps, groups = split.mean(axis=1), split.shape[1]
    errors = split.std(axis=1, ddof=1) / np.sqrt(groups)
    rounding = ROUNDING * np.abs(values).max(axis=(1, 2), initial=0)
    seen = np.abs(gaps) > rounding
    t = np.abs(gaps) / np.maximum(errors, np.finfo(np.float64).tiny)
    p = np.where(seen, 2 * stdtr(groups - 1, -t), 1.0)
    return Gaps(gaps, errors, _rejected(p, chance))


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a few independent numbers and its error. `widened` is the factor of Student's t
    in it.
    """

    value: float
    error: float
    widened: float


def mean_of_draws(values: Array) -> Mean:
    """The mean of at least two independent draws [draw].

    The error is the standard error of the mean times the factor of Student's t.
    """
    draws = np.asarray(values, dtype=np.float64)
    widened = student(len(draws))
    error = widened * float(draws.std(ddof=1) / np.sqrt(len(draws)))
    return Mean(float(draws.mean()), error, widened)


def student(draws: int) -> float:
    """The Student t of draws - 1 degrees of freedom that as much probability lies within as within
    one standard deviation of a normal number, 68.27 %.

    It is 1.84 for two draws, 1.05 for eleven, and 1 in the limit.
    """
    from scipy.special import ndtr, stdtrit

    return float(stdtrit(draws - 1, ndtr(1.0)))


def constant_record(sums: Array) -> bool:
    """Whether sums over equally many configurations are equal within rounding."""
    values = np.asarray(sums, dtype=np.float64)
    return bool(np.ptp(values) <= ROUNDING * np.abs(values).max())


def decay_time(time: float) -> float:
    """tau of the decay exp(-t/tau), t in records, whose integrated time 1/2 + sum_t rho(t) is
    `time`.

    It is 1/ln((2 time + 1)/(2 time - 1)), and 0 for a time of 1/2.
    """
    return 1 / float(np.log((2 * time + 1) / (2 * time - 1))) if time > 0.5 else 0.0


def _rejected(p: Floats, chance: float) -> NDArray[np.bool_]:
    """The hypotheses that Holm's method rejects: by rising p while p_k <= chance/(number - k)."""
    order, number = np.argsort(p, kind="stable"), len(p)
    passed = p[order] <= chance / (number - np.arange(number))
    out = np.zeros(number, dtype=np.bool_)
    out[order[: number if passed.all() else int(np.argmin(passed))]] = True
    return out


def _autocovariance(values: Floats) -> Floats:
    """The autocovariance at lags 0 to half the length, unbiased in the number of pairs, averaged
    over the streams.
    """
    length, lags = len(values), len(values) // 2 + 1
    spectrum = np.fft.rfft(values, n=2 * length, axis=0)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    pairs = length - np.arange(lags)
    return np.asarray(np.fft.irfft(power, n=2 * length)[:lags] / pairs)
