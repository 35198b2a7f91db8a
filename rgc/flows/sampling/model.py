"""The physics of a spec as a lattice sampler takes it: groups of terms, their coefficients, and the
spins that move, follow or stay.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from rgc.errors import Problem, SpecError
from rgc.flows.disorder import read_given
from rgc.model.complete import one_cell
from rgc.model.draw import Distribution
from rgc.model.followers import Follower
from rgc.model.graphs import Column
from rgc.model.groups import Local, Merged, Signs
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Complete, Lattice
from rgc.model.observables import Combined, Linear, Tallied, Tally
from rgc.model.operators import Product, Spin
from rgc.model.options import Options
from rgc.model.pair_sums import MOST_WRITTEN, PairSum, kept_whole, obstacle, split_pairs
from rgc.model.quenched import Quenched
from rgc.model.sectors import Sectors
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model_to_program.update import Planes
from rgc.passes.find_sectors import find_sectors
from rgc.passes.merge_tables import merge_tables
from rgc.passes.merge_terms import merge_terms
from rgc.passes.quench import quench, signs_alone
from rgc.passes.seams import hamiltonian_across, seams
from rgc.program.draws import Generator

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Model:
    """What a lattice sampler works on: a spec whose lattice, spins and Hamiltonian are known to be
    there.

    - `merged` is the Hamiltonian merged without the terms whose coefficient is 0 at every point of
      the run.
    - `coefficients` holds the exact coefficient of each of its groups.
    - `sectors` are the symmetry sectors under flips; only two-state spins have any.
    - `followers` are spins that others decide, in an order in which those come first.
    - `quenched` are the random couplings, drawn as `draws` says or `given`: their `signs` alone,
      or the numbers. In `merged` they are spins of species beyond the others, which never move.
    - `pairs` are the sums over all pairs of a large complete graph, which are not in `merged`, and
      `pair_coefficients` what multiplies them. Their couplings are numbers.
    - `seams` are such spins too, the signs around antiperiodic boundaries. They come first.
    """

    lattice: Lattice
    species: tuple[Species, ...]
    hamiltonian: Hamiltonian
    options: Options
    zero: tuple[str, ...]
    merged: Merged[Any]
    coefficients: tuple[Fraction, ...]
    sectors: Sectors
    followers: tuple[Follower, ...] = ()
    seams: tuple[Species, ...] = ()
    quenched: tuple[Quenched, ...] = ()
    signs: bool = True
    pairs: tuple[PairSum, ...] = ()
    pair_coefficients: tuple[Fraction, ...] = ()
    draws: Mapping[str, Distribution] = field(default_factory=dict)
    given: Mapping[str, NDArray[Any] | Column] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[Species, ...]:
        """The species, and those of signs that are quenched: one for each field of a program."""
        return _kinds((*self.species, *self.seams), self.quenched if self.signs else ())

    @property
    def first(self) -> int:
        """The species of the first of the quenched spins of `merged`. Where they are numbers, one
        before them is left for a copy of the spins.
        """
        return len(self.species) + len(self.seams) + (not self.signs)

    def numbered(self, tallies: Sequence[Tally]) -> list[Tally]:
        """Those of some sums whose products hold random numbers that are not signs."""
        if self.signs:
            return []
        return [
            tally
            for tally in tallies
            if not isinstance(tally.operator, PairSum)
            and any(spin.species >= self.first for spin in _multiplied(tally.operator))
        ]

    @property
    def two_states(self) -> bool:
        """Whether every spin is a bit, and the groups of `merged` are products."""
        return all(kind.two_states for kind in self.species)

    @property
    def symmetry(self) -> Sectors:
        """The sectors of the Hamiltonian at this point: without the groups whose coefficient is 0
        here, though perhaps not at other points of the run.
        """
        if all((*self.coefficients, *self.pair_coefficients)) or not self.two_states:
            return self.sectors
        groups = (*self.merged.groups, *self.pairs)
        values = (*self.coefficients, *self.pair_coefficients)
        there = (group for group, value in zip(groups, values, strict=True) if value)
        products = [each for group in there for each in group.products]
        return _sectors(products, self.lattice, self.species)

    @property
    def energy(self) -> Linear:
        """H/N as a linear combination of sums over the lattice."""
        return self.per_site({term.name: term.coefficient for term in self.hamiltonian.terms})

    def per_site(self, of_term: Mapping[str, float]) -> Linear:
        """1/N of the Hamiltonian that has these coefficients of its terms."""
        merged, sites = self.merged, self.lattice.sites
        groups = (*merged.groups, *self.pairs, *merged.constants)
        return Linear(
            tuple((float(group.coefficient(of_term)) / sites, Tally(group)) for group in groups)
        )

    @property
    def generator(self) -> Generator:
        return cast(Generator, self.options.word("generator"))

    @property
    def planes(self) -> Planes:
        """The bit planes of a uniform number that are asked for."""
        return cast(Planes, self.options.integer("planes"))


def make_model(
    spec: Spec, zero: Collection[str] | None = None, *, whole_pairs: bool = False
) -> Model:
    """The model of a checked spec without the terms named in `zero`, whose coefficient is 0 at
    every point of the run.

    If `zero` is None the terms are those of this spec. With `whole_pairs` the caller takes `pairs`
    of large complete graphs. Raises `SpecError` for what cannot be sampled yet, and `ValueError` if
    sections are missing.
    """
    if spec.hamiltonian is None or spec.flow is None:
        raise ValueError("a sampler needs a hamiltonian and a flow")
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    zero = spec.hamiltonian.zero if zero is None else tuple(zero)
    whole, pairs = kept_whole(lattice), tuple[PairSum, ...]()
    if isinstance(lattice, Complete):
        if whole:
            _refuse_pairs(spec, whole_pairs)
            hamiltonian, pairs = split_pairs(hamiltonian, lattice, zero)
        lattice, hamiltonian = one_cell(lattice, hamiltonian)
    if not isinstance(lattice, Lattice):
        kind = type(lattice).__name__.lower()
        raise SpecError([Problem("not-yet", f"sampling on a {kind} lattice comes later")])
    two_states = all(kind.two_states for kind in spec.species)
    turned, signs = seams(lattice), not whole and signs_alone(hamiltonian, spec.draws)
    first = len(spec.species) + len(turned) + (not signs)
    hamiltonian, quenched = quench(hamiltonian, spec.draws, lattice, first, signs=signs)
    if two_states:
        hamiltonian = hamiltonian_across(hamiltonian, lattice, len(spec.species))
    kinds = _kinds((*spec.species, *turned, *([] if signs else spec.species[:1])), quenched)
    merged: Merged[Any] = (
        merge_terms(hamiltonian, lattice, kinds, zero)
        if two_states
        else merge_tables(hamiltonian, lattice, kinds, zero, None if signs else first)
    )
    products = [each for group in (*merged.groups, *pairs) for each in group.products]
    sectors = (
        _sectors(products, lattice, spec.species)
        if two_states
        else Sectors((1,) * lattice.dimension)
    )
    coefficients = merged.coefficients(spec.hamiltonian)
    return Model(
        lattice=lattice,
        species=spec.species,
        hamiltonian=spec.hamiltonian,
        options=Options(spec.flow.options),
        zero=zero,
        merged=merged,
        coefficients=coefficients,
        sectors=sectors,
        seams=turned,
        quenched=quenched,
        signs=signs,
        pairs=pairs,
        pair_coefficients=tuple(each.coefficient(_of_term(spec.hamiltonian)) for each in pairs),
        draws=spec.draws,
        given=read_given(spec.given),
    )


def _multiplied(operator: Tallied | Local | Combined) -> Iterator[Spin]:
    """The spins of the products of a sum, and the random numbers that multiply signs."""
    signs = operator.signs if isinstance(operator, Signs) else ()
    yield from (number for sign in signs for number in sign.numbers)
    yield from (spin for spins in operator.products for spin in spins)


def _of_term(hamiltonian: Hamiltonian) -> dict[str, float]:
    return {term.name: term.coefficient for term in hamiltonian.terms}


def _refuse_pairs(spec: Spec, taken: bool) -> None:
    """Raise `SpecError` where pairs of a large complete graph are none of the caller's, or where
    there is more than pairs and fields."""
    assert spec.hamiltonian is not None  # noqa: S101  # make_model has looked
    why = obstacle(spec.hamiltonian, spec.species)
    if why or not taken:
        why = why or "this scheme takes products one by one"
        message = f"complete graphs of more than {MOST_WRITTEN} sites come later here: {why}"
        raise SpecError([Problem("not-yet", message, spec.document.place("lattice"))])


def _kinds(species: Sequence[Species], quenched: Sequence[Quenched]) -> tuple[Species, ...]:
    return (*species, *(Species(each.name) for each in quenched))


def _sectors(products: Sequence[Product], lattice: Lattice, species: Sequence[Species]) -> Sectors:
    """The sectors under flips of the spins that move."""
    moving = [
        tuple(spin for spin in product if spin.species < len(species)) for product in products
    ]
    return find_sectors(moving, lattice, len(species))
