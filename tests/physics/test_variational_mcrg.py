"""`variational_mcrg` against the exact block-spin map of a small lattice, and how its runs go."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.analysis import newton_bias
from rgc.compiler import flow, load
from rgc.emit import emit
from rgc.flows.flow import State
from rgc.flows.sampling.parts import make_parts
from rgc.flows.sampling.plan import SweepPlan
from rgc.flows.variational.stages import stages
from rgc.results.result import Result

SQUARE = "basis=operators(range=1.5, bodies=4)"
RING = "basis=operators(range=2, bodies=2)"
RUN = f"variational_mcrg(steps=1, sweeps=80, every=2, replicas=512, {RING})"


def text(
    flow: str,
    lattice: str = "chain(8)",
    K: float = 0.6,
    h: float = 0.0,
    p: float = 0.8,
    block: str = "",
) -> str:
    field = "\n  - h * sum(i) s[i]" if h else ""
    given = f"K = {K}, h = {h}" if h else f"K = {K}"
    return f"""title "pairs or squares of spins, blocked"
parameters {{ {given} }}
lattice {lattice}
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]{field}
block {block or f"kadanoff(2, p={p})"}
flow {flow}
"""


@lru_cache
def made(
    flow: str,
    lattice: str = "chain(8)",
    K: float = 0.6,
    h: float = 0.0,
    backend: str = "reference",
    block: str = "",
) -> Result:
    spec = load(text(flow, lattice, K, h, block=block))
    return rgc.compile(spec, backend=backend, threads=1).run(warn=lambda said: None).result


def exact(
    lattice: str = "chain(8)", K: float = 0.6, h: float = 0.0, block: str = ""
) -> dict[str, float]:
    couplings = made("enumerate(steps=1)", lattice, K, h, block=block).levels[1].couplings
    return {name: each.value or 0.0 for name, each in couplings.items()}


def constant_is_right(
    result: Result, lattice: str = "chain(8)", K: float = 0.6, h: float = 0.0, block: str = ""
) -> bool:
    """Whether the constant of level 1 is that of enumeration, within four of its errors."""
    exact = made("enumerate(steps=1)", lattice, K, h, block=block).levels[1].values["constant"]
    found = result.levels[1].values["constant"]
    assert found.value is not None
    assert found.error is not None
    assert exact.value is not None
    assert 0 < found.error < 5e-3
    return abs(found.value - exact.value) < 4 * found.error


def z_values(result: Result, right: dict[str, float], largest: float) -> list[float]:
    """How many errors the couplings of level 1 are off."""
    out = []
    for name, found in result.levels[1].couplings.items():
        assert found.value is not None
        assert found.error is not None
        assert found.error < largest
        out.append((found.value - right[name]) / found.error)
    return out


def test_couplings_of_a_ring_are_those_of_enumeration() -> None:
    result = made(RUN, h=0.1)
    z = z_values(result, exact(h=0.1), 0.02)
    assert constant_is_right(result, h=0.1)
    assert len(z) == 3
    assert np.abs(z).max() < 4
    said = "level 1 of 4 cells does not hold operators of range 2"
    assert [text.endswith("10 cells and more hold them") for text in result.warnings[:1]] == [True]
    assert result.warnings[0].startswith(said)
    assert result.critical["K"].value is None
    assert "no two levels hold the range" in result.critical["K"].note


@pytest.mark.parametrize("block", ["majority(2)", "decimate(2)"])
def test_couplings_of_a_ring_under_a_map_that_is_certain(block: str) -> None:
    """With a field, so that ties and the spins that nothing follows matter."""
    run = RUN.replace("sweeps=80", "sweeps=40")
    z = z_values(made(run, h=0.1, block=block), exact(h=0.1, block=block), 0.03)
    assert constant_is_right(made(run, h=0.1, block=block), h=0.1, block=block)
    assert len(z) == 3
    assert np.abs(z).max() < 4


@pytest.mark.slow
@pytest.mark.parametrize("h", [0.0, 0.05])
@pytest.mark.parametrize("block", ["", "majority(2)", "decimate(2)"])
def test_couplings_of_a_square_are_those_of_enumeration(h: float, block: str) -> None:
    run = f"variational_mcrg(steps=1, sweeps=4000, replicas=4096, {SQUARE})"
    right = exact("square(4)", 0.4, h, block)
    result = made(run, "square(4)", 0.4, h, "numba", block)
    z = z_values(result, right, 3e-3)
    assert constant_is_right(result, "square(4)", 0.4, h, block)
    assert len(z) == (5 if h else 3)
    assert np.abs(z).max() < 4


@pytest.mark.parametrize("target", ["0.8", "0"])
def test_the_linearised_map_holds_under_any_bias(target: str) -> None:
    """dK'/dK of enumeration, by a difference, with a fifth of H' as the bias and with all of it."""
    step = 1e-4
    above, below = exact(K=0.6 + step), exact(K=0.6 - step)
    result = made(RUN.replace("steps=1", f"steps=1, target={target}"))
    names = list(result.labels["linearised_1_even"][0])
    matrix, error = (result.tables[f"{name}_1_even"] for name in ("linearised", "linearised_error"))
    slopes = [(above[name] - below[name]) / (2 * step) for name in names]
    column = names.index("K")
    assert error[:, column].max() < 0.05
    assert (np.abs(matrix[:, column] - slopes) < 4 * error[:, column]).all()


@pytest.mark.parametrize("block", ["", "majority(2)"])
def test_a_run_that_is_cut_anywhere_makes_the_same_bits(block: str) -> None:
    options = "steps=2, sweeps=48, thermalise=8, every=4, replicas=64, iterations=3"
    spec = load(text(f"variational_mcrg({options}, {RING})", "chain(16)", block=block)).spec
    backend = backends.load("reference")

    def ended(most: int) -> tuple[State, int]:
        run = flow(spec, backend, seed=3, point={}, zero=())
        state, calls = run.start(), 0
        while state.done < run.steps:
            arrays = {name: array.copy() for name, array in state.arrays.items()}
            state = run.step(State(state.done, arrays, state.values, most))
            calls += 1
        return state, calls

    (whole, _), (cut, calls) = ended(1 << 40), ended(5)
    assert calls > 60
    assert whole.values == cut.values
    assert "2" not in whole.values["failed"]
    assert whole.arrays.keys() == cut.arrays.keys()
    for name, array in whole.arrays.items():
        assert np.array_equal(array, cut.arrays[name]), name
    on_grid = whole.arrays["bias_2"] * 2**24
    assert on_grid.any()
    assert np.array_equal(on_grid, np.round(on_grid))


@pytest.mark.slow
def test_the_critical_coupling_of_the_square_lattice_is_found() -> None:
    """From 1.5 % below Onsager's."""
    run = f"variational_mcrg(steps=2, sweeps=400, thermalise=200, replicas=256, {SQUARE})"
    found = made(run, "square(32)", 0.434, 0.0, "numba", "majority(2)").critical["K"]
    assert found.value is not None
    assert found.error is not None
    assert found.error < 0.03
    assert abs(found.value - np.log(1 + np.sqrt(2)) / 2) < 4 * found.error


def test_a_flow_that_leaves_the_critical_surface_says_where() -> None:
    spec = load(text(RUN, K=4.0, p=3.0))
    result = rgc.compile(spec, backend="reference").run(warn=lambda said: None).result
    found = result.levels[1].couplings["K"]
    assert found.value is None
    assert "the coupling K grows to" in found.note
    assert "times the couplings of the spec" in found.note
    assert any("level 1 has no couplings" in warning for warning in result.warnings)
    assert all(exponent.value is None for exponent in result.exponents.values())


def test_too_few_iterations_give_null_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newton_bias, "NOISE", 0.0)
    short = "sweeps=40, every=4, replicas=64, iterations=2"
    result = made(f"variational_mcrg(steps=1, {short}, {RING})")
    found = result.levels[1].couplings["K"]
    assert found.value is None
    assert "after 2 Newton batches" in found.note


def test_stages_follow_one_another() -> None:
    plan = SweepPlan(20, 16, every=10, replicas=64, stride=1000, parts=make_parts(64))
    found = stages(plan, 6, 0.8)
    kinds = [*["rise"] * 8, *["newton"] * 6, "target", "unbiased"]
    assert [stage.kind for stage in found] == kinds
    assert [stage.plan.records for stage in found] == [*[1] * 8, 2, 4, 8, 16, 16, 16, 16, 4]
    assert all(a.end == b.first for a, b in pairwise(found))
    assert [stage.long for stage in stages(plan, 1, 0)] == [*[False] * 8, True, False]


def test_a_level_is_written_as_a_spec() -> None:
    written = emit(load(text(RUN, h=0.1)).spec, made(RUN, h=0.1), 1)
    assert "- k2_2 * sum(i) s[i]*s[i+2*x]" in written
    for name, estimate in made(RUN, h=0.1).levels[1].couplings.items():
        assert f"{name} = {estimate.value!r}" in written


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_without_couplings_no_operator_drives_a_level() -> None:
    basis = "basis=operators(range=1, bodies=2)"
    flow = f"variational_mcrg(steps=1, sweeps=20, every=2, replicas=64, {basis})"
    result = made(flow, "square(8)", K=0.0)
    coupling = result.levels[1].couplings["K"]
    assert coupling.value is not None
    assert coupling.error is not None
    assert abs(coupling.value) < 4 * coupling.error
    assert result.exponents["y_t"].value is None
