"""Whole runs with block maps that turn with nothing, and with kernels that are other maps written
out.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import rgc
from rgc.results.result import Result

SPEC = """\
title "t"
lattice square({size})
spins s: ising
hamiltonian - 0.42 * sum(<i,j>) s[i]*s[j]
block {block}
flow {flow}
"""
MCRG = "mcrg(steps=1, sweeps=100, basis=operators(range=1, bodies=2))"
SUM = "s[B]*sum(i in B) s[i]"


def run(block: str, flow: str, size: int = 8) -> Result:
    text = SPEC.format(size=size, block=block, flow=flow)
    (point,) = rgc.compile(rgc.load(text), backend="reference").run().points
    return point.result


def sectors(result: Result) -> set[str]:
    return {each.sector for each in result.eigenvalues}


@pytest.mark.parametrize(
    "block", ["any(2)", f"kernel(2, T=sum(B in blocks) (0.7*{SUM} + 0.1*s[B]))"]
)
def test_a_map_that_does_not_turn_leaves_one_sector_and_no_magnetic_exponent(block: str) -> None:
    for flow, size in ((MCRG, 8), ("enumerate(linearise=true)", 4)):
        result = run(block, flow, size)
        assert sectors(result) == {"invariant"}
        assert "y_h" not in result.exponents


@pytest.mark.parametrize("block", ["majority(2)", f"kernel(2, T=sum(B in blocks) 0.7*{SUM})"])
def test_a_map_that_turns_has_an_even_and_an_odd_sector(block: str) -> None:
    for flow, size in ((MCRG, 8), ("enumerate(linearise=true)", 4)):
        result = run(block, flow, size)
        assert sectors(result) == {"even", "odd"}
        assert "y_h" in result.exponents or flow != MCRG


@pytest.mark.parametrize(
    ("named", "steepness"), [("kadanoff(2, p=0.7)", 0.7), ("majority(2)", 1000.0)]
)
def test_a_map_written_out_has_the_same_digits(named: str, steepness: float) -> None:
    """The thresholds and the random words are the same ones, so that every configuration is."""
    for flow in (MCRG, MCRG.replace("steps=1", "steps=2")):
        first, second = (
            digits(run(block, flow))
            for block in (named, f"kernel(2, T=sum(B in blocks) {steepness}*{SUM})")
        )
        assert first == second


def digits(result: Result) -> Any:
    return [dataclasses.asdict(level) for level in result.levels], [
        dataclasses.asdict(each) for each in result.eigenvalues
    ]


def test_any_of_free_spins_is_plus_unless_all_are_minus() -> None:
    """Block spins of free spins: the block magnetisation is 1 - 2 / 2^4, exactly."""
    text = SPEC.format(size=4, block="any(2)", flow="enumerate").replace("0.42", "0.0")
    (point,) = rgc.compile(rgc.load(text), backend="reference").run().points
    level = point.result.levels[1]
    assert level.observables["k1"].value == pytest.approx(1 - 2 / 2**4, abs=1e-14)
