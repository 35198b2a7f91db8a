"""Small systems summed state by state in plain Python: energies from the syntax tree, block maps
from their definitions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from math import cos, exp, fsum, hypot, log, pi, sin, sqrt
from typing import Any

import numpy as np

from rgc.loaded import Loaded
from rgc.model.lattice import Lattice
from rgc.syntax import ast
from rgc.verification.evaluator import Evaluator

Place = tuple[str, tuple[int, ...], int]
Configuration = dict[Place, int]
Rule = Callable[[Sequence[int], int, Sequence[int]], float]
"""(spins of a block, block spin, alphabet) -> probability."""

VALUES = {"ising": (-1, 1), "binary": (0, 1), "spin": (-1, 0, 1)}


def alphabet(loaded: Loaded, name: str) -> tuple[int, ...]:
    species = next(each for each in loaded.spec.species if each.name == name)
    return VALUES.get(species.alphabet) or tuple(range(species.states or 0))


def places(loaded: Loaded, shape: Sequence[int], letters: int) -> list[Place]:
    """In the order of the tables of a result: cells row-major, then letters, then species."""
    names = [each.name for each in loaded.spec.species]
    return [
        (name, cell, a)
        for cell in product(*map(range, shape))
        for a in range(letters)
        for name in names
    ]


def configurations(loaded: Loaded, shape: Sequence[int], letters: int) -> Iterator[Configuration]:
    """All of them, in the order of the tables: the first spin is the slowest, and two-state spins
    begin with +1.
    """
    order = places(loaded, shape, letters)
    values = []
    for name, _, _ in order:
        known = alphabet(loaded, name)
        values.append(known[::-1] if len(known) == 2 and known in ((-1, 1), (0, 1)) else known)
    for chosen in product(*values):
        yield dict(zip(order, chosen, strict=True))


def energies(loaded: Loaded, every: Sequence[Configuration]) -> list[float]:
    """H of each configuration, from the syntax tree."""
    section, lattice = loaded.spec.document.section("hamiltonian"), loaded.spec.lattice
    assert section is not None
    assert isinstance(section.body, ast.Node)
    assert isinstance(lattice, Lattice)
    spins: dict[str, dict[tuple[int, ...], Any]] = {}
    for name, cell, letter in every[0]:
        values = [float(each[name, cell, letter]) for each in every]
        spins.setdefault(name, {})[(*cell, letter)] = np.array(values)
    found = Evaluator(loaded.spec.document, lattice, spins)(section.body)
    return [float(x) for x in np.broadcast_to(found, len(every))]


def weights(loaded: Loaded) -> list[tuple[Configuration, float]]:
    """Every configuration with exp(-H)."""
    lattice = loaded.spec.lattice
    assert isinstance(lattice, Lattice)
    every = list(configurations(loaded, lattice.cells, len(lattice.basis)))
    return [(spins, exp(-h)) for spins, h in zip(every, energies(loaded, every), strict=True)]


def direction(alphabet: str, state: int, q: int) -> tuple[float, ...]:
    """What a spin adds to the magnetisation: its number, or the unit vector of its state."""
    if alphabet == "clock":
        return cos(2 * pi * state / q), sin(2 * pi * state / q)
    if alphabet == "potts":
        return tuple(sqrt(q / (q - 1)) * ((state == k) - 1 / q) for k in range(q))
    return (float(state),)


def magnetisation(loaded: Loaded, spins: Configuration) -> float:
    """m of the first species, the length of a vector where states are names."""
    species = loaded.spec.species[0]
    of_first = [value for (name, _, _), value in spins.items() if name == species.name]
    each = [direction(species.alphabet, value, species.states or 0) for value in of_first]
    parts = [fsum(component) / len(each) for component in zip(*each, strict=True)]
    return hypot(*parts) if len(parts) > 1 else parts[0]


def averages(loaded: Loaded) -> dict[str, float]:
    """ln Z and averages per site; m is that of the first species."""
    lattice = loaded.spec.lattice
    assert isinstance(lattice, Lattice)
    n = lattice.sites
    every = weights(loaded)
    z = fsum(w for _, w in every)

    def mean(function: Callable[[Configuration, float], float]) -> float:
        return fsum(w * function(spins, w) for spins, w in every) / z

    def m(spins: Configuration) -> float:
        return magnetisation(loaded, spins)

    e = mean(lambda spins, w: -log(w) / n)
    m2, m4, m1 = (mean(lambda s, w, k=k: abs(m(s)) ** k) for k in (2, 4, 1))  # type: ignore[misc]
    return {
        "log_z": log(z),
        "energy": e,
        "specific_heat": n * (mean(lambda spins, w: (log(w) / n) ** 2) - e**2),
        "m": mean(lambda spins, w: m(spins)),
        "abs_m": m1,
        "susceptibility": n * (m2 - m1**2),
        "binder": 1 - m4 / (3 * m2**2),
    }


# -- block maps ------------------------------------------------------------------------------------


def plurality(spins: Sequence[int], block: int, known: Sequence[int]) -> float:
    counts = Counter(spins)
    most = [value for value in known if counts[value] == max(counts.values())]
    return 1 / len(most) if block in most else 0.0


def first(spins: Sequence[int], block: int, known: Sequence[int]) -> float:
    return float(spins[0] == block)


def kadanoff(p: float) -> Rule:
    def rule(spins: Sequence[int], block: int, known: Sequence[int]) -> float:
        sign = {known[0]: -1, known[1]: 1}
        m = sum(sign[s] for s in spins)
        return exp(p * sign[block] * m) / (exp(p * m) + exp(-p * m))

    return rule


def written(function: Callable[[Sequence[int], int], float]) -> Rule:
    """exp T(v, h) as given."""
    return lambda spins, block, known: exp(function(spins, block))


def blocked(
    loaded: Loaded,
    fine: Sequence[tuple[Configuration, float]],
    cells: Sequence[Sequence[tuple[tuple[int, ...], int]]],
    factor: Sequence[int],
    shape: Sequence[int],
    rule: Rule,
) -> list[tuple[Configuration, float]]:
    """Every coarse configuration with sum_v prod_B P(h_B|v_B) weight(v): the dense sum over all
    pairs.
    """
    coarse = [size // f for size, f in zip(shape, factor, strict=True)]
    out = []
    for block_spins in configurations(loaded, coarse, len(cells)):
        total = []
        for spins, weight in fine:
            share = weight
            for (name, at, letter), value in block_spins.items():
                sites = [
                    (
                        tuple(
                            (f * x + c) % size
                            for f, x, c, size in zip(factor, at, cell, shape, strict=True)
                        ),
                        a,
                    )
                    for cell, a in cells[letter]
                ]
                share *= rule([spins[name, *site] for site in sites], value, alphabet(loaded, name))
                if not share:
                    break
            total.append(share)
        out.append((block_spins, fsum(total)))
    return out


def square_cell(b: int, d: int) -> list[list[tuple[tuple[int, ...], int]]]:
    return [[(cell, 0) for cell in product(range(b), repeat=d)]]


def log_weights(every: Sequence[tuple[Configuration, float]]) -> list[float]:
    return [log(weight) for _, weight in every]


def of_species(spins: Mapping[Place, int], name: str) -> list[int]:
    return [value for (each, _, _), value in spins.items() if each == name]
