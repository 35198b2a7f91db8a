"""Renormalised couplings of 4 x 4 spins on 2 x 2 blocks, by `variational_mcrg`, against the exact
ones.

`test_couplings_are_those_of_all_states` runs until errors are below 5e-4, which takes long in a
field, where the magnetisation of the spins turns slowly.
`test_errors_are_as_wide_as_they_say` takes shorter runs, ten seeds each, and z over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

import rgc
from rgc.results.result import Estimate, Result
from tests.physics.exact_block_spins import BLOCK_SPINS, BlockSpins
from tests.physics.running import agrees, seeds, table

pytestmark = pytest.mark.slow

TERMS = {
    "K": "sum(<i,j>) s[i]*s[j]",
    "k2_11": "sum(<<i,j>>) s[i]*s[j]",
    "k4_10_01_11": "sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]",
    "h": "sum(i) s[i]",
    "k3_10_01": "sum(i) (s[i]*s[i+x]*s[i+y] + s[i]*s[i+x]*s[i-y]"
    " + s[i]*s[i-x]*s[i+y] + s[i]*s[i-x]*s[i-y])",
}
"""What the couplings multiply. Triples are the corners of plaquettes."""

SPEC = """
parameters {{ {given} }}
lattice square(4)
spins s: ising
hamiltonian {terms}
block {block}
flow variational_mcrg(steps=1, target=0, sweeps={sweeps}, thermalise={thermalise}, every={every},
                      replicas=4096, basis=operators(range=1.5, bodies=4))
"""
THERMALISE = 40, 2000
"""Fewest and most sweeps before a batch, which has one part in five."""

LONG = 10_000
"""A run of so many sweeps takes ten seconds and more."""

ERROR = 5e-4


@dataclass(frozen=True, slots=True)
class Case:
    """Block spins whose distribution is known, and the run that takes errors below `ERROR`: its
    sweeps, and how often it looks.
    """

    right: BlockSpins
    sweeps: int
    every: int

    def __str__(self) -> str:
        return str(self.right)

    @property
    def exact(self) -> dict[str, float]:
        """The couplings that no symmetry makes 0, and the constant of a site of the fine lattice
        in H.
        """
        assert self.right.constant is not None
        return self.right.exact | {"constant": -self.right.constant / self.right.side**2}

    def whole(self) -> list[Result]:
        """Three runs, or one where it is long."""
        return self.runs(self.sweeps, 3 if self.sweeps < LONG else 1)

    def short(self) -> list[Result]:
        """Ten runs of an eighth of the length."""
        return self.runs(self.sweeps // 8, 10)

    def runs(self, sweeps: int, number: int) -> list[Result]:
        text = SPEC.format(
            given=", ".join(f"{name} = {value!r}" for name, value in self.right.given.items()),
            terms=" ".join(f"- {name} * {TERMS[name]}" for name in self.right.given),
            block=self.right.block,
            sweeps=sweeps,
            thermalise=int(np.clip(sweeps // 5, *THERMALISE)),
            every=self.every,
        )
        return seeds(rgc.load(text).spec, over=range(number))


RUNS = {
    "majority(2) K=0.6 h=-0.1": (12000, 8),
    "kadanoff(2, p=0.4) K=0.6 h=-0.1": (170000, 32),
    "majority(2) K=0.4 h=0.05": (2700, 4),
    "majority(2) K=0.3": (400, 4),
    "kadanoff(2, p=0.6) K=0.6 h=-0.1": (95000, 32),
    "kadanoff(2, p=0.4) K=0.3": (700, 8),
    "kadanoff(2, p=1.2) K=0.4 h=0.05": (32000, 16),
    "kadanoff(2, p=1.2) K=0.3": (900, 8),
    "kadanoff(2, p=1.2) K=0.440687": (2000, 8),
    "majority(2) K=0.35 k2_11=0.1 k4_10_01_11=0.05 h=0.03 k3_10_01=0.01": (4700, 4),
    "majority(2) K=0.440687": (600, 4),
    "majority(2) K=0.3 k2_11=0.087 k4_10_01_11=-0.0013": (400, 4),
    "decimate(2) K=0.4 k2_11=0.05 k4_10_01_11=-0.02": (500, 4),
}
"""Sweeps and how often a run looks, for each distribution on 4 x 4 spins."""

CASES = [Case(each, *RUNS[name]) for name, each in BLOCK_SPINS.items() if each.side == 4]


def found(results: list[Result], name: str) -> list[Estimate]:
    level = results[0].levels[1]
    if name in level.couplings:
        return [result.levels[1].couplings[name] for result in results]
    return [result.levels[1].values[name] for result in results]


def matrices(case: Case, results: list[Result]) -> Iterator[tuple[str, list[Estimate], float]]:
    """The entries of the linearised map, what was found and what is right."""
    for sector, exact in (("even", case.right.even), ("odd", case.right.odd)):
        for place, right in np.ndenumerate(np.array(exact)):
            names = f"linearised_1_{sector}", f"linearised_error_1_{sector}"
            pairs = [[float(result.tables[name][place]) for name in names] for result in results]
            yield f"{sector} {place}", [Estimate(value, error) for value, error in pairs], right


@pytest.mark.parametrize("case", CASES, ids=str)
def test_couplings_are_those_of_all_states(case: Case) -> None:
    results = case.whole()
    assert set(results[0].levels[1].couplings) == case.right.exact.keys()
    for name, right in case.exact.items():
        each = found(results, name)
        errors = np.array([estimate.error for estimate in each], dtype=float)
        assert np.sqrt(np.mean(errors**2)) < ERROR, f"{name}: {errors}"
        assert agrees(each, right), f"{name}: {table(each, right)}"
    assert not agrees(found(results, "K"), 1.01 * case.exact["K"])
    for name, each, right in matrices(case, results):
        assert agrees(each, right), f"{name}: {table(each, right)}"


def off(case: Case) -> Iterator[float]:
    """By how many errors every coupling of every seed is off."""
    results = case.short()
    for name, right in case.right.exact.items():
        for each in found(results, name):
            assert each.value is not None
            assert each.error is not None
            yield (each.value - right) / each.error


def test_errors_are_as_wide_as_they_say() -> None:
    z = [value for case in CASES for value in off(case)]
    assert len(z) == 10 * (7 * 3 + 6 * 5)
    assert 0.9 < np.sqrt(np.mean(np.square(z))) < 1.1
