"""The spectrum of a recursion at a point, sector by sector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rgc.analysis.eigenvalues import Complex, eigenvectors, exponents
from rgc.analysis.recursion import Floats, Recursion, is_invariant
from rgc.model.sectors import ANISOTROPIC

NOISE = 1e-12
"""An eigenvalue below this, relative to the largest of the map or to 1, is rounding, and so is a
difference from 1.
"""

_MARGINAL = 1e-10
"""How far from 1 rounding may carry a marginal eigenvalue."""

_AWAY = 0.02
_WAY = 40

PointKind = Literal["sink", "critical", "tricritical", "multicritical"]
KINDS: tuple[PointKind, ...] = ("sink", "critical", "tricritical", "multicritical")
"""What a fixed point is, by the number of its relevant directions in the invariant sector: none,
one, two, or more.
"""


@dataclass(frozen=True, slots=True, eq=False)
class SectorSpectrum:
    """The spectrum of the linearised map in one sector.

    `values` are the eigenvalues [m] by falling modulus, and `exponents` are y = ln|lambda|/ln b,
    NaN for an eigenvalue that is rounding and 0 where a modulus differs from 1 by rounding. Right
    eigenvectors [n, m] are directions of couplings, left ones [m, n] are scaling fields, and
    left @ right = 1.
    """

    sector: str
    values: Complex
    exponents: Floats
    right: Complex
    left: Complex

    @property
    def relevant(self) -> int:
        """The number of relevant directions."""
        return int((np.abs(self.values) > 1 + _MARGINAL).sum())

    @property
    def leading(self) -> Floats:
        """The right eigenvector [n] of the leading eigenvalue, of length 1, with its largest
        component positive.
        """
        vector = self.right[:, 0].real
        return np.asarray(
            vector / np.linalg.norm(vector) * np.sign(vector[np.abs(vector).argmax()])
        )


def point_kind(spectra: Sequence[SectorSpectrum]) -> PointKind:
    """The kind of a fixed point with these spectra, the invariant sector first."""
    return kind_of(spectra[0].relevant)


def kind_of(relevant: int) -> PointKind:
    """The kind of a fixed point with so many relevant directions in the invariant sector."""
    return KINDS[min(relevant, len(KINDS) - 1)]


def linearise(recursion: Recursion, couplings: Floats, step: int = 0) -> tuple[SectorSpectrum, ...]:
    """The spectrum of dK'/dK in each sector.

    At couplings that break the symmetry of the sectors only the whole map has a spectrum. It is
    then the only one, in the sector `all`.
    """
    jacobian = recursion.jacobian(couplings, step)
    sectors = recursion.sectors
    if not is_invariant(recursion, couplings):
        sectors = {"all": np.eye(len(couplings))}
    parts = {name: basis for name, basis in sectors.items() if basis.shape[1]}
    found = {name: _eigenvectors(jacobian, basis) for name, basis in parts.items()}
    sizes = [np.abs(values).max() for values, _, _ in found.values()]
    least = NOISE * max(1.0, *sizes)
    return tuple(
        SectorSpectrum(
            sector,
            values,
            _exponents(values, recursion.scale, least),
            right,
            left,
        )
        for sector, (values, right, left) in found.items()
    )


def _exponents(values: Complex, scale: float, least: float) -> Floats:
    """y of each eigenvalue, without what is rounding: less than `least`."""
    sizes = np.abs(values)
    told = np.where(sizes > least, exponents(values, scale), np.nan)
    marginal = (np.abs(sizes - 1) <= least) & np.isfinite(told)
    return np.where(marginal, 0.0, told)


def field_on_the_way(recursion: Recursion, point: Floats, enough: float) -> float:
    """The largest exponent outside the invariant sector at a critical point and along the flow
    away from it to both sides, or the first that exceeds `enough`.

    In the phase with order it becomes d for the field that is conjugate to the order parameter,
    which jumps there as the field changes its sign (Nienhuis and Nauenberg 1975).
    """
    spectra = linearise(recursion, point)
    best, away = leading_charged(spectra), _AWAY * np.abs(point).max() * spectra[0].leading
    for start in (point + away, point - away):
        couplings = start
        for step in range(_WAY):
            if best > enough or not np.isfinite(couplings).all():
                break
            try:
                best = max(best, leading_charged(linearise(recursion, couplings, step)))
            except np.linalg.LinAlgError:  # the derivatives of frozen couplings are not finite
                break
            couplings = recursion(couplings, step).couplings
    return best


def leading_charged(spectra: Sequence[SectorSpectrum]) -> float:
    """The largest exponent outside the first sector, but for directions in which axes differ. It is
    -inf without one.
    """
    others = (spectrum for spectrum in spectra[1:] if spectrum.sector != ANISOTROPIC)
    return max((float(spectrum.exponents[0]) for spectrum in others), default=-np.inf)


def _eigenvectors(jacobian: Floats, basis: Floats) -> tuple[Complex, Complex, Complex]:
    """The eigenvalues of the map in the span of `basis` [n, m], and its eigenvectors as directions
    [n, m] and scaling fields [m, n] of all couplings.
    """
    orthonormal = np.array_equal(basis.T @ basis, np.eye(basis.shape[1]))
    inverse = basis.T if orthonormal else np.linalg.pinv(basis)
    values, right, left = eigenvectors(inverse @ jacobian @ basis)
    return values, basis @ right, left @ inverse
