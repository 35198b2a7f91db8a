"""What a fit says: the unknown numbers with their intervals, how well the curve goes through the
data, and how often it goes as well through series without what it looks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.errors import listing
from rgc.flows.fits.curves import unknowns, value_of
from rgc.flows.fits.series import next_row
from rgc.results.result import Estimate, Result

if TYPE_CHECKING:
    from rgc.flows.fits.curves import Fitting

    Floats = NDArray[np.float64]

FOLLOW = 3.0
"""Errors of the correlation of residuals of neighbouring rows from which on they are not
independent.
"""

APART = 1e-3
"""The part of its range by which an unknown number differs in another fit."""

PERFECT = 1e-24
"""The part of the sum of squares of the data about their mean below which what is left is rounding.
"""

ROUNDED = 1e-14
"""The part of the largest of the data below which a number is rounding."""

NOT_TOLD = "the data do not tell it apart from others"
OTHERS_NOT_TOLD = "the data do not tell other unknown numbers apart, so that no error follows"
FREE = 1e-6
"""The part of a direction, in which unknowns may change without a change of the curve, that is not
rounding.
"""

UNLIKELY = 1e-3
"""The chance below which residuals are larger than the errors that were given."""


def fit_result(fit: Fitting, arrays: Mapping[str, NDArray[Any]]) -> Result:
    """The answer of a fit from the arrays of its last state."""
    at, least = arrays["found"][0], float(arrays["left"][0])
    known = dict(unknowns(fit.curve, fit.projected, at, fit.series[:, 0]))
    total = _squares(fit, 0)
    why = _no_error(fit, at, least, total)
    intervals = dict(_intervals(fit, at, arrays["ends"], why))
    values = _linear(fit, at, known, least, why) | intervals
    lost = [name for name in fit.curve.linear if values[name].note == NOT_TOLD]
    quality = 1 - least / total if total else np.nan
    values |= {
        "R2": _exact(quality),
        "rms": _exact(sqrt(least / len(fit.series))),
        "passed": _exact(float(_passes(fit, known, quality))),
    }
    fits = [_fitted(fit, arrays, k) for k in range(1, fit.series.shape[1])]
    values |= _of_nulls(fits, quality)
    return Result(
        fit.scheme,
        values=values,
        tables=dict(_tables(fit, arrays, known, fits)),
        labels=_labels(fit),
        warnings=tuple(_warnings(fit, arrays, why, lost)),
        provenance=fit.provenance,
    )


def _exact(value: float) -> Estimate:
    if not np.isfinite(value):
        return Estimate(None, None, "exact", note="the values of the column are all the same")
    return Estimate(float(value), 0.0, "exact")


def _squares(fit: Fitting, number: int) -> float:
    """The sum of squares of a series about its mean."""
    weights = fit.projected.weights
    values, squares = fit.series[:, number], np.square(weights)
    mean = float((squares * values).sum() / squares.sum())
    return float((squares * np.square(values - mean)).sum())


# -- errors ----------------------------------------------------------------------------------------


def _no_error(fit: Fitting, at: Floats, least: float, total: float) -> str:
    """Why what is left says nothing of errors; empty if it does."""
    if least <= max(PERFECT * total, len(fit.series) * _rounding(fit) ** 2):
        return "the curve goes through the data to rounding, so that no error follows"
    residuals = fit.projected.solved(at, fit.series[:, 0])[1]
    follows = next_row(residuals)
    if abs(follows) * sqrt(len(residuals)) > FOLLOW:
        return (
            f"residuals of neighbouring rows go together (correlation {follows:.2f}), so that no "
            "error follows from their size"
        )
    if fit.curve.error is not None and _chance(least, fit.free) < UNLIKELY:
        return f"residuals are larger than the errors given: chi^2/rows = {least / fit.free:.3g}"
    return ""


def _rounding(fit: Fitting) -> float:
    """What rounding may leave of a weighed residual."""
    return ROUNDED * float(np.abs(fit.series[:, 0] * fit.projected.weights).max())


def _chance(chi2: float, free: int) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(free, chi2))


def _linear(
    fit: Fitting, at: Floats, known: Mapping[str, float], least: float, why: str
) -> dict[str, Estimate]:
    """The linear unknowns, with errors from the curvature at the best fit."""
    functions, _ = fit.projected.prepared(at)
    slopes = [functions]
    width = fit.projected.high - fit.projected.low
    linear = np.array([known[name] for name in fit.curve.linear])
    for k in range(len(at)):
        move = np.zeros_like(at)
        move[k] = 1e-6 * width[k]
        with np.errstate(all="ignore"):
            ends = [fit.projected.prepared(at + sign * move) for sign in (1, -1)]
        above, below = (columns @ linear + rest for columns, rest in ends)
        slopes.append(((above - below) / (2 * move[k]))[:, None])
    matrix = np.concatenate(slopes, axis=1)
    finite = bool(np.isfinite(matrix).all())
    lost = _not_told(matrix) if finite else np.ones(matrix.shape[1], dtype=np.bool_)
    if why or lost.any():
        noise = np.abs(functions * linear).max(axis=0, initial=0.0) <= _rounding(fit)
        return {
            name: Estimate(None, None, note=NOT_TOLD)
            if gone
            else Estimate(0.0 if nothing else known[name], None, note=why or OTHERS_NOT_TOLD)
            for name, gone, nothing in zip(fit.curve.linear, lost, noise, strict=False)
        }
    size = 1.0 if fit.curve.error is not None else least / fit.free
    upper = np.linalg.qr(matrix, mode="r")
    inverse = np.linalg.inv(upper)
    errors = fit.student * np.sqrt(size * np.square(inverse).sum(axis=1))
    return {
        name: Estimate(known[name], float(errors[k]), statistical=float(errors[k]))
        for k, name in enumerate(fit.curve.linear)
    }


def _not_told(matrix: Floats) -> NDArray[np.bool_]:
    """The unknowns that may change without a change of the curve, from its slopes [row, unknown] in
    them.
    """
    size = np.linalg.norm(matrix, axis=0)
    _, values, rows = np.linalg.svd(matrix / np.where(size > 0, size, 1.0))
    rank = int((values > values.max(initial=0.0) * len(matrix) * np.finfo(float).eps).sum())
    return np.asarray((np.abs(rows[rank:]) > FREE).any(axis=0))


def _intervals(fit: Fitting, at: Floats, ends: Floats, why: str) -> Iterator[tuple[str, Estimate]]:
    """The nonlinear unknowns and the ends of their intervals by profile."""
    for k, name in enumerate(fit.curve.nonlinear):
        low, high = map(float, ends[k])
        whole = bool(np.isfinite(ends[k]).all())
        note = why or ("" if whole else "the interval has no end in the grid")
        error = None if note else (high - low) / 2
        shown = f"{low:.6g} to {high:.6g} by profile"
        yield name, Estimate(float(at[k]), error, statistical=error, note=note or shown)
        for end, value in (("low", low), ("high", high)):
            known = np.isfinite(value)
            yield (
                f"{end}.{name}",
                Estimate(
                    value if known else None,
                    0.0 if known and not why else None,
                    note="" if known and not why else note,
                ),
            )


# -- other series ----------------------------------------------------------------------------------


def _passes(fit: Fitting, known: Mapping[str, float], quality: float) -> bool:
    """Whether all conditions hold."""
    with np.errstate(all="ignore"):
        values = [value_of(each, {}, {**known, "R2": quality}) for each in fit.curve.passes]
    return all(float(value) > 0 for value in values)


def _fitted(fit: Fitting, arrays: Mapping[str, NDArray[Any]], number: int) -> tuple[Any, ...]:
    """The unknowns, R2 and whether it passes of the fit of a series; none where none was found."""
    least, total = float(arrays["left"][number]), _squares(fit, number)
    if not np.isfinite(least) or not total:
        return (*[np.nan] * len(fit.curve.quantities), np.nan, 0.0)
    known, quality = (
        dict(unknowns(fit.curve, fit.projected, arrays["found"][number], fit.series[:, number])),
        1 - least / total,
    )
    return (*known.values(), quality, float(_passes(fit, known, quality)))


def _of_nulls(fits: list[tuple[Any, ...]], quality: float) -> dict[str, Estimate]:
    if not fits:
        return {}
    table = np.array(fits)
    count, passed = len(table), int(table[:, -1].sum())
    better = int((table[:, -2] >= quality).sum())
    ordered, half = np.sort(table[:, -2]), sqrt(count) / 2
    low, high = (int(np.clip(round(count / 2 + way * half), 0, count - 1)) for way in (-1, 1))
    median = float(np.median(ordered))
    return {
        "null_share": Estimate(passed / count, _share_error(passed, count), note=f"of {count}"),
        "null_R2": Estimate(median, float(ordered[high] - ordered[low]) / 2, note="the median"),
        "null_exceeds": Estimate(
            better / count, _share_error(better, count), note="with the R2 of the data or more"
        ),
    }


def _share_error(number: int, count: int) -> float:
    """The standard deviation of a share of which nothing was known before (Laplace)."""
    return sqrt((number + 1) * (count - number + 1) / ((count + 2) ** 2 * (count + 3)))


# -- the answer ------------------------------------------------------------------------------------


def _tables(
    fit: Fitting, arrays: Mapping[str, NDArray[Any]], known: Mapping[str, float], fits: list[Any]
) -> Iterator[tuple[str, NDArray[Any]]]:
    """`fit` [row, abscissa or value or curve], `profiles`, and `nulls` [series, unknown]."""
    curve = fit.curve
    with np.errstate(all="ignore"):
        line = np.broadcast_to(value_of(curve.expression, fit.table, known), (len(fit.series),))
    names = [name for name in curve.columns if name != curve.column]
    across = fit.table[names[0]] if names else np.arange(float(len(fit.series)))
    yield "fit", np.stack([across, fit.series[:, 0], line], axis=1)
    if curve.nonlinear:
        yield "profiles", arrays["profiles"]
    if fits:
        yield "nulls", np.array(fits)


def _labels(fit: Fitting) -> dict[str, dict[int, tuple[str, ...]]]:
    curve = fit.curve
    names = [name for name in curve.columns if name != curve.column]
    across = names[0] if names else "row"
    labels: dict[str, dict[int, tuple[str, ...]]] = {"fit": {1: (across, curve.column, "curve")}}
    if curve.nonlinear:
        labels["profiles"] = {0: curve.nonlinear}
    if fit.series.shape[1] > 1:
        labels["nulls"] = {1: (*curve.quantities, "R2", "passed")}
    return labels


def _warnings(
    fit: Fitting, arrays: Mapping[str, NDArray[Any]], why: str, lost: Sequence[str]
) -> Iterator[str]:
    """What the numbers do not say by themselves."""
    curve, at, width = fit.curve, arrays["found"][0], fit.projected.high - fit.projected.low
    if why:
        yield f"no errors: {why}"
    if lost:
        yield f"the data do not tell {listing(lost)} apart: leave out what is not needed"
    inside = np.minimum(at - fit.projected.low, fit.projected.high - at) / width
    for name, room in zip(curve.nonlinear, inside, strict=True):
        if room < APART:
            yield f"the best {name} is at the edge of the grid: it may lie outside"
    for name, ends in zip(curve.nonlinear, arrays["ends"], strict=True):
        if not np.isfinite(ends).all() and not why:
            yield f"the interval of {name} has no end in the grid"
    most = fit.most(float(arrays["left"][0]))
    for way in arrays["ways"]:
        apart = np.abs(way[:-1] - at) / width
        if way[-1] < most and (apart > APART).any():
            said = ", ".join(f"{n} = {x:.6g}" for n, x in zip(curve.nonlinear, way, strict=False))
            yield f"another fit is within one error of the best: {said}"
            return
