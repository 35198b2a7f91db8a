"""Ising spins on 4 x 4 and 6 x 6 sites, sampled and blocked to 2 x 2, against the exact averages of
the block spins: ten seeds each, and a coupling that is wrong by 1 % fails.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import rgc
from rgc.model.spec import Spec
from tests.physics.exact_block_spins import BLOCK_SPINS, BlockSpins
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
CASES = [each for each in BLOCK_SPINS.values() if each.given.keys() <= {"K", "h"}]


def expected(case: BlockSpins) -> Mapping[str, float]:
    """Averages at level 1. Those that are 0 by symmetry are left out."""
    return {
        name: value for name, value in case.averages.items() if name != "h" or case.given.get(name)
    }


def made(case: BlockSpins) -> Spec:
    """The spec of a case. In a field below T_c single spins leave replicas in a wrong phase."""
    K, h = case.given["K"], case.given.get("h", 0.0)
    update, sweeps = ("wolff", 1000) if K > 0.5 else ("local", 5000)
    text = SPEC.format(L=case.side, block=case.block, K=K, h=h, update=update, sweeps=sweeps)
    return rgc.load(text).spec


@pytest.mark.parametrize("case", CASES, ids=str)
def test_block_spins_are_distributed_as_exactly(case: BlockSpins) -> None:
    found, exact = seeds(made(case)), expected(case)
    for name, value in exact.items():
        each = [result.levels[1].averages[name] for result in found]
        assert agrees(each, value), f"{name}: {table(each, value)}"


def test_a_coupling_wrong_by_one_percent_shows() -> None:
    case = BLOCK_SPINS["majority(2) K=0.4 h=0.05"]
    found, exact = seeds(scaled(made(case), "K", 1.01), over=range(3)), expected(case)
    of = {name: [result.levels[1].averages[name] for result in found] for name in exact}
    assert min(p_value(each, exact[name]) for name, each in of.items()) < 1e-3
