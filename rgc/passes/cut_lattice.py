"""A lattice cut into layers for a transfer matrix, along the axis of least work."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import log2

from rgc.errors import Problem, SpecError
from rgc.model.hamiltonian import Hamiltonian, Table
from rgc.model.lattice import Geometry, Lattice
from rgc.model.spins import Species
from rgc.passes.local_energies import local_energies
from rgc.passes.slice_lattice import Slices, slice_lattice
from rgc.text import Span

MOST_STATES = 2**24
"""Joint states of the spins that a layer meets while it is added."""

MOST_SPINS = 1024
"""Spins of a layer, which are added one by one."""

MOST_LAYERS = 10**6

QUICK_WORK = 2**26
"""Work of a trace where a flow has to be quick."""

MOST_WORK = 2**42
"""Of a trace: products of a weight with an entry of a vector."""

_SWEEPS = 50  # about so many layers are added for the largest eigenvalue of an infinite strip


@dataclass(frozen=True, slots=True)
class Cut:
    """A lattice cut into layers.

    - `length` is their number; None for an infinite strip.
    - `closed` says that the last layer meets the first, with Ising spins `turned` where the
      boundary is antiperiodic.
    - `sites` are those of the lattice, or for a strip those of a layer.
    """

    slices: Slices
    sites: int
    length: int | None
    closed: bool
    turned: bool

    @property
    def work(self) -> float:
        """About how many products of a weight and an entry of a vector it takes."""
        log_vector = log2(self.slices.vector)
        log_sweep = log_vector + log2(len(self.slices.states) * (self.length or _SWEEPS))
        return float(2.0 ** min(log_sweep + log_vector * self.closed, 1000.0))


def cut_lattice(
    lattice: Geometry | None,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    zero: Collection[str] = (),
    *,
    place: Span | None = None,
    quick: bool = False,
) -> Cut:
    """The layers of a Hamiltonian without the terms named in `zero`.

    The lattice stands at `place`. Raises `SpecError` where no axis will do: for a lattice without
    layers, or with boundaries that its spins do not have, and for layers that are too wide, too
    many, or meet themselves.
    """
    crystal = _layered(lattice, species, place)
    tables = local_energies(hamiltonian, species, zero)
    cuts = [_cut(crystal, species, tables, axis) for axis in _axes(crystal, species, place)]
    best = min(cuts, key=lambda cut: cut.work)
    problems = tuple(_obstacles(best, place, QUICK_WORK if quick else MOST_WORK))
    if problems:
        raise SpecError(problems)
    return best


def _layered(lattice: Geometry | None, species: Sequence[Species], place: Span | None) -> Lattice:
    if not isinstance(lattice, Lattice) or sum(size is None for size in lattice.shape) > 1:
        message = (
            "a transfer matrix adds layer after layer: "
            "the lattice is finite along every vector but one at most"
        )
        raise SpecError(
            [Problem("wrong-lattice", message, place, hint="a strip is square(12, infinite)")]
        )
    if "antiperiodic" in lattice.boundary and not all(kind.turns_sign for kind in species):
        message = "an antiperiodic boundary changes the sign of spins, and these have none"
        raise SpecError([Problem("wrong-lattice", message, place)])
    return lattice


def _axes(lattice: Lattice, species: Sequence[Species], place: Span | None) -> list[int]:
    """The axes along which layers have few enough spins. Raises `SpecError` where there is none."""
    axes = [k for k, size in enumerate(lattice.shape) if size is None] or range(lattice.dimension)
    spins = {axis: _spins(lattice, species, axis) for axis in axes}
    narrow = [axis for axis in axes if spins[axis] <= MOST_SPINS]
    if narrow:
        return narrow
    message = f"a layer has {min(spins.values())} spins; the limit is {MOST_SPINS}"
    hint = "take a narrower lattice, or trg"
    raise SpecError([Problem("too-many-states", message, place, hint=hint)])


def _spins(lattice: Lattice, species: Sequence[Species], axis: int) -> int:
    """The number of spins of a layer."""
    spins = len(lattice.basis) * len(species)
    for k, size in enumerate(lattice.shape):
        spins *= 1 if k == axis or size is None else size
    return spins


def _cut(lattice: Lattice, species: Sequence[Species], tables: Sequence[Table], axis: int) -> Cut:
    length, edge = lattice.shape[axis], lattice.boundary[axis]
    slices = slice_lattice(lattice, species, tables, axis)
    sites = lattice.sites if length is not None else len(slices.states) // len(species)
    closed = length is not None and edge != "open"
    return Cut(slices, sites, length, closed, closed and edge == "antiperiodic")


def _obstacles(cut: Cut, place: Span | None, most: float) -> Iterator[Problem]:
    slices, spins, narrower = cut.slices, len(cut.slices.states), "take a narrower lattice, or trg"
    if slices.largest > MOST_STATES:
        message = (
            f"a layer of {spins} spins takes vectors of 2^{log2(slices.largest):.0f} entries; "
            f"the limit is 2^{log2(MOST_STATES):.0f}"
        )
        yield Problem("too-many-states", message, place, hint=narrower)
    elif cut.work > most:
        what = (
            f"the trace over 2^{log2(slices.vector):.0f} states of {cut.length} layers"
            if cut.closed
            else f"adding {cut.length or _SWEEPS} layers of {spins} spins"
        )
        message = f"{what} takes 2^{log2(cut.work):.0f} steps; the limit is 2^{log2(most):.0f}"
        yield Problem("too-many-states", message, place, hint=narrower)
    if (cut.length or 0) > MOST_LAYERS:
        message = f"{cut.length} layers are added one by one; the limit is {MOST_LAYERS}"
        hint = "F/N of so long a lattice is that of an infinite strip, square(12, infinite)"
        yield Problem("too-many-sites", message, place, hint=hint)
    if cut.closed and (cut.length or 0) < slices.reach:
        message = (
            f"a term joins {1 + slices.reach} layers, and there are {cut.length}: it meets itself"
        )
        hint = "enumerate takes such lattices"
        yield Problem("lattice-too-small", message, place, hint=hint)
