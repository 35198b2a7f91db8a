"""Checks of maps that are matrices: the matrix against its definition, entry by entry, and what is
said of its powers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import exp, fsum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.recursion import Floats
from rgc.flows.matrices.matrix_flow import MatrixFlow
from rgc.model.matrix_maps import ConvexNmf, DiffusionMap, LinearMap, MatrixMap
from rgc.results.result import Result
from rgc.syntax import ast
from rgc.verification.arrays import ROUNDINGS, result_on
from rgc.verification.certificate import Finding, unchecked, within
from rgc.verification.energies import UNIT
from rgc.verification.evaluator import Unreadable, evaluator_of_numbers
from rgc.verification.subject import Subject

FEASIBLE = 1e-9
"""How far a linear program may be beyond its constraints: its solver asks for 1e-10."""

MOST = 500
"""The largest number of rows whose weights are computed one by one."""

TEXT = "C is the matrix of the text"
PROGRAM = "C >= 0 keeps the data, with rows that add up to 1 and columns below their diagonal"
FACTORS = "C >= 0, and the objective is |X - C X|^2"
WALK = "the slow eigenvectors are those of the walk, weight by weight"
LIMIT = "the limit P of the powers has P P = P, C P = P and P C = P"


def check_matrix(subject: Subject) -> Iterator[Finding]:
    """Compare the matrix of the answer with its definition; nothing for other maps."""
    step = subject.spec.map[0]
    if not isinstance(subject.own, MatrixFlow) or not isinstance(step, MatrixMap):
        return
    result = result_on(subject, 0)
    try:
        yield _against_definition(step, result, subject)
    except Unreadable as error:
        yield unchecked("a", "matrix", TEXT, "L3", str(error))
    if "limit" in result.tables:
        yield _limit(result.tables["matrix"], result.tables["limit"])


def _against_definition(step: MatrixMap, result: Result, subject: Subject) -> Finding:
    tables = result.tables
    match step:
        case LinearMap():
            return _linear(tables["matrix"], subject)
        case ConvexNmf(variant="lp"):
            if "matrix" not in tables:
                return unchecked("a", "matrix", PROGRAM, "L3", result.warnings[0])
            return _program(tables, step)
        case ConvexNmf():
            return _factors(tables)
        case DiffusionMap():
            if len(tables["points"]) > MOST:
                reason = f"there are more than {MOST} rows"
                return unchecked("a", "matrix", WALK, "L3", reason)
            return _walk(tables, step)


def _finding(claim: str, where: str, difference: float, bound: float) -> Finding:
    return within("a", "matrix", claim, where, difference=float(difference), bound=float(bound))


def _linear(matrix: Floats, subject: Subject) -> Finding:
    section = subject.document.section("map")
    call = None if section is None else section.body
    if not isinstance(call, ast.Call):
        raise Unreadable("the independent evaluator cannot read this map")
    named = {option.name: option.value for option in call.options}
    place = call.arguments[0] if call.arguments else named["matrix"]
    text = evaluator_of_numbers(subject.document)(place)
    size = " x ".join(map(str, matrix.shape))
    bound = 4 * UNIT * np.abs(text).max()
    return _finding(TEXT, size, np.abs(matrix - text).max(), bound)


def _program(tables: Mapping[str, NDArray[Any]], step: ConvexNmf) -> Finding:
    matrix, points = tables["matrix"], tables["points"]
    moved = np.abs(_product(matrix, points) - points).max() - step.tolerance
    beyond = max(
        moved,
        -matrix.min(),
        float((matrix - np.diag(matrix)).max()),
        float(np.abs(matrix.sum(axis=1) - 1).max()),
        abs(float(np.trace(matrix)) - step.rank),
    )
    return _finding(PROGRAM, f"{len(points)} rows", max(beyond, 0.0), FEASIBLE)


def _factors(tables: Mapping[str, NDArray[Any]]) -> Finding:
    matrix, points = tables["matrix"], tables["points"]
    rest = points - _product(matrix, points)
    value = fsum(x * x for x in rest.ravel())
    size = float(np.square(np.abs(points) + np.abs(matrix) @ np.abs(points)).sum())
    difference = max(abs(value - float(tables["objective"][-1])), -float(matrix.min()))
    return _finding(FACTORS, f"{len(points)} rows", difference, ROUNDINGS * UNIT * size)


def _product(matrix: Floats, points: Floats) -> Floats:
    """C X with sums that are rounded once."""
    return np.array([[fsum(row * column) for column in points.T] for row in matrix])


def _walk(tables: Mapping[str, NDArray[Any]], step: DiffusionMap) -> Finding:
    points, vectors, values = tables["points"], tables["slow"], tables["spectrum"][0]
    weights = [[_weight(x, y, step.scale) for y in points] for x in points]
    density = [fsum(row) for row in weights]
    moved = np.empty_like(vectors)
    for i, row in enumerate(weights):
        chances = [w / (density[i] * density[j]) for j, w in enumerate(row)]
        total = fsum(chances)
        moved[i] = [
            fsum(c * v for c, v in zip(chances, column, strict=True)) for column in vectors.T
        ]
        moved[i] /= total
    count = vectors.shape[1]
    difference = np.abs(moved - vectors * values[:count]).max()
    bound = ROUNDINGS * UNIT * np.sqrt(len(points)) * np.abs(vectors).max()
    return _finding(WALK, f"{len(points)} rows, {count} eigenvectors", difference, bound)


def _weight(x: Floats, y: Floats, scale: float) -> float:
    return exp(-fsum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / (2 * scale**2))


def _limit(matrix: Floats, limit: Floats) -> Finding:
    products = (limit @ limit, matrix @ limit, limit @ matrix)
    difference = max(float(np.abs(product - limit).max()) for product in products)
    sizes = [1 + float(np.abs(each).sum(axis=1).max()) for each in (matrix, limit)]
    bound = ROUNDINGS * UNIT * sizes[0] * sizes[1] ** 2
    return _finding(LIMIT, f"trace {np.trace(limit):.6g}", difference, bound)
