"""The routine `iterate_map` of every backend beside its default on NumPy, in one run.

    python benchmarks/maps.py [--points 400000] [--steps 50] [--rounds 5]

The map is that of self-avoiding walks on the 4-simplex lattice (Dhar 1978, remembered), whose two
weights go through 24 operations a step. Every round times each kind once, so that a drift of the
machine's speed affects all of them; the program reports medians over rounds, and of ratios within a
round. Compilation is not counted. Every kind must give the same bits.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

import rgc
from rgc import backend as backends
from rgc.model.map import Quantity, RecursionMap
from rgc.model_to_program.expressions_to_arithmetic import Lowered, lower
from rgc.routines import routine
from rgc.routines.iteration import iterate_map

SPEC = """
map recursion(
  A = A^2 + 2*A^3 + 2*A^4 + 4*A^3*B + 6*A^2*B^2,
  B = A^4 + 4*A^3*B + 22*B^4,
  scale=2
)
flow iterate(steps=1, starts=[[0.4, 0.1]])
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=400_000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    lowered = map_of(SPEC)
    starts = np.random.default_rng(0).uniform(0, 0.42, (2, given.points)) * [[1.0], [0.2]]
    kinds: dict[str, Callable[[], Any]] = {
        "default": lambda: iterate_map(lowered.program, lowered.constants, starts, given.steps),
        "numba": on("numba", lowered, starts, given.steps),
        "jax": on("jax", lowered, starts, given.steps),
    }
    expected = kinds["default"]()
    for name, run in kinds.items():
        assert np.array_equal(run(), expected, equal_nan=True), f"{name} has other bits"
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(given.rounds):
        for name, run in kinds.items():
            start = perf_counter()
            run()
            times[name].append(perf_counter() - start)
    nodes = len(lowered.program.nodes)
    print(
        f"{given.points} points, {given.steps} steps, {nodes} nodes\n{'':<10}{'s':>8}{'ratio':>8}"
    )
    for name, seconds in times.items():
        ratios = [base / own for base, own in zip(times["default"], seconds, strict=True)]
        print(f"{name:<10}{median(seconds):>8.3f}{median(ratios):>8.1f}")


def map_of(text: str) -> Lowered:
    """The program of a map that a spec writes."""
    (one,) = rgc.load(text).spec.map
    assert isinstance(one, RecursionMap)
    return lower([value for _, value in one.updates], [Quantity(name) for name in one.quantities])


def on(name: str, lowered: Lowered, starts: Any, steps: int) -> Callable[[], Any]:
    """The routine of a backend, from arrays to arrays of NumPy."""
    backend = backends.load(name)

    def run() -> Any:
        with backend.arrays() as xp:
            iterate = routine(backend, "iterate_map")
            constants, points = xp.asarray(lowered.constants), xp.asarray(starts)
            return np.asarray(iterate(lowered.program, constants, points, steps))

    return run


if __name__ == "__main__":
    main()
