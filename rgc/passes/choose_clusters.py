"""What `update=auto` means: clusters where they were measured to give more independent samples in
the same time, and updates of single spins elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, sqrt
from typing import Literal

from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Geometry, Lattice
from rgc.model.spins import Species
from rgc.passes.frustration import cluster_obstacle
from rgc.passes.square_bonds import Matrix, SquareBonds, gather_bonds

ROUNDED = 1e-12
"""Energies that differ by less than this fraction of the largest are equal."""


@dataclass(frozen=True, slots=True)
class Crossover:
    """Where `wolff` gives more independent samples of m^2 than updates of single spins.

    That is on the square lattice without a field, of spins with so many `states`, from a `size` on,
    while the couplings are between `least` and `most` of the self-dual ones: in
    sqrt((exp(dE_x) - 1) (exp(dE_y) - 1) / states), dE being what it costs that two neighbours along
    x or y are unlike.
    """

    states: int
    size: int
    least: float
    most: float

    def __str__(self) -> str:
        return (
            f"square lattice, {self.states} states, no field: wolff from L = {self.size} on, "
            f"between {self.least:g} and {self.most:g} of the self-dual couplings"
        )


CROSSOVERS = (
    Crossover(states=2, size=64, least=0.95, most=1.05),
    Crossover(states=3, size=64, least=0.95, most=1.05),
)
"""Measured by `benchmarks/updates.py` on numba; the table is in docs/performance.md."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The update that `auto` stands for, and why."""

    update: Literal["local", "wolff"]
    reason: str


def choose_clusters(
    hamiltonian: Hamiltonian, lattice: Geometry, species: Sequence[Species]
) -> Chosen:
    """The update that `auto` stands for at one point. It depends on the physics alone, so that all
    backends make the same choice.
    """
    torus = isinstance(lattice, Lattice) and set(lattice.boundary) == {"periodic"}
    if len(species) != 1 or not (isinstance(lattice, Lattice) and lattice.finite and torus):
        return Chosen("local", "clusters were compared for one species on a torus")
    row = next((row for row in CROSSOVERS if row.states == species[0].states), None)
    if row is None:
        return Chosen("local", f"clusters were not compared for {species[0].alphabet} spins")
    why = cluster_obstacle(hamiltonian, lattice, species)
    if why:
        return Chosen("local", f"clusters do not suit this Hamiltonian: {why}")
    ratio = _self_dual_ratio(hamiltonian, lattice, species)
    if isinstance(ratio, str):
        return Chosen("local", f"clusters were compared {ratio}")
    size = min(size for size in lattice.shape if size is not None)
    near = row.least <= ratio <= row.most
    wins = near and size >= row.size
    told = f"L = {size} and couplings {ratio:.3g} of the self-dual ones, where "
    cheaper = "clusters give" if wins else "single spins give"
    return Chosen("wolff" if wins else "local", f"{told}{cheaper} more independent samples")


def _self_dual_ratio(
    hamiltonian: Hamiltonian, lattice: Lattice, species: Sequence[Species]
) -> float | str:
    """sqrt(v_x v_y / q), which is 1 where the model is its own dual, or what else was compared."""
    square = "on the square lattice, with bonds along both vectors"
    if lattice.dimension != 2 or len(lattice.basis) > 1:
        return square
    bonds, too_far = gather_bonds(species, hamiltonian, hamiltonian.zero, "")
    if too_far:
        return square
    largest = max(abs(e) for row in (bonds.site, *bonds.x, *bonds.y) for e in row)
    if _differ(_fields(bonds), largest):
        return "without a field"
    costs = [_cost(bond, largest) for bond in (bonds.x, bonds.y)]
    if None in costs:
        return "for unlike neighbours that cost the same"
    x, y = (expm1(abs(cost)) for cost in costs if cost is not None)
    return sqrt(x * y / bonds.states) if x * y else square


def _fields(bonds: SquareBonds) -> list[float]:
    """What each state of a site costs, with half of the bonds to sites in all states."""
    along = [
        [
            (sum(row) + sum(column)) / bonds.states
            for row, column in zip(bond, zip(*bond, strict=True), strict=True)
        ]
        for bond in (bonds.x, bonds.y)
    ]
    return [sum(parts) for parts in zip(bonds.site, *along, strict=True)]


def _cost(bond: Matrix, largest: float) -> float | None:
    """What it costs that two neighbours are unlike; None where that depends on their states."""
    unlike = [e for a, row in enumerate(bond) for b, e in enumerate(row) if a != b]
    alike = [row[a] for a, row in enumerate(bond)]
    mean = sum(unlike) / len(unlike) - sum(alike) / len(alike)
    uneven = len(alike) > 2 and (_differ(unlike, largest) or _differ(alike, largest))
    return None if uneven else mean


def _differ(energies: Sequence[float], largest: float) -> bool:
    return max(energies) - min(energies) > ROUNDED * largest
