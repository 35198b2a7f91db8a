"""Whether cluster updates suit a Hamiltonian, whose pair terms some sign change of whole
sublattices must make ferromagnetic.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rgc.model.hamiltonian import Hamiltonian, Table
from rgc.model.lattice import Complete, Diamond, Geometry, Lattice
from rgc.model.operators import Product, Spin
from rgc.model.spins import Species
from rgc.model.weighed import CLOSE
from rgc.passes.find_reflections import find_reflections
from rgc.passes.merge_tables import merge_tables

_Pair = tuple[float, Spin, Spin]


def cluster_obstacle(
    hamiltonian: Hamiltonian, lattice: Geometry, species: Sequence[Species]
) -> str:
    """Why Swendsen-Wang and Wolff clusters do not suit the Hamiltonian, in a few words, or the
    empty string.

    Only terms with a non-zero coefficient count. Fields are treated as bonds to one further spin
    that is common to all.
    """
    terms = [term for term in hamiltonian.terms if term.coupling != 0]
    for term in terms:
        if term.inhomogeneous is not None:
            return f"the couplings of {term.name} differ from place to place"
        bodies = max((len(product) for _, product in term.products), default=0)
        bodies = max((len(table.spins) for table in term.tables), default=bodies)
        if bodies > 2:
            return f"{term.name} couples {bodies} spins"
        if not all(_aligning(table, term.coefficient) for table in term.tables):
            return f"{term.name} does not favour equal states"
    if not all(kind.two_states for kind in species) and isinstance(lattice, Lattice):
        zero = [term.name for term in hamiltonian.terms if term.coupling == 0]
        if not find_reflections(merge_tables(hamiltonian, lattice, species, zero).groups, species):
            return (
                "no reflections of states under which its pair terms stay as they are carry every "
                "state into every other"
            )
    weighted = [
        (term.coefficient * weight, product) for term in terms for weight, product in term.products
    ]
    return "" if _unfrustrated(weighted, lattice) else "its couplings are frustrated"


def _aligning(table: Table, coefficient: float) -> bool:
    """Whether no states of two spins, in a table times a coefficient, have less energy than equal
    ones. It is True for fewer spins.
    """
    if len(table.spins) < 2:
        return True
    q, largest = round(len(table.energies) ** 0.5), max(map(abs, table.energies))
    least = min(coefficient * energy for energy in table.energies)
    equal = max(coefficient * table.energies[k * (q + 1)] for k in range(q))
    return bool(equal - least <= CLOSE * abs(coefficient) * largest)


def _unfrustrated(weighted: Sequence[tuple[float, Product]], lattice: Geometry) -> bool:
    """Whether some choice of signs, alternating along some vectors and uniform along the others,
    makes every coupling <= 0.
    """
    pairs = list(_pairs(weighted))
    if not pairs or not isinstance(lattice, Lattice):
        return isinstance(lattice, Lattice | Complete | Diamond) and all(
            e <= 0 for e, _, _ in pairs
        )
    kinds = sorted({(spin.letter, spin.species) for _, *spins in pairs for spin in spins})
    sign = {kind: 1 << lattice.dimension + k for k, kind in enumerate(kinds)}
    return _consistent([*_of_edges(lattice), *_of_pairs(pairs, sign, lattice.dimension)])


_FIELD = Spin((), 0, -1)  # stands for the further spin of a field


def _pairs(weighted: Sequence[tuple[float, Product]]) -> Iterator[_Pair]:
    for energy, product in weighted:
        if len(product) == 2:
            yield energy, product[0], product[1]
        elif len(product) == 1:
            yield energy, product[0], _FIELD


_Equation = tuple[int, int]
"""Unknowns as bits, and whether an odd number of them is 1: whether signs alternate along each
vector, and the sign of each kind of spin."""


def _of_edges(lattice: Lattice) -> Iterator[_Equation]:
    """What closes around the boundaries. An alternating sign closes on itself around an even
    direction, and an antiperiodic one shifts it by one.
    """
    for axis, (size, edge) in enumerate(zip(lattice.shape, lattice.boundary, strict=True)):
        if edge != "open" and size is not None:
            yield (1 << axis if size % 2 else 0), int(edge == "antiperiodic")


def _of_pairs(
    pairs: Sequence[_Pair], sign: Mapping[tuple[int, int], int], axes: int
) -> Iterator[_Equation]:
    """What makes every coupling <= 0. Where there is a field nothing alternates."""
    for energy, first, second in pairs:
        if not energy:
            continue
        kinds = sign[first.letter, first.species] ^ sign[second.letter, second.species]
        if second is _FIELD:
            yield from ((1 << axis, 0) for axis in range(axes))
            yield kinds, int(energy > 0)
            continue
        steps = (b - a for a, b in zip(first.cell, second.cell, strict=True))
        odd = sum(1 << axis for axis, step in enumerate(steps) if step % 2)
        yield kinds ^ odd, int(energy > 0)


def _consistent(equations: Sequence[_Equation]) -> bool:
    """Whether linear equations over GF(2) have a solution."""
    known: dict[int, _Equation] = {}
    for unknowns, odd in equations:
        while unknowns and (top := unknowns.bit_length()) in known:
            others, value = known[top]
            unknowns, odd = unknowns ^ others, odd ^ value
        if unknowns:
            known[unknowns.bit_length()] = unknowns, odd
        elif odd:
            return False
    return True
