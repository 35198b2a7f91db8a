"""The transfer matrix of a lattice cut into layers, applied spin by spin, so that the matrix itself
is never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.passes.slice_lattice import Factor, LayerProduct, Slices, WindowStep

Floats = NDArray[np.float64]


Operation = Callable[[Any, Any], Any]
"""(namespace, vectors) -> vectors [state, column]."""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """The operations that add one layer to vectors [state, column]. `log` is the logarithm of the
    factor taken out of its weights.
    """

    operations: tuple[Operation, ...]
    log: float

    def __call__(self, xp: Any, vectors: Any) -> Any:
        """The vectors after one more layer, without the factor exp(log)."""
        for operation in self.operations:
            vectors = operation(xp, vectors)
        return vectors


def make_layer(xp: Any, slices: Slices, before: int) -> Layer:
    """The layer that is added to `before` others."""
    if slices.product is not None and before == slices.reach:
        operations, log = _by_groups(xp, slices.product, slices.states)
    else:
        operations, log = _by_spins(xp, slices.layers[before])
    return Layer(tuple(operations), log - slices.constant)


def _by_groups(
    xp: Any, product: LayerProduct, states: Sequence[int]
) -> tuple[list[Operation], float]:
    """A layer added group by group: a matrix replaces each group of spins by the one above it. The
    weights within the layer follow.
    """
    operations: list[Operation] = []
    log = 0.0
    for count, energies in product.groups:
        matrix = np.array(energies).reshape(count, count)
        operations.append(_group(xp.asarray(np.exp(matrix.min() - matrix))))
        log -= float(matrix.min())
    row = np.zeros(tuple(states))
    for factor in product.factors:
        row += np.array(factor.energies).reshape(
            [n if k in factor.axes else 1 for k, n in enumerate(states)]
        )
    weights = xp.asarray(np.exp(row.min() - row).reshape(-1, 1))
    operations.append(lambda xp, vectors: vectors * weights)
    return operations, log - float(row.min())


def _group(matrix: Any) -> Operation:
    """The sum over the first spins of the vector. The spins that replace them stand at its end."""
    count = matrix.shape[0]

    def apply(xp: Any, vectors: Any) -> Any:
        columns = vectors.shape[1]
        if columns == 1:
            return xp.reshape(xp.matmul(xp.reshape(vectors, (count, -1)).T, matrix), (-1, 1))
        below = xp.permute_dims(xp.reshape(vectors, (count, -1, columns)), (1, 0, 2))
        return xp.reshape(xp.matmul(matrix.T, below), (-1, columns))

    return apply


def _by_spins(xp: Any, steps: Sequence[WindowStep]) -> tuple[list[Operation], float]:
    """A layer added spin by spin, whatever these meet."""
    operations: list[Operation] = []
    log = 0.0
    for step in steps:
        for shape, values, summed, taken in _broadcast(step):
            operations.append(_factor(shape, xp.asarray(values), summed))
            log += taken
    return operations, log


def _factor(shape: tuple[int, ...], values: Any, summed: tuple[int, ...]) -> Operation:
    def apply(xp: Any, vectors: Any) -> Any:
        columns = vectors.shape[1]
        weighed = xp.reshape(vectors, (*shape, columns)) * values
        return xp.reshape(xp.sum(weighed, axis=summed) if summed else weighed, (-1, columns))

    return apply


def _broadcast(
    step: WindowStep,
) -> Iterator[tuple[tuple[int, ...], Floats, tuple[int, ...], float]]:
    """Shape of the vector, weights, axes to sum and logarithm taken out, for each factor of a step.

    The first factor brings in the new spin, and the sums are taken after the last one. Axes that no
    factor touches are joined.
    """
    new = len(step.window) - 1
    factors = step.factors or (Factor((), (0.0,)),)
    for number, factor in enumerate(factors):
        axes, energies = factor.axes, np.array(factor.energies)
        summed = step.summed if number == len(factors) - 1 else ()
        touched = sorted({*axes, *summed, *((new,) if number == 0 else ())})
        groups = _joined(step.window, touched)
        shape = tuple(1 if number == 0 and group == (new,) else size for group, size in groups)
        own = tuple(
            size if group[0] in axes or (group == (new,) and number == 0) else 1
            for group, size in groups
        )
        low = float(energies.min())
        values = np.exp(low - energies).reshape(tuple(step.window[a] for a in axes))
        values = np.broadcast_to(_expanded(values, axes, groups), own)
        yield (
            shape,
            values[..., None],
            tuple(k for k, (group, _) in enumerate(groups) if group[0] in summed),
            -low,
        )


def _joined(window: Sequence[int], touched: Sequence[int]) -> list[tuple[tuple[int, ...], int]]:
    """The axes of the window in groups: each touched one by itself, and those between them
    together.
    """
    groups: list[tuple[int, ...]] = []
    for axis in range(len(window)):
        if axis in touched or not groups or groups[-1][-1] in touched:
            groups.append((axis,))
        else:
            groups[-1] = (*groups[-1], axis)
    return [(group, prod(window[axis] for axis in group)) for group in groups]


def _expanded(
    values: Floats, axes: Sequence[int], groups: Sequence[tuple[tuple[int, ...], int]]
) -> Floats:
    """The factor with an axis of length 1 for every group that it does not depend on."""
    return values.reshape(tuple(size if group[0] in axes else 1 for group, size in groups))
