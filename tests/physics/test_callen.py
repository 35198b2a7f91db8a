"""`mcrg(couplings=callen)` against couplings that are known."""

from __future__ import annotations

from math import cosh, log

import numpy as np
import pytest

import rgc
from rgc.compiler import load
from rgc.results.result import Result

CHAIN = """parameters { K = 0.7 }
lattice chain(32)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block decimate(2)
flow mcrg(steps=2, sweeps=400, thermalise=100, every=10, replicas=512, update=wolff,
  basis=operators(range=2, bodies=4), couplings=callen)
"""


def run(text: str) -> Result:
    return rgc.compile(load(text), threads=1).run(warn=lambda said: None).result


def test_decimated_chains_have_neighbours_alone() -> None:
    result, K = run(CHAIN), 0.7
    for level in result.levels[1:]:
        K = log(cosh(2 * K)) / 2
        for name, found in level.couplings.items():
            assert found.value is not None
            assert found.error is not None
            assert found.kind == "truncated"
            assert 0 < found.error < 0.02
            assert found.value == pytest.approx(K if name == "K" else 0, abs=4 * found.error)
    table = result.tables["callen_1"]
    assert np.isnan(table[0, -1])
    assert not np.isnan(table[-1]).any()
    assert result.levels[0].couplings["K"].kind == "exact"


def test_an_operator_that_is_left_out_moves_the_others() -> None:
    square = CHAIN.replace("chain(32)", "square(16)").replace("decimate(2)", "majority(2)")
    square = square.replace("0.7", "0.4406868").replace("steps=2", "steps=1")
    result = run(square.replace("replicas=512", "replicas=256").replace("range=2", "range=1.5"))
    alone, whole = result.tables["callen_1"][:, 0]
    assert alone - whole > 0.04  # .4194 and .3576 of 32 x 32 spins
    assert result.levels[1].couplings["K"].value == pytest.approx(whole)
