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
from tests.physics.exact_block_spins import BLOCK_SPINS, BlockSpins
from tests.physics.exact_block_spins import NAMES as OPERATORS
from tests.physics.running import agrees, answer, p_value, scaled, seeds, table
from tests.physics.test_cluster_couplings import recursion

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
block {}
flow {}
"""
NAMES = "K", "K2", "K4", "h", "K3"
WHOLE = "basis=operators(range=1.5, bodies=4)"
LEVELS = "mcrg(steps=1, sweeps=5000, thermalise=200, every=10, {})\nmeasure {{ energy }}"


@dataclass(frozen=True)
class Case:
    """What is known of a case beside how its block spins are distributed: ln Z, the energy of a
    site, the exponents of dK'/dK, those of the even couplings first, and the couplings of level 1
    by pseudo-likelihood, of the nearest neighbours `alone` and of `both` them and the diagonals.
    """

    right: BlockSpins
    log_z: float
    energy: float
    exponents: Sequence[float] = ()
    alone: float = 0.0
    both: Sequence[float] = ()

    def spec(self, flow: str) -> Spec:
        before = (self.right.given.get(name, 0.0) for name in OPERATORS)
        return rgc.load(SPEC.format(*before, self.right.block, flow)).spec


CASES = {
    "five couplings": Case(
        BLOCK_SPINS["majority(2) K=0.35 k2_11=0.1 k4_10_01_11=0.05 h=0.03 k3_10_01=0.01"],
        16.73309469167378,
        -0.9060810666826076,
    ),
    "nearest neighbours": Case(
        BLOCK_SPINS["majority(2) K=0.440687"],
        15.521915458755283,
        -0.689949726816954,
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
        BLOCK_SPINS["majority(2) K=0.3 k2_11=0.087 k4_10_01_11=-0.0013"],
        14.118456761425634,
        -0.5312337094577149,
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
        BLOCK_SPINS["decimate(2) K=0.4 k2_11=0.05 k4_10_01_11=-0.02"],
        15.48309773029389,
        -0.6994930464648454,
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
    for coupling, exact in zip(NAMES, case.right.couplings, strict=True):
        found = level.couplings.get(coupling)
        assert (found.value if found else 0) == pytest.approx(exact, abs=1e-10)
    assert case.right.constant is not None
    exact = -case.right.constant / 16
    assert level.observables["constant"].value == pytest.approx(exact, abs=1e-10)
    assert result.observables["log_z"].value == pytest.approx(case.log_z, abs=1e-10)
    assert result.observables["energy"].value == pytest.approx(case.energy, abs=1e-10)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.right.even])
def test_all_states_give_the_derivatives(name: str) -> None:
    case = CASES[name]
    made = recursion(case.spec("enumerate(steps=1)"))
    slope = made.jacobian(made.start)
    exponents: list[float] = []
    for exact, part in ((case.right.even, slice(0, 3)), (case.right.odd, slice(3, 5))):
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
    for name, operator in zip(NAMES[:4], OPERATORS, strict=False):
        if name != "h" or "h" in case.right.given:
            exact = case.right.averages[operator]
            yield name, [result.levels[1].averages[name] for result in results], exact


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
