"""A sweep and the meaning of its tables: couplings come in here, after compiling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from rgc.model.lattice import Lattice
from rgc.model_to_program import thresholds
from rgc.model_to_program.pair_matrices import Bonds, fill_matrices
from rgc.program.lattice.program import Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.program.arguments import Arguments

Kind = Literal["metropolis", "lazy", "heat_bath"]
Probability = Literal["metropolis", "lazy", "heat_bath", "plain", "bond"]
"""What a threshold is of: the flip of an update, a factor of the lazy one, whose laziness is a
factor of its own, or a bond of a cluster update."""
Planes = Literal[32, 64]
"""Bit planes of a uniform number."""
Sums = tuple[int, ...]
"""dS_g of each group g: how the sum S of its products or signs changes, or what is added to it."""


Row = tuple[Probability, Sums] | Fraction
"""What a threshold is of, or the probability itself where no coupling changes it."""

_PROBABILITY: dict[Probability, Callable[[Fraction, int], int]] = {
    "metropolis": thresholds.metropolis,
    "lazy": thresholds.lazy,
    "heat_bath": thresholds.heat_bath,
    "plain": thresholds.plain,
    "bond": thresholds.bond,
}


@dataclass(frozen=True, slots=True)
class Update:
    """The program of one sweep, with what its slots stand for.

    rows[slot] = (kind, dS): the threshold of that kind at the energy sum_g c_g dS_g, or that of a
    probability. weights[slot] = n: the weight sum_g n_g * 2 c_g. `sizes`: for every rule the number
    of products or signs of each group at a site. `bonds` of the `lattice` say what its matrices of
    couplings hold.
    """

    program: Program
    rows: tuple[Row, ...]
    weights: tuple[Sums, ...]
    sizes: tuple[Sums, ...]
    lattice: Lattice | None = None
    bonds: tuple[Bonds, ...] = ()

    def arguments(self, coefficients: Sequence[Sequence[Fraction]], words: int) -> Arguments:
        """The tables for `words` words.

        `coefficients` holds c_g of each group, exactly (`Merged.coefficients`): one tuple for all
        replicas, or one for each of the 64 * words. Raises `SpecError` where weights are summed and
        a flip could cost 2047 kT, and `ValueError` for a wrong number of tuples.
        """
        import numpy as np

        from rgc.program.lattice.arguments import lattice_arguments
        from rgc.program.lattice.thresholds import pack_thresholds

        if len(coefficients) not in (1, 64 * words):
            raise ValueError(f"{len(coefficients)} sets of couplings for {64 * words} replicas")
        distinct = {
            point: self.thresholds(point) for point in dict.fromkeys(map(tuple, coefficients))
        }
        columns = [distinct[tuple(point)] for point in coefficients]
        table = [row[0] if len(set(row)) == 1 else row for row in zip(*columns, strict=True)]
        weights = np.empty((len(self.weights), 64 * words), dtype=np.int32)
        weights[:] = np.array([self._weights(point) for point in coefficients], dtype=np.int32).T
        packed = pack_thresholds(table, self.program.planes, words)
        return lattice_arguments(packed, weights, self._couplings(coefficients))

    def thresholds(self, coefficients: Sequence[Fraction]) -> tuple[int, ...]:
        """T of each threshold slot at one set of coefficients, 0 <= T <= 2^planes."""
        planes = self.program.planes
        return tuple(threshold_of(row, coefficients, planes) for row in self.rows)

    def _weights(self, coefficients: Sequence[Fraction]) -> list[int]:
        if not self.weights:
            return []
        halves = thresholds.half_weights(coefficients)
        thresholds.check_weights(self.sizes, halves)
        return [sum(n * w for n, w in zip(sums, halves, strict=True)) for sums in self.weights]

    def _couplings(self, coefficients: Sequence[Sequence[Fraction]]) -> NDArray[Any] | None:
        """int32[matrix, site, other site, replica, or 1 where all have the same]."""
        import numpy as np

        if self.lattice is None or not self.bonds:
            return None
        filled = {
            point: fill_matrices(
                self.bonds,
                self.lattice,
                self.program.couplings,
                thresholds.half_weights(point),
            )
            for point in dict.fromkeys(map(tuple, coefficients))
        }
        return np.stack([filled[tuple(point)] for point in coefficients], axis=-1)

    def wants_64_planes(self, coefficients: Sequence[Fraction]) -> bool:
        """Whether an acceptance, or the chance that a bond is missing, lies below 1e-6, so that the
        program is better made with `planes=64`."""
        top = 1 << self.program.planes
        pairs = zip(self.rows, self.thresholds(coefficients), strict=True)
        rare = [
            top - threshold if row[0] == "bond" else threshold
            for row, threshold in pairs
            if not isinstance(row, Fraction)
        ]
        return min(rare, default=top) < thresholds.RARE * top


def precise(
    lowered: Callable[[Planes], Update], planes: Planes, coefficients: Sequence[Fraction]
) -> Update:
    """What is lowered with so many bit planes of a uniform number, or with 64 if it wants them."""
    update = lowered(planes)
    return lowered(64) if planes == 32 and update.wants_64_planes(coefficients) else update


def threshold_of(row: Row, coefficients: Sequence[Fraction], planes: int) -> int:
    """T of a row, 0 <= T <= 2^planes."""
    if isinstance(row, Fraction):
        return int(row * (1 << planes))
    kind, change = row
    pairs = zip(change, coefficients, strict=True)
    return _PROBABILITY[kind](sum((n * c for n, c in pairs), Fraction(0)), planes)
