"""What thermometers look at: the energy and the two-point function of configurations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import GROUPS
from rgc.flows.machines.sides import States
from rgc.flows.machines.target import Target
from rgc.model.lattice import Lattice
from rgc.model.supercells import as_written
from rgc.passes.built_in import smallest_waves
from rgc.passes.geometry import coordinates

Floats = NDArray[np.float64]

ROUNDING = 1e-16
"""The part of a spin below which the square of a wave is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Moments of configurations of two-state spins on a finite lattice: H/N of `target`, then
    |sum_i s_i exp(i k r_i)|^2 / N with k = 0 and with the smallest wave vector along every closed
    axis.

    `waves` complex128[k, site] are exp(i k r), and `squares` float64[axis] are 4 sin^2(|k|/2).
    """

    target: Target
    waves: NDArray[np.complex128]
    squares: Floats

    def sums(self, states: States, groups: NDArray[np.intp]) -> Floats:
        """The moments of states[row, site] summed over the rows of each group, float64[moment,
        `GROUPS`], of which group[row] is one.
        """
        signs = np.asarray(states, dtype=np.float64) * 2 - 1
        sites = states.shape[1]
        powers = np.abs(self.waves @ signs.T) ** 2 / sites
        powers[powers < ROUNDING] = 0
        rows = np.vstack([-self.target.log_weights(states) / sites, powers])
        return np.stack([np.bincount(groups, row, GROUPS) for row in rows])

    def empty(self, *shape: int) -> Floats:
        """Room for sums of several sets of rows, float64[*shape, moment, group]."""
        return np.zeros((*shape, 1 + len(self.waves), GROUPS))

    def length_squared(self, moments: Floats) -> Floats:
        """The square of the second-moment correlation length of averages float64[..., moment], as
        `rgc.passes.built_in.correlation_length` defines it.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = moments[..., 1:2] / moments[..., 2:]
        return np.asarray(((ratios - 1) / self.squares).mean(axis=-1))

    def log_ratio(self, moments: Floats) -> Floats:
        """ln S(0)/S(k) of averages, a function of the correlation length alone that is nearly
        linear in the inverse temperature where that is small and where it is large. S(0)/S(k) of
        several axes are averaged as the squares of the length are.
        """
        scale = (1 / self.squares).mean()
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log1p(self.length_squared(moments) / scale))


def groups_of_chains(chains: int) -> NDArray[np.intp]:
    """The groups of so many chains that do not depend on each other, int[chain]."""
    return np.arange(chains) % GROUPS


def make_probe(target: Target, lattice: Lattice) -> Probe:
    """The probe of a Hamiltonian on a lattice that closes on itself along at least one axis."""
    written, axes = as_written(lattice), smallest_waves(lattice)
    inside = np.array([coordinates(written, each) for each in written.basis])
    places = np.array(
        [np.array(cell) + each for cell in np.ndindex(written.cells) for each in inside]
    )
    turns = [places[:, axis] / written.cells[axis] for axis, _ in axes]
    return Probe(
        target=target,
        waves=np.exp(2j * np.pi * np.array([np.zeros(len(places)), *turns])),
        squares=4 * np.sin(np.array([half for _, half in axes])) ** 2,
    )
