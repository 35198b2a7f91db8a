"""Couplings by Callen's equations against couplings that are known: `mcrg(couplings=callen)`, and
the equations in smaller bases than that of the Hamiltonian against another program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import cosh, log

import numpy as np
import pytest

import rgc
from rgc.analysis.callen import Surroundings, callen_couplings
from rgc.compiler import load
from rgc.results.result import Result
from tests.physics.enumeration import states

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


# -- all states of 4 x 4 sites ---------------------------------------------------------------------

Offsets = tuple[tuple[int, int], ...]
SHAPES: dict[str, Offsets] = {
    "K": ((0, 0), (1, 0)),
    "k2_11": ((0, 0), (1, 1)),
    "plaquette": ((0, 0), (1, 0), (0, 1), (1, 1)),
    "T": ((0, 0), (1, 0), (-1, 0), (0, 1)),
}
SMALLER = [
    (
        {"K": 0.34, "k2_11": 0.088, "plaquette": -0.019, "T": 0.006},
        [
            [0.4290017695056993],
            [0.3345547276944793, 0.09683716317478419],
            [0.3445836424332646, 0.09500583377656682, -0.010570000511911844],
        ],
    ),
    (
        {"K": 0.25, "k2_11": -0.08, "plaquette": 0.15},
        [
            [0.29347890358235534],
            [0.3590921754832154, -0.12233413010705534],
            [0.25, -0.08, 0.15],
        ],
    ),
]
"""Couplings of a 4 x 4 torus, and those of the first one, two and three operators that maximise the
pseudo-likelihood."""


def turned(shape: Offsets) -> set[Offsets]:
    """The shape under the symmetries of the square, up to translation on the torus."""
    out = set()
    for a, b, swap in product((1, -1), (1, -1), (False, True)):
        image = [(a * y, b * x) if swap else (a * x, b * y) for x, y in shape]
        out.add(min(tuple(sorted(((x - u) % 4, (y - v) % 4) for x, y in image)) for u, v in image))
    return out


def products(spins: np.ndarray, offsets: Sequence[tuple[int, int]]) -> np.ndarray:
    """The product of the spins at these offsets from each site."""
    return np.prod([np.roll(spins, (-y, -x), axis=(1, 2)) for x, y in offsets], axis=0)


@pytest.mark.parametrize(("couplings", "wanted"), SMALLER)
def test_smaller_bases_carry_what_is_left_out(
    couplings: Mapping[str, float], wanted: Sequence[Sequence[float]]
) -> None:
    spins = states(16).reshape(-1, 4, 4).astype(np.int64)
    minus = sum(
        K * products(spins, image).sum(axis=(1, 2))
        for name, K in couplings.items()
        for image in turned(SHAPES[name])
    )
    weight, up = np.exp(minus - np.max(minus)), spins[:, 0, 0] > 0
    fields = [
        sum(
            products(spins, [(x - u, y - v) for x, y in image if (x, y) != (u, v)])[:, 0, 0]
            for image in turned(SHAPES[name])
            for u, v in image
        )
        for name in ("K", "k2_11", "plaquette")
    ]
    kept, index = np.unique(np.stack(fields, axis=1), axis=0, return_inverse=True)
    of = [np.bincount(index.ravel(), weight * which, len(kept))[None] for which in (up, ~up)]
    seen = Surroundings(kept, *of)
    for exact in wanted:
        found = callen_couplings(seen.only(len(exact)))[0]
        assert found == pytest.approx(exact, abs=1e-9)
