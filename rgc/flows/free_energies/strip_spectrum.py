"""The leading eigenvalues of the transfer matrix of a strip, each with its momentum around the
strip and its sign under the reversal of all spins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
Apply = Callable[[NDArray[Any]], NDArray[Any]]
"""A matrix applied to vectors [state, column]."""

LEVELS = 16
"""Eigenvalues that are looked for."""
DENSE = 256
"""The largest matrix whose eigenvalues are all computed."""
MOST_DENSE = 2048
"""The largest matrix whose eigenvalues are all computed where iteration fails."""
EQUAL = 1e-8
"""Relative difference up to which eigenvalues belong to one multiplet."""
CLOSED = 1e-5
"""Of a vector: what a translation may lead out of a multiplet. A multiplet of which some members
were not found leads out of itself by more.
"""


def strip_spectrum(apply: Apply, size: int, shift: Apply, turns: int, *, flip: bool) -> Floats:
    """[n, 3]: ln(lambda_0/|lambda_n|) rising from 0; the momentum in units of 2 pi/L, of which the
    opposite one is the same, from 0 to L/2; and 0 or 1 for even and odd under the reversal.

    `shift` moves states by one of `turns` cells around the strip. Without `flip` the reversal is no
    symmetry and counts as even. The two momenta of a pair make two rows.
    """
    values, vectors = _leading(apply, size)
    rows = [
        (float(np.log(abs(values[0]) / abs(value))), momentum, parity)
        for members in _multiplets(values)
        for value, momentum, parity in _labels(
            values[members], vectors[:, members], shift, turns, flip=flip
        )
    ]
    return np.array(sorted(rows)).reshape(-1, 3)


def _leading(apply: Apply, size: int) -> tuple[Complex, Complex]:
    if size <= DENSE:
        values, vectors = np.linalg.eig(apply(np.eye(size)))
    else:
        start = 1.5 + np.cos(1.7 * np.arange(size))  # it has a part in every sector
        values, vectors = arnoldi(
            lambda v: apply(v.reshape(-1, 1)).reshape(-1), start, k=LEVELS, which="LM"
        )
    order = np.argsort(-np.abs(values), kind="stable")[:LEVELS]
    return np.asarray(values[order], complex), np.asarray(vectors[:, order], complex)


def arnoldi(
    apply: Apply, start: Floats, *, k: int, which: Literal["LM", "LR"]
) -> tuple[Complex, Complex]:
    """The k eigenvalues of largest modulus or real part of a matrix that is applied to vectors,
    with their eigenvectors, by ARPACK.

    Where it does not converge, as between eigenvalues that nearly agree, it is given more vectors.
    A matrix of at most `MOST_DENSE` rows is diagonalised as a whole if that does not help either.
    Raises `SpecError` for a larger one: without all k, some may be missing in between.
    """
    from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs

    size = len(start)
    operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    for vectors in (None, *(min(size, many * k + 20) for many in (4, 8))):
        with suppress(ArpackNoConvergence):
            values, found = eigs(operator, k=k, which=which, v0=start, tol=0, ncv=vectors)
            return values, found
    if size <= MOST_DENSE:
        values, found = np.linalg.eig(np.stack([apply(unit) for unit in np.eye(size)], axis=1))
        return values, found
    message = f"the {k} leading eigenvalues of a transfer matrix of {size} rows do not converge"
    hint = "take a narrower strip, or couplings at which they differ more"
    raise SpecError([Problem("not-possible", message, hint=hint)])


def _multiplets(values: Complex) -> Iterator[slice]:
    ends = [n for n, (a, b) in enumerate(pairwise(np.abs(values)), 1) if a - b > EQUAL * a]
    for start, end in pairwise([0, *ends, len(values)]):
        yield slice(start, end)


def _labels(
    values: Complex, vectors: Complex, shift: Apply, turns: int, *, flip: bool
) -> Iterator[tuple[complex, int, int]]:
    """The members of a multiplet that the translation and the reversal keep."""
    inverse = np.linalg.pinv(vectors)
    shifted = shift(vectors)
    translation = inverse @ shifted
    if np.abs(shifted - vectors @ translation).max() > CLOSED * np.abs(vectors).max():
        return
    reversal = inverse @ vectors[::-1] if flip else np.eye(len(values))
    _, basis = np.linalg.eig(translation + 0.5 * reversal)
    back = np.linalg.inv(basis)
    phases = np.diag(back @ translation @ basis)
    signs = np.diag(back @ reversal @ basis).real
    for value, phase, sign in zip(values, phases, signs, strict=True):
        yield (
            complex(value),
            round(abs(float(np.angle(phase))) * turns / (2 * np.pi)),
            int(sign < 0),
        )


def moved(states: Sequence[int], order: Sequence[int]) -> Apply:
    """The exchange of the spins of a state."""

    def apply(vectors: NDArray[Any]) -> NDArray[Any]:
        columns = vectors.shape[1]
        spins = vectors.reshape(*states, columns).transpose(*order, len(order))
        return np.asarray(spins.reshape(-1, columns))

    return apply
