"""What iterating a matrix asks of options and data."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing
from rgc.model.data import Data, File, rows_of
from rgc.model.matrix_maps import ConvexNmf, DiffusionMap, LinearMap, MatrixMap
from rgc.model.point_clouds import Points, Simplex
from rgc.schemes.scheme import Asked
from rgc.text import section_text

OPTIONS = {"linear": ("steps", "starts", "seed")}
"""The options that are asked of each matrix; of all others the seed alone."""

POINTS = "a map of points"

MOST_ROWS = {"dlj": 1000, "lp": 400}
"""The largest number of rows that each variant of the factorisation takes."""


def _matrix(asked: Asked) -> MatrixMap | None:
    """The map of the spec if it is a matrix."""
    step = asked.spec.map[0] if asked.spec.map and asked.read("map") else None
    return step if isinstance(step, LinearMap | ConvexNmf | DiffusionMap) else None


def options_of_a_matrix(asked: Asked) -> Iterator[Problem]:
    """Report options that ask nothing of a matrix."""
    step = _matrix(asked)
    if step is None:
        return
    known = OPTIONS.get(step.name, ("seed",))
    for option in asked.places:
        if option not in known:
            message = f"'{step.name}' is a matrix, and has no use for '{option}'"
            hint = f"it has {listing(known)}, and always reports its spectrum"
            yield Problem("unused-option", message, asked.place(option), hint=hint)


def points_as_data(asked: Asked) -> Iterator[Problem]:
    """Report data that a matrix is to be made of and that are missing or are no points."""
    step, data = _matrix(asked), asked.spec.data
    if step is None or not asked.read("data"):
        return
    if data is None:
        if not isinstance(step, LinearMap):
            message = f"'{step.name}' is made of data, and this spec has none"
            place = asked.section("map")
            hint = f"add: {section_text('data', 'points(200, [cos(row), sin(row)])', place)}"
            yield Problem("missing-section", message, place, hint=hint)
        return
    refused = no_points(data, POINTS)
    if refused:
        hint = "points(...), simplex(...) and file(...) without threshold are points"
        yield Problem("wrong-data", refused, asked.section("data"), hint=hint)


def no_points(data: Data, what: str) -> str:
    """Why data are not the points that something is made of; empty if they are."""
    if isinstance(data, File):
        unused = {
            "threshold": data.threshold,
            "validation": data.validation,
            "weights": data.weights,
        }
        named = [name for name, value in unused.items() if value is not None]
        return f"{what} has no use for {listing(named)}" if named else ""
    if isinstance(data, Points | Simplex):
        return ""
    return f"these data are states of spins, and {what} takes points"


def enough_rows(asked: Asked) -> Iterator[Problem]:
    """Report ranks, numbers of clusters and sizes of matrices that do not suit the number of rows,
    and more rows than a factorisation takes.
    """
    step, data = _matrix(asked), asked.spec.data
    if step is None or data is None or not asked.read("data") or no_points(data, POINTS):
        return
    rows = rows_of(data)
    if rows is not None:
        yield from _unsuited(step, rows, asked)


def _unsuited(step: MatrixMap, rows: int, asked: Asked) -> Iterator[Problem]:
    where, has = asked.section("map"), f"the data have {rows} row{'s' * (rows != 1)}"
    match step:
        case LinearMap(matrix=matrix) if len(matrix) != rows:
            message = f"C is {len(matrix)} x {len(matrix)} and acts on rows of data, and {has}"
            yield Problem("wrong-rows", message, where)
        case ConvexNmf(rank=rank) if rank > rows:
            message = f"the rank is {rank}, and {has}"
            yield Problem("out-of-range", message, where, hint=f"a rank of at most {rows}")
        case ConvexNmf(variant=variant) if rows > MOST_ROWS[variant]:
            message = f"'{variant}' takes at most {MOST_ROWS[variant]} rows, and {has}"
            yield Problem("too-many-rows", message, where, hint="take fewer of them")
        case DiffusionMap(clusters=clusters) if rows < max(3, clusters or 0):
            message = f"{has}, too few for a walk on them"
            yield Problem("no-rows", message, where)


LIMITS = (options_of_a_matrix, points_as_data, enough_rows)
"""The limits of maps that are matrices."""
