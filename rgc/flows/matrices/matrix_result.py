"""What is reported of a matrix that is iterated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.linear_map import Iterated, iterated
from rgc.results.result import Eigenvalue, Estimate, Level

Floats = NDArray[np.float64]

MOST_EIGENVALUES = 64
"""The number of eigenvalues that are listed; a table holds all."""

NO_SCALE = "the matrix changes no length: it has no ratio of lattice constants"
NO_EXPONENT = "the eigenvalue is 0: it has no exponent"

MOST_ENTRIES = 1_000_000
"""A matrix with more entries is in no table."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Report:
    """The parts of a result that a matrix has."""

    levels: tuple[Level, ...] = ()
    eigenvalues: tuple[Eigenvalue, ...] = ()
    values: Mapping[str, Estimate]
    tables: Mapping[str, NDArray[Any]]
    warnings: tuple[str, ...] = ()


def exact(value: float) -> Estimate:
    """A number without an error, null where it is not finite."""
    if not np.isfinite(value):
        return Estimate(None, None, "exact", note="it is beyond the largest number")
    return Estimate(float(value), 0.0, "exact")


def report(matrix: Floats, points: Floats | None = None, scale: float | None = None) -> Report:
    """What iterating a matrix does, and how far it leaves the rows of `points` where they are.

    The values are `spectral_radius`, `multiplicity` of the eigenvalue 1, `idempotence` |C^2 - C|
    and `residual` |C X - X|, each the largest entry. Tables are `spectrum` [2, n] with real and
    imaginary parts, `matrix`, and `limit`, the projector that the powers converge to. Where they do
    not, a warning says why.
    """
    found = iterated(matrix)
    values = {
        "spectral_radius": exact(found.radius),
        "multiplicity": exact(found.multiplicity),
        "idempotence": exact(found.idempotence),
    }
    if points is not None:
        values["residual"] = exact(np.abs(matrix @ points - points).max(initial=0.0))
    return Report(
        eigenvalues=listed(found.eigenvalues, scale),
        values=values,
        tables=_tables(matrix, found),
        warnings=(found.why,) if found.why else (),
    )


def _tables(matrix: Floats, found: Iterated) -> dict[str, NDArray[Any]]:
    tables = {"spectrum": np.stack([found.eigenvalues.real, found.eigenvalues.imag])}
    if matrix.size <= MOST_ENTRIES:
        tables["matrix"] = matrix
        if found.limit is not None:
            tables["limit"] = found.limit
    return tables


def listed(values: NDArray[Any], scale: float | None = None) -> tuple[Eigenvalue, ...]:
    """Eigenvalues in their order as a result has them, with exponents ln|lambda| / ln b where b is
    known.
    """
    return tuple(
        _eigenvalue(complex(value), index, len(values), scale)
        for index, value in enumerate(values[:MOST_EIGENVALUES], start=1)
    )


def _eigenvalue(value: complex, index: int, number: int, scale: float | None) -> Eigenvalue:
    note = NO_SCALE if scale is None else "" if value else NO_EXPONENT
    return Eigenvalue(
        value=value.real,
        imag=value.imag,
        error=0.0,
        exponent=log(abs(value)) / log(scale) if scale is not None and value else float("nan"),
        exponent_error=None if note else 0.0,
        sector="invariant",
        level=1,
        operators=number,
        index=index,
        kind="exact",
        note=note,
    )
