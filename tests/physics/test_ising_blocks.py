"""Ising spins, sampled and blocked to 2 x 2, against sums over all states of 16 and 36 spins by a
program that is independent of rgc: ten seeds each, and a coupling that is wrong by 1 % fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, product
from math import exp

import pytest

import rgc
from rgc.model.spec import Spec
from tests.physics.running import agrees, p_value, scaled, seeds, table

pytestmark = pytest.mark.slow

SPEC = """
parameters {{ K = {K}, h = {h} }}
lattice square({L})
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
block {block}
flow mcrg(steps=1, sweeps={sweeps}, thermalise=200, every=10, update={update},
          basis=operators(range=1.5, bodies=4))
"""
Case = tuple[int, str, float, float]
BLOCKED: dict[Case, tuple[float, float, float, float, float]] = {
    (4, "majority(2)", 0.6, -0.1): (
        -0.43829637245558206, 1.1235867425615162, 0.62485820214393,
        0.04700443220242534, 0.008392579502538688,
    ),
    (4, "kadanoff(2, p=0.4)", 0.6, -0.1): (
        -0.5658892655773007, 0.5611071243782871, 0.5374847706940195,
        0.17356478381618978, -0.17199424212242032,
    ),
    (4, "majority(2)", 0.4, 0.05): (
        0.17888920821010146, 0.586110616757097, 0.25481183556370557,
        -0.003953145445799944, 0.018063745712064927,
    ),
    (4, "majority(2)", 0.3, 0.0): (
        0.0, 0.3577449219313755, 0.11908181379957528,
        0.0, 0.007834485575763495,
    ),
    (4, "majority(2)", 0.44068679350977147, 0.0): (
        0.0, 0.6929003415419116, 0.3273840724654803,
        0.0, 0.01963452978359226,
    ),
    (4, "kadanoff(2, p=0.6)", 0.6, -0.1): (
        -0.5419665655282017, 0.8711570046207604, 0.6994174602349126,
        0.15004618269579761, -0.3312747695985713,
    ),
    (4, "kadanoff(2, p=0.4)", 0.3, 0.0): (
        0.0, 0.250790497389359, 0.13034388389866602,
        0.0, -0.013443571429665235,
    ),
    (4, "kadanoff(2, p=1.2)", 0.4, 0.05): (
        0.1803146453683362, 0.5800518600634462, 0.25763176371986296,
        -0.005275130835206809, 0.013143315397007749,
    ),
    (4, "kadanoff(2, p=1.2)", 0.3, 0.0): (
        0.0, 0.353387419388513, 0.1204747620351731,
        0.0, 0.006810171355716377,
    ),
    (4, "kadanoff(2, p=1.2)", 0.44068679350977147, 0.0): (
        0.0, 0.6863836335841771, 0.33080049686887214,
        0.0, 0.011247150502621261,
    ),
    (6, "kadanoff(3, p=0.4)", 0.44068679350977147, 0.0): (
        0.0, 0.6858198168765737, 0.360739947482849,
        0.0, -0.011771206123221578,
    ),
    (6, "majority(3)", 0.4, 0.05): (
        0.34354046849352016, 0.5960336259949038, 0.2178018152845954,
        0.011247155701931133, 0.035368928819652146,
    ),
    (6, "kadanoff(3, p=0.6)", 0.6, -0.1): (
        -1.015927113863262, 1.403963494725769, 0.7867346336435135,
        0.139493026467727, -0.05679232470409845,
    ),
    (6, "decimate(3)", 0.44068679350977147, 0.0): (
        0.0, 0.4933966544358923, 0.3546307739441197,
        0.0, -0.15482494014813497,
    ),
    (6, "kadanoff(3, p=0.6)", 0.44068679350977147, 0.0): (
        0.0, 0.7221920741996388, 0.34166551599469464,
        0.0, 0.028623918418405392,
    ),
    (6, "kadanoff(3, p=0.6)", 0.3, 0.0): (
        0.0, 0.28195555786041737, 0.0775228927345264,
        0.0, 0.004965281380906461,
    ),
    (6, "majority(3)", 0.3, 0.0): (
        0.0, 0.3062267095827673, 0.06946429570198953,
        0.0, 0.0068709791290215705,
    ),
    (6, "kadanoff(3, p=0.6)", 0.4, 0.05): (
        0.35390792919203395, 0.5634913734386393, 0.23374033408643768,
        0.0022225311482446664, 0.021324618982923926,
    ),
    (6, "kadanoff(3, p=0.4)", 0.6, -0.1): (
        -1.1644511394163688, 1.1745336483632007, 0.8766661756372147,
        0.2877266922004713, -0.22875919116286614,
    ),
    (6, "decimate(3)", 0.4, 0.05): (
        0.4252751768416083, 0.3279442777492533, 0.21986307033172803,
        -0.056061145811035606, -0.03488372341602486,
    ),
}  # fmt: skip
"""-H of the block spins t1 t2 / t3 t4 of a torus of side L under a map, at K and h: what multiplies
their sum, of each nearest and each diagonal pair, of each triple, and of their product."""

NEAREST = ((0, 1), (0, 2), (1, 3), (2, 3))


def averages(h: float, near: float, far: float, three: float, four: float) -> dict[str, float]:
    """Averages of one product of block spins of each kind, from what multiplies their sum, each
    nearest and each diagonal pair, each triple, and their product in -H.
    """
    sums = {"weight": 0.0, "h": 0.0, "K": 0.0, "k2_11": 0.0, "k4_10_01_11": 0.0}
    for t in product((-1, 1), repeat=4):
        whole = t[0] * t[1] * t[2] * t[3]
        pairs = sum(t[a] * t[b] for a, b in NEAREST)
        triples = sum(a * b * c for a, b, c in combinations(t, 3))
        others = t[0] * t[3] + t[1] * t[2]
        weight = exp(h * sum(t) + near * pairs + far * others + three * triples + four * whole)
        values = 1, sum(t) / 4, pairs / 4, others / 2, whole
        for name, value in zip(sums, values, strict=True):
            sums[name] += weight * value
    return {name: value / sums["weight"] for name, value in sums.items() if name != "weight"}


def expected(case: Case) -> Mapping[str, float]:
    """Averages at level 1. Those that are 0 by symmetry are left out."""
    found = averages(*BLOCKED[case])
    return {name: value for name, value in found.items() if name != "h" or case[3]}


def made(case: Case) -> Spec:
    """The spec of a case. In a field below T_c single spins leave replicas in a wrong phase."""
    L, block, K, h = case
    update, sweeps = ("wolff", 1000) if K > 0.5 else ("local", 5000)
    text = SPEC.format(L=L, block=block, K=K, h=h, update=update, sweeps=sweeps)
    return rgc.load(text).spec


@pytest.mark.parametrize("case", BLOCKED, ids=str)
def test_block_spins_are_distributed_as_exactly(case: Case) -> None:
    found, exact = seeds(made(case)), expected(case)
    for name, value in exact.items():
        each = [result.levels[1].averages[name] for result in found]
        assert agrees(each, value), f"{name}: {table(each, value)}"


def test_a_coupling_wrong_by_one_percent_shows() -> None:
    case = (4, "majority(2)", 0.4, 0.05)
    found, exact = seeds(scaled(made(case), "K", 1.01), over=range(3)), expected(case)
    of = {name: [result.levels[1].averages[name] for result in found] for name in exact}
    assert min(p_value(each, exact[name]) for name, each in of.items()) < 1e-3
