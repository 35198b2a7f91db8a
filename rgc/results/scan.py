"""Measures of a finished scan: `crossing(U, K)`, `extremum(chi, K)`, `central_charge(f, L)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import hypot, pi
from typing import TYPE_CHECKING

from rgc.language.measures import SCAN_MEASURES
from rgc.model.lattice import Lattice
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from rgc.model.observables import ScanMeasure
    from rgc.model.spec import Axis
    from rgc.results.answer_data import Point

Curve = list[tuple[float, float, float]]
"""(parameter, value, error), in increasing order of the parameter."""


def measure(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """The value of one measure of a scan."""
    return KINDS[asked.kind](asked, axes, points)


def _curves(
    asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]
) -> Mapping[tuple[float, ...], Curve]:
    """The measure against the parameter, one curve for each value of the other axes, in their order
    in the scan.
    """
    quantity, parameter = asked.measure, asked.parameter
    others = [axis.name for axis in axes if axis.name != parameter]
    curves: dict[tuple[float, ...], Curve] = {}
    for point in points:
        estimate = point.result.observables.get(quantity)
        if estimate is None or estimate.value is None or estimate.error is None:
            continue
        key = tuple(point.parameters[name] for name in others)
        curves.setdefault(key, []).append(
            (point.parameters[parameter], estimate.value, estimate.error)
        )
    return {key: sorted(curve) for key, curve in curves.items()}


def _crossing(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """Where the last two curves cross, from straight lines between points; the error adds the shift
    from the pair before.
    """
    quantity = asked.measure
    curves = list(_curves(asked, axes, points).values())
    crossings = [_cross(first, second) for first, second in pairwise(curves)]
    if not crossings or crossings[-1] is None:
        return Estimate(
            None,
            None,
            note=f"the last two curves of {quantity} do not cross exactly once in the scan",
        )
    at, statistical = crossings[-1]
    earlier = crossings[-2] if len(crossings) > 1 else None
    if earlier is None:
        note = "two sizes only: the shift with size is not known and not in the error"
        return Estimate(
            at,
            statistical,
            statistical=statistical,
            rule="crossing of the last two sizes",
            note=note,
        )
    systematic = abs(at - earlier[0])
    rule = "crossing of the last two sizes; systematic error: its shift from the pair before"
    return Estimate(
        at,
        hypot(statistical, systematic),
        statistical=statistical,
        systematic=systematic,
        rule=rule,
    )


def _cross(first: Curve, second: Curve) -> tuple[float, float] | None:
    """Where two curves cross and its statistical error; None unless they do so once between their
    common points.
    """
    other = {x: (value, error) for x, value, error in second}
    gaps = [(x, v - other[x][0], hypot(e, other[x][1])) for x, v, e in first if x in other]
    changes = [(a, b) for a, b in pairwise(gaps) if a[1] * b[1] <= 0 and a[1] != b[1]]
    if len(changes) != 1:
        return None
    (x0, g0, e0), (x1, g1, e1) = changes[0]
    span, slope = x1 - x0, g1 - g0
    at = x0 - g0 * span / slope
    return at, abs(span) * hypot(g1 * e0, g0 * e1) / slope**2


def _extremum(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """Where the parabola through the largest value and its neighbours has its maximum, on the last
    curve.
    """
    quantity = asked.measure
    curve = list(_curves(asked, axes, points).values())[-1]
    if len(curve) < 3:
        return Estimate(None, None, note=f"an extremum of {quantity} needs three points")
    k = max(range(len(curve)), key=lambda n: curve[n][1])
    if not 0 < k < len(curve) - 1:
        return Estimate(None, None, note=f"the largest {quantity} lies at the end of the scan")
    three = curve[k - 1 : k + 2]
    at = _vertex([y for _, y, _ in three], [x for x, _, _ in three])
    shifts = []
    for n in range(3):
        moved = [y + (e if m == n else 0.0) for m, (_, y, e) in enumerate(three)]
        shifts.append(_vertex(moved, [x for x, _, _ in three]) - at)
    statistical = hypot(*shifts)
    systematic = abs(at - three[1][0]) / 2
    rule = (
        "parabola through the largest value and its neighbours; systematic error: half the "
        "distance to the nearest point"
    )
    return Estimate(
        at,
        hypot(statistical, systematic),
        statistical=statistical,
        systematic=systematic,
        rule=rule,
    )


def _vertex(y: Sequence[float], x: Sequence[float]) -> float:
    first, second = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    curvature = (second - first) / (x[2] - x[0])
    return (x[0] + x[1]) / 2 - first / (2 * curvature) if curvature else x[1]


# -- central charge --------------------------------------------------------------------------------

CHARGE_RULE = (
    "c of f(L) = f - pi c a / (6 L^2) + b / L^4 through the last three widths, a the height of a "
    "layer by the width of a site; systematic error: its change from the three before, or from "
    "the last two widths with b = 0"
)

Widths = Sequence[tuple[float, float, float]]
"""Width L, free energy per cell in units of a, its error."""


def _central_charge(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """c from free energies per site of periodic strips; isotropic bonds (Bloete, Cardy and
    Nightingale 1986; Affleck 1986).
    """
    quantity, curve = asked.measure, []
    for point in points:
        estimate, lattice = point.result.observables.get(quantity), point.lattice
        strip = _strip(lattice) if isinstance(lattice, Lattice) else None
        if estimate is None or estimate.value is None or estimate.error is None or strip is None:
            note = (
                f"{quantity} is needed on strips in two dimensions, periodic across and infinite "
                "along the other vector"
            )
            return Estimate(None, None, note=note)
        curve.append((strip[0], estimate.value * strip[1], estimate.error * strip[1]))
    curve.sort()
    if len({width for width, _, _ in curve}) < max(2, len(curve)):
        return Estimate(None, None, note="a central charge needs two widths or more, each once")
    _, before, _ = _fitted(curve[-2:])
    if len(curve) < 3:
        note = "two widths only: the corrections to 1/L^2 are not known and not in the error"
        return Estimate(before, None, rule=CHARGE_RULE, note=note)
    f, c, statistical = _fitted(curve[-3:])
    systematic = abs(c - (_fitted(curve[-4:-1])[1] if len(curve) > 3 else before))
    single = ", ".join(f"{6 * w**2 * (f - g) / pi:.5f} at {w:g}" for w, g, _ in curve)
    return Estimate(
        c,
        hypot(statistical, systematic),
        statistical=statistical,
        systematic=systematic,
        rule=CHARGE_RULE,
        note=f"of single widths with the f of this fit: {single}",
    )


def _fitted(curve: Widths) -> tuple[float, float, float]:
    """f, c and the statistical error of c through two or three widths."""
    import numpy as np

    width, value, error = (np.array(column) for column in zip(*curve, strict=True))
    powers = np.stack(
        [np.ones_like(width), -pi / (6 * width**2), width**-4.0][: len(curve)], axis=1
    )
    inverse = np.linalg.inv(powers)
    f, c = inverse[:2] @ value
    return float(f), float(c), float(np.linalg.norm(inverse[1] * error))


def _strip(lattice: Lattice) -> tuple[float, float] | None:
    """The width L of a strip in cells, and what turns its f per site into one per cell in units of
    a, the height of a layer by the width of a cell: sites in a cell / a.
    """
    if lattice.dimension != 2 or sum(size is None for size in lattice.shape) != 1:
        return None
    along = lattice.shape.index(None)
    width, edge = lattice.shape[1 - along], lattice.boundary[1 - along]
    if width is None or edge != "periodic":
        return None
    (ax, ay), (bx, by) = lattice.vectors
    across = lattice.vectors[1 - along]
    aspect = abs(ax * by - ay * bx) / (across[0] ** 2 + across[1] ** 2)
    return float(width), len(lattice.basis) / aspect


KINDS: Mapping[str, Callable[[ScanMeasure, Sequence[Axis], Sequence[Point]], Estimate]] = {
    "crossing": _crossing,
    "extremum": _extremum,
    "central_charge": _central_charge,
}
"""The measures of a scan by name, those of `SCAN_MEASURES` in rgc/language/measures.py."""

for _name in set(KINDS) ^ set(SCAN_MEASURES):
    raise LookupError(
        f"'{_name}' needs a row in KINDS of rgc/results/scan.py and one in SCAN_MEASURES of "
        "rgc/language/measures.py"
    )
