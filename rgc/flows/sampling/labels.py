"""Clusters as labels: which of them a turn reflects, by the coin of the smallest spin of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model_to_program.clusters_to_program import kept_bonds
from rgc.passes.gather_bonds import gather_bonds
from rgc.routines import routine

if TYPE_CHECKING:
    from rgc.backend import Backend, State
    from rgc.program.draws import Words

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The bonds of a lattice: bond e lies in row rows[e] of their field, plane by plane and site by
    site, and connects the spins first[e] and second[e]. Spin n is site n % sites of species
    n // sites.
    """

    rows: Ints
    first: Ints
    second: Ints

    def chosen(self, coins: Words, bonds: Words, clusters: Callable[..., Any]) -> Words:
        """The canonical field of the spins whose cluster has drawn heads, from the coins of all
        spins and the bonds.
        """
        flat = [np.ascontiguousarray(each).reshape(-1, each.shape[-1]) for each in (coins, bonds)]
        found = clusters(*flat, self.rows, self.first, self.second)
        return np.asarray(found, dtype=np.uint64).reshape(coins.shape)

    def __call__(self, packed: list[State], backend: Backend, species: int) -> None:
        """Put what is chosen in the place of the coins, in place."""
        bound, reached = species, species + 1
        found = self.chosen(
            backend.unpack(packed[reached]),
            backend.unpack(packed[bound]),
            routine(backend, "clusters"),
        )
        packed[reached] = backend.pack(found)


def make_labels(lattice: Lattice, groups: Sequence[Group | Signs], species: int) -> Labels:
    """The bonds that the program of a turn draws, in its order of planes."""
    shape, letters, sites = lattice.cells, len(lattice.basis), lattice.sites
    bonds = gather_bonds(groups, lattice, species)
    kept, found = kept_bonds(bonds), list[tuple[Ints, Ints, Ints]]()
    for each in bonds:
        lower, upper = each.box
        axes = [np.arange(low, high) for low, high in zip(lower, upper, strict=True)]
        cells = np.meshgrid(*axes, indexing="ij")
        own = np.ravel_multi_index(cells, shape).reshape(-1) * letters + each.letter
        for other, _ in each.kept:
            moved = [(x + dx) % n for x, dx, n in zip(cells, other.cell, shape, strict=True)]
            there = np.ravel_multi_index(moved, shape).reshape(-1) * letters + other.letter
            plane = kept[each.letter].index((each.species, other))
            found.append(
                (plane * sites + own, each.species * sites + own, other.species * sites + there)
            )
    rows, first, second = (
        np.concatenate(part).astype(np.int64) if found else np.zeros(0, np.int64)
        for part in (zip(*found, strict=True) if found else ((), (), ()))
    )
    return Labels(rows, first, second)
