"""The series that are fitted: a column of the data, and others without what the fit looks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.quantiles import normal
from rgc.flows.data.rows import key_of
from rgc.language.values import CallValue, Value
from rgc.program.draws import Key, stream, uniforms

Floats = NDArray[np.float64]

NULL = 21
"""What a stream of data is for, besides the purposes of `rgc.flows.data.clouds`."""


def nulls(null: Value | None, values: Floats, seed: int) -> Floats:
    """The series [row, s] of an option, as like the data as their kind says; none without it."""
    if not isinstance(null, CallValue):
        return np.zeros((len(values), 0))
    count = int(str(dict(null.options)["count"]))
    key, make = stream(seed, {}, "data"), _MAKERS[null.name]
    return np.stack([make(_normal(key, k, len(values)), values) for k in range(count)], axis=1)


def _normal(key: Key, number: int, rows: int) -> Floats:
    return np.asarray(normal(uniforms(key_of(key, NULL, number), rows), 0.0, 1.0))


def _random_walk(drawn: Floats, values: Floats) -> Floats:
    """A walk from the first value, whose steps have the mean square of the data's."""
    step = float(np.sqrt(np.square(np.diff(values)).mean()))
    return np.concatenate([values[:1], values[0] + step * np.cumsum(drawn[1:])])


def _ar1(drawn: Floats, values: Floats) -> Floats:
    """x' = mean + r (x - mean) + noise, with the mean, the variance and the r of the data."""
    mean, sd, r = float(values.mean()), float(values.std()), next_row(values)
    out = np.empty_like(drawn)
    out[0] = drawn[0]
    for k in range(1, len(drawn)):
        out[k] = r * out[k - 1] + np.sqrt(1 - r * r) * drawn[k]
    return mean + sd * out


_MAKERS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "random_walk": _random_walk,
    "ar1": _ar1,
}


def next_row(values: Floats) -> float:
    """The correlation of each value with that of the next row, 0 where all are alike."""
    centred = values - values.mean()
    size = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / size if size else 0.0
