"""The couplings of all pairs of a large complete graph, and the sums that they weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.disorder import Realisation
from rgc.model.observables import Tally
from rgc.model.pair_sums import PairSum

if TYPE_CHECKING:
    from rgc.backend import Backend, State

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PairCouplings:
    """J of some sums over pairs: matrices[sum] float64[realisation, site, site], symmetric with
    nothing on the diagonal, and `which` int64[replica], the realisation of each replica."""

    matrices: tuple[Floats, ...]
    which: NDArray[np.int64]

    @property
    def alike(self) -> bool:
        """Whether all replicas have the same."""
        return all(len(matrix) == 1 for matrix in self.matrices)

    def first_alone(self, replicas: int) -> PairCouplings:
        """The first realisation in so many replicas."""
        matrices = tuple(matrix[:1] for matrix in self.matrices)
        return PairCouplings(matrices, np.zeros(replicas, dtype=np.int64))

    def from_word(self, word: int) -> PairCouplings:
        """Those of the replicas from a word on."""
        return replace(self, which=self.which[64 * word :])


def make_pair_couplings(
    pairs: Sequence[PairSum],
    realisations: Sequence[Realisation],
    which: NDArray[np.int64],
) -> PairCouplings:
    """The couplings in some realisations. What is not drawn is the same in all of them."""
    matrices = []
    for each in pairs:
        drawn = each.name is not None and each.name not in realisations[0].given
        made = [_matrix(each, one) for one in (realisations if drawn else realisations[:1])]
        matrices.append(np.stack(made))
    return PairCouplings(tuple(matrices), which)


def _matrix(pairs: PairSum, realisation: Realisation) -> Floats:
    upper = np.triu_indices(pairs.sites, 1)
    out = np.zeros((pairs.sites, pairs.sites))
    if pairs.name is None:
        out[upper] = 1.0
    else:
        out[upper] = realisation.values(pairs.name, np.stack(upper, axis=1))
    return out + out.T


@dataclass(frozen=True, slots=True, eq=False)
class PairTotals:
    """S = sum_(i < j) J_ij s_i s_j of each sum over pairs, in every replica.

    J is rounded so that all sums of it fit in 53 bits: then no order of adding matters, and S is
    the same on every machine. N^2 numbers lose the last log2(N^2) of their own 53 bits.
    """

    couplings: Mapping[Tally, Floats]
    which: NDArray[np.int64]
    backend: Backend

    def __call__(self, packed: Sequence[State]) -> dict[Tally, Floats]:
        """S of each tally, float64[replica], of the fields, whose first holds the spins."""
        words = np.ascontiguousarray(self.backend.unpack(packed[0])[0, 0])
        octets = words.astype("<u8").view(np.uint8)
        bits = np.unpackbits(octets, axis=-1, bitorder="little")
        signs: Floats = 1.0 - 2.0 * bits.astype(np.float64)
        return {tally: self._total(each, signs) for tally, each in self.couplings.items()}

    def _total(self, couplings: Floats, signs: Floats) -> Floats:
        out = np.empty(signs.shape[1])
        for number, matrix in enumerate(couplings):
            mine = slice(None) if len(couplings) == 1 else np.flatnonzero(self.which == number)
            felt = signs[:, mine]
            out[mine] = 0.5 * np.sum(felt * (matrix @ felt), axis=0)
        return out


def make_pair_totals(
    tallies: Sequence[Tally], pairs: Sequence[PairSum], couplings: PairCouplings, backend: Backend
) -> PairTotals | None:
    """The totals of some tallies of sums over pairs, or None where there are none."""
    place: dict[Any, int] = {each: number for number, each in enumerate(pairs)}
    rounded = {
        tally: _summable(couplings.matrices[place[tally.operator]])
        for tally in tallies
        if isinstance(tally.operator, PairSum)
    }
    return PairTotals(rounded, couplings.which, backend) if rounded else None


def _summable(matrices: Floats) -> Floats:
    """Numbers as multiples of a power of two that all N^2 of a matrix together exceed less than
    2^52 times."""
    _, exponent = np.frexp(np.abs(matrices).max(initial=0.0) * matrices[0].size)
    unit = np.ldexp(1.0, int(exponent) - 52)
    return np.asarray(np.rint(matrices / unit) * unit)
