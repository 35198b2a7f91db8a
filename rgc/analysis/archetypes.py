"""Archetypes of data by linear programming: X = C X with few rows that all others are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

Floats = NDArray[np.float64]

WHOLE = 1e-6
"""A diagonal entry of C this near to 1 is 1: the row is an archetype."""


class Infeasible(Exception):
    """No matrix meets the constraints."""


@dataclass(frozen=True, slots=True, eq=False)
class Archetypes:
    """The solution of the linear program.

    - `matrix` is C [n, n], `rows` are the numbers of the archetypes, in rising order.
    - `objective` is p . diag C.
    - `whole` says whether every diagonal entry is 0 or 1. Then C keeps the archetypes and makes
      every other row of them.
    """

    matrix: Floats
    rows: tuple[int, ...]
    objective: float
    whole: bool


def find_archetypes(points: Floats, rank: int, costs: Floats, tolerance: float = 0.0) -> Archetypes:
    """The matrix C of least p . diag C with C X = X, tr C = r and 0 <= C_ij <= C_jj <= 1, whose
    rows add up to 1.

    It is the linear program of Bittorf, Recht, Re and Tropp (2012) for rows that are convex
    combinations: where the points lie in the convex hull of r of them, and none of these in that of
    the others, C has these r for any costs p that are all different. With a `tolerance` no entry of
    C X - X exceeds it. Raises `Infeasible`.
    """
    count = len(points)
    level = np.concatenate([points, np.ones((count, 1))], axis=1)
    slack = np.concatenate([np.full(points.shape[1], tolerance), [0.0]])
    solved: Any = linprog(
        np.diag(costs).ravel(),
        **_constraints(level, slack, count, rank),
        bounds=(0, 1),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.status != 0:
        raise Infeasible(str(solved.message))
    matrix = np.clip(np.asarray(solved.x).reshape(count, count), 0.0, 1.0)
    diagonal = np.diag(matrix)
    rows = np.sort(np.argsort(-diagonal, kind="stable")[:rank])
    whole = bool((np.minimum(diagonal, 1 - diagonal) < WHOLE).all())
    return Archetypes(matrix, tuple(map(int, rows)), float(costs @ diagonal), whole)


def _constraints(level: Floats, slack: Floats, count: int, rank: int) -> dict[str, Any]:
    """Those of `linprog` for the entries of C, row by row: C level = level within the slack, trace,
    and C_ij <= C_jj.
    """
    product = sparse.kron(sparse.eye_array(count), sparse.csr_array(level.T))
    target, width = level.ravel(), np.tile(slack, count)
    exact, loose = np.flatnonzero(width == 0), np.flatnonzero(width)
    trace = sparse.csr_array(np.eye(count).reshape(1, -1))
    entry = np.arange(count * count)
    column = entry % count
    kept = entry[entry // count != column]
    rows = np.arange(len(kept))
    ones = np.ones(len(kept))
    shape = (len(kept), count * count)
    below = sparse.csr_array((ones, (rows, kept)), shape=shape)
    diagonal = sparse.csr_array((ones, (rows, column[kept] * (count + 1))), shape=shape)
    product = sparse.csr_array(product)
    return {
        "A_eq": sparse.vstack([product[exact], trace]),
        "b_eq": np.concatenate([target[exact], [rank]]),
        "A_ub": sparse.vstack([below - diagonal, product[loose], -product[loose]]),
        "b_ub": np.concatenate(
            [np.zeros(len(kept)), (target + width)[loose], (width - target)[loose]]
        ),
    }
