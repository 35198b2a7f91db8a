"""The random couplings of a run: the fields of their signs, or the numbers themselves and the sums
over the lattice that they weigh.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rgc.flows.disorder import LANES, Realisation, number_fields, sign_fields
from rgc.flows.sampling.pair_couplings import PairCouplings, make_pair_couplings
from rgc.flows.sampling.plan import SweepPlan
from rgc.model.draw import Distribution
from rgc.model.graphs import Column
from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model.observables import Tally
from rgc.model.operators import Product
from rgc.model.pair_sums import PairSum
from rgc.model.quenched import Quenched
from rgc.model.spins import Species
from rgc.model_to_program.operators_to_tallies import Record, TallyRequest, operators_to_tallies
from rgc.passes.seams import seam_fields
from rgc.program.lattice.arguments import lattice_arguments

if TYPE_CHECKING:
    from rgc.backend import Backend, Kernel, State

Floats = NDArray[np.float64]
_NO_DRAWS = np.zeros((1, 0, 2), dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Couplings:
    """The random couplings of the replicas of a plan.

    - `signs` are canonical fields u64[1, *cells, letter, word] of quenched spins, those of
      antiperiodic boundaries first.
    - `numbers` are float64[*cells, letter, replica], where couplings are no signs.
    - `pairs` are those of all pairs of a large complete graph.
    - `point` holds the scanned parameters that keyed their random numbers.
    """

    signs: tuple[NDArray[np.uint64], ...] = ()
    numbers: tuple[Floats, ...] = ()
    pairs: PairCouplings | None = None
    point: Mapping[str, float] = field(default_factory=dict)

    def from_word(self, word: int) -> Couplings:
        """Those of the replicas from a word on."""
        return replace(
            self,
            signs=tuple(field[..., word:] for field in self.signs),
            numbers=tuple(field[..., LANES * word :] for field in self.numbers),
            pairs=None if self.pairs is None else self.pairs.from_word(word),
        )


def make_couplings(
    quenched: Sequence[Quenched],
    draws: Mapping[str, Distribution],
    lattice: Lattice,
    plan: SweepPlan,
    *,
    seed: int,
    point: Mapping[str, float],
    signs: bool,
    given: Mapping[str, Floats | Column],
    pairs: Sequence[PairSum] = (),
) -> Couplings:
    """The couplings of a run, as `signs` or as numbers: lane r of all copies of a block is one
    realisation, or every lane the first where there are not several.
    """
    seams = seam_fields(lattice, plan.words)
    if not quenched and not pairs:
        return Couplings(signs=seams)
    blocks = [range(LANES * block, LANES * (block + 1)) for block in plan.blocks]
    numbers = [k for block in blocks for k in block] or [0] * LANES
    made = {k: Realisation(draws, lattice, seed, point, k, given) for k in set(numbers)}
    each, copies = [made[k] for k in numbers], plan.copies or plan.words
    of_pairs = None
    if pairs:
        distinct = sorted(made)
        order = np.searchsorted(distinct, numbers).reshape(-1, LANES)
        which = np.repeat(order, copies, axis=0).reshape(-1)
        of_pairs = make_pair_couplings(pairs, [made[k] for k in distinct], which)
    if signs:
        fields = sign_fields(quenched, each, lattice)
        return Couplings(
            signs=(*seams, *(np.repeat(field, copies, axis=-1) for field in fields)), point=point
        )
    found = number_fields(quenched, each, lattice)
    words = (field.reshape(*field.shape[:-1], -1, LANES) for field in found)
    copied = (np.repeat(field, copies, axis=-2) for field in words)
    flat = (field.reshape(*field.shape[:-2], -1) for field in copied)
    return Couplings(signs=seams, numbers=tuple(flat), pairs=of_pairs, point=point)


@dataclass(frozen=True, slots=True, eq=False)
class WeighedSums:
    """Sums over the lattice of products of spins times random numbers, from sums cell by cell.

    rows[tally] holds the number of the first of its rows of the record, and the weights
    float64[row, *cells, replica] of that and those that follow.
    """

    record: Record
    kernel: Kernel
    rows: Mapping[Tally, tuple[int, Floats]]
    replicas: int

    def __call__(self, packed: Sequence[State]) -> tuple[list[State], dict[Tally, Floats]]:
        """The fields, unchanged, and S of each tally, float64[replica]."""
        words = self.replicas // LANES
        nothing = lattice_arguments(np.zeros((0, 1 + self.record.program.planes, words), np.uint64))
        fields, counts = self.kernel(packed, nothing, _NO_DRAWS)
        (sums,) = (array[0] for array in self.record.sums(counts, self.replicas))
        found = {}
        for tally, (first, weights) in self.rows.items():
            parts = sums[first : first + len(weights)] * weights
            of_rows = parts.reshape(len(weights), -1, self.replicas).sum(axis=1)
            found[tally] = of_rows.sum(axis=0)
        return fields, found

    def exact(self) -> WeighedSums:
        """The same with numbers rounded so that their sums fit in 53 bits: adding them in any order
        gives the same bits. The last of their own 53 bits are lost, as many as the logarithm of how
        many there are.
        """
        rows = {tally: (first, _summable(each)) for tally, (first, each) in self.rows.items()}
        return replace(self, rows=rows)


def _summable(weights: Floats) -> Floats:
    """Numbers [..., replica] as multiples, in every replica, of a power of two that all of them
    together exceed less than 2^52 times.
    """
    flat = abs(weights.reshape(-1, weights.shape[-1]))
    _, exponent = np.frexp(flat.max(axis=0) * len(flat))
    unit = np.ldexp(1.0, exponent - 51)
    return np.asarray(np.rint(weights / unit) * unit)


def make_weighed_sums(
    tallies: Sequence[Tally],
    lattice: Lattice,
    species: Sequence[Species],
    *,
    first: int,
    couplings: Couplings,
    backend: Backend,
) -> WeighedSums:
    """The sums of groups of products, or signs, that hold random numbers: spins of species `first`
    and beyond.

    A product is tallied for every cell of its first spin.
    """
    operators, rows = list[Group | Signs](), dict[Tally, tuple[int, Floats]]()
    replicas = couplings.numbers[0].shape[-1]
    for tally in tallies:
        group, begin = tally.operator, len(operators)
        assert isinstance(group, Group | Signs)  # noqa: S101  (only these hold random numbers)
        parts = list(_apart(group, first))
        operators += [part for part, _ in parts]
        mine = [_weight(numbers, lattice, couplings, first) for _, numbers in parts]
        rows[tally] = (begin, np.stack(mine))
    axes = tuple(range(lattice.dimension))
    record = operators_to_tallies(lattice, species, [TallyRequest(tuple(operators), True, axes)])
    return WeighedSums(record, backend.compile(record.program), rows, replicas)


def _apart(group: Group | Signs, first: int) -> Iterator[tuple[Group | Signs, Product]]:
    """Each product or sign of a group by itself, and the random numbers that multiply it."""
    if isinstance(group, Signs):
        for sign, reach in zip(group.signs, group.reaches, strict=True):
            alone = replace(sign, numbers=())
            yield replace(group, signs=(alone,), reaches=(reach,)), sign.numbers
        return
    for product, reach in zip(group.products, group.reaches, strict=True):
        spins = tuple(spin for spin in product if spin.species < first)
        numbers = tuple(spin for spin in product if spin.species >= first)
        yield replace(group, products=(spins,), reaches=(reach,)), numbers


def _weight(numbers: Product, lattice: Lattice, couplings: Couplings, first: int) -> Floats:
    """The random numbers that multiply a product at each cell, float64[*cells, replica]."""
    replicas = couplings.numbers[0].shape[-1]
    weight = np.ones((*lattice.cells, replicas))
    axes = tuple(range(lattice.dimension))
    for number in numbers:
        field = couplings.numbers[number.species - first][..., number.letter, :]
        weight = weight * np.roll(field, [-x for x in number.cell], axis=axes)
    return weight
