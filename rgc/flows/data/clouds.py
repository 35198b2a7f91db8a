"""Data that are points: made by expressions, drawn from a simplex, or read from a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.quantiles import normal, quantile
from rgc.errors import Problem, SpecError
from rgc.flows.data.files import first_place, place, read_rows
from rgc.flows.data.rows import key_of, permutation
from rgc.model.data import File
from rgc.model.expressions import Expression, evaluate
from rgc.model.point_clouds import Cloud, Drawn, Points, Row, Simplex
from rgc.program.draws import Key, stream, uniforms

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

COORDINATES, ISOMETRY, WEIGHTS, CORNERS, NOISE = range(16, 21)
"""What a stream of data is for, besides the purposes of `rgc.flows.data.rows`. Numbers of draws are
keyed by them, so they never change."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PointCloud:
    """Points float64[row, column].

    `labels` int64[row] are their classes, None where they have none. `planted` are the rows of the
    corners of a simplex, in rising order.
    """

    values: Floats
    labels: Integers | None = None
    planted: tuple[int, ...] = ()

    @property
    def count(self) -> int:
        return len(self.values)


def make_cloud(source: Cloud | File, seed: int) -> PointCloud:
    """The points of a source.

    They depend on the seed alone, not on the point of a scan: a scan of a map looks at one set of
    points. Raises `SpecError` for files that cannot be read, for what is not finite, and for labels
    that are no classes.
    """
    key = stream(seed, {}, "data")
    match source:
        case Points():
            return _points(source, key)
        case Simplex():
            return _simplex(source, key)
        case File():
            return PointCloud(values=read_rows(source).values.astype(np.float64))


def _points(source: Points, key: Key) -> PointCloud:
    columns = [_column(source, each, key) for each in source.coordinates]
    values = np.stack(columns, axis=1)
    finite = np.isfinite(values)
    if not finite.all():
        where = first_place(~finite)
        message = f"{place(*where)} of the points is {values[where]}"
        raise SpecError([Problem("not-finite", message, source.span)])
    labels = None if source.label is None else _classes(_column(source, source.label, key), source)
    if source.embed is not None:
        values = values @ _isometry(values.shape[1], source.embed, key)
    return PointCloud(values=values, labels=labels)


def _column(source: Points, expression: Expression, key: Key) -> Floats:
    names = sorted(source.draws)

    def leaf(part: Expression) -> Floats:
        match part:
            case Row():
                return np.arange(source.count, dtype=np.float64)
            case Drawn(name, draw):
                own = key_of(key, COORDINATES, names.index(name))
                return quantile(draw, uniforms(own, source.count))
        raise TypeError(f"a coordinate holds {part}")

    with np.errstate(all="ignore"):
        values = np.asarray(evaluate(expression, leaf, np), dtype=np.float64)
    return np.broadcast_to(values, (source.count,))


def _classes(values: Floats, source: Points) -> Integers:
    whole = np.round(values)
    wrong = ~(np.abs(values - whole) <= 1e-9) | (whole < 0)
    if wrong.any():
        row = int(np.argmax(wrong))
        message = f"the label of row {row} (counted from 0) is {values[row]:g}"
        hint = "labels are classes: 0, 1, 2, ..."
        raise SpecError([Problem("wrong-label", message, source.span, hint=hint)])
    return whole.astype(np.int64)


def _isometry(dimension: int, into: int, key: Key) -> Floats:
    """Orthonormal rows [dimension, into], evenly distributed (Stewart 1980)."""
    drawn = normal(uniforms(key_of(key, ISOMETRY), into * dimension), 0.0, 1.0)
    basis, triangle = np.linalg.qr(drawn.reshape(into, dimension))
    return np.asarray((basis * np.sign(np.diag(triangle))).T)


def _simplex(source: Simplex, key: Key) -> PointCloud:
    """Even weights are exponential ones, divided by their sum."""
    count, rank = source.points, source.archetypes
    drawn = -np.log1p(-uniforms(key_of(key, WEIGHTS), count * rank)).reshape(count, rank)
    values = drawn / drawn.sum(axis=1, keepdims=True)
    rows = np.sort(permutation(key_of(key, CORNERS), count)[:rank])
    values[rows] = np.eye(rank)
    if source.noise:
        added = normal(uniforms(key_of(key, NOISE), count * rank), 0.0, source.noise)
        values = values + added.reshape(count, rank)
    return PointCloud(values=values, planted=tuple(map(int, rows)))
