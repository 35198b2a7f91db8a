"""Errors over many seeds: z = (value - exact)/error is as wide as a normal number and covers as
often, and warnings are right.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest

from rgc.compiler import load
from rgc.flows.sampling.mcrg_exponents import NO_HEADLINE, SLOWLY, UNSETTLED
from rgc.results.result import Result
from tests.physics.exact_levels import exact_exponent
from tests.physics.models import CRITICAL
from tests.physics.running import answer

AVERAGES = """
parameters {{ K = {K}, h = {h} }}
lattice square(4)
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
flow {flow}
measure {{ energy, m, square = m^2, susceptibility, binder, correlation(1) }}
"""
SHORT = "sample(sweeps=384, thermalise=320, every=4, replicas=64)"

LEVELS = """
parameters {{ K = {K} }}
lattice square({size})
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps={steps}, sweeps={sweeps}, thermalise={thermalise})
"""
EXACT = {"y_t": 1.0, "y_h": 15 / 8}
ONE_STEP = "steps=1, basis=operators(range=1.5, bodies=4)"
"""From 4x4 to 2x2 spins these are all even operators, and two odd ones."""


def widths(values: np.ndarray, errors: np.ndarray, exact: float) -> tuple[float, float, float]:
    """The width of z, and the parts within one and two.

    Errors are pooled in the width, since each by itself is known to 13 % only and would widen it.
    """
    off = np.abs(values - exact)
    width = np.sqrt(np.mean(off**2) / np.mean(errors**2))
    return float(width), float(np.mean(off < errors)), float(np.mean(off < 2 * errors))


def calibrated(found: Sequence[Result], exact: Result) -> dict[str, tuple[float, float, float]]:
    out = {}
    for name, number in exact.averages.items():
        each = [result.averages[name] for result in found]
        values = np.array([one.value for one in each], dtype=float)
        errors = np.array([one.error for one in each], dtype=float)
        assert number.value is not None
        out[name] = widths(values, errors, number.value)
    return out


@pytest.mark.slow
@pytest.mark.parametrize(("K", "h"), [(0.3, 0.0), (0.4, 0.1)])
def test_averages(K: float, h: float) -> None:
    """By the sum over all states."""
    seeds = 100
    exact = answer(load(AVERAGES.format(K=K, h=h, flow="enumerate")).spec)
    spec = load(AVERAGES.format(K=K, h=h, flow=SHORT)).spec
    found = [answer(spec, seed=seed) for seed in range(seeds)]
    alarms = [text for each in found for text in each.warnings if "hot and cold" in text]
    assert len(alarms) <= 1
    allowed = 3.3 / np.sqrt(2 * seeds)
    for name, (width, one, two) in calibrated(found, exact).items():
        assert 1 - allowed < width < 1 + allowed, (name, width)
        assert one == pytest.approx(0.68, abs=3.3 * np.sqrt(0.68 * 0.32 / seeds)), name
        assert two == pytest.approx(0.95, abs=3.3 * np.sqrt(0.95 * 0.05 / seeds)), name


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.99, 1.0])
def test_exponents_of_one_step_by_the_sum_over_states(factor: float) -> None:
    """What a run without end would give is known here, and so is every deviation. Eigenvalues are
    no linear functions of averages: in runs of this length their bias is a sixth of the error.
    """
    K, seeds = factor * CRITICAL, 100
    text = LEVELS.format(K=K, size=4, steps=1, sweeps=2000, thermalise=200)
    spec = load(text.replace("steps=1", ONE_STEP)).spec
    found = [answer(spec, seed=seed) for seed in range(seeds)]
    allowed = 3.3 / np.sqrt(2 * seeds)
    for name, odd, operators in (("y_t", False, 3), ("y_h", True, 2)):
        each = [result.exponents[name] for result in found]
        values = np.array([estimate.value for estimate in each], dtype=float)
        errors = np.array([estimate.statistical for estimate in each], dtype=float)
        exact = exact_exponent({"K": K}, odd, operators)
        width, one, two = widths(values, errors, exact)
        print(name, factor, width, one, two)
        assert 1 - allowed < width < 1 + allowed, (name, width)
        assert one == pytest.approx(0.68, abs=3.3 * np.sqrt(0.68 * 0.32 / seeds)), name
        assert two == pytest.approx(0.95, abs=3.3 * np.sqrt(0.95 * 0.05 / seeds)), name
        assert abs(values.mean() - exact) < errors.mean() * (0.2 + 3.3 / np.sqrt(seeds)), name


@lru_cache
def levels_at(factor: float, size: int = 32, steps: int = 3, seeds: int = 100) -> list[Result]:
    """`mcrg` on the square lattice at that many times K_c."""
    text = LEVELS.format(
        K=factor * CRITICAL,
        size=size,
        steps=steps,
        sweeps=2000,
        thermalise=size**2 * 3 // 2,
    )
    return [answer(load(text).spec, seed=seed) for seed in range(seeds)]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("factor", [0.99, 1.0, 1.01])
def test_exponents_on_and_off_the_critical_point(name: str, factor: float) -> None:
    """The statistical error is the scatter over seeds, and the whole one covers the exact value."""
    each = [found.exponents[name] for found in levels_at(factor)]
    values = np.array([one.value for one in each], dtype=float)
    statistical = np.array([one.statistical for one in each], dtype=float)
    spread = values.std(ddof=1) / np.sqrt(np.mean(statistical**2))
    assert 1 - 3.3 / np.sqrt(2 * len(each)) < spread < 1 + 3.3 / np.sqrt(2 * len(each))
    errors = np.array([one.error for one in each], dtype=float)
    _, one, two = widths(values, errors, EXACT[name])
    assert one >= 0.6
    assert two >= 0.95


@pytest.mark.slow
def test_critical_levels_are_not_warned_of_and_others_are() -> None:
    said = {
        factor: [any(UNSETTLED in text for text in found.warnings) for found in levels_at(factor)]
        for factor in (1.0, 1.01)
    }
    assert not any(said[1.0])
    assert all(said[1.01])


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.997, 1.003])
def test_three_parts_in_a_thousand_off(factor: float) -> None:
    """y_h was 3.4 of its errors wrong here without a word."""
    text = LEVELS.format(K=factor * CRITICAL, size=64, steps=4, sweeps=10_000, thermalise=6000)
    found = answer(load(text).spec)
    for name, exact in EXACT.items():
        estimate = found.exponents[name]
        assert estimate.value is not None
        assert estimate.error is not None
        assert abs(estimate.value - exact) < 2 * estimate.error
        assert estimate.error < 0.1
    assert any(UNSETTLED in text for text in found.warnings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("K", "reason"),
    [
        (0.0, "not seen to be relevant"),
        (0.2, "not seen to be relevant"),
        (-CRITICAL, "not seen to be relevant"),
        (0.52, "comes to d, as in a phase with order"),
        (0.6, "does not fluctuate"),
    ],
)
def test_levels_that_run_to_a_trivial_fixed_point_have_no_exponents(K: float, reason: str) -> None:
    text = LEVELS.format(K=K, size=32, steps=2 if K <= 0 else 3, sweeps=2000, thermalise=2000)
    found = answer(load(text).spec)
    assert set(found.exponents) == {*EXACT, "nu", "eta", "alpha", "beta", "gamma", "delta"}
    for estimate in found.exponents.values():
        assert estimate.value is None
        assert estimate.error is None
        assert reason in estimate.note
    assert any(NO_HEADLINE in text and reason in text for text in found.warnings)


@pytest.mark.slow
def test_the_cubic_lattice_is_covered() -> None:
    """The change of y_h between two levels nearly vanishes at L = 32."""
    text = """
parameters { K = 0.221654626 }
lattice cubic(32)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
block majority(2)
flow mcrg(steps=3, sweeps=600, thermalise=600, every=20, replicas=128)
"""
    found = answer(load(text).spec)
    for name, exact in (("y_t", 1.587375), ("y_h", 2.481851)):
        estimate = found.exponents[name]
        assert estimate.value is not None
        assert estimate.error is not None
        assert abs(estimate.value - exact) < 2 * estimate.error


@pytest.mark.slow
def test_logarithms_are_said_and_covered() -> None:
    """Four states: y_t = 3/2 is approached as logarithms are, and comes to 1.28 at L = 32."""
    text = """
parameters { K = log(3) }
lattice square(32)
spins s: potts(4)
hamiltonian - K * sum(<i,j>) delta(s[i], s[j])
block majority(2)
flow mcrg(steps=3, sweeps=2000, thermalise=3500, basis=operators(range=2, bodies=4))
"""
    found = answer(load(text).spec)
    y_t = found.exponents["y_t"]
    assert y_t.value is not None
    assert y_t.error is not None
    assert y_t.value < 1.4
    assert abs(y_t.value - 1.5) < 2 * y_t.error
    assert any(SLOWLY in text for text in found.warnings)
