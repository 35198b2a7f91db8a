"""Matrices whose entries vanish unless row and column have the same charge, decomposed and
multiplied charge by charge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.truncation import Kept, choose

Charges = NDArray[np.int64]
"""Of indices: a charge of a group of cyclic parts is written as one number, row-major in their
orders.
"""
Orders = tuple[int, ...]
Floats = NDArray[np.float64]
Svd = Callable[[Any, int], tuple[Any, Any, Any]]
"""svd(matrix, rank) returns u, s, vt with at least the leading `rank` singular triplets."""

ROOT_OF_ROUNDING = 3e-8
"""Singular values that are computed as square roots of eigenvalues are accurate to this fraction of
the largest one.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """matrix = left @ right up to the truncation, with a factor sqrt(s) on each side.

    `charges` are those of the new index, rising. `spectrum` holds every singular value that was
    found, falling, in units of the largest.
    """

    left: Any
    right: Any
    charges: Charges
    kept: Kept
    spectrum: Floats


def split(xp: Any, matrix: Any, rows: Charges, columns: Charges, chi: int, svd: Svd) -> Split:
    """The best approximation of a graded matrix by about `chi` singular values.

    Every charge is decomposed by itself, so that rounding never mixes charges. `choose` decides how
    many values each of them keeps.
    """
    charges = _every(rows, columns)
    r, c = _members(rows, charges), _members(columns, charges)
    both = [k for k in charges if len(r[k]) and len(c[k])]
    parts = {k: svd(_block(xp, matrix, r[k], c[k]), chi) for k in both}
    values = [np.asarray(parts[k][1]) for k in both]
    kept = choose(values, chi, float(xp.sum(matrix * matrix)))
    counts = {**dict.fromkeys(charges, 0), **dict(zip(both, kept.counts, strict=True))}
    left, right = [], []
    for k in charges:
        u, s, vt = parts.get(
            k, (xp.zeros((len(r[k]), 0)), xp.zeros((0,)), xp.zeros((0, len(c[k]))))
        )
        root = xp.sqrt(s[: counts[k]])
        left.append(u[:, : counts[k]] * root)
        right.append(vt[: counts[k], :] * root[:, None])
    spectrum = -np.sort(-np.concatenate(values))
    return Split(
        xp.take(_diagonal(xp, left), xp.asarray(_back(r)), axis=0),
        xp.take(_diagonal(xp, right), xp.asarray(_back(c)), axis=1),
        np.repeat(np.array(charges), list(counts.values())),
        kept,
        spectrum / spectrum[0],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Orthonormal `columns` of definite charge. `spectrum` is as in `Split`."""

    columns: Any
    charges: Charges
    kept: Kept
    spectrum: Floats


def project(xp: Any, gram: Any, charges: Charges, chi: int) -> Projection:
    """The eigenvectors of about `chi` largest eigenvalues of M M^T, whose square roots are the
    singular values of M.
    """
    every = _every(charges)
    members = _members(charges, every)
    parts = [xp.linalg.eigh(_block(xp, gram, members[k], members[k])) for k in every]
    values = [np.sqrt(np.maximum(np.asarray(w)[::-1], 0)) for w, _ in parts]
    kept = choose(
        values, chi, float(sum(np.sum(block**2) for block in values)), zero=ROOT_OF_ROUNDING
    )
    columns = [
        xp.flip(v, axis=1)[:, :count] for (_, v), count in zip(parts, kept.counts, strict=True)
    ]
    spectrum = -np.sort(-np.concatenate(values))
    return Projection(
        xp.take(_diagonal(xp, columns), xp.asarray(_back(members)), axis=0),
        np.repeat(np.array(every), kept.counts),
        kept,
        spectrum / spectrum[0],
    )


def multiply(xp: Any, a: Any, b: Any, rows: Charges, inner: Charges, columns: Charges) -> Any:
    """The product a @ b of graded matrices, charge by charge."""
    charges = _every(rows, inner, columns)
    if len(charges) == 1:
        return a @ b
    r, i, c = (_members(index, charges) for index in (rows, inner, columns))
    blocks = [_block(xp, a, r[k], i[k]) @ _block(xp, b, i[k], c[k]) for k in charges]
    whole = xp.take(_diagonal(xp, blocks), xp.asarray(_back(r)), axis=0)
    return xp.take(whole, xp.asarray(_back(c)), axis=1)


def sums(first: Charges, second: Charges, orders: Orders) -> Charges:
    """The charge of each pair of indices, in row-major order."""
    a, b = (np.unravel_index(charges, orders) for charges in (first, second))
    parts = [
        ((one[:, None] + other) % n).reshape(-1) for one, other, n in zip(a, b, orders, strict=True)
    ]
    return np.ravel_multi_index(parts, orders)


def opposite(charges: Charges, orders: Orders) -> Charges:
    """The charges that add to 0 with these."""
    parts = np.unravel_index(charges, orders)
    return np.ravel_multi_index([-part % n for part, n in zip(parts, orders, strict=True)], orders)


def _every(*charges: Charges) -> list[int]:
    return [int(charge) for charge in np.unique(np.concatenate(charges))]


def _members(charges: Charges, every: Sequence[int]) -> dict[int, Charges]:
    """The indices of each charge."""
    return {charge: np.flatnonzero(charges == charge) for charge in every}


def _block(xp: Any, matrix: Any, rows: Charges, columns: Charges) -> Any:
    if (len(rows), len(columns)) == matrix.shape:
        return matrix
    flat = (rows[:, None] * matrix.shape[1] + columns).reshape(-1)
    return xp.reshape(
        xp.take(xp.reshape(matrix, (-1,)), xp.asarray(flat)), (len(rows), len(columns))
    )


def _diagonal(xp: Any, blocks: Sequence[Any]) -> Any:
    """The block-diagonal matrix of the blocks."""
    if len(blocks) == 1:
        return blocks[0]
    width, left, strips = sum(block.shape[1] for block in blocks), 0, []
    for block in blocks:
        height, own = block.shape
        strips.append(
            xp.concat(
                [xp.zeros((height, left)), block, xp.zeros((height, width - left - own))], axis=1
            )
        )
        left += own
    return xp.concat(strips, axis=0)


def _back(members: dict[int, Charges]) -> Charges:
    """For each index its position among the indices sorted by charge."""
    return np.argsort(np.concatenate(list(members.values())))
