"""Conformal invariance on strips that are periodic across and infinite along: the central charge
from free energies, scaling dimensions from the spectra of transfer matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, log, pi
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.curve_features import Absent
from rgc.analysis.systematic import Change, systematic
from rgc.model.lattice import Lattice
from rgc.model.observables import ScanMeasure
from rgc.model.supercells import sizes_as_written
from rgc.results.result import Estimate

if TYPE_CHECKING:
    from rgc.model.spec import Axis
    from rgc.results.answer_data import Point

Floats = NDArray[np.float64]

CHARGE_RULE = (
    "c of f(L) = f - pi c a / (6 L^2) + b / L^4 through the last three widths, a the height of a "
    "layer by the width of a site; systematic error: the largest of its changes from the three "
    "before (of three widths, from the last two with b = 0), with b / L^3.6, and with the a that "
    "the first excitation with momentum has on the last two"
)
DIMENSION_RULE = (
    "the lowest x of L gap(L) / (2 pi a) = x + b / L^2 through the last two widths, a the height "
    "of a layer by the width of a site; systematic error: the larger of its changes from the two "
    "widths before and from the last width alone"
)
MEASURED = (
    "a is measured, as no rotation is a symmetry: 2 pi a/L is the step from "
    "the lowest excitation to the next with one unit of momentum more; it comes to "
    "{:.5f} within {:.1g}"
)

SLOW = 3.6
"""The power of 1/L of the correction to f in the three-state Potts model. Every lattice has 4."""

DRIFT = 0.1
"""d ln(L gap)/d ln L, which vanishes at a critical point and is 1 where the correlation length is
finite.
"""
FAR = 0.3
"""The same where two widths do not say whether it falls."""
JUMP = 1.0
"""Beyond what any correlation length does from one width to the next."""

BELOW = (
    "the central charge comes to {:.3g}, and positive weights exclude one below 0: the lowest "
    "level of these widths is not that of the identity, as in an antiferromagnet of odd width"
)


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A strip of `width` cells: its free energy per cell and the error, the `spectrum` as
    `rgc.flows.free_energies.strip_spectrum` has it, the height of a layer by the width of a cell
    (`aspect`), and whether a symmetry makes it isotropic.
    """

    width: float
    free: float
    error: float
    spectrum: Floats
    aspect: float
    isotropic: bool

    @property
    def gap(self) -> float:
        """The lowest one, times the width."""
        return self.width * float(self.spectrum[1, 0])

    @property
    def speed(self) -> float:
        """L/(2 pi) times the step from the lowest excitation to the next one of the same sign with
        one unit of momentum more or less, or NaN where it was not found.
        """
        lowest, momentum, sign = self.spectrum[1]
        next_ = [
            gap
            for gap, other, parity in self.spectrum[2:]
            if parity == sign and abs(other - momentum) == 1 and gap > lowest
        ]
        return self.width * float(min(next_) - lowest) / (2 * pi) if next_ else float("nan")


def central_charge(asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]) -> Estimate:
    """c from free energies of periodic strips (Bloete, Cardy and Nightingale 1986; Affleck 1986).

    Raises `Absent` off criticality, below 0, and where the widths are not of one kind.
    """
    strips = _critical_strips(asked, points)
    aspect, _, note = _aspect(strips)
    if len(strips) < 3:
        note = "two widths only: the corrections to 1/L^2 are not known and not in the error"
        return Estimate(_positive(_fitted(strips)[1] / aspect), None, rule=CHARGE_RULE, note=note)
    f, c, statistical = _fitted(strips[-3:])
    value, statistical = _positive(c / aspect), statistical / aspect
    changes = [Change(other - value) for other in _other_charges(strips, aspect)]
    extrapolation = systematic(changes)
    single = ", ".join(
        f"{6 * each.width**2 * (f - each.free) / (pi * aspect):.5f} at {each.width:g}"
        for each in strips
    )
    said = f"of single widths with the f of this fit: {single}"
    return Estimate(
        value,
        None if extrapolation is None else hypot(statistical, extrapolation),
        statistical=statistical,
        systematic=extrapolation,
        rule=CHARGE_RULE,
        note="; ".join(text for text in (said, note) if text),
    )


def _other_charges(strips: Sequence[Strip], aspect: float) -> Iterator[float]:
    """Other ways to the central charge, of three widths or more and an aspect ratio."""
    yield _fitted(strips[-4:-1] if len(strips) > 3 else strips[-2:])[1] / aspect
    yield _fitted(strips[-3:], SLOW)[1] / aspect
    measured = _limit(strips[-2:], [strip.speed for strip in strips[-2:]])
    if np.isfinite(measured):
        yield _fitted(strips[-3:])[1] / measured


def scaling_dimensions(
    asked: ScanMeasure, axes: Sequence[Axis], points: Sequence[Point]
) -> Estimate:
    """The lowest scaling dimension (Cardy 1984). The others, by momentum and sign, stand in the
    note, from the widest strip.

    Raises `Absent` where there is no central charge either.
    """
    strips = _critical_strips(asked, points)
    aspect, wrong, note = _aspect(strips)
    _positive(_fitted(strips[-3:])[1] / aspect)
    scaled = [each.gap / (2 * pi * aspect) for each in strips]
    value = _limit(strips[-2:], scaled[-2:])
    others = [scaled[-1]] + ([_limit(strips[-3:-1], scaled[-3:-1])] if len(strips) > 2 else [])
    off = systematic([Change(value - other) for other in others])
    error = None if off is None else hypot(off, value * wrong / aspect)
    said = "; ".join(text for text in (_listed(strips[-1], aspect), note) if text)
    return Estimate(value, error, systematic=error, rule=DIMENSION_RULE, note=said)


def _positive(charge: float) -> float:
    """A central charge. Raises `Absent` where it is not above 0."""
    if charge <= 0:
        raise Absent(BELOW.format(charge))
    return charge


def _listed(strip: Strip, aspect: float) -> str:
    unit = 2 * pi * aspect / strip.width
    shown = dict.fromkeys(
        f"{gap / unit:.4f} ({momentum:.0f}, {'odd' if sign else 'even'})"
        for gap, momentum, sign in strip.spectrum[1:]
    )
    return f"at L = {strip.width:g}, with momentum and sign: {', '.join(shown)}"


# -- strips ----------------------------------------------------------------------------------------


def _critical_strips(asked: ScanMeasure, points: Sequence[Point]) -> list[Strip]:
    """The strips of a scan by width. Raises `Absent` for what they lack."""
    strips = [_strip(asked.measure, point) for point in points]
    found = sorted((strip for strip in strips if strip is not None), key=lambda each: each.width)
    if len(found) < len(strips):
        raise Absent(
            f"{asked.measure} is needed by the transfer matrix, on strips in two dimensions of two "
            "cells or more that are periodic across and infinite along the other vector"
        )
    if len({strip.width for strip in found}) < max(2, len(found)):
        raise Absent("two widths or more are needed, each once")
    _check_critical(found)
    return found


def _strip(quantity: str, point: Point) -> Strip | None:
    estimate, lattice = point.result.observables.get(quantity), point.lattice
    spectrum = point.result.tables.get("strip_spectrum")
    if estimate is None or estimate.value is None or estimate.error is None:
        return None
    if not isinstance(lattice, Lattice) or spectrum is None or len(spectrum) < 2:
        return None
    along = lattice.shape.index(None)
    (ax, ay), (bx, by) = lattice.vectors
    across, cell = lattice.vectors[1 - along], len(lattice.basis)
    larger = 1 if lattice.supercell is None else lattice.supercell.multiple[1 - along]
    methods = point.result.provenance["free_energy"].values()
    return Strip(
        width=float(sizes_as_written(lattice)[1 - along] or 0),
        free=estimate.value * cell / larger,
        error=estimate.error * cell / larger,
        spectrum=spectrum,
        aspect=larger * abs(ax * by - ay * bx) / (across[0] ** 2 + across[1] ** 2),
        isotropic=any(each.get("transfer", {}).get("isotropic", False) for each in methods),
    )


def _check_critical(strips: Sequence[Strip]) -> None:
    """Raise `Absent` where these are no strips of a critical system."""
    drifts = [
        log(wide.gap / narrow.gap) / log(wide.width / narrow.width)
        for narrow, wide in pairwise(strips)
    ]
    last, *before = drifts[::-1]
    if max(drifts) > JUMP and min(drifts) < -JUMP:
        raise Absent(
            "the gap of the transfer matrix goes up and down from width to width: the widths are "
            "not of one kind, such as odd and even ones of an antiferromagnet"
        )
    grows = abs(last) > DRIFT and before and abs(last) > abs(before[0])
    if grows or abs(last) > FAR:
        raise Absent(
            f"the system is not critical: L times the gap changes as L^{last:.2f}, "
            "and at a critical point it settles"
        )


def _aspect(strips: Sequence[Strip]) -> tuple[float, float, str]:
    """The height of a layer by the width of a cell, its error, and how it was found.

    Raises `Absent` where it is not determined.
    """
    if all(strip.isotropic for strip in strips):
        return strips[-1].aspect, 0.0, ""
    speeds = [strip.speed for strip in strips]
    if len(strips) < 3 or not np.isfinite(speeds[-3:]).all():
        raise Absent(
            "the bonds are not isotropic, and the aspect ratio that they give a site is not "
            "determined: it takes three widths on which the first excitation with momentum is found"
        )
    widths = np.array([strip.width for strip in strips[-3:]])
    powers = np.stack([np.ones(3), widths**-2.0, widths**-4.0], axis=1)
    value = float(np.linalg.solve(powers, np.array(speeds[-3:]))[0])
    wrong = abs(value - _limit(strips[-2:], speeds[-2:]))
    return value, wrong, MEASURED.format(value, wrong)


def _limit(strips: Sequence[Strip], values: Sequence[float]) -> float:
    """v of v + b/L^2 through two widths."""
    (narrow, wide), (first, second) = (1 / each.width**2 for each in strips), values
    return second + (second - first) * wide / (narrow - wide)


def _fitted(strips: Sequence[Strip], power: float = 4.0) -> tuple[float, float, float]:
    """f, c a and the statistical error of c a, through two widths or with b/L^power three."""
    width, value, error = (
        np.array([getattr(each, name) for each in strips]) for name in ("width", "free", "error")
    )
    powers = np.stack(
        [np.ones_like(width), -pi / (6 * width**2), width**-power][: len(strips)], axis=1
    )
    inverse = np.linalg.inv(powers)
    f, c = inverse[:2] @ value
    return float(f), float(c), float(np.linalg.norm(inverse[1] * error))
