"""A cumulant expansion by brute force: every product on a torus of cells, its averages over the
states of each cell one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product as cartesian
from math import log, prod

import numpy as np

from rgc.model.block import Block
from rgc.model.operators import Product

Place = tuple[tuple[int, ...], int]
"""A cell of the torus: its coarse coordinates and its letter."""

Parts = Mapping[Place, frozenset[int]]
"""The spins of a product by cell, numbered species after species."""


@dataclass(frozen=True)
class Coupled:
    """Products with one coupling in -H, and the order at which it counts."""

    products: Sequence[Product]
    value: float
    order: int


def kernel(block: Block, letter: int, species: int, extra: float = 0.0) -> np.ndarray:
    """P(h|s) as [2^species, 2^(species * sites)], the first spin slowest, +1 before -1. `extra` is
    the field q of p h sum s + q h."""
    spins = np.array(list(cartesian((1, -1), repeat=len(block.cells[letter]))))
    total = spins.sum(axis=1)
    if block.name == "majority":
        up = (1 + np.sign(total)) / 2
    elif block.name == "any":
        up = 1.0 * (spins == 1).any(axis=1)
    elif block.name == "decimate":
        up = (1 + spins[:, 0]) / 2
    else:
        up = 1 / (1 + np.exp(-2 * ((block.p or 0.6) * total + extra)))
    one = np.array([up, 1 - up])
    whole = np.ones((1, 1))
    for _ in range(species):
        whole = np.einsum("ab,cd->acbd", whole, one).reshape(len(whole) * 2, -1)
    return whole


@dataclass
class Torus:
    """`length` coarse cells along each coarse vector (columns of `vectors`, in fine cells)."""

    block: Block
    vectors: np.ndarray
    length: int
    species: int
    coupled: Sequence[Coupled]
    transfer: Sequence[np.ndarray]
    known: dict[tuple[int, tuple[int, ...], frozenset[int]], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sizes = [len(cell) for cell in self.block.cells]
        self.inverse = np.linalg.inv(self.vectors)
        self.states = [
            np.array(list(cartesian((1, -1), repeat=n * self.species))) for n in self.sizes
        ]
        self.placed = [
            (each.value, each.order, self.parts(spins, cell))
            for each in self.coupled
            for spins in each.products
            for cell in self.fine_cells()
        ]
        self.boltzmann = []
        for letter in range(len(self.block.cells)):
            home = ((0,) * self.dimension, letter)
            inside = [
                (value, parts[home])
                for value, _, parts in self.placed
                if self.inner(parts) and home in parts
            ]
            states = self.states[letter]
            exponent = sum(
                (value * states[:, sorted(s)].prod(axis=1) for value, s in inside),
                np.zeros(len(states)),
            )
            self.boltzmann.append(np.exp(exponent))

    @property
    def dimension(self) -> int:
        return len(self.vectors)

    @property
    def coarse(self) -> Iterator[tuple[int, ...]]:
        return cartesian(range(self.length), repeat=self.dimension)

    def fine_cells(self) -> Iterator[np.ndarray]:
        """One fine unit cell for each of its sites of letter a."""
        for at in self.coarse:
            for cell in self.block.cells:
                for site in cell:
                    if site.letter == 0:
                        yield self.vectors @ np.array(at) + np.array(site.cell)

    def parts(self, spins: Product, cell: np.ndarray) -> dict[Place, frozenset[int]]:
        found: dict[Place, set[int]] = defaultdict(set)
        for spin in spins:
            place, number = self.home(np.array(spin.cell) + cell, spin.letter)
            found[place] ^= {spin.species * self.sizes[place[1]] + number}
        return {place: frozenset(numbers) for place, numbers in found.items()}

    def home(self, cell: np.ndarray, letter: int) -> tuple[Place, int]:
        for k, sites in enumerate(self.block.cells):
            for number, site in enumerate(sites):
                at = self.inverse @ (cell - np.array(site.cell))
                if site.letter == letter and np.abs(at - np.round(at)).max() < 1e-9:
                    return (tuple(int(np.rint(x)) % self.length for x in at), k), number
        raise AssertionError((cell, letter))

    def inner(self, parts: Parts) -> bool:
        """Of one cell, and even in every species."""
        if len(parts) > 1:
            return False
        (((_, letter), numbers),) = parts.items()
        kinds = [number // self.sizes[letter] for number in numbers]
        return all(kinds.count(kind) % 2 == 0 for kind in range(self.species))

    def average(
        self, place: Place, numbers: frozenset[int], blocks: Mapping[Place, tuple[int, ...]]
    ) -> float:
        """<prod s>_0 in one cell whose block spins are given."""
        letter, signs = place[1], blocks[place]
        key = letter, signs, numbers
        if key not in self.known:
            row = sum((1 - s) // 2 << (self.species - 1 - k) for k, s in enumerate(signs))
            weight = self.transfer[letter][row] * self.boltzmann[letter]
            spins = self.states[letter][:, sorted(numbers)].prod(axis=1)
            self.known[key] = float(weight @ spins / weight.sum())
        return self.known[key]

    def log_z0(self, blocks: Mapping[Place, tuple[int, ...]]) -> float:
        total = 0.0
        for place, signs in blocks.items():
            row = sum((1 - s) // 2 << (self.species - 1 - k) for k, s in enumerate(signs))
            total += log(self.transfer[place[1]][row] @ self.boltzmann[place[1]])
        return total

    def renormalised(self, blocks: Mapping[Place, tuple[int, ...]], order: int) -> float:
        """-H' of a configuration of block spins to an order in V."""
        between = [(value, o, parts) for value, o, parts in self.placed if not self.inner(parts)]
        averages = [
            {place: self.average(place, numbers, blocks) for place, numbers in parts.items()}
            for _, _, parts in between
        ]
        total = self.log_z0(blocks)
        total += sum(
            v * prod(a.values())
            for (v, o, _), a in zip(between, averages, strict=True)
            if o <= order
        )
        if order == 1:
            return total
        near: dict[Place, set[int]] = defaultdict(set)
        for n, (_, o, parts) in enumerate(between):
            for place in parts if o == 1 else ():
                near[place].add(n)
        for n, (v, o, parts) in enumerate(between):
            for m in set().union(*(near[place] for place in parts)) if o == 1 else ():
                w, _, others = between[m]
                joint = {
                    p: parts.get(p, frozenset()) ^ others.get(p, frozenset())
                    for p in {*parts, *others}
                }
                both = prod(
                    self.average(place, numbers, blocks) for place, numbers in joint.items()
                )
                total += (
                    v * w * (both - prod(averages[n].values()) * prod(averages[m].values())) / 2
                )
        return total
