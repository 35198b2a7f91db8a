"""The spectrum of a recursion at a point, sector by sector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgc.analysis.eigenvalues import Complex, eigenvectors, exponents
from rgc.analysis.recursion import Floats, Recursion


@dataclass(frozen=True, slots=True, eq=False)
class SectorSpectrum:
    """The spectrum of the linearised map in one sector.

    `values` are the eigenvalues [m] by falling modulus, and `exponents` are y = ln|lambda|/ln b.
    Right eigenvectors [n, m] are directions of couplings, left ones [m, n] are scaling fields, and
    left @ right = 1.
    """

    sector: str
    values: Complex
    exponents: Floats
    right: Complex
    left: Complex

    @property
    def leading(self) -> Floats:
        """The right eigenvector [n] of the leading eigenvalue, of length 1, with its largest
        component positive.
        """
        vector = self.right[:, 0].real
        return np.asarray(
            vector / np.linalg.norm(vector) * np.sign(vector[np.abs(vector).argmax()])
        )


def linearise(recursion: Recursion, couplings: Floats, step: int = 0) -> tuple[SectorSpectrum, ...]:
    """The spectrum of dK'/dK in each sector.

    At couplings that break the symmetry only the whole map has a spectrum, so that the recursion
    must then have a single sector.
    """
    jacobian = recursion.jacobian(couplings, step)
    sectors = []
    for sector, basis in recursion.sectors.items():
        if basis.shape[1] == 0:
            continue
        orthonormal = np.array_equal(basis.T @ basis, np.eye(basis.shape[1]))
        inverse = basis.T if orthonormal else np.linalg.pinv(basis)
        values, right, left = eigenvectors(inverse @ jacobian @ basis)
        sectors.append(
            SectorSpectrum(
                sector, values, exponents(values, recursion.scale), basis @ right, left @ inverse
            )
        )
    return tuple(sectors)
