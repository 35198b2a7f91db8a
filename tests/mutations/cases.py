"""Specs that between them use every kind of node, and the programs made of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations, product

import rgc
from rgc import backend
from rgc.loaded import Loaded
from rgc.program.lattice import Program
from rgc.verification.subject import Subject
from rgc.verification.trace import stations

HEAD = (
    'title "{title}"\nparameters {{ {parameters} }}\nlattice {lattice}\nspins {spins}\n'
    "hamiltonian {terms}\n"
)
MCRG = "block majority(2)\nflow mcrg(steps=1, sweeps=100, basis=operators(range=1, bodies=2))\n"
SAMPLE = "flow sample(sweeps=100)\nmeasure { energy, m, correlation_length }\n"


def spec(
    title: str, lattice: str, terms: str, rest: str, spins: str = "s: ising", **parameters: float
) -> str:
    given = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    return (
        HEAD.format(title=title, parameters=given, lattice=lattice, spins=spins, terms=terms) + rest
    )


def weighed(size: float, title: str) -> str:
    """Products of a 3 x 3 torus that no translation maps to themselves, each with a coupling.

    They are four pairs, six triples and six quadruples, and so more thresholds than classes may
    have, even one by one.
    """
    terms = [
        f"- {size * (k % 7 + 1) * (-1) ** k} * sum(i) "
        + "*".join(["s[i]", *(f"s[i+({x},{y})]" for x, y in cells[1:])])
        for bodies, most in ((2, 4), (3, 6), (4, 6))
        for k, cells in enumerate(orbits(bodies)[:most])
    ]
    return spec(title, "square(3)", " ".join(terms) + " - K * sum(i) s[i]", SAMPLE, K=5 * size)


def orbits(bodies: int) -> list[tuple[tuple[int, int], ...]]:
    """Sets of cells of a 3 x 3 torus, one of each class of nine translates."""
    cells = list(product(range(3), repeat=2))
    classes: dict[frozenset[frozenset[tuple[int, int]]], tuple[tuple[int, int], ...]] = {}
    for rest in combinations(cells[1:], bodies - 1):
        chosen = (cells[0], *rest)
        translates = frozenset(
            frozenset(((x + a) % 3, (y + b) % 3) for x, y in chosen) for a, b in cells
        )
        if len(translates) == len(cells):
            classes.setdefault(translates, chosen)
    return list(classes.values())


NEAREST = "- K * sum(<i,j>) s[i]*s[j]"
CASES = {
    "joint": spec("joint classes", "square(6)", f"{NEAREST} - h * sum(i) s[i]", MCRG, K=0.4, h=0.1),
    "factorised": spec(
        "factors",
        "square(6)",
        (
            f"{NEAREST} - K2 * sum(<<i,j>>) s[i]*s[j] - K4 * sum(plaquette(i,j,k,l)) "
            "s[i]*s[j]*s[k]*s[l] - h * sum(i) s[i]"
        ),
        SAMPLE,
        K=0.3, K2=0.1, K4=0.2, h=0.1,
    ),
    "weigh": weighed(0.01, "weights"),
    "lazy weights": weighed(
        0.0001, "nearly free: a draw of its own keeps flips from being certain"
    ),
    "two species": spec(
        "two species",
        "square(4)",
        f"{NEAREST} - J * sum(i) s[i]*t[i]",
        MCRG,
        "{ s: ising, t: ising }",
        K=0.3, J=0.5,
    ),
    "honeycomb": spec(
        "honeycomb",
        "honeycomb(2)",
        f"{NEAREST} - h * sum(c in cells) s[c.b]",
        SAMPLE,
        K=0.4, h=0.2,
    ),
    "wide kernel": spec(
        "more spins in a cell than are tabulated",
        "chain(34)",
        NEAREST,
        MCRG.replace("majority(2)", "kernel(17, T=sum(B in blocks) 0.3*s[B]*sum(i in B) s[i])"),
        K=0.4,
    ),
}  # fmt: skip


@lru_cache
def loaded(case: str) -> Loaded:
    return rgc.load(CASES[case])


@lru_cache
def subject(case: str) -> Subject:
    return Subject(loaded(case), (backend.load("reference"),), 0)


def programs(case: str) -> Iterator[tuple[str, Program]]:
    """Those of the run, by what they are for: `update`, `record`, `block`."""
    made = subject(case)
    yield "update", made.sampler.update.program
    for station in stations(made.own):
        if station.blocking is not None:
            yield "block", station.blocking.map.program
    for station in stations(made.own)[:1]:
        yield "record", station.recorder.record.program
