"""One step of Newton's method from a Hamiltonian to the fixed point of its block map.

    python benchmarks/fixed_point.py SPEC OUT [--seeds N ...] [--threads N]

SPEC is a spec of `variational_mcrg` with `steps=1`. Its run finds the couplings K' of the block
spins and the map T = dK'/dK, and OUT is the same spec with the couplings K + (1 - T)^-1 (K' - K),
on the operators of the basis. Of several seeds it is the average of their steps.
The first step, from the critical point of the nearest neighbours, goes far, and the noise of T goes
with it: every run should be longer than the one before.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

import rgc
from rgc.emit import emit
from rgc.loaded import Loaded
from rgc.results.numbers import with_error
from rgc.results.result import Estimate, Level, Result

MARGINAL = 0.15
"""Along eigenvectors whose eigenvalue is that close to 1 there is a line of fixed points: cells
that break a symmetry of the lattice let its anisotropy stand. There the couplings of the block
spins are taken as they are."""

DIGITS = 5
"""The decimal places of the couplings that are written."""

LATTICE = re.compile(r"^lattice .*$", re.MULTILINE)

Floats = NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("spec", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    loaded = rgc.load(asked.spec)
    compiled = rgc.compile(loaded, threads=asked.threads)
    results = [compiled.run(seed=seed).points[0].result for seed in asked.seeds]
    steps = [newton_step(result) for result in results]
    better = {name: round(fmean(step[name] for step in steps), DIGITS) for name in steps[0]}
    for seed, result in zip(asked.seeds, results, strict=True):
        print(f"seed {seed}")
        for name, found in result.levels[1].couplings.items():
            given = _value(result.levels[0].couplings.get(name))
            told = with_error(found.value, found.error)
            print(f"{name:24} {given:9.5f} {told:>14}  -> {better[name]:9.5f}")
    result = results[0]
    asked.out.write_text(written(asked.spec.read_text("utf-8"), loaded, result, better), "utf-8")


def newton_step(result: Result) -> dict[str, float]:
    """K + (1 - T)^-1 (K' - K) of the invariant couplings, by name."""
    fine, coarse = (level.couplings for level in result.levels[:2])
    names = list(coarse)
    sector = next(
        key
        for key, axes in result.labels.items()
        if key.startswith("linearised_1_") and axes[0] == names
    )
    below, above = np.array([[_value(of.get(name)) for name in names] for of in (fine, coarse)])
    moved = below + change(np.asarray(result.tables[sector]), above - below)
    return {name: float(x) for name, x in zip(names, moved, strict=True)}


def change(slope: Floats, apart: Floats) -> Floats:
    """(1 - T)^-1 (K' - K), along marginal eigenvectors K' - K itself."""
    values, vectors = np.linalg.eig(slope)
    marginal = np.abs(values - 1) < MARGINAL
    factors = np.where(marginal, 1.0, 1 / np.where(marginal, 1.0, 1 - values))
    along = np.linalg.solve(vectors, apart.astype(complex))
    return np.asarray((vectors @ (factors * along)).real)


def written(text: str, loaded: Loaded, result: Result, better: dict[str, float]) -> str:
    """The spec with these couplings, on the lattice that it had."""
    couplings = {name: Estimate(value, 0.0) for name, value in better.items()}
    level: Level = replace(result.levels[1], couplings=couplings, values={})
    out = emit(loaded.spec, replace(result, levels=(result.levels[0], level)), 1)
    lattice = LATTICE.search(text)
    return LATTICE.sub(lattice[0], out) if lattice else out


def _value(found: Estimate | None) -> float:
    return 0.0 if found is None or found.value is None else found.value


if __name__ == "__main__":
    main()
