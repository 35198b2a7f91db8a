"""What `enumerate` counts: the cluster of a spec, its Hamiltonian realisation by realisation, its
block maps, and how states are cut into chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from rgc.errors import Problem, SpecError
from rgc.flows.disorder import Realisation, read_given
from rgc.flows.enumeration.block_step import Step, make_step
from rgc.flows.enumeration.cluster import Cluster, LocalSum, make_cluster
from rgc.flows.enumeration.disorder import log_weight
from rgc.flows.enumeration.states import Chunks, cut_after
from rgc.model.complete import one_cell
from rgc.model.groups import Local
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Complete, Lattice
from rgc.model.observables import Linear, Tally
from rgc.model.options import Options
from rgc.model.share import WHOLE, Share
from rgc.model.spins import Species

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rgc.model.spec import FlowOfSpec, Spec

CHUNK = 1 << 16
"""States that are looked at at once: their weights fit the second cache."""

ENERGY = Tally(Local((), (), ()))
"""Stands for H itself among the sums that observables are made of."""


@dataclass(frozen=True, slots=True, eq=False)
class Exact:
    """The finite system of a spec.

    - `log_weights` is -H as a function of the states of `cluster`, for each realisation of random
      couplings (one if there are none) in the share of the flow, of `realisations` altogether.
    - The order of the spins is that of the first of the block maps `steps`, of which a chunk fixes
      the first `first` blocks.
    - `free` says whether parameters of the block map are to be found, one for all blocks or one for
      each block.
    """

    spec: Spec
    lattice: Lattice
    hamiltonian: Hamiltonian
    species: tuple[Species, ...]
    cluster: Cluster
    log_weights: tuple[LocalSum, ...]
    realisations: int
    steps: tuple[Step, ...]
    first: int
    chunks: Chunks
    free: Literal["step", "block"] | None = None

    @property
    def energy(self) -> Linear:
        """H/N, H being one sum that is known without being counted."""
        return Linear(((1.0 / self.lattice.sites, ENERGY),))

    def digits(self, chunk: int) -> tuple[int, ...]:
        """The states of the blocks that a chunk fixes."""
        sizes = [kernel.shape[0] for kernel in self.steps[0].kernels[: self.first]]
        return tuple(map(int, np.unravel_index(chunk, sizes))) if sizes else ()


def make_exact(spec: Spec, seed: int, point: Mapping[str, float], share: Share = WHOLE) -> Exact:
    """The exact system of a checked spec, with a share of its realisations.

    Raises `SpecError` for what cannot be counted or blocked.
    """
    assert spec.hamiltonian is not None  # noqa: S101
    assert spec.flow is not None  # noqa: S101
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if isinstance(lattice, Complete):
        lattice, hamiltonian = one_cell(lattice, hamiltonian)
    assert isinstance(lattice, Lattice)  # noqa: S101  (what is not is refused before)
    steps = _steps(spec, spec.flow, lattice)
    cluster = steps[0].blocked.fine if steps else make_cluster(lattice, spec.species)
    options = Options(spec.flow.options)
    number = options.integer("disorder") if "disorder" in options else 1
    given = read_given(spec.given)
    weights = [
        log_weight(cluster, hamiltonian, Realisation(spec.draws, lattice, seed, point, k, given))
        for k in share.of(number)
    ]
    first = _fixed_blocks(steps[0]) if steps else 0
    chunks = Chunks(cluster, steps[0].ends[first] if steps else cut_after(cluster.radices, CHUNK))
    free = spec.blocks[0].free if steps else None
    if free == "flow":  # there is one step
        free = "step"
    return Exact(
        spec=spec,
        lattice=lattice,
        hamiltonian=hamiltonian,
        species=spec.species,
        cluster=cluster,
        log_weights=tuple(weights),
        realisations=number,
        steps=steps,
        first=first,
        chunks=chunks,
        free=free,
    )


def with_parameters(exact: Exact, p: NDArray[np.float64]) -> tuple[Step, ...]:
    """The block map with these parameters, block by block."""
    return (make_step(exact.lattice, exact.species, exact.steps[0].block, list(map(float, p))),)


def _steps(spec: Spec, flow: FlowOfSpec, lattice: Lattice) -> tuple[Step, ...]:
    """The block maps of `steps` levels, by default one, taken in turn.

    Raises `SpecError` where a lattice cannot be blocked so often.
    """
    options = Options(flow.options)
    asked = options.integer("steps") if "steps" in options else 1
    steps: list[Step] = []
    for level in range(asked if spec.blocks else 0):
        block = spec.blocks[level % len(spec.blocks)]
        placed = replace(block, p=1.0) if block.free else block  # until it is found
        try:
            steps.append(make_step(lattice, spec.species, placed))
        except ValueError as error:
            raise SpecError([Problem("not-possible", str(error), flow.span)]) from None
        lattice = block.coarse(lattice)
    return tuple(steps)


def _fixed_blocks(step: Step) -> int:
    """How many blocks a chunk fixes: the last one is always free."""
    size, first = 1, len(step.kernels)
    for kernel in reversed(step.kernels):
        size *= kernel.shape[0]
        if size > CHUNK and first < len(step.kernels):
            break
        first -= 1
    return first
