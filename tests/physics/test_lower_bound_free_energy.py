"""Potential moving as a bound: against Onsager, Kaufman, the chain and enumeration."""

from __future__ import annotations

from dataclasses import replace
from itertools import product as cartesian

import numpy as np
import pytest

import rgc
from rgc.analysis.recursion import free_energy
from rgc.backend import Backend
from rgc.errors import SpecError
from rgc.flows.couplings.bound_optimum import LowerBound, best_constant, enough
from rgc.flows.free_energies.tightest_bound import make_tightest_bound
from rgc.model.spec import FlowOfSpec, Spec
from rgc.results.result import FreeEnergy
from rgc.runner import run
from tests.physics.potential_moving import (
    BACKEND,
    P_FULL,
    P_SYMMETRIC,
    recursion_of,
    space_of,
    spec_of,
)
from tests.physics.running import request
from tests.square_ising import kaufman, onsager


def lower_bound_free_energy(spec: Spec, backend: Backend) -> FreeEnergy:
    """What the method makes of a spec."""
    asked = replace(spec, flow=FlowOfSpec("lower_bound", {}))
    return run(make_tightest_bound(request(asked, backend))).free_energy[0]


def test_onsager_is_that_of_the_reference() -> None:
    assert onsager(0.2) == pytest.approx(-0.734530812276326, abs=1e-13)
    assert onsager(0.5) == pytest.approx(-1.0257928126949176, abs=1e-13)


COUPLINGS = np.arange(1, 21) * 0.05


@pytest.mark.parametrize("p", [*(np.arange(1, 21) * 0.1), P_FULL, P_SYMMETRIC])
def test_the_bound_is_never_violated(p: float) -> None:
    for K in COUPLINGS:
        recursion = recursion_of(2, float(p), K=float(K))
        found = free_energy(recursion, recursion.space.start)
        assert found.error < 1e-14
        assert found.value <= onsager(K) + 1e-13, K


def test_the_tightest_bound_is_the_best_of_all_and_below_onsager() -> None:
    for K in (0.1, 0.3, 0.44068679350977147, 0.5, 0.8):
        bound = LowerBound(BACKEND, space_of(spec_of(2, K=K)), enough(2))
        best, constant = lower_bound_free_energy(spec_of(2, K=K), BACKEND), best_constant(bound)
        values = [best.value, bound.value([constant]), bound.value([P_FULL])]
        assert values[0] > values[1] >= values[2]
        assert values[0] <= onsager(K) + 1e-13
        assert values[1] >= max(bound.value([p]) for p in (constant - 1e-3, constant + 1e-3))


def test_the_tightest_bound_of_free_spins_is_exact() -> None:
    spec = spec_of(2, "- h * sum(i) s[i]", h=0.3)
    found = lower_bound_free_energy(spec, BACKEND)
    assert found.value == pytest.approx(-np.log(2 * np.cosh(0.3)), abs=1e-9)
    assert found.value <= -np.log(2 * np.cosh(0.3)) + 1e-15


@pytest.mark.parametrize("K", [0.3, 0.8, 1.5])
def test_on_the_chain_the_tightest_bound_is_exact(K: float) -> None:
    """With a p of its own for each step nothing is lost by moving the bonds of a chain; with one p
    for all steps 3 to 11 % of F are.
    """
    found = lower_bound_free_energy(spec_of(1, K=K), BACKEND)
    exact = -np.log(2 * np.cosh(K))
    assert found.value == pytest.approx(exact, abs=1e-9)
    assert found.value <= exact + found.error


def test_bounds_hold_what_the_sum_of_constants_comes_to() -> None:
    rng = np.random.default_rng(11)
    for dimension, p in ((2, 0.0), (2, 0.766), (2, 3.0), (3, 0.4), (3, 5.0)):
        recursion = recursion_of(dimension, p)
        for _ in range(5):
            couplings = rng.standard_normal(len(recursion.names))
            low, high = recursion.bounds(couplings)
            found = free_energy(recursion, couplings)
            assert low - found.error <= found.value <= high + found.error


@pytest.mark.parametrize("size", [4, 8, 16])
@pytest.mark.parametrize("K", [0.2, 0.4, 0.5])
def test_the_bound_of_a_torus_lies_below_kaufman(size: int, K: float) -> None:
    found = lower_bound_free_energy(spec_of(2, lattice=f"square({size})", K=K), BACKEND)
    assert found.kind == "lower bound"
    assert kaufman(K, size) - 0.02 < found.value <= kaufman(K, size)


@pytest.mark.parametrize(("dimension", "lattice"), [(2, "square(2)"), (3, "cubic(2)")])
def test_on_two_sites_nothing_has_to_be_moved(dimension: int, lattice: str) -> None:
    """Every cell of a lattice of two sites in each direction holds all of them, so that the bound
    is exact at any p.
    """
    spec = spec_of(
        dimension,
        "- K * sum(<i,j>) s[i]*s[j]\n  - h * sum(i) s[i]\n  + sum(i) 0.25",
        lattice=lattice,
        K=0.3,
        h=0.2,
    )
    n = 2**dimension
    spins = np.array(list(cartesian((-1, 1), repeat=n)))
    sites = list(cartesian((0, 1), repeat=dimension))
    pairs = [
        (a, b)
        for a, b in cartesian(range(n), repeat=2)
        if a < b and sum(x != y for x, y in zip(sites[a], sites[b], strict=True)) == 1
    ]
    energy = (
        -0.3 * 2 * sum(spins[:, a] * spins[:, b] for a, b in pairs)
        - 0.2 * spins.sum(axis=1)
        + 0.25 * n
    )
    exact = -np.log(np.exp(-energy).sum()) / n
    assert lower_bound_free_energy(spec, BACKEND).value == pytest.approx(exact, abs=1e-14)


def test_lattices_that_cannot_be_halved() -> None:
    for lattice in ("square(6)", "square(4, 8)", "square(4, boundary=open)", "triangular(4)"):
        with pytest.raises(SpecError):
            lower_bound_free_energy(spec_of(2, lattice=lattice), BACKEND)


def test_the_bounds_of_the_service_hold_the_exact_value_between_them() -> None:
    text = """parameters { K = 0.4 }
lattice square(8)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
measure { free_energy(methods=[lower_bound, transfer, mean_field]) }
"""
    result = rgc.compile(rgc.load(text), backend="reference").run().result
    lower, exact, upper = result.free_energy
    assert [each.kind for each in result.free_energy] == ["lower bound", "exact", "upper bound"]
    assert lower.value < exact.value < upper.value
    assert exact.value == pytest.approx(kaufman(0.4, 8), abs=1e-12)


def test_a_method_that_cannot_says_where() -> None:
    text = """parameters { K = 0.4 }
lattice square(6)
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
measure { free_energy(methods=[lower_bound]) }
"""
    with pytest.raises(SpecError, match="2, 4, 8") as caught:
        rgc.compile(rgc.load(text), backend="reference")
    assert caught.value.problems[0].span is not None
