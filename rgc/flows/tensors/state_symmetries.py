"""Permutations of the states of a site that leave all energies unchanged, and the Abelian group of
them that tells the operators apart best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from itertools import product as cartesian
from math import prod

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.permutations import orbits

Floats = NDArray[np.float64]
Permutation = tuple[int, ...]

EQUAL = 1e-13
"""Difference up to which energies are equal, in units of the largest."""

MOST_CANDIDATES = 4000
"""Joint flips and shifts of all species. Where there are more, flips alone are tried."""
MOST_SEARCHED = 1000
"""Partial permutations that a search extends."""
MOST_KEPT = 200


def abelian_groups(
    energies: Sequence[Floats], species: Sequence[int]
) -> Iterator[tuple[Permutation, ...]]:
    """Generators of Abelian groups of symmetries, the best first; the last one has no generators.

    `energies` are those of single sites [state] and of bonds [state, state], and `species` the
    numbers of states of the species, of which a state of the site is a joint one. The best group
    has the fewest orbits on states, so that an order parameter has a charge, and of these the
    fewest on pairs of states, so that few functions of a bond have no charge besides those that
    every symmetry leaves alone.
    """
    shifts, every = _symmetries(energies, species)
    best = min((_grown(pool) for pool in (every, shifts)), key=orbit_counts)
    yield best
    yield from ((p,) for p in every if (p,) != best)
    if best:
        yield ()


def _grown(pool: Sequence[Permutation]) -> tuple[Permutation, ...]:
    """Members of the pool that commute, each taken because it joins the most orbits."""
    best: tuple[Permutation, ...] = ()
    while True:
        commuting = [p for p in pool if all(_product(p, g) == _product(g, p) for g in best)]
        grown = min(((*best, p) for p in commuting), key=orbit_counts, default=best)
        if orbit_counts(grown) >= orbit_counts(best):
            return best
        best = grown


def orbit_counts(generators: Sequence[Permutation]) -> tuple[int, int]:
    """The numbers of orbits on states and on unordered pairs of them. Without generators they are
    beyond those of any group.
    """
    if not generators:
        return 2**31, 2**31
    if len(generators) == 1:
        lengths = np.array([len(cycle) for cycle in cycles(generators[0])])
        between = np.gcd.outer(lengths, lengths).sum() - lengths.sum()
        return len(lengths), int((lengths // 2 + 1).sum() + between // 2)
    images = [np.array(generator) for generator in generators]
    n = len(images[0])
    a, b = np.divmod(np.arange(n * n), n)
    of_pairs = orbits(n * n, [b * n + a, *(image[a] * n + image[b] for image in images)])
    return int(orbits(n, images).max()) + 1, int(of_pairs.max()) + 1


def cycles(permutation: Permutation) -> tuple[tuple[int, ...], ...]:
    """The cycles of a permutation, each from its smallest member on."""
    left, found = set(range(len(permutation))), []
    while left:
        cycle = [min(left)]
        while permutation[cycle[-1]] != cycle[0]:
            cycle.append(permutation[cycle[-1]])
        left -= set(cycle)
        found.append(tuple(cycle))
    return tuple(found)


def order(permutation: Permutation) -> int:
    """The smallest power of a permutation that is the identity."""
    return int(np.lcm.reduce([len(cycle) for cycle in cycles(permutation)]))


def _product(first: Permutation, second: Permutation) -> Permutation:
    return tuple(second[k] for k in first)


# -- candidates ------------------------------------------------------------------------------------


def _symmetries(
    energies: Sequence[Floats], species: Sequence[int]
) -> tuple[list[Permutation], list[Permutation]]:
    """Of the candidates that change no energy, besides the identity, the shifts of the states of
    every species, and the `MOST_KEPT` with the fewest orbits of all.

    Candidates are flips and shifts of the states of each species, joint ones with exchanges of
    species, shifts of the states of equal site energy, and what a search finds.
    """
    scale = max(float(np.abs(part).max()) for part in energies)
    site = np.round(energies[0] / scale, 12) if scale else energies[0]
    identity = tuple(range(len(site)))

    def kept(candidates: Iterable[Permutation]) -> list[Permutation]:
        symmetries = [
            p
            for p in dict.fromkeys(candidates)
            if p != identity and all(_unchanged(part, p, EQUAL * scale) for part in energies)
        ]
        return sorted(symmetries, key=lambda p: (orbit_counts((p,)), p))

    found = _automorphisms(energies, EQUAL * scale)
    every = (*_shifts_of_equals(site), *_joint(species), *found)
    return kept(_shifts(species)), kept(every)[:MOST_KEPT]


def _unchanged(energies: Floats, permutation: Permutation, slack: float) -> bool:
    moved = energies[np.ix_(*(permutation,) * energies.ndim)]
    return bool(np.abs(moved - energies).max() <= slack)


def _joint(species: Sequence[int]) -> Iterator[Permutation]:
    """Flips and shifts of every species, together with exchanges of equal species."""
    own = [list(dict.fromkeys(_dihedral(q))) for q in species]
    if prod(map(len, own)) > MOST_CANDIDATES:
        own = [[tuple(range(q)), *_dihedral(q)[-1:]] for q in species]
    for places in _exchanged(species):
        for moves in cartesian(*own):
            yield _of_states(species, places, moves)


def _shifts(species: Sequence[int]) -> Iterator[Permutation]:
    """Shifts of the states of every species. They commute and move every joint state."""
    places = tuple(range(len(species)))
    for moves in cartesian(*(_dihedral(q)[:q] for q in species)):
        yield _of_states(species, places, moves)


def _dihedral(q: int) -> list[Permutation]:
    """The shifts of q states, and what they become behind a reversal."""
    shifts = [tuple((k + m) % q for k in range(q)) for m in range(q)]
    return [*shifts, *(shift[::-1] for shift in shifts)]


def _exchanged(species: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Orders of the species: as they are, two of equal states exchanged, or all of equal states
    shifted.
    """
    count = len(species)
    yield tuple(range(count))
    for a, b in combinations(range(count), 2):
        if species[a] == species[b]:
            yield tuple({a: b, b: a}.get(k, k) for k in range(count))
    if count > 2 and len(set(species)) == 1:
        yield tuple((k + 1) % count for k in range(count))


def _of_states(
    species: Sequence[int], places: Sequence[int], moves: Sequence[Permutation]
) -> Permutation:
    """What moves and exchanges of the species do to the joint states."""
    moved = []
    for digits in cartesian(*(range(q) for q in species)):
        state = 0
        for place, move in zip(places, moves, strict=True):
            state = state * len(move) + move[digits[place]]
        moved.append(state)
    return tuple(moved)


def _automorphisms(energies: Sequence[Floats], slack: float) -> Iterator[Permutation]:
    """Permutations that change no energy, in lexicographic order, as far as extending
    `MOST_SEARCHED` partial ones finds them.
    """
    site, *bonds = energies
    count = len(site)
    partial: list[Permutation] = [()]
    for _ in range(MOST_SEARCHED):
        if not partial:
            return
        images: Permutation = partial.pop()
        if len(images) == count:
            yield images
            continue
        n = len(images)
        before = [*range(n), n]
        for state in reversed(range(count)):
            there = [*images, state]
            if (
                state not in images
                and abs(site[state] - site[n]) <= slack
                and all(
                    np.abs(bond[there, state] - bond[before, n]).max() <= slack
                    and np.abs(bond[state, there] - bond[n, before]).max() <= slack
                    for bond in bonds
                )
            ):
                partial.append((*images, state))


def _shifts_of_equals(site: Floats) -> Iterable[Permutation]:
    """A shift of the states of each site energy, and all these together."""
    classes: dict[float, list[int]] = {}
    for state, energy in enumerate(site):
        classes.setdefault(float(energy) + 0.0, []).append(state)
    together = list(range(len(site)))
    for members in classes.values():
        one = list(range(len(site)))
        for k, state in enumerate(members):
            one[state] = together[state] = members[(k + 1) % len(members)]
        yield tuple(one)
    yield tuple(together)
