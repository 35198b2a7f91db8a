"""The mean-field upper bound on the free energy (Gibbs, Bogoliubov, Feynman).

F <= <H>_0 + sum p ln p over independent spins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rgc.errors import SpecError
from rgc.flows.flow import Account, State
from rgc.flows.request import Request
from rgc.model.lattice import Lattice
from rgc.passes.local_energies import local_energies, placed
from rgc.program.draws import stream, uniforms
from rgc.results.result import FreeEnergy, Result
from rgc.schemes.needs.free_energies import sublattices, too_many_spins

if TYPE_CHECKING:
    from rgc.model.hamiltonian import Table
    from rgc.model.spins import Species

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RANDOM_STARTS = 6
STRENGTH = 3.0
"""Of the fields that the minimisation starts from."""
ITERATIONS = 300
SETTLED = 1e-14
"""Largest change of a probability that counts as none."""


@dataclass(frozen=True, slots=True, eq=False)
class Interaction:
    """An energy [state, ...] of spins, at several places: `spins` [place, spin] by number."""

    energies: Floats
    spins: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Independent spins, repeated through the lattice.

    `states` holds the number of states of each spin, `sites` is the number of sites of a
    repetition, and `constant` its energy without spins.
    """

    states: tuple[int, ...]
    interactions: tuple[Interaction, ...]
    constant: float
    sites: int

    def shares(self, fields: Floats) -> Floats:
        """p = softmax of fields [spin, state]. States that a spin does not have get none."""
        allowed = np.arange(fields.shape[1]) < np.array(self.states)[:, None]
        p = np.where(
            allowed,
            np.exp(fields - fields.max(axis=1, keepdims=True, where=allowed, initial=-np.inf)),
            0.0,
        )
        return np.asarray(p / p.sum(axis=1, keepdims=True))

    def energy(self, p: Floats) -> tuple[float, Floats]:
        """<H> of a repetition, and how it changes with each p."""
        total, slope = self.constant, np.zeros_like(p)
        for interaction in self.interactions:
            energy, slopes = _averages(interaction, p)
            total += energy
            for k, part in enumerate(slopes):
                np.add.at(slope[:, : part.shape[1]], interaction.spins[:, k], part)
        return total, slope

    def bound(self, fields: Floats) -> tuple[float, Floats]:
        """The bound per site and its gradient."""
        p = self.shares(fields)
        total, slope = self.energy(p)
        log_p = np.log(np.where(p > 0, p, 1.0))
        slope = slope + log_p
        gradient = p * (slope - np.sum(p * slope, axis=1, keepdims=True))
        return (total + float(np.sum(p * log_p))) / self.sites, gradient / self.sites


def _averages(interaction: Interaction, p: Floats) -> tuple[float, list[Floats]]:
    """The sum over places of the average energy, and for each spin of a place the average [place,
    state] at given state of that spin.
    """
    energies, spins = interaction.energies, interaction.spins
    count = energies.ndim
    letters = "abcdefghijklmnopqrstuvwxy"[:count]
    shares = [p[spins[:, k], : energies.shape[k]] for k in range(count)]
    slopes = []
    for k in range(count):
        others = [n for n in range(count) if n != k]
        terms = ",".join([letters, *(f"z{letters[n]}" for n in others)])
        part = np.einsum(
            f"{terms}->z{letters[k]}" if others else f"{terms}->{letters[k]}",
            energies,
            *(shares[n] for n in others),
        )
        slopes.append(np.broadcast_to(part, (len(spins), energies.shape[k])))
    return float(np.sum(slopes[0] * shares[0])), slopes


@dataclass(frozen=True, slots=True, eq=False)
class MeanField:
    """The best of several patterns, each of which is minimised from several starts. A step is a
    pattern.

    State arrays: `best` [1].
    """

    patterns: tuple[Pattern, ...]
    draws: Callable[[int, int], Floats]

    @property
    def scheme(self) -> str:
        return "mean_field"

    @property
    def steps(self) -> int:
        return len(self.patterns)

    @property
    def provenance(self) -> Mapping[str, Any]:
        return {
            "mean_field": {"sublattices": [len(pattern.states) for pattern in self.patterns]},
            "reproducibility": "L3",
        }

    def start(self) -> State:
        return State(0, {"best": np.array([np.inf])})

    def step(self, state: State) -> State:
        pattern = self.patterns[state.done]
        lowest = min(_minimum(pattern, start) for start in self._starts(pattern, state.done))
        state.arrays["best"] = np.minimum(state.arrays["best"], lowest)
        state.done += 1
        return state

    def accounts(self) -> Sequence[Account]:
        counts = ", ".join(str(len(pattern.states)) for pattern in self.patterns)
        lines = {
            "F": (
                "<H>_0 - S_0 of independent spins, "
                "minimised over their probabilities (NumPy on the host)"
            ),
            "patterns": f"of {counts} spins that differ, each from several starts",
        }
        return (Account("mean_field: a free energy, an upper bound", lines),)

    def finish(self, state: State) -> Result:
        entry = FreeEnergy("mean_field", float(state.arrays["best"][0]), 0.0, "upper bound")
        return Result("mean_field", free_energy=(entry,), provenance=self.provenance)

    def _starts(self, pattern: Pattern, number: int) -> Iterator[Floats]:
        """All spins in one state, then each in a random one."""
        count, most = len(pattern.states), max(pattern.states)
        for state in range(most):
            yield STRENGTH * np.tile(np.arange(most) == state, (count, 1))
        yield from (
            2
            * STRENGTH
            * self.draws(number, RANDOM_STARTS * count * most).reshape(RANDOM_STARTS, count, most)
        )


def _minimum(pattern: Pattern, start: Floats) -> float:
    """The minimum that is reached from `fields`.

    Each spin is put in the field of the others until nothing changes, half of the way at a time.
    Where that has not settled, the bound is then minimised downhill.
    """
    from scipy.optimize import minimize

    fields = start
    for _ in range(ITERATIONS):
        before, fields = fields, (fields - pattern.energy(pattern.shares(fields))[1]) / 2
        if np.abs(pattern.shares(fields) - pattern.shares(before)).max() < SETTLED:
            return pattern.bound(fields)[0]

    def value(flat: Floats) -> tuple[float, Floats]:
        bound, gradient = pattern.bound(flat.reshape(start.shape))
        return bound, gradient.reshape(-1)

    options = {"maxiter": ITERATIONS, "gtol": 1e-10}
    lowest = float(minimize(value, fields.reshape(-1), jac=True, method="CG", options=options).fun)
    return min(lowest, pattern.bound(fields)[0])


def make_mean_field(request: Request) -> MeanField:
    """The bound for a spec at one point.

    Spins are alike on all sites of a sublattice; along open axes each site has its own. Raises
    `SpecError` for a lattice without cells or with too many spins that differ.
    """
    lattice, species = request.lattice, request.species
    problems = tuple(too_many_spins(lattice, species, request.span))
    if problems:
        raise SpecError(problems)
    tables = local_energies(request.hamiltonian, species, request.zero)
    crystal = request.crystal
    patterns = tuple(
        _pattern(crystal, species, tables, extents) for extents in sublattices(crystal)
    )

    def draws(number: int, count: int) -> Floats:
        return uniforms(stream(request.seed, request.point, "arrays", number), count) - 0.5

    return MeanField(patterns, draws)


def _pattern(
    lattice: Lattice, species: Sequence[Species], tables: Sequence[Table], periods: tuple[int, ...]
) -> Pattern:
    cells = list(cartesian(*map(range, periods)))
    letters, kinds = len(lattice.basis), len(species)
    numbers = {cell: n for n, cell in enumerate(cells)}
    constant = 0.0
    places: dict[tuple[tuple[float, ...], tuple[int, ...]], list[list[int]]] = defaultdict(list)
    for table, cell in cartesian(tables, cells):
        there = placed(table, cell, lattice, species)
        if there is None:
            continue
        if not there.spins:
            constant += there.energies[0]
            continue
        at = [
            (
                numbers[tuple(x % m for x, m in zip(s.cell, periods, strict=True))] * letters
                + s.letter
            )
            * kinds
            + s.species
            for s in there.spins
        ]
        shape = tuple(species[spin.species].states or 0 for spin in there.spins)
        places[there.energies, shape].append(at)
    interactions = tuple(
        Interaction(np.array(energies).reshape(shape), np.array(spins))
        for (energies, shape), spins in places.items()
    )
    states = tuple(kind.states or 0 for kind in species) * (len(cells) * letters)
    return Pattern(states, interactions, constant, len(cells) * letters)
