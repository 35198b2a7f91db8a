"""What the methods of a free energy ask of a spec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log2, prod

from rgc.errors import Problem, SpecError
from rgc.model.lattice import Geometry, Lattice
from rgc.model.spec import Method, Spec
from rgc.model.spins import Species
from rgc.passes.alike_cells import differing_cells
from rgc.passes.cells import NotInACell, cell_model
from rgc.passes.cut_lattice import cut_lattice
from rgc.passes.ising_bonds import ising_bonds
from rgc.schemes.needs.lattice import count_sites
from rgc.schemes.needs.samples import sampled_states
from rgc.schemes.needs.square_bonds import obstacles
from rgc.schemes.needs.states import without_sign
from rgc.text import Span

MOST_VISITED = 2**28
"""States that are visited: 4 GiB at 16 bytes each, as for the flow `enumerate`."""

MOST_INDEPENDENT = 2**14
"""Independent spins that differ from each other."""

PERIODS = (1, 2, 3)
"""Of independent spins along a vector: uniform, alternating, three sublattices."""


def visited_states(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report more states than are visited one by one, and signs that spins lack."""
    yield from too_many_states(spec, method.span)
    yield from without_sign(spec, spec.place("lattice"))


def too_many_states(spec: Spec, place: Span | None) -> Iterator[Problem]:
    """The same for a method that stands at `place`."""
    sites = count_sites(spec.lattice)
    if sites is None:
        message = "every state is visited, and this lattice has no end"
        yield Problem("needs-finite-lattice", message, place, hint="give the lattice a size")
        return
    states = prod(species.states or 1 for species in spec.species)
    if sites * log2(states) > log2(MOST_VISITED):
        message = (
            f"{states}^{sites} states are too many to visit; the limit is "
            f"2^{log2(MOST_VISITED):.0f}"
        )
        hint = "transfer goes on where one direction is short"
        yield Problem("too-many-states", message, place, hint=hint)


def layers(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report what cannot be cut into layers."""
    hamiltonian = spec.hamiltonian
    if hamiltonian is None or any(species.states is None for species in spec.species):
        return
    try:
        cut_lattice(
            spec.lattice, spec.species, hamiltonian, hamiltonian.zero, place=spec.place("lattice")
        )
    except SpecError as error:
        yield from error.problems


def square_bonds(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report what a tensor for each site of a square lattice cannot hold."""
    yield from obstacles(spec, spec.place("lattice"))


def few_states(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report spins with more states than sampling stores."""
    for species in spec.species:
        yield from sampled_states(species, method.span)


def independent_spins(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report more independent spins than are varied."""
    yield from too_many_spins(spec.lattice, spec.species, method.span)


def too_many_spins(
    lattice: Geometry | None, species: Sequence[Species], place: Span | None
) -> Iterator[Problem]:
    """The same for a method that stands at `place`."""
    if not isinstance(lattice, Lattice):
        message = "the mean field of a lattice without cells comes later"
        yield Problem("not-yet", message, place)
        return
    spins = max(map(prod, sublattices(lattice))) * len(lattice.basis) * len(species)
    if spins > MOST_INDEPENDENT:
        message = f"{spins} spins that differ from each other are more than {MOST_INDEPENDENT}"
        hint = "take periodic boundaries or a smaller lattice"
        yield Problem("too-many-sites", message, place, hint=hint)


def sublattices(lattice: Lattice) -> tuple[tuple[int, ...], ...]:
    """The periods along the axes of the patterns of independent spins."""
    return tuple(dict.fromkeys(_periods(lattice, period) for period in PERIODS))


def _periods(lattice: Lattice, period: int) -> tuple[int, ...]:
    """The periods along the axes of the pattern with this `period`.

    Along a periodic axis it is the period where that fits, else 1. Along other axes a pattern is as
    long as the lattice.
    """
    return tuple(
        period
        if size is None or (edge == "periodic" and size % period == 0)
        else 1
        if edge == "periodic"
        else size
        for size, edge in zip(lattice.shape, lattice.boundary, strict=True)
    )


def moved_potentials(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report what potential moving cannot work with."""
    yield from not_in_a_cell(spec, method.name, method.span)


def not_in_a_cell(spec: Spec, name: str, place: Span | None) -> Iterator[Problem]:
    """The same for a method of that name that stands at `place`."""
    if spec.hamiltonian is None or spec.lattice is None:
        return
    differing = differing_cells(f"'{name}'", spec.lattice, place)
    if differing is not None:
        yield differing
        return
    try:
        cell_model(spec.hamiltonian, spec.lattice, spec.species)
        halvings(spec.lattice)
    except NotInACell as error:
        message = (
            f"'{name}' works on products of the spins of a unit hypercube, "
            f"the same in every direction: {error}"
        )
        hint = "mean_field gives an upper bound for any Hamiltonian, transfer the exact value"
        yield Problem("not-in-a-cell", message, place, hint=hint)


def halvings(lattice: Geometry) -> int | None:
    """k of 2^k sites in every direction; None for an infinite lattice. Raises `NotInACell`."""
    assert isinstance(lattice, Lattice)  # noqa: S101  (others have no cells)
    lengths = set(lattice.shape)
    if lengths == {None}:
        return None
    if None in lengths:
        raise NotInACell("and a strip has no cells of its own: give it a size, or leave both out")
    if len(lengths) > 1:
        shown = " x ".join(map(str, lattice.shape))
        raise NotInACell(f"a finite lattice is equally long in every direction, not {shown}")
    length = lattice.cells[0]
    if length & (length - 1):
        raise NotInACell(
            f"a finite lattice has 2, 4, 8, ... sites in every direction, not {length}"
        )
    if set(lattice.boundary) != {"periodic"}:
        raise NotInACell("a finite lattice is periodic")
    return length.bit_length() - 1


def plane(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report what has no closed form on the infinite lattice."""
    yield from _without_closed_form(spec, torus=False)


def torus(spec: Spec, method: Method) -> Iterator[Problem]:
    """Report what has no closed form on a torus."""
    yield from _without_closed_form(spec, torus=True)


def _without_closed_form(spec: Spec, *, torus: bool) -> tuple[Problem, ...]:
    if spec.lattice is None or spec.hamiltonian is None:
        return ()
    places, zero = (spec.place("lattice"), spec.place("spins")), spec.hamiltonian.zero
    try:
        ising_bonds(spec.hamiltonian, spec.lattice, spec.species, zero, *places, torus=torus)
    except SpecError as error:
        return error.problems
    return ()
