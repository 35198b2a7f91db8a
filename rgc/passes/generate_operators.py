"""All inequivalent operators within a range and a number of spins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import combinations
from math import dist

from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice, Site
from rgc.model.names import coupling_name
from rgc.model.operators import Operator, Product, Spin, product
from rgc.model.patterns import StateOperator
from rgc.model.spins import Species
from rgc.passes.find_turns import Turn, turns_of, unmoving
from rgc.passes.geometry import cells_within
from rgc.passes.merge_terms import merge_terms

_CLOSE = 1e-9


def generate_operators(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    *,
    zero: Collection[str] = (),
    blocks: Sequence[Block] = (),
    reach: float = 2,
    bodies: int = 4,
    turns: Sequence[Turn] | None = None,
) -> tuple[Operator, ...]:
    """The operators of 1 to `bodies` distinct spins whose largest pair distance is at most `reach`
    nearest-neighbour distances.

    An operator is the sum over a class of products, which the symmetries common to lattice, blocks
    and Hamiltonian (without the terms in `zero`) transform into one another: those that leave
    species what they are, or `turns`. The constant is not among them. Reach 2 and 4 bodies give 6
    even and 4 odd operators on the square lattice, 16 and 7 on the cubic, 10 and 7 on the
    triangular one (20 even with its 3x3 rhombic block).

    Operators are ordered by range, then bodies, then name. A class that is the whole of one term of
    the Hamiltonian with weight 1 bears the name of the term, also when its coupling is 0. Any other
    is named by `coupling_name`.
    """
    if turns is None:
        turns = unmoving(operator_turns(lattice, species, hamiltonian, zero=zero, blocks=blocks))
    named = _terms(hamiltonian, lattice, species)
    kinds = [kind.name for kind in species]
    operators = []
    for products in product_classes(lattice, len(species), turns, reach, bodies):
        name = named.get(frozenset(products)) or coupling_name(*products, species=kinds)
        operators.append(Operator(name, products))
    return tuple(
        sorted(
            operators,
            key=lambda operator: (_rounded(operator, lattice), operator.bodies, operator.name),
        )
    )


def operator_turns(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    *,
    zero: Collection[str] = (),
    blocks: Sequence[Block] = (),
) -> tuple[Turn, ...]:
    """The symmetries common to lattice, blocks and Hamiltonian (without the terms in `zero`), with
    exchanges of species. Like operators they depend on the structure of the terms, not on values.
    """
    groups = merge_terms(hamiltonian, lattice, species, zero).groups
    return turns_of(lattice, species, [group.products for group in groups], blocks)


def operator_range(operator: Operator | StateOperator, lattice: Lattice) -> float:
    """The largest distance between two spins of a product in nearest-neighbour distances, which is
    0 for one spin.
    """
    return max((extent(spins, lattice) for spins in operator.products), default=0.0)


def _rounded(operator: Operator, lattice: Lattice) -> float:
    return round(operator_range(operator, lattice), 9)


def extent(spins: Product, lattice: Lattice) -> float:
    """The largest distance between two spins, in nearest-neighbour distances."""
    return max((_distance(a, b, lattice) for a, b in combinations(spins, 2)), default=0.0)


def _distance(a: Spin, b: Spin, lattice: Lattice) -> float:
    return lattice.distance(Site(a.cell, a.letter), Site(b.cell, b.letter))


def _terms(
    hamiltonian: Hamiltonian, lattice: Lattice, species: Sequence[Species]
) -> dict[frozenset[Product], str]:
    """The terms that are plain sums of products, by the set of these products."""
    groups = merge_terms(hamiltonian, lattice, species).groups
    uses = [name for group in groups for name, _ in group.coefficients]
    return {
        frozenset(group.products): name
        for group in groups
        for name, weight in group.coefficients
        if len(group.coefficients) == 1 and weight == 1 and uses.count(name) == 1
    }


def product_classes(
    lattice: Lattice, species: int, turns: Sequence[Turn], reach: float, bodies: int
) -> Iterator[tuple[Product, ...]]:
    """The classes of products, for each number of bodies in turn.

    Every class contains a representative of the previous number with one more spin.
    """
    origin = (0,) * lattice.dimension
    letters = len(lattice.basis)
    singles = [product([Spin(origin, a, s)]) for s in range(species) for a in range(letters)]
    near = {s.letter: _ball(s, lattice, species, reach) for (s,) in singles if s.species == 0}
    candidates = iter(singles)
    for _ in range(bodies):
        classes = _orbits(candidates, turns)
        yield from classes
        candidates = (
            (*spins, spin)
            for spins in [orbit[0] for orbit in classes]
            for spin in near[spins[0].letter]
            if spin not in spins
            and all(_distance(spin, other, lattice) <= reach + _CLOSE for other in spins)
        )


def _orbits(candidates: Iterable[Product], turns: Sequence[Turn]) -> list[tuple[Product, ...]]:
    seen: set[Product] = set()
    classes = []
    for candidate in candidates:
        canonical = product(candidate)
        if canonical not in seen:
            orbit = {turn.product(canonical) for turn in turns}
            seen |= orbit
            classes.append(tuple(sorted(orbit)))
    return classes


def _ball(centre: Spin, lattice: Lattice, species: int, reach: float) -> list[Spin]:
    """The spins within reach of one in the cell at the origin."""
    middle = lattice.basis[centre.letter]
    spins = [
        Spin(cell, letter, s)
        for letter, position in enumerate(lattice.basis)
        for cell in cells_within(lattice, reach + dist(middle, position))
        for s in range(species)
    ]
    return [
        spin
        for spin in spins
        if spin != centre and _distance(centre, spin, lattice) <= reach + _CLOSE
    ]
