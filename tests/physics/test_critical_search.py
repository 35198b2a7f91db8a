"""`mcrg(find=critical)`: critical points that are known, lines without one, and how it is cut."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.compiler import flow, load
from rgc.flows.flow import State
from rgc.flows.sampling.critical_point import MAGNETIC
from rgc.kernel_cache import KernelCache
from rgc.results.result import Result

ONSAGER = float(np.log(1 + np.sqrt(2)) / 2)

RUN = "sweeps=600, thermalise=30, every=2, update=wolff, basis=operators(range=1.5, bodies=4)"


def text(lattice: str, hamiltonian: str, K: float, options: str) -> str:
    return f"""parameters {{ K = {K} }}
lattice {lattice}
spins s: ising
hamiltonian {hamiltonian}
block majority({3 if "chain" in lattice else 2})
flow mcrg(steps=3, find=critical, {options})
"""


@lru_cache
def found(lattice: str, hamiltonian: str, K: float, options: str, seed: int = 0) -> Result:
    spec = load(text(lattice, hamiltonian, K, f"{options}, seed={seed}"))
    return rgc.compile(spec, threads=1).run(warn=lambda said: None).result


PAIRS = "- K * sum(<i,j>) s[i]*s[j]"


@pytest.mark.parametrize("K", [0.3, pytest.param(0.6, marks=pytest.mark.slow)])
def test_the_square_ising_model_is_found_from_both_phases(K: float) -> None:
    result = found("square(16)", PAIRS, K, RUN)
    critical = result.critical["K"]
    assert critical.value is not None
    assert critical.error is not None
    assert critical.statistical is not None
    assert critical.value == pytest.approx(ONSAGER, abs=4 * critical.error)
    assert critical.statistical < 1e-3
    told = [level.values["critical.K"].value for level in result.levels[1:]]
    assert abs(told[2] - critical.value) < 1e-12
    assert result.levels[0].couplings["K"].value == pytest.approx(critical.value, abs=2e-3)


@pytest.mark.slow
def test_one_coupling_moves_and_the_others_stay() -> None:
    axes = "- K * sum(i) s[i]*s[i + (1,0)]\n  - 0.3 * sum(i) s[i]*s[i + (0,1)]"
    result = found("square(16)", axes, 0.5, f"{RUN}, coupling=K")
    critical, exact = result.critical["K"], float(np.arcsinh(1 / np.sinh(0.6)) / 2)
    assert list(result.critical) == ["K"]
    assert critical.value is not None
    assert critical.error is not None
    assert critical.value == pytest.approx(exact, abs=4 * critical.error)


def test_a_chain_has_no_critical_point() -> None:
    run = "sweeps=40, thermalise=10, every=2, update=wolff, basis=operators(range=1, bodies=2)"
    result = found("chain(81)", PAIRS, 0.7, run)
    critical = result.critical["K"]
    assert critical.value is None
    assert critical.error is None
    assert "no critical point was seen" in critical.note or "no direction" in critical.note
    assert any("no critical point" in said for said in result.warnings)
    assert "critical.K" not in result.levels[3].values


def test_in_a_field_there_is_nothing_to_find() -> None:
    run = "sweeps=40, thermalise=10, every=2, replicas=64, basis=operators(range=1, bodies=2)"
    result = found("square(16)", f"{PAIRS} - 0.1 * sum(i) s[i]", 0.4, run)
    assert result.critical["K"].value is None
    assert MAGNETIC in result.critical["K"].note
    assert any("search without a field" in said for said in result.warnings)


def test_a_run_in_other_pieces_and_resumed_gives_the_same_digits() -> None:
    options = RUN.replace("600", "16")
    spec = load(text("square(16)", PAIRS, 0.44, options)).spec

    machine = KernelCache(backends.load("numba", threads=1), general=False)

    def run(most: int) -> State:
        made = flow(spec, machine, seed=1, point={}, zero=())
        state, half = made.start(), made.steps // 2
        while state.done < made.steps:
            state.most = most
            state = made.step(state)
            if most == 7 and state.done >= half:  # another process goes on
                made, half = flow(spec, machine, seed=1, point={}, zero=()), made.steps
                state = State(state.done, dict(state.arrays), json.loads(json.dumps(state.values)))
        return state

    whole, cut = run(1 << 30), run(7)
    assert whole.values == cut.values
    assert set(whole.arrays) == set(cut.arrays)
    for name, array in whole.arrays.items():
        assert np.array_equal(array, cut.arrays[name]), name


@pytest.mark.slow
def test_potts_spins_are_found_too() -> None:
    run = "sweeps=300, thermalise=100, every=2, update=wolff, basis=operators(range=1, bodies=2)"
    written = text("square(32)", "- K * sum(<i,j>) delta(s[i], s[j])", 0.9, run)
    spec = load(written.replace("s: ising", "s: potts(3)"))
    critical = rgc.compile(spec, threads=1).run(warn=lambda said: None).result.critical["K"]
    assert critical.value is not None
    assert critical.error is not None
    assert critical.error < 2e-3
    assert critical.value == pytest.approx(np.log(1 + np.sqrt(3)), abs=4 * critical.error)
