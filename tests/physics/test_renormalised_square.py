"""Ising spins with several couplings on 4 x 4 sites, blocked to 2 x 2, against another program: the
renormalised couplings and their derivatives by enumeration, the averages that they make and the
couplings of smaller bases by Monte Carlo, ten seeds each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2

import numpy as np
import pytest

import rgc
from rgc.model.spec import Spec
from rgc.results.result import Estimate, Result
from tests.physics.models import CRITICAL
from tests.physics.running import agrees, answer, p_value, scaled, seeds, table
from tests.physics.test_cluster_couplings import recursion
from tests.physics.test_ising_blocks import averages

SPEC = """
parameters {{ K = {}, K2 = {}, K4 = {}, h = {}, K3 = {} }}
lattice square(4)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - K2 * sum(<<i,j>>) s[i]*s[j]
  - K4 * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]
  - h * sum(i) s[i]
  - K3 * sum(plaquette(i,j,k,l))
      (s[i]*s[j]*s[k] + s[i]*s[j]*s[l] + s[i]*s[k]*s[l] + s[j]*s[k]*s[l])
block {}(2)
flow {}
"""
NAMES = "K", "K2", "K4", "h", "K3"
WHOLE = "basis=operators(range=1.5, bodies=4)"
LEVELS = "mcrg(steps=1, sweeps=5000, thermalise=200, every=10, {})\nmeasure {{ energy }}"


@dataclass(frozen=True)
class Case:
    """Couplings in the order of `NAMES`, before and after; the constant of ln W; ln Z; the energy
    of a site; dK'/dK and its exponents of the even and the odd ones; and the couplings of level 1
    by pseudo-likelihood, of the nearest neighbours alone and with the diagonals.
    """

    block: str
    before: Sequence[float]
    after: Sequence[float]
    constant: float
    log_z: float
    energy: float
    even: Sequence[Sequence[float]] = ()
    odd: Sequence[Sequence[float]] = ()
    exponents: Sequence[float] = ()
    alone: float = 0.0
    both: Sequence[float] = ()

    def spec(self, flow: str) -> Spec:
        return rgc.load(SPEC.format(*self.before, self.block, flow)).spec


CASES = {
    "five couplings": Case(
        "majority",
        (0.35, 0.1, 0.05, 0.03, 0.01),
        (
            0.42851219139523855,
            0.13140626448761794,
            0.001403577946678114,
            0.23915156019441008,
            0.0033405871522318997,
        ),
        11.076601495847699,
        16.73309469167378,
        -0.9060810666826076,
    ),
    "nearest neighbours": Case(
        "majority",
        (CRITICAL, 0.0, 0.0, 0.0, 0.0),
        (0.3464501707709558, 0.08184601811637016, 0.004908632445898065, 0.0, 0.0),
        11.232017095640302,
        15.521915458755283,
        -0.689949726816954,
        even=[
            [1.3305462324383384, 1.7417696626546397, 0.6102677568717159],
            [0.4522308560235043, 0.8023078786504318, 0.17379958660797337],
            [0.002061869497573088, -0.11170165743717722, 0.18527502540726984],
        ],
        odd=[[3.794475116498685, 10.393261336233914], [-0.037385586333475676, 0.5578790030063215]],
        exponents=[
            0.9854192950826335,
            -2.054242372057024,
            -3.3589650585261706,
            1.8756252282699208,
            -0.5505749650799687,
        ],
        alone=0.42230267141977046,
        both=(0.35151303031163833, 0.0804370139256347),
    ),
    "three couplings": Case(
        "majority",
        (0.3, 0.087, -0.0013, 0.0, 0.0),
        (0.2999140327635138, 0.08711930233189452, -0.0012655137514923087, 0.0, 0.0),
        10.122226050003338,
        14.118456761425634,
        -0.5312337094577149,
        even=[
            [1.3590393100406624, 1.5564191594531271, 0.6020958022023335],
            [0.4342872301892594, 0.7492299738282608, 0.1948221690988891],
            [-0.045026591261870155, -0.09868568244092299, 0.13137894567470773],
        ],
        odd=[[3.6383442362707727, 9.018441492946561], [-0.0338016184739508, 0.5623391949338921]],
        exponents=[
            0.9293887642643431,
            -2.351206853866695,
            -2.8447971652976474,
            1.8220470964848703,
            -0.5888821062722916,
        ],
        alone=0.37061746570461196,
        both=(0.29889890986326056, 0.0872588784937069),
    ),
    "decimated": Case(
        "decimate",
        (0.4, 0.05, -0.02, 0.0, 0.0),
        (0.29217817994807105, 0.09907439396880291, -0.044751364660434556, 0.0, 0.0),
        11.577301999152352,
        15.48309773029389,
        -0.6994930464648454,
        even=[
            [1.2680295244073991, 1.4417296872046301, 0.8027386207305806],
            [0.4945823961734821, 0.8269136143602622, 0.20334243118868556],
            [-0.41832564079410006, -0.6571050362972246, -0.08848849872376419],
        ],
        odd=[[4.551034622319482, 13.151194898992497], [-0.20420016001347807, 0.04567710562098687]],
        exponents=[
            0.7151408949101536,
            -1.762470266585746,
            -3.8350994626949646,
            1.9426167970737018,
            -0.4098738545258135,
        ],
        alone=0.33670635211108113,
        both=(0.2615779500488335, 0.0982383839880172),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_all_states_give_the_couplings(name: str) -> None:
    case = CASES[name]
    result = answer(case.spec("enumerate(steps=1)"))
    level = result.levels[1]
    for coupling, exact in zip(NAMES, case.after, strict=True):
        found = level.couplings.get(coupling)
        assert (found.value if found else 0) == pytest.approx(exact, abs=1e-10)
    assert level.observables["constant"].value == pytest.approx(-case.constant / 16, abs=1e-10)
    assert result.observables["log_z"].value == pytest.approx(case.log_z, abs=1e-10)
    assert result.observables["energy"].value == pytest.approx(case.energy, abs=1e-10)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.even])
def test_all_states_give_the_derivatives(name: str) -> None:
    case = CASES[name]
    made = recursion(case.spec("enumerate(steps=1)"))
    slope = made.jacobian(made.start)
    exponents: list[float] = []
    for exact, part in ((case.even, slice(0, 3)), (case.odd, slice(3, 5))):
        found = slope[part, part]
        assert found == pytest.approx(np.array(exact), abs=1e-9)
        size = sorted(map(abs, np.linalg.eigvals(found)), reverse=True)
        exponents += [log2(each) for each in size]
    assert exponents == pytest.approx(list(case.exponents), abs=1e-8)


def sampled(
    case: Case, results: Sequence[Result]
) -> Iterator[tuple[str, Sequence[Estimate], float]]:
    """The energy and the averages at level 1 that no symmetry makes 0, found and exact."""
    yield "energy", [result.averages["energy"] for result in results], case.energy
    K, K2, K4, h, K3 = case.after
    exact = averages(h, 2 * K, 4 * K2, 4 * K3, 4 * K4)
    for name, of in {"K": "K", "K2": "k2_11", "K4": "k4_10_01_11", "h": "h"}.items():
        if name != "h" or h:
            yield name, [result.levels[1].averages[name] for result in results], exact[of]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_samples_have_the_averages_of_the_couplings(name: str) -> None:
    case = CASES[name]
    for of, each, exact in sampled(case, seeds(case.spec(LEVELS.format(WHOLE)))):
        assert agrees(each, exact), f"{of}: {table(each, exact)}"


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_coupling_wrong_by_one_percent_shows(name: str) -> None:
    case = CASES[name]
    wrong = seeds(scaled(case.spec(LEVELS.format(WHOLE)), "K", 1.01), over=range(3))
    assert min(p_value(each, exact) for _, each, exact in sampled(case, wrong)) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.alone])
def test_couplings_of_small_bases(name: str) -> None:
    """Callen's equations are those of pseudo-likelihood."""
    case = CASES[name]
    for reach, exact in ((1, [case.alone]), (1.5, case.both)):
        basis = f"couplings=callen, basis=operators(range={reach}, bodies=2)"
        found = seeds(case.spec(LEVELS.format(basis)))
        for coupling, number in zip(NAMES, exact, strict=False):
            each = [result.levels[1].couplings[coupling] for result in found]
            assert agrees(each, number), f"{coupling} to {reach}: {table(each, number)}"
