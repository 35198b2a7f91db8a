"""The sectors of the couplings of a cluster: which of them a symmetry of the Hamiltonian keeps
apart from the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.permutations import orbits
from rgc.flows.enumeration.block_step import Step
from rgc.flows.enumeration.cluster import Cluster
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.sectors import Sectors
from rgc.passes.find_sectors import find_sectors, sectors_by_level, uniform_on_cells

Floats = NDArray[np.float64]

MOST_STATES = 5
"""Of a spin, for which all permutations are tried. Of more states these are exchanges of two,
rotations and a reflection, which generate the symmetries of Potts and clock spins.
"""


def product_sectors(
    hamiltonian: Hamiltonian,
    step: Step,
    places: Sequence[Mapping[int, float]],
    zero: Collection[str],
) -> dict[str, Floats]:
    """For each sector the couplings in it, as unit vectors [n, m].

    The sectors are those of the flips that leave the Hamiltonian (without the terms in `zero`) and
    the block map unchanged. `places[k]` are the sets of coarse spins that coupling k multiplies.
    Sectors that translations relate are one.
    """
    sectors = _flips(hamiltonian, step, zero)
    labels = [_label(sectors, step.blocked.coarse, masks) for masks in places]
    order = [sectors.invariant, *sorted(set(labels) - {sectors.invariant})]
    unit = np.eye(len(labels))
    return {name: unit[:, [k for k, label in enumerate(labels) if label == name]] for name in order}


def _flips(hamiltonian: Hamiltonian, step: Step, zero: Collection[str]) -> Sectors:
    """The sectors of the coarse lattice."""
    cluster, block = step.blocked.fine, step.block
    whole = (1,) * cluster.lattice.dimension
    if not all(species.turns_sign for species in cluster.species):
        return Sectors(whole)
    products = [
        spins
        for term in hamiltonian.terms
        if term.name not in zero
        for weight, spins in term.products
        if weight and spins
    ]
    sectors = find_sectors(products, cluster.lattice, len(cluster.species))
    return sectors_by_level(uniform_on_cells(sectors, block), [block], 1)[1]


def _label(sectors: Sectors, cluster: Cluster, places: Mapping[int, float]) -> str:
    last = len(cluster.spins) - 1
    names = set()
    for mask in places:
        spins = tuple(spin for k, spin in enumerate(cluster.spins) if mask >> (last - k) & 1)
        names |= {sectors.name(sectors.character(spins, at)) for at in sectors.residues}
    return "+".join(sorted(names))


def table_sectors(step: Step, sums: Floats, zero: Sequence[bool]) -> dict[str, Floats]:
    """The couplings whose term is unchanged by certain permutations of states, and those that such
    a permutation turns into a constant on average.

    The permutations are those that leave the other terms (those not in `zero`) and the block map
    unchanged. The couplings of the first kind are those whose term is the same under all of these
    permutations. Everything is in one sector where a term is of neither kind. `sums` is [n, states
    of the coarse lattice].
    """
    one = {"invariant": np.eye(len(sums))}
    cluster = step.blocked.coarse
    radix = cluster.radices[0]
    if len(cluster.species) > 1:
        return one
    digits = np.array(np.unravel_index(np.arange(cluster.states), cluster.radices))
    group = []
    for turn in _turns(radix):
        if not all(rule.turns(turn) for rule in step.block.rules):
            continue
        image = np.ravel_multi_index(tuple(np.array(turn)[digits]), cluster.radices)
        if all(
            off or np.allclose(row[image], row, rtol=0, atol=1e-12)
            for row, off in zip(sums, zero, strict=True)
        ):
            group.append(image)
    orbit = orbits(cluster.states, group)
    means = np.array([np.bincount(orbit, weights=row) for row in sums]) / np.bincount(orbit)
    means = means[:, orbit]
    kept = [
        bool(np.allclose(mean, row, rtol=0, atol=1e-10))
        for mean, row in zip(means, sums, strict=True)
    ]
    gone = [bool(np.ptp(mean) < 1e-10) for mean in means]
    if not all(a or b for a, b in zip(kept, gone, strict=True)) or all(kept):
        return one
    unit = np.eye(len(sums))
    return {"invariant": unit[:, kept], "magnetic": unit[:, np.logical_not(kept)]}


def _turns(states: int) -> Iterator[tuple[int, ...]]:
    """Permutations of the states of a spin that are tried as symmetries."""
    if states <= MOST_STATES:
        yield from permutations(range(states))
        return
    for a, b in combinations(range(states), 2):
        exchanged = list(range(states))
        exchanged[a], exchanged[b] = b, a
        yield tuple(exchanged)
    for by in range(1, states):
        yield tuple((state + by) % states for state in range(states))
    yield tuple(reversed(range(states)))
