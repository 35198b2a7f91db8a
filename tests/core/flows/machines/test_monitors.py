"""What is followed while training, against sums over all states."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc
from rgc.flows.data.rows import Rows
from rgc.flows.machines.likelihood import log_likelihood
from rgc.flows.machines.monitors import (
    activity,
    divergence,
    free_energy_gap,
    relative_entropy,
)
from rgc.flows.machines.tables import all_states, table
from rgc.flows.machines.target import Target, make_target
from rgc.flows.machines.triple import triple
from rgc.model.lattice import Lattice
from rgc.model.spins import Species
from tests.core.flows.machines.known import ising_energies, listed, machine, ring, value

Floats = NDArray[np.float64]


def rows_of(signs: Floats, weights: Floats | None = None) -> Rows:
    """Rows of signs[row, site]."""
    return Rows(species=Species("s"), states=(signs > 0).astype(np.uint8), weights=weights)


SPEC = """
lattice {lattice}
spins s: {spins}
parameters {{ K = 0.45, h = 0.2 }}
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  - h * sum(i) s[i]
"""


def target(lattice: str, spins: str = "ising") -> Target:
    spec = rgc.load(SPEC.format(lattice=lattice, spins=spins)).spec
    assert isinstance(spec.lattice, Lattice)
    assert spec.hamiltonian is not None
    return make_target(spec.lattice, spec.species, spec.hamiltonian, seed=0, point={})


@pytest.mark.parametrize(("spins", "low"), [("ising", -1), ("binary", 0)])
def test_energies_of_rows_by_their_definition(spins: str, low: int) -> None:
    states = np.random.default_rng(2).integers(0, 2, (50, 12))
    s = np.where(states, 1, low).reshape(50, 3, 4)
    neighbours = s * np.roll(s, 1, 1) + s * np.roll(s, 1, 2)
    expected = 0.45 * neighbours.sum(axis=(1, 2)) + 0.2 * s.sum(axis=(1, 2))
    found = target("square(3, 4)", spins).log_weights(states)
    assert found == pytest.approx(expected, abs=1e-12)


def test_rounding_is_no_divergence() -> None:
    chances = np.log(np.random.default_rng(5).dirichlet(np.ones(64)))
    assert divergence(chances, chances + 1e-14 * np.sign(np.sin(np.arange(64)))) == 0
    assert divergence(chances, chances - 1e-9) == pytest.approx(1e-9)
    assert divergence(np.log([0.5, 0.5]), np.array([0.0, -np.inf])) == np.inf
    exact = triple(np.full(8, 29.4) + 1e-14 * np.arange(8), 40.0)
    assert (exact.kl, exact.tau_defect) == (0, 0)
    assert exact.d_f == pytest.approx(-29.4)


def test_relative_entropy_and_likelihood_of_a_ring() -> None:
    one, known = listed("rbm_ii_5x3"), value("rbm_ii_5x3")["against_ring5_ising_K0p45"]
    states = table(one)
    weights = -ising_energies(states.features, ring(5), 0.45)
    log_chances = weights - np.log(np.exp(weights).sum())
    assert relative_entropy(one, log_chances) == pytest.approx(float(known["kl"]), abs=1e-13)
    rows = rows_of(states.features, weights=np.exp(log_chances))
    found, _ = log_likelihood(one, rows, states.log_z, 0.0)
    assert found == pytest.approx(float(known["mean_log_likelihood"]), abs=1e-13)


def test_a_gap_between_like_rows_is_within_its_error() -> None:
    one = listed("rbm_ii_5x3")
    random = np.random.default_rng(4)
    draws = random.choice(32, size=(400, 2, 100), p=table(one).chances)
    features = table(one).features
    gaps = [free_energy_gap(one, rows_of(features[a]), rows_of(features[b])) for a, b in draws]
    z = np.array([gap.value / gap.error for gap in gaps])
    assert abs(z.mean()) < 0.2
    assert 0.9 < z.std() < 1.1


def test_hidden_units_that_are_dead_and_saturated() -> None:
    """The first unit sees nothing, the second only its bias, the third too much, the fourth is as
    it should be.
    """
    weights = np.zeros((6, 4))
    weights[:, 2], weights[0, 3] = 5.0, 0.5
    one = machine(weights, "ising", "binary", hidden_bias=[0, 9, 0, 0])
    rows = np.random.default_rng(0).choice([-1.0, 1.0], (500, 6))
    found = activity(one, rows_of(rows))
    assert found is not None
    assert found.dead == 0.5
    assert found.saturated == 0.5  # the second and the third


def test_real_hidden_units_have_no_states() -> None:
    one = machine(np.zeros((3, 2)), "ising", "gaussian")
    assert activity(one, rows_of(np.ones((4, 3)))) is None


def test_states_of_a_side_are_numbered_from_the_lowest_value() -> None:
    side = machine(np.zeros((2, 1)), "ising", "ising").visible
    features = side.features(all_states(side))  # type: ignore[arg-type, union-attr]
    assert features.tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]
