"""Small systems solved by force: energies straight from the terms, and programs interpreted with probabilities for draws.

Nothing here uses the passes or the lowering that it checks. A configuration is a number; bit n says whether spin n is -1, spins in
the order (species, cell row-major, letter)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import prod
from typing import Any

import numpy as np

from rgc.backend import Arguments
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Lattice
from rgc.model.operators import Product, Spin
from rgc.model.sites import enumerate_cells
from rgc.model.spins import Species
from rgc.program import Accept, Below, Bit, Count, Is, Load, Program, Rule, Store, Weigh
from rgc.program.tables import COARSE, exponentials


@dataclass(frozen=True)
class System:
    lattice: Lattice
    species: tuple[Species, ...]
    hamiltonian: Hamiltonian

    @property
    def spins(self) -> int:
        return self.lattice.sites * len(self.species)


def terms(*written: tuple[str, float, Sequence[Sequence[Spin]]]) -> Hamiltonian:
    """H = - sum_t coupling_t * sum of products."""
    return Hamiltonian(
        tuple(
            Term(name, value, -1, tuple((1.0, tuple(p)) for p in products))
            for name, value, products in written
        )
    )


def number(cells: Cell, letters: int, species: int, cell: Sequence[int], letter: int) -> int:
    flat = 0
    for x, size in zip(cell, cells, strict=True):
        flat = flat * size + x % size
    return (species * prod(cells) + flat) * letters + letter


def minus(system: System) -> np.ndarray[Any, Any]:
    """bool[spin, configuration]: which spins are -1."""
    states = np.arange(1 << system.spins)
    return (states >> np.arange(system.spins)[:, None] & 1).astype(bool)


def energies(system: System, down: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, Any]:
    """H of the configurations bool[spin, configuration], by default of all of them, term by term and cell by cell; binary spins are
    v = (1 + s)/2."""
    lattice = system.lattice
    down = minus(system) if down is None else down
    total = np.zeros(down.shape[1])
    for term in system.hamiltonian.terms:
        for weight, product in term.products:
            for at in cartesian(*map(range, lattice.cells)):
                places = [tuple(x + y for x, y in zip(at, spin.cell, strict=True)) for spin in product]
                if any(_outside(place, lattice) for place in places):
                    continue
                value = np.ones_like(total)
                for spin, place in zip(product, places, strict=True):
                    s = (
                        1
                        - 2.0
                        * down[number(lattice.cells, len(lattice.basis), spin.species, place, spin.letter)]
                    )
                    value *= (1 + s) / 2 if system.species[spin.species].alphabet == "binary" else s
                total += term.sign * term.coupling * weight * value
    return total


def _outside(place: Sequence[int], lattice: Lattice) -> bool:
    axes = zip(place, lattice.cells, lattice.boundary, strict=True)
    return any(edge == "open" and not 0 <= x < size for x, size, edge in axes)


def boltzmann(system: System) -> np.ndarray[Any, Any]:
    weights = np.exp(-energies(system))
    return np.asarray(weights / weights.sum())


def site_updates(program: Program, arguments: Arguments) -> Iterator[np.ndarray[Any, Any]]:
    """The transition matrix P[from, to] of the rule at each site, in the order of a sweep."""
    for stage in program.schedule:
        for cell in enumerate_cells(stage.cells, program.shape):
            yield _matrix(program, program.rules[stage.rule], cell, arguments)


def _matrix(program: Program, rule: Rule, cell: Cell, arguments: Arguments) -> np.ndarray[Any, Any]:
    spins = program.sites * len(program.fields)
    states = np.arange(1 << spins)
    matrix = np.zeros((len(states), len(states)))
    for probability, spin, value in outcomes(
        program, rule, cell, arguments, states >> np.arange(spins)[:, None] & 1 == 1
    ):
        target = states & ~(1 << spin) | value.astype(np.int64) << spin
        np.add.at(matrix, (states, target), probability)
    return matrix


def outcomes(
    program: Program, rule: Rule, cell: Cell, arguments: Arguments, down: np.ndarray[Any, Any]
) -> list[tuple[Any, int, Any]]:
    """What a rule with one `Store` may do to configurations bool[spin, configuration]: for each combination of draws (probability of
    each configuration, the spin that is set, its new bit)."""
    count = down.shape[1]
    branches: list[tuple[list[Any], Any]] = [([], np.ones(count))]
    stored: list[tuple[Any, int, Any]] = []
    for node in rule.nodes:
        grown = []
        for values, probability in branches:
            if isinstance(node, Below | Accept):
                chance = _chance(node, values, arguments, program.planes, count)
                grown.append(([*values, np.ones(count, bool)], probability * chance))
                grown.append(([*values, np.zeros(count, bool)], probability * (1 - chance)))
            elif isinstance(node, Store):
                spin = number(program.shape, program.letters, node.field, cell, rule.letter)
                stored.append((probability, spin, values[node.word]))
            else:
                grown.append(([*values, _value(program, node, values, cell, down, arguments)], probability))
        branches = grown
    return stored


def _value(
    program: Program, node: Any, values: list[Any], cell: Cell, down: Any, arguments: Arguments
) -> Any:
    match node:
        case Load(field, offset, letter, 0, None):
            place = [x + y for x, y in zip(cell, offset, strict=True)]
            return down[number(program.shape, program.letters, field, place, letter)]
        case Bit("not", (a,)):
            return ~values[a]
        case Bit(op, operands):
            join = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[op]
            return join.reduce([values[k] for k in operands])
        case Count(words):
            return np.sum([values[k] for k in words], axis=0)
        case Is(count, n):
            return values[count] == n
        case Weigh(masks, slots, base):
            table = arguments.weights.astype(np.int64)[:, 0]
            return table[base] + sum(values[m] * table[s] for m, s in zip(masks, slots, strict=True))
    raise AssertionError(node)


def threshold(arguments: Arguments, slot: int, planes: int, replica: int = 0) -> int:
    """T of a slot, read back from its planes."""
    bits = arguments.thresholds[slot, :, replica // 64] >> np.uint64(replica % 64) & np.uint64(1)
    return 1 << planes if bits[0] else sum(int(bit) << (planes - 1 - k) for k, bit in enumerate(bits[1:]))


def _chance(node: Below | Accept, values: list[Any], arguments: Arguments, planes: int, count: int) -> Any:
    if isinstance(node, Accept):
        return np.array([accepted(int(x)) for x in values[node.lanes]]) / 2**32
    total, rest = np.zeros(count), np.ones(count, bool)
    for mask, slot in node.classes:
        assert not (values[mask] & ~rest).any(), "classes overlap"
        total[values[mask]] = threshold(arguments, slot, planes) / 2**planes
        rest &= ~values[mask]
    if node.otherwise is not None:
        total[rest] = threshold(arguments, node.otherwise, planes) / 2**planes
    return total


def accepted(x: int) -> int:
    """Of 2^32 uniforms, how many are accepted at lanes x."""
    if x <= 0:
        return 1 << 32
    coarse, fine = exponentials()
    return int(coarse[x >> 10]) * int(fine[x & 1023]) >> 32 if x >> 10 < COARSE else 0


def pairs(*offsets: Sequence[int]) -> list[Product]:
    """The two-spin products s_0 s_offset of a lattice with one letter."""
    return [(Spin((0,) * len(offset)), Spin(tuple(offset))) for offset in offsets]
