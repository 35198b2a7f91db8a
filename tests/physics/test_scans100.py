"""Crossings, maxima and integrals of sampled curves over many seeds, against exact ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, chi2

import rgc
from tests.core.analysis.test_curve_features import gap, peak
from tests.square_ising import kaufman

SEEDS = 100

SPEC = """parameters {{ K = 0.4, L = 4 }}
lattice square(L)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
{rest}
"""
CROSSING = """flow sample(sweeps=2400, thermalise=200, every=20)
scan { K = 0.36:0.56:6, L = [3, 4] }
measure { found = crossing(binder, K) }"""
PEAK = """flow sample(sweeps=1200, thermalise=200, every=20)
scan { K = 0.26:0.4:8 }
measure { found = extremum(susceptibility, K) }"""
INTEGRAL = "measure { free_energy(integrate(K=0:K:9, sweeps=200, replicas=64)) }"


def of_scan(answer: rgc.Answer) -> tuple[float | None, float | None]:
    return answer.observables["found"].value, answer.observables["found"].error


def of_integral(answer: rgc.Answer) -> tuple[float | None, float | None]:
    (entry,) = answer.result.free_energy
    return entry.value, entry.error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rest", "exact", "found"),
    [
        pytest.param(CROSSING, gap((3, 3), (4, 4))[1], of_scan, id="crossing"),
        pytest.param(PEAK, peak((4, 4), "susceptibility")[1], of_scan, id="maximum"),
        pytest.param(INTEGRAL, kaufman(0.4, 4), of_integral, id="integral"),
    ],
)
def test_errors_over_seeds(
    rest: str,
    exact: float,
    found: Callable[[rgc.Answer], tuple[float | None, float | None]],
) -> None:
    compiled = rgc.compile(SPEC.format(rest=rest), backend="numba")
    pairs = [found(compiled.run(seed=seed, checkpoints=False)) for seed in range(SEEDS)]
    known = [(value, error) for value, error in pairs if value is not None and error is not None]
    assert len(known) >= 0.9 * SEEDS
    z = np.array([(value - exact) / error for value, error in known])
    one, two = np.mean(np.abs(z) < 1), np.mean(np.abs(z) < 2)
    print(f"{len(known)} seeds: width {z.std():.3f}, mean {z.mean():.2f}, {one:.2f} {two:.2f}")
    # at the level of 1e-3, where deviations are normal with a width of 1
    assert np.mean(z**2) < chi2.isf(1e-3, len(z)) / len(z)
    assert binom.cdf(one * len(z), len(z), 0.683) > 1e-3
    assert binom.cdf(two * len(z), len(z), 0.954) > 1e-3
