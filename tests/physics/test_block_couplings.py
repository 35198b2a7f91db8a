"""Renormalised couplings of 4 x 4 spins on 2 x 2 blocks, by `variational_mcrg`, against sums over
all 2^16 states by a program that is independent of rgc.

`test_couplings_are_those_of_all_states` runs until errors are below 5e-4, which takes long in a
field, where the magnetisation of the spins turns slowly.
`test_errors_are_as_wide_as_they_say` takes shorter runs, ten seeds each, and z over all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pytest

import rgc
from rgc.results.result import Estimate, Result
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

K_C = 0.44068679350977147
ERROR = 5e-4


@dataclass(frozen=True, slots=True)
class Case:
    """A block map of a Hamiltonian of these couplings, the exact ones of its block spins, and the
    run that takes errors below `ERROR`.

    Even matrices dK'_a/dK_b are of K, k2_11 and the plaquette, odd ones of the field and triples.
    """

    block: str
    given: Mapping[str, float]
    exact: Mapping[str, float]
    sweeps: int
    every: int
    even: tuple[tuple[float, ...], ...] = ()
    odd: tuple[tuple[float, ...], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.block, *(f"{name}={value:g}" for name, value in self.given.items())])

    def whole(self) -> list[Result]:
        """Three runs, or one where it is long."""
        return self.runs(self.sweeps, 3 if self.sweeps < LONG else 1)

    def short(self) -> list[Result]:
        """Ten runs of an eighth of the length."""
        return self.runs(self.sweeps // 8, 10)

    def runs(self, sweeps: int, number: int) -> list[Result]:
        text = SPEC.format(
            given=", ".join(f"{name} = {value!r}" for name, value in self.given.items()),
            terms=" ".join(f"- {name} * {TERMS[name]}" for name in self.given),
            block=self.block,
            sweeps=sweeps,
            thermalise=int(np.clip(sweeps // 5, *THERMALISE)),
            every=self.every,
        )
        return seeds(rgc.load(text).spec, over=range(number))


CASES = (
    Case(
        "majority(2)",
        {"K": 0.6, "h": -0.1},
        {
            "K": 0.5617933712807581,
            "k2_11": 0.1562145505359825,
            "k4_10_01_11": 0.002098144875634672,
            "h": -0.43829637245558206,
            "k3_10_01": 0.011751108050606335,
            "constant": -13.601700772518434 / 16,
        },
        sweeps=12000,
        every=8,
    ),
    Case(
        "kadanoff(2, p=0.4)",
        {"K": 0.6, "h": -0.1},
        {
            "K": 0.28055356218914357,
            "k2_11": 0.13437119267350486,
            "k4_10_01_11": -0.04299856053060508,
            "h": -0.5658892655773007,
            "k3_10_01": 0.043391195954047446,
            "constant": -16.02706242738923 / 16,
        },
        sweeps=170000,
        every=32,
    ),
    Case(
        "majority(2)",
        {"K": 0.4, "h": 0.05},
        {
            "K": 0.2930553083785485,
            "k2_11": 0.06370295889092639,
            "k4_10_01_11": 0.004515936428016232,
            "h": 0.17888920821010146,
            "k3_10_01": -0.000988286361449986,
            "constant": -10.742264228938625 / 16,
        },
        sweeps=2700,
        every=4,
    ),
    Case(
        "majority(2)",
        {"K": 0.3},
        {
            "K": 0.17887246096568776,
            "k2_11": 0.02977045344989382,
            "k4_10_01_11": 0.0019586213939408736,
            "constant": -9.675351801339737 / 16,
        },
        sweeps=400,
        every=4,
    ),
    Case(
        "kadanoff(2, p=0.6)",
        {"K": 0.6, "h": -0.1},
        {
            "K": 0.4355785023103802,
            "k2_11": 0.17485436505872815,
            "k4_10_01_11": -0.08281869239964282,
            "h": -0.5419665655282017,
            "k3_10_01": 0.037511545673949404,
            "constant": -14.757659365584267 / 16,
        },
        sweeps=95000,
        every=32,
    ),
    Case(
        "kadanoff(2, p=0.4)",
        {"K": 0.3},
        {
            "K": 0.1253952486946795,
            "k2_11": 0.032585970974666506,
            "k4_10_01_11": -0.003360892857416309,
            "constant": -9.837308093505568 / 16,
        },
        sweeps=700,
        every=8,
    ),
    Case(
        "kadanoff(2, p=1.2)",
        {"K": 0.4, "h": 0.05},
        {
            "K": 0.2900259300317231,
            "k2_11": 0.06440794092996574,
            "k4_10_01_11": 0.003285828849251937,
            "h": 0.1803146453683362,
            "k3_10_01": -0.0013187827088017023,
            "constant": -10.760071817649328 / 16,
        },
        sweeps=32000,
        every=16,
    ),
    Case(
        "kadanoff(2, p=1.2)",
        {"K": 0.3},
        {
            "K": 0.1766937096942565,
            "k2_11": 0.030118690508793275,
            "k4_10_01_11": 0.0017025428389290942,
            "constant": -9.682441541191029 / 16,
        },
        sweeps=900,
        every=8,
    ),
    Case(
        "kadanoff(2, p=1.2)",
        {"K": K_C},
        {
            "K": 0.34319181679208854,
            "k2_11": 0.08270012421721804,
            "k4_10_01_11": 0.0028117876256553154,
            "constant": -11.25516367794345 / 16,
        },
        sweeps=2000,
        every=8,
    ),
    Case(
        "majority(2)",
        {"K": 0.35, "k2_11": 0.1, "k4_10_01_11": 0.05, "h": 0.03, "k3_10_01": 0.01},
        {
            "K": 0.42851219139523855,
            "k2_11": 0.13140626448761794,
            "k4_10_01_11": 0.001403577946678114,
            "h": 0.23915156019441008,
            "k3_10_01": 0.0033405871522318997,
            "constant": -11.076601495847699 / 16,
        },
        sweeps=4700,
        every=4,
    ),
    Case(
        "majority(2)",
        {"K": K_C},
        {
            "K": 0.3464501707709558,
            "k2_11": 0.08184601811637016,
            "k4_10_01_11": 0.004908632445898065,
            "constant": -11.232017095640302 / 16,
        },
        sweeps=600,
        every=4,
        even=(
            (1.3305462324383384, 1.7417696626546397, 0.6102677568717159),
            (0.4522308560235043, 0.8023078786504318, 0.17379958660797337),
            (0.002061869497573088, -0.11170165743717722, 0.18527502540726984),
        ),
        odd=((3.794475116498685, 10.393261336233914), (-0.037385586333475676, 0.5578790030063215)),
    ),
    Case(
        "majority(2)",
        {"K": 0.3, "k2_11": 0.087, "k4_10_01_11": -0.0013},
        {
            "K": 0.2999140327635138,
            "k2_11": 0.08711930233189452,
            "k4_10_01_11": -0.0012655137514923087,
            "constant": -10.122226050003338 / 16,
        },
        sweeps=400,
        every=4,
        even=(
            (1.3590393100406624, 1.5564191594531271, 0.6020958022023335),
            (0.4342872301892594, 0.7492299738282608, 0.1948221690988891),
            (-0.045026591261870155, -0.09868568244092299, 0.13137894567470773),
        ),
        odd=((3.6383442362707727, 9.018441492946561), (-0.0338016184739508, 0.5623391949338921)),
    ),
    Case(
        "decimate(2)",
        {"K": 0.4, "k2_11": 0.05, "k4_10_01_11": -0.02},
        {
            "K": 0.29217817994807105,
            "k2_11": 0.09907439396880291,
            "k4_10_01_11": -0.044751364660434556,
            "constant": -11.577301999152352 / 16,
        },
        sweeps=500,
        every=4,
        even=(
            (1.2680295244073991, 1.4417296872046301, 0.8027386207305806),
            (0.4945823961734821, 0.8269136143602622, 0.20334243118868556),
            (-0.41832564079410006, -0.6571050362972246, -0.08848849872376419),
        ),
        odd=((4.551034622319482, 13.151194898992497), (-0.20420016001347807, 0.04567710562098687)),
    ),
)


def found(results: list[Result], name: str) -> list[Estimate]:
    level = results[0].levels[1]
    if name in level.couplings:
        return [result.levels[1].couplings[name] for result in results]
    return [result.levels[1].values[name] for result in results]


def matrices(case: Case, results: list[Result]) -> Iterator[tuple[str, list[Estimate], float]]:
    """The entries of the linearised map, what was found and what is right."""
    for sector, exact in (("even", case.even), ("odd", case.odd)):
        for place, right in np.ndenumerate(np.array(exact)):
            names = f"linearised_1_{sector}", f"linearised_error_1_{sector}"
            pairs = [[float(result.tables[name][place]) for name in names] for result in results]
            yield f"{sector} {place}", [Estimate(value, error) for value, error in pairs], right


@pytest.mark.parametrize("case", CASES, ids=str)
def test_couplings_are_those_of_all_states(case: Case) -> None:
    results = case.whole()
    assert set(results[0].levels[1].couplings) == case.exact.keys() - {"constant"}
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
    for name in case.exact.keys() - {"constant"}:
        for each in found(results, name):
            assert each.value is not None
            assert each.error is not None
            yield (each.value - case.exact[name]) / each.error


def test_errors_are_as_wide_as_they_say() -> None:
    z = [value for case in CASES for value in off(case)]
    assert len(z) == 10 * (7 * 3 + 6 * 5)
    assert 0.9 < np.sqrt(np.mean(np.square(z))) < 1.1
