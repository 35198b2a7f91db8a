"""What a fit asks of its curve, of the data and of the grid on which it is sought."""

from __future__ import annotations

from collections.abc import Iterator

from rgc.errors import Problem, listing
from rgc.language.values import CallValue
from rgc.model.curve import Curve
from rgc.model.data import rows_of
from rgc.schemes.needs.couplings import count_starts
from rgc.schemes.needs.matrices import no_points
from rgc.schemes.scheme import Asked

MOST_POINTS = 10_000
"""The largest number of points of a grid."""


def _curve(asked: Asked) -> Curve | None:
    step = asked.spec.map[0] if asked.spec.map and asked.read("map") else None
    return step if isinstance(step, Curve) else None


def a_curve(asked: Asked) -> Iterator[Problem]:
    """Report maps that are no curve."""
    if asked.spec.map and asked.read("map") and _curve(asked) is None:
        message = f"a curve is fitted, and '{asked.spec.map[0].name}' is none"
        hint = "write map curve(x2 = A + B*x1, linear=[A, B])"
        yield Problem("wrong-kind", message, asked.section("map"), hint=hint)


def a_grid(asked: Asked) -> Iterator[Problem]:
    """Report unknown numbers without a range in which they are sought, linear ones with one, and
    grids that are too large.
    """
    curve = _curve(asked)
    if curve is None or ("starts" in asked.places and "starts" not in asked.options):
        return
    grid, place = asked.options.get("starts"), asked.place("starts")
    axes = dict(grid.options) if isinstance(grid, CallValue) else {}
    example = ", ".join(f"{name}=0:1:5" for name in curve.nonlinear)
    if not curve.nonlinear:
        if grid is not None:
            message = "linear unknown numbers need no starts"
            yield Problem("unused-option", message, place, hint="leave starts out")
        return
    if not isinstance(grid, CallValue):
        message = f"there is no range of {listing(curve.nonlinear)}"
        yield Problem("missing-option", message, place, hint=f"write starts=grid({example})")
        return
    missing = [name for name in curve.nonlinear if name not in axes]
    if missing:
        message = f"the grid gives no range of {listing(missing)}"
        yield Problem("missing-option", message, place, hint=f"write starts=grid({example})")
    for name, values in axes.items():
        different = set(values) if isinstance(values, tuple) else {values}
        if name in curve.linear:
            message = f"the curve is linear in '{name}', which is sought everywhere"
            yield Problem("unused-option", message, place, hint=f"leave {name} out of the grid")
        elif len(different) < 2:
            message = f"'{name}' is sought between two values at least"
            yield Problem("too-few-values", message, place, hint=f"write {name}=0:1:5")
    if count_starts(grid) > MOST_POINTS:
        message = f"a grid of {count_starts(grid)} points; the limit is {MOST_POINTS}"
        yield Problem("too-many-points", message, place, hint="take fewer values")


def enough_rows(asked: Asked) -> Iterator[Problem]:
    """Report data that are states of spins, and fewer rows than a fit needs."""
    curve, data = _curve(asked), asked.spec.data
    if curve is None or data is None or not asked.read("data"):
        return
    refused = no_points(data, "a fit")
    if refused:
        hint = "points(...), simplex(...) and file(...) without threshold are points"
        yield Problem("wrong-data", refused, asked.section("data"), hint=hint)
        return
    rows, needed = rows_of(data), len(curve.quantities) + 2
    if rows is not None and rows < needed:
        message = f"{len(curve.quantities)} unknown numbers, and {rows} rows"
        hint = f"take {needed} rows at least"
        yield Problem("no-rows", message, asked.section("data"), hint=hint)


LIMITS = (a_curve, a_grid, enough_rows)
"""The limits of a fit."""
