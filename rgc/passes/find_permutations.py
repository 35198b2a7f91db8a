"""Which renamings of states leave a Hamiltonian and block maps of Potts and clock spins alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from itertools import product as cartesian
from math import isclose

from rgc.model.block import Block
from rgc.model.hamiltonian import Table
from rgc.model.spins import Species

Permutation = tuple[int, ...]
"""State k becomes state p[k]."""

_CLOSE = 1e-12


def find_permutations(
    tables: Sequence[Table], species: Sequence[Species], kind: int, blocks: Sequence[Block]
) -> tuple[Permutation, ...]:
    """Generators of the renamings of the states of one species, the same everywhere, under which
    no table changes and no block map does.

    Those tried are exchanges of two states, and turns and reflections of all of them, which make
    the groups of Potts and of clock spins.
    """
    own = [table for table in tables if any(spin.species == kind for spin in table.spins)]
    laws = [rule.laws[kind] for block in blocks for rule in block.rules if kind < len(rule.laws)]
    return tuple(
        renamed
        for renamed in _candidates(len(species[kind].values))
        if all(_keeps(renamed, table, species, kind) for table in own)
        and all(law.turns(renamed) for law in laws)
    )


def exchanges(states: int) -> list[Permutation]:
    """The exchanges of neighbouring states, which generate all permutations."""
    return [_exchange(a, b, states) for a, b in pairwise(range(states))]


def turns(states: int) -> list[Permutation]:
    """A turn by one state and the reflection at state 0, which generate the group of a clock."""
    ring = range(states)
    return [tuple((k + 1) % states for k in ring), tuple(-k % states for k in ring)]


def orbits(permutations: Sequence[Permutation], states: int) -> list[tuple[int, ...]]:
    """The sets of states that permutations carry into one another."""
    least = list(range(states))
    for _ in range(states):
        for renamed in permutations:
            for k, other in enumerate(renamed):
                least[k] = least[other] = min(least[k], least[other])
    return [tuple(k for k in range(states) if least[k] == first) for first in sorted({*least})]


def _candidates(states: int) -> Iterator[Permutation]:
    ring = range(states)
    yield from (_exchange(a, b, states) for a, b in combinations(ring, 2))
    yield from (tuple((k + by) % states for k in ring) for by in range(1, states))
    yield from (tuple((by - k) % states for k in ring) for by in ring)


def _exchange(a: int, b: int, states: int) -> Permutation:
    return tuple(b if k == a else a if k == b else k for k in range(states))


def _keeps(renamed: Permutation, table: Table, species: Sequence[Species], kind: int) -> bool:
    """Whether a function of states is the same with renamed ones."""
    counts = [len(species[spin.species].values) for spin in table.spins]
    states = list(cartesian(*map(range, counts)))
    energies = dict(zip(states, table.energies, strict=True))
    largest = max(map(abs, table.energies), default=0.0)
    return all(
        isclose(energy, energies[_image(at, table, kind, renamed)], abs_tol=_CLOSE * largest)
        for at, energy in energies.items()
    )


def _image(at: tuple[int, ...], table: Table, kind: int, renamed: Permutation) -> tuple[int, ...]:
    return tuple(
        renamed[k] if spin.species == kind else k for k, spin in zip(at, table.spins, strict=True)
    )
