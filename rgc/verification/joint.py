"""All levels of block spins together, as the text of the spec has them: which block spins follow
their cells, and the energy of a configuration of the crystal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from rgc.flows.variational.biased_level import BiasedLevel
from rgc.model.lattice import Cell, Site
from rgc.passes.unfold_blocks import Unfolded
from rgc.verification.blocks import Map, place_of
from rgc.verification.counting import counted
from rgc.verification.energies import hamiltonian
from rgc.verification.learned import read_maps
from rgc.verification.states import States
from rgc.verification.subject import Subject

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def following(subject: Subject, level: BiasedLevel, states: States) -> States:
    """The configurations with the block spins of deterministic maps, level by level, as the text
    has them; a tie has the spin that decides it. Raises `Unreadable`.
    """
    if not level.unfolded.followers:
        return states
    maps, lattices = _in_turn(subject, level), level.unfolded.levels
    codes = states.codes.copy()
    ties = {(each.letter, each.species): each.tie for each in level.unfolded.followers}
    for number, made in enumerate(maps, 1):
        split = _levels(replace(states, codes=codes), level.unfolded, [each.b for each in maps])
        for at in np.ndindex(*lattices[number].cells):
            for letter in range(len(lattices[number].basis)):
                chances = made.chances(split[number - 1], at, letter)
                site = level.unfolded.site(number, Site(at, letter))
                *cell, own = place_of(site, level.unfolded.lattice)
                for kind in range(len(codes)) if _certain(chances) else ():
                    minus = _marginal(chances, kind)
                    tie = ties.get((own, kind))
                    by_turns = np.arange(states.number) % 2  # no program decides like that
                    free = by_turns if tie is None else codes[(kind, *cell, tie)]
                    which = (kind, *cell, own)
                    codes[which] = np.where(minus == 0.5, free, minus == 1)
    return replace(states, codes=codes)


def _certain(chances: Floats) -> bool:
    """Whether block spins are certain but for ties."""
    kinds = range(len(chances).bit_length() - 1)
    return all(np.isin(_marginal(chances, kind), (0, 0.5, 1)).all() for kind in kinds)


def _marginal(chances: Floats, kind: int) -> Floats:
    """The chance that the block spin of a species is -1, of chances[t, configuration]."""
    kinds = len(chances).bit_length() - 1
    digit = np.arange(len(chances)) >> (kinds - 1 - kind) & 1
    return np.asarray(chances[digit == 1].sum(axis=0))


def of_text(subject: Subject, level: BiasedLevel, states: States, bias: Floats) -> Floats:
    """The energy of configurations of the crystal from the text, without that of maps that are
    certain. Raises `Unreadable`.
    """
    maps = _in_turn(subject, level)
    split = _levels(states, level.unfolded, [made.b for made in maps])
    energy = hamiltonian(subject, split[0])
    for made, fine, coarse in zip(maps, split, split[1:], strict=False):
        for at in np.ndindex(*coarse.lattice.cells):
            for letter in range(len(coarse.lattice.basis)):
                chances = made.chances(fine, at, letter)
                if _certain(chances):
                    continue
                code = np.zeros(states.number, dtype=np.int64)
                for codes in coarse.codes:
                    code = 2 * code + codes[(*at, letter)]
                energy = energy - np.log(chances[code, np.arange(states.number)])
    tallies = subject.own.levels.basis.tallies[level.number][level.sector]
    names = subject.own.levels.basis.names[level.sector]
    for name, value in zip(level.invariant, bias, strict=True):
        tally = tallies[names.index(name)]
        sums = counted(tally, split[-1].lattice, split[-1].fields, split[-1].species)
        energy = energy + value * sums[: states.number]
    return np.asarray(energy)


def _in_turn(subject: Subject, level: BiasedLevel) -> list[Map]:
    """The maps of the text up to a level."""
    maps = read_maps(subject, level.unfolded.levels[0])
    return [maps[step % len(maps)] for step in range(level.number)]


def _levels(states: States, unfolded: Unfolded, scales: Sequence[int]) -> list[States]:
    """The configurations of every level of a crystal whose letters are, level by level, cells in
    row-major order and the letters of each, every one with the cell of the crystal that it is in.
    """
    out, letter = [], 0
    for number, lattice in enumerate(unfolded.levels):
        b, letters = prod(scales[number:]), len(lattice.basis)
        codes = np.empty((len(states.codes), *lattice.cells, letters, states.number), np.uint8)
        for at in product(range(b), repeat=lattice.dimension):
            cells = tuple(slice(x, None, b) for x in at)
            for own in range(letters):
                home = unfolded.homes[number][Site(at, own)]
                codes[..., own, :][(slice(None), *cells)] = standing(
                    states.codes[..., letter, :], home
                )
                letter += 1
        out.append(States(lattice, states.species, codes, False))
    return out


def standing(codes: NDArray[np.uint8], home: Cell) -> NDArray[np.uint8]:
    """What stands in the cell `home` of every cell, of codes[species, *cell, configuration]."""
    axes = tuple(range(1, 1 + len(home)))
    return np.roll(codes, tuple(-x for x in home), axes)
