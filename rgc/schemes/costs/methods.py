"""The cost of the methods of a free energy that no scheme carries out."""

from __future__ import annotations

from math import prod

from rgc.model.lattice import Geometry, Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.passes.cut_lattice import cut_lattice
from rgc.schemes.cost import ELEMENTS, NUMBER, Cost
from rgc.schemes.costs.sampling import sample
from rgc.schemes.needs.free_energies import sublattices

VECTORS, KRYLOV = 6, 24
"""Vectors of a transfer matrix at one time: while a layer is added, and for eigenvalues."""

BATCH = 2**20
"""Entries of the vectors that are taken through all layers at once for a trace."""

ENTRIES = 3e8
"""Products of a weight with an entry of a vector in a second, measured."""

STARTS, ITERATIONS = 10, 300
"""Minimisations of a mean field for each pattern, and steps of each."""

MEAN_FIELD = 2e6
"""Probabilities of which a minimisation makes a step in a second, measured."""

PROBABILITY = 60
"""Numbers for a probability and each of the parts of the Hamiltonian, measured."""


def transfer(spec: Spec, options: Options) -> Cost:
    """Vectors of all states of the spins that a layer meets, and the work of the cut."""
    del options
    if spec.hamiltonian is None:
        raise ValueError("a transfer matrix needs a hamiltonian")
    lattice = spec.lattice
    cut = cut_lattice(lattice, spec.species, spec.hamiltonian, spec.hamiltonian.zero)
    entries = float(max(cut.slices.largest, cut.slices.vector))
    vectors = entries * (KRYLOV if cut.length is None else VECTORS)
    if cut.closed:
        vectors += VECTORS * min(BATCH, float(cut.slices.vector) ** 2)
    alike = _translations(lattice, cut.slices.axis) if cut.closed else 1
    return Cost(vectors * NUMBER, cut.work / alike / ENTRIES)


def _translations(lattice: Geometry | None, axis: int) -> int:
    """The translations within a layer. A trace begins at one of the states that they relate."""
    if not isinstance(lattice, Lattice):
        return 1
    sides = zip(lattice.shape, lattice.boundary, strict=True)
    around = enumerate(size if edge == "periodic" else 1 for size, edge in sides)
    return prod(size or 1 for k, size in around if k != axis)


def closed_form(spec: Spec, options: Options) -> Cost:
    """A sum over the momenta of one row."""
    del options
    longest = max(spec.lattice.shape, key=_length) if isinstance(spec.lattice, Lattice) else 1
    return Cost(0.0, _length(longest) / ELEMENTS)


def _length(size: int | None) -> float:
    return float(size or 1)


def mean_field(spec: Spec, options: Options) -> Cost:
    """Probabilities of the states of the spins of every pattern."""
    del options
    if not isinstance(spec.lattice, Lattice):
        raise ValueError("a mean field is that of a lattice with cells")
    kinds = len(spec.lattice.basis) * len(spec.species)
    states = max(species.states or 1 for species in spec.species)
    patterns = [float(prod(shape)) * kinds * states for shape in sublattices(spec.lattice)]
    terms = spec.hamiltonian.terms if spec.hamiltonian is not None else ()
    parts = sum(len(term.products) + len(term.tables) for term in terms)
    work = sum(patterns) * STARTS * ITERATIONS
    return Cost(max(patterns) * (1 + parts) * PROBABILITY * NUMBER, work / MEAN_FIELD)


def integrate(spec: Spec, options: Options) -> Cost:
    """A run of sampling for each value of the path."""
    path = next((value for value in options.values.values() if isinstance(value, tuple)), ())
    given = Options({"every": 10, "thermalise": options.number("sweeps") / 4, **options.values})
    return sample(spec, given).times(len(path))
