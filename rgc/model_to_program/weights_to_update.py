"""From a Hamiltonian whose couplings differ from site to site to the program of one sweep.

Every site has a rule of its own. With h_b half the cost of a bond b in int32 units of 2^-20 kT, and
its other spins at m_b = -1/+1, a spin of two states is set by heat bath: it becomes -1 with
probability 1 / (1 + exp(-sum_b h_b m_b)). A spin of several states moves to another one that it
proposes, by lazy Metropolis, where h_b is what a sign costs that changes. Rules of the same shape
differ in what they load and in their slots of weights only, so that they compile once, and
couplings are run-time arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model.operators import Product
from rgc.model.sites import Listed, enumerate_cells, flatten
from rgc.model.spins import Species
from rgc.model.stars import SignStar, SweepStep
from rgc.model_to_program.acceptance_writer import Tables
from rgc.model_to_program.fields import spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.states_to_update import MoveRule, proposal_draws
from rgc.model_to_program.update import Row, threshold_of
from rgc.passes.choose_acceptance_of_states import weighed_acceptance_of_states
from rgc.passes.gather_stars import wrapped
from rgc.passes.largest_flip import LIMIT
from rgc.program.draws import Generator
from rgc.program.exponentials import UNIT, too_large
from rgc.program.lattice.nodes import Couple, Logistic, Store, Weigh
from rgc.program.lattice.program import Program, Rule, Stage
from rgc.program.lattice.verify import verify

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.program.arguments import Arguments


_DECIDING = 2
"""The draws of a move beside those of its proposal: whether it costs too much, and laziness."""


@dataclass(frozen=True, slots=True)
class Coupling:
    """c_g of a `group`, times the numbers that stand at `places`: (field of numbers, cell, letter)
    each.
    """

    group: int
    places: tuple[tuple[int, tuple[int, ...], int], ...] = ()


WeightRow = tuple[tuple[int, Coupling], ...]
"""A weight as a sum of integer multiples of h."""


@dataclass(frozen=True, slots=True, eq=False)
class WeighedUpdate:
    """The program of one sweep, with what its weights stand for.

    - `rows` are the thresholds of proposals and of laziness, and `sizes` for every rule the number
      of products or signs of each group at a site, as in `Update`.
    - numbers[field] float64[*cells, letter, replica] are the random couplings of a run.
    - pairs[sum] float64[realisation, site, site] are those of sums over all pairs, and `which`
      int64[replica] the realisation of each replica. Each word has 64 that follow each other, or
      all replicas the same.
    """

    program: Program
    weights: tuple[WeightRow, ...]
    sizes: tuple[tuple[int, ...], ...]
    rows: tuple[Row, ...] = ()
    numbers: tuple[NDArray[Any], ...] = ()
    pairs: tuple[NDArray[Any], ...] = ()
    which: NDArray[Any] | None = None

    def arguments(self, coefficients: Sequence[Sequence[Fraction]], words: int) -> Arguments:
        """The weights of `words` words, with one tuple of coefficients of the groups and after them
        of the sums over pairs.

        Raises `SpecError` where setting a spin could cost 2047 kT, and `ValueError` for several
        tuples.
        """
        import numpy as np

        from rgc.program.lattice.arguments import lattice_arguments
        from rgc.program.lattice.thresholds import pack_thresholds

        (own,) = coefficients
        halves: dict[Coupling, Any] = {}
        for coupling in dict.fromkeys(each for row in self.weights for _, each in row):
            value = np.full(64 * words, 2 * float(own[coupling.group]))
            for number, cell, letter in coupling.places:
                value = value * self.numbers[number][(*cell, letter)]
            halves[coupling] = np.rint(value * UNIT)
        table = np.zeros((len(self.weights), 64 * words))
        worst = 0.0
        for row, weight in zip(self.weights, table, strict=True):
            for multiple, coupling in row:
                weight += multiple * halves[coupling]
            size = sum(abs(multiple * halves[coupling]) for multiple, coupling in row)
            worst = max(worst, float(np.max(size, initial=0)))
        groups = len(own) - len(self.pairs)
        couplings, most = self._couplings(own[groups:])
        worst += most
        if worst >= LIMIT * UNIT:
            raise too_large("flipping one spin may cost", worst / UNIT)
        planes = self.program.planes
        levels = [threshold_of(row, own[:groups], planes) for row in self.rows]
        blocks = None if self.which is None else self.which[::64] // 64
        packed = pack_thresholds(levels, planes, words)
        return lattice_arguments(packed, table.astype(np.int32), couplings, blocks)

    def _couplings(self, coefficients: Sequence[Fraction]) -> tuple[NDArray[Any] | None, float]:
        """int32[1, site, other site, realisation], and the most that all others together do to a
        site."""
        import numpy as np

        if not self.pairs:
            return None, 0.0
        several = max(map(len, self.pairs))
        total = np.zeros((several, *self.pairs[0].shape[1:]))
        size = np.zeros(total.shape[:2])
        for coefficient, pairs in zip(coefficients, self.pairs, strict=True):
            halves = np.rint(2 * float(coefficient) * pairs * UNIT)
            total += halves
            size += np.abs(halves).sum(axis=-1)
        worst = float(size.max())
        if worst >= LIMIT * UNIT:
            return None, worst
        made = np.moveaxis(total.astype(np.int32), 0, -1)
        return np.ascontiguousarray(made[None]), worst


def weights_to_update(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group | Signs],
    steps: Sequence[SweepStep],
    *,
    first: int,
    pairs: bool = False,
    generator: Generator = "splitmix",
) -> WeighedUpdate:
    """The program of one sweep: the steps of `colour_sites` in order, site by site.

    Spins of species `first` and beyond are not spins but the random numbers that multiply a
    product or a sign, number `first` the field 0 of numbers. With `pairs` every site is coupled to
    all others besides, by matrix 0.
    """
    made, tables = _Weights(), Tables("lazy", len(groups))
    rules, stages, sizes, draws = list[Rule](), list[Stage](), [], 1
    for step in steps:
        for cell in enumerate_cells(step.sites, lattice.cells):
            stages.append(Stage(len(rules), Listed((flatten(cell, lattice.cells),))))
            if isinstance(step.star, SignStar):
                draws = proposal_draws(species) + _DECIDING
                of_signs = _weights_of_signs(step.star, cell, lattice, made, first)
                rules.append(_move(step.star, lattice, species, tables, of_signs))
            else:
                rules.append(_rule(step.star, cell, lattice, made, first, pairs))
            sizes.append(tuple(map(len, step.star.images)))
    program = Program(
        name="sweep",
        shape=lattice.cells,
        letters=len(lattice.basis),
        fields=spin_fields(lattice, species),
        rules=tuple(rules),
        schedule=tuple(stages),
        slots=len(tables.rows),
        weights=len(made.rows),
        couplings=int(pairs),
        draws=draws * len(species),
        generator=generator,
    )
    verify(program)
    return WeighedUpdate(program, tuple(made.rows), tuple(sizes), tuple(tables.rows))


@dataclass(slots=True)
class _Weights:
    """The rows of weights, each once."""

    rows: dict[WeightRow, int] = field(default_factory=dict)

    def row(self, row: WeightRow) -> int:
        return self.rows.setdefault(row, len(self.rows))


def _rule(
    star: Any, cell: tuple[int, ...], lattice: Lattice, made: _Weights, first: int, pairs: bool
) -> Rule:
    """The rule of one site: x = sum_b h_b (2 [its other spins are at -1] - 1)."""
    code = RuleWriter(star.letter)
    bonds = []
    for number, images in enumerate(star.images):
        for image in images:
            places = tuple(_places(image, cell, lattice, first))
            spins = tuple(spin for spin in image if spin.species < first)
            bonds.append((spins, Coupling(number, places)))
    for spins, _ in bonds:
        for spin in spins:
            code.spin(spin)
    masks = [code.product(spins) for spins, _ in bonds if spins]
    slots = [made.row(((2, coupling),)) for spins, coupling in bonds if spins]
    base = made.row(tuple((-1, coupling) for _, coupling in bonds))
    lanes = code.add(Weigh(tuple(masks), tuple(slots), base))
    if pairs:
        lanes = code.add(Couple(lanes, star.species, 0))
    code.add(Store(star.species, code.add(Logistic(lanes, star.species))))
    return code.rule()


def _move(
    star: SignStar,
    lattice: Lattice,
    species: Sequence[Species],
    tables: Tables,
    weights: tuple[Sequence[int], int],
) -> Rule:
    """The rule of one site of spins with several states: x = sum_b h_b (1 - its words at -1)."""
    proposing = proposal_draws(species)
    width = proposing + _DECIDING
    draws = range(star.species * width, (star.species + 1) * width)
    choice = weighed_acceptance_of_states(star, "random numbers")
    return MoveRule(tables, lattice, species, star, draws, weights).write(choice, proposing)


def _weights_of_signs(
    star: SignStar, cell: tuple[int, ...], lattice: Lattice, made: _Weights, first: int
) -> tuple[list[int], int]:
    """The slots of the two words of each sign, after a move and before it, and of what is always
    added."""
    every = [
        Coupling(number, tuple(_places(sign.numbers, cell, lattice, first)))
        for number, signs in enumerate(star.images)
        for sign in signs
    ]
    slots = [made.row(((-1, coupling),)) for coupling in every for _ in range(2)]
    return slots, made.row(tuple((1, coupling) for coupling in every))


def _places(
    image: Product, cell: tuple[int, ...], lattice: Lattice, first: int
) -> Iterator[tuple[int, tuple[int, ...], int]]:
    for spin in image:
        if spin.species >= first:
            at = tuple(a + b for a, b in zip(cell, spin.cell, strict=True))
            yield spin.species - first, wrapped(at, lattice), spin.letter
