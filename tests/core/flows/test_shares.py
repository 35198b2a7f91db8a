"""Shares of the work at one point: put together they are the whole, digit for digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import rgc
from rgc import compiler
from rgc.analysis import statistics
from rgc.flows.flow import Flow, State
from rgc.flows.sampling.parts import make_parts
from rgc.flows.shares import joined, told
from rgc.model.options import Options
from rgc.model.share import Share
from rgc.schemes import SCHEMES
from rgc.schemes.costs import sampling
from rgc.schemes.shares import pieces

SAMPLE = """lattice square(7)
spins s: ising
hamiltonian - 0.4 * sum(<i,j>) s[i]*s[j] - 0.1 * sum(i) s[i]
flow sample(sweeps=6, thermalise=2, every=2, replicas={}, {})
measure {{ energy, abs_m, binder, correlation_length, q = avg(sqrt(abs(m)) + m^3) }}
"""
MCRG = """lattice square(4)
spins s: {}
hamiltonian - 0.4 * sum(<i,j>) {}
block majority(2)
flow mcrg(sweeps=6, thermalise=2, every=2, replicas=384, basis=operators(range=1, bodies=2))
measure {{ energy, m }}
"""
BONDS = """parameters {{ J ~ normal(0, 1) }}
lattice square(3)
spins s: ising
hamiltonian - sum(<i,j>) J[i,j] * s[i]*s[j]
flow enumerate(disorder={})
measure {{ log_z, energy, abs_m }}
"""
COPIES = """parameters {{ K = 1, J ~ normal(0, 1) }}
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) J[i,j] * s[i]*s[j]
flow sample(sweeps=6, thermalise=2, every=2, replicas=256, disorder=128, update={})
measure {{ energy, q2 }}
"""
CASES = {
    "three words": (SAMPLE.format(192, "save=1, series=true"), 3),
    "whole groups": (SAMPLE.format(2048, "generator=philox"), 8),
    "more words than groups": (SAMPLE.format(40 * 64, ""), 3),
    "unequal": (SAMPLE.format(512, "update=heat_bath"), 3),
    "clusters": (SAMPLE.format(320, "update=wolff"), 4),
    "all clusters": (SAMPLE.format(256, "update=swendsen_wang"), 4),
    "tempering": (
        SAMPLE.format(192, "update=tempering(K=[0.3, 0.5])")
        .replace("lattice", "parameters { K = 0.4 }\nlattice")
        .replace("0.4 *", "K *"),
        3,
    ),
    "tempered numbers": (COPIES.format("tempering(K=[0.5, 1])"), 2),
    "copies": (COPIES.format("houdayer"), 2),
    "mcrg": (MCRG.format("ising", "s[i]*s[j]"), 4),
    "kept levels": (
        MCRG.format("ising", "s[i]*s[j]").replace("mcrg(", "mcrg(save=2, series=true, "),
        2,
    ),
    "tempered levels": (
        MCRG.format("ising", "s[i]*s[j]")
        .replace("lattice", "parameters { K = 0.4 }\nlattice")
        .replace("0.4 *", "K *")
        .replace("mcrg(", "mcrg(update=tempering(K=[0.3, 0.5]), "),
        3,
    ),
    "potts": (MCRG.format("potts(3)", "delta(s[i], s[j])"), 4),
    "realisations": (BONDS.format(5), 2),
    "each realisation": (BONDS.format(3), 3),
}


def made(compiled: compiler.Compiled, share: Share) -> Flow:
    return compiled.flow({}, 5, share)


def last(flow: Flow, most: int) -> State:
    state = flow.start()
    while state.done < flow.steps:
        state.most = most
        state = flow.step(state)
    return state


@pytest.mark.parametrize("name", CASES)
def test_shares_are_the_whole(name: str) -> None:
    text, total = CASES[name]
    compiled = rgc.compile(text, backend="reference")
    whole: Any = made(compiled, Share())
    end = last(whole, 100)
    parts = []
    for number in range(total):
        share = Share(number, total)
        flow: Any = made(compiled, share)
        parts.append(told(flow, share, last(flow, 1 + number)))
    again = joined(whole, parts)
    for array in whole.shared:
        np.testing.assert_array_equal(again.arrays[array], end.arrays[array])
    assert whole.finish(again) == whole.finish(end)


def test_no_share_tells_configurations() -> None:
    """Sums, and the picture of the first replica."""
    compiled = rgc.compile(SAMPLE.format(384, ""), backend="reference")
    sizes = []
    for number in range(2):
        flow: Any = made(compiled, Share(number, 2))
        arrays: Mapping[str, Any] = told(flow, Share(number, 2), flow.start()).arrays
        sizes.append(sum(array.nbytes for array in arrays.values()))
        assert {"averages", "series"} <= set(arrays)
        assert arrays.keys() <= {"averages", "series", "spins_0"}
    assert sizes[0] - sizes[1] == 49 * 8


@pytest.mark.parametrize(
    ("words", "most", "parts"),
    [(1, 1, 32), (2, 2, 32), (3, 3, 34), (5, 5, 36), (6, 6, 36), (32, 32, 32), (128, 32, 32)],
)
def test_parts_lie_in_one_piece_and_in_one_group(words: int, most: int, parts: int) -> None:
    """They are the groups wherever these have whole words, or words whole groups."""
    assert pieces(64 * words) == most
    made = make_parts(64 * words)
    assert len(made) == parts
    assert set(made.groups) == set(range(statistics.GROUPS))
    shared = [make_parts(64 * words, share=Share(number, most)) for number in range(most)]
    assert tuple(size for each in shared for size in each.sizes) == made.sizes
    assert all(sum(each.sizes) == 64 * words // most for each in shared)
    replicas = np.arange(64 * words)
    np.testing.assert_array_equal(
        made.by_group({"sum": made.split(replicas).sum(axis=-1)}, {"sum": 0})["sum"],
        statistics.grouped(replicas),
    )


def test_schemes_and_statistics_have_the_same_groups() -> None:
    assert sampling.GROUPS == statistics.GROUPS


def test_what_is_cut() -> None:
    """Realisations, but not those of a recursion; a flow beside free energies is not cut."""
    spec = rgc.load(BONDS.format(7)).spec
    assert spec.flow is not None
    scheme = SCHEMES["enumerate"]
    assert scheme.shares(spec, Options(spec.flow.options)) == 7
    whole = {name: value for name, value in spec.flow.options.items() if name != "disorder"}
    assert scheme.shares(replace(spec, flow=None), Options(whole)) == 1


def test_a_share_of_too_little() -> None:
    with pytest.raises(ValueError, match="2 things have no share 1 of 3"):
        Share(0, 3).of(2)
