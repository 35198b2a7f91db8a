"""Ising models on the square lattice without a field, which have closed forms: spins of two states
and their bonds along the two vectors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rgc.errors import Problem, SpecError
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Geometry, Lattice
from rgc.model.spins import Species
from rgc.passes.alike_cells import differing_cells
from rgc.passes.square_bonds import Matrix, SquareBonds, gather_bonds
from rgc.text import Span

ZERO = 1e-13
"""A field below this fraction of the largest energy is rounding."""

HOLDS = "the closed form is of bonds along the two vectors"


@dataclass(frozen=True, slots=True)
class IsingBonds:
    """-H = sum_i [x t_i t_(i+x) + y t_i t_(i+y)] - N constant in kT, with the signs t of the two
    states.
    """

    x: float
    y: float
    constant: float


def ising_bonds(
    hamiltonian: Hamiltonian,
    lattice: Geometry,
    species: Sequence[Species],
    zero: Collection[str] = (),
    place: Span | None = None,
    spins: Span | None = None,
    *,
    torus: bool,
) -> IsingBonds:
    """The bonds of a torus, or else of the infinite square lattice (at `place`), without the terms
    named in `zero`. The species are declared at `spins`.

    Raises `SpecError` with every obstacle: another lattice, several species, spins of more than two
    states, couplings that differ from place to place, terms that are no bonds along the vectors, a
    field, and on a torus negative bonds around an odd length.
    """
    _raise(_torus_obstacles(lattice, place) if torus else _plane_obstacles(lattice, place))
    if len(species) != 1 or species[0].states != 2:
        message = "the closed form is that of one species of spins of two states"
        hint = "transfer takes spins of any kind"
        raise SpecError([Problem("wrong-spins", message, spins, hint=hint)])
    _raise(_differing(hamiltonian, zero))
    bonds, too_far = gather_bonds(species, hamiltonian, zero, HOLDS)
    _raise(too_far)
    _raise(_fields(bonds, hamiltonian, species, zero))
    mean = sum(bonds.site) / 2 + sum(sum(map(sum, bond)) for bond in (bonds.x, bonds.y)) / 4
    found = IsingBonds(_coupling(bonds.x), _coupling(bonds.y), mean)
    if torus and isinstance(lattice, Lattice):
        _raise(_frustrated(found, lattice, place))
    return found


def _raise(found: Iterable[Problem]) -> None:
    problems = list(found)
    if problems:
        raise SpecError(problems)


def _differing(hamiltonian: Hamiltonian, zero: Collection[str]) -> Iterator[Problem]:
    for term in hamiltonian.terms:
        if term.inhomogeneous is not None and term.name not in zero:
            message = f"the closed form is of equal bonds; '{term.inhomogeneous}' is not uniform"
            hint = "enumerate averages over couplings that are drawn"
            yield Problem("not-bonds", message, term.span, hint=hint)


def _coupling(bond: Matrix) -> float:
    (a, b), (c, d) = bond
    return (b + c - a - d) / 4


def _field(bonds: SquareBonds) -> float:
    """What multiplies the sign of a state in the energy of a site, its share of the bonds
    included.
    """
    return (bonds.site[0] - bonds.site[1]) / 2 + sum(
        (bond[0][0] - bond[1][1]) / 2 for bond in (bonds.x, bonds.y)
    )


def _fields(
    bonds: SquareBonds, hamiltonian: Hamiltonian, species: Sequence[Species], zero: Collection[str]
) -> Iterator[Problem]:
    """Each term that has a part in the field, where there is one."""
    energies = (*bonds.site, *(e for bond in (bonds.x, bonds.y) for row in bond for e in row))
    scale = max(map(abs, energies))
    if abs(_field(bonds)) <= ZERO * scale:
        return
    for term in hamiltonian.terms:
        alone, _ = gather_bonds(species, replace(hamiltonian, terms=(term,)), zero, HOLDS)
        if abs(_field(alone)) > ZERO * scale:
            message = f"the closed form is known without a field, and '{term.name}' is one"
            hint = "transfer and enumerate take a field"
            yield Problem("not-bonds", message, term.span, hint=hint)


# -- lattices --------------------------------------------------------------------------------------


def _torus_obstacles(lattice: Geometry, place: Span | None) -> Iterator[Problem]:
    if not _square(lattice):
        yield _not_square(lattice, place)
    elif isinstance(lattice, Lattice) and None in lattice.shape:
        message = "Kaufman's closed form is that of a torus, and this lattice has no size"
        infinite = lattice.shape == (None, None)
        hint = "onsager takes the infinite lattice" if infinite else "transfer takes strips"
        yield Problem("needs-finite-lattice", message, place, hint=hint)
    elif isinstance(lattice, Lattice):
        for edge in dict.fromkeys(lattice.boundary):
            if edge != "periodic":
                message = f"Kaufman's closed form is that of a torus, and this boundary is {edge}"
                yield Problem("wrong-lattice", message, place, hint="transfer takes any boundary")


def _plane_obstacles(lattice: Geometry, place: Span | None) -> Iterator[Problem]:
    if not _square(lattice):
        yield _not_square(lattice, place)
    elif isinstance(lattice, Lattice) and lattice.shape != (None, None):
        message = "Onsager's closed form is that of the infinite lattice"
        torus = ", or take kaufman for the torus" * (None not in lattice.shape)
        yield Problem("needs-infinite-lattice", message, place, hint=f"leave the size out{torus}")


def _square(lattice: Geometry) -> bool:
    return isinstance(lattice, Lattice) and lattice.dimension == 2 and len(lattice.basis) == 1


def _not_square(lattice: Geometry, place: Span | None) -> Problem:
    differing = differing_cells("the closed form", lattice, place)
    if differing is not None:
        return differing
    message = "the closed form is that of the square lattice: two vectors, one site in a cell"
    return Problem("wrong-lattice", message, place, hint="transfer takes strips of any lattice")


def _frustrated(bonds: IsingBonds, lattice: Lattice, place: Span | None) -> Iterator[Problem]:
    for bond, size, name in zip((bonds.x, bonds.y), lattice.shape, "xy", strict=True):
        if bond < 0 and size is not None and size % 2:
            message = f"an odd length of {size} frustrates the negative bonds along {name}"
            yield Problem("wrong-lattice", message, place, hint="transfer takes such a torus")
