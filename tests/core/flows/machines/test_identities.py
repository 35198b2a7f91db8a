"""Identities, which hold for any weights and so say nothing about what was learned: the
renormalised Hamiltonian of Mehta and Schwab, and the bound of a greedy stack.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc.flows.machines.machine import Machine
from tests.core.flows.machines.known import given, machine, value

Floats = NDArray[np.float64]


def signs(count: int) -> Floats:
    return np.array(list(product((1.0, -1.0), repeat=count)))


def log_sum(values: Floats, axis: int | None = None) -> Floats:
    return np.asarray(np.logaddexp.reduce(values, axis=axis))


# -- B1 and B2: the renormalised Hamiltonian -------------------------------------------------------


@pytest.mark.parametrize("scale", [0.0, 0.1, 0.8])
def test_the_energy_is_the_joint_hamiltonian_of_its_transfer_operator(scale: float) -> None:
    """T(v, h) = H(v) - E(v, h) makes H(h) of the machine from any H(v), with untrained weights too
    (Mehta and Schwab 2014, Eq. 18 and 21); its defect is ln Tr_h exp T = H(v) - H_machine(v)."""
    random = np.random.default_rng(5)
    one = machine(
        scale * random.normal(size=(6, 4)), "ising", "ising",
        scale * random.normal(size=6), scale * random.normal(size=4),
    )  # fmt: skip
    v, h = signs(6), signs(4)
    of_model = -0.44 * (v * np.roll(v, 1, axis=1)).sum(axis=1) - 0.1 * v.sum(axis=1)
    energies = -(v @ one.weights @ h.T) - (v @ one.visible_bias)[:, None] - h @ one.hidden_bias
    transfer = of_model[:, None] - energies
    renormalised = -log_sum(transfer - of_model[:, None], 0)
    np.testing.assert_allclose(one.hidden_energies(h), renormalised, rtol=0, atol=1e-12)
    np.testing.assert_allclose(
        of_model - one.visible_energies(v), log_sum(transfer, 1), rtol=0, atol=1e-12
    )


# -- M2: the bound of a greedy stack ---------------------------------------------------------------


def bound(first: Machine, second: Machine, data: Floats) -> tuple[float, float]:
    """Averages over the data of sum_h Q(h|v) (ln p(v|h) + ln p2(h) - ln Q(h|v)), with Q = p1(h|v),
    and of ln sum_h p(v|h) p2(h)."""
    v, h = signs(5), signs(3)
    joint = -first.energies(v[:, None, :], h[None, :, :])
    upward, downward = joint - log_sum(joint, 1)[:, None], joint - log_sum(joint, 0)
    above = -second.visible_energies(h)
    prior = above - log_sum(above)
    q = np.exp(upward)
    return (
        float(data @ (q * (downward + prior - upward)).sum(axis=1)),
        float(data @ log_sum(downward + prior, 1)),
    )


def test_the_bound_of_a_network_of_two_layers() -> None:
    about, known = given("dbn_bound_5-3-2"), value("dbn_bound_5-3-2")
    first, second = (
        machine(each["W"], each["visible"], each["hidden"], each["b"], each["c"])
        for each in (about["first"], about["second"])
    )
    v = signs(5)
    weights = np.exp(float(about["K"]) * (v * np.roll(v, 1, axis=1)).sum(axis=1))
    data = weights / weights.sum()
    below = -first.visible_energies(v)
    alone = float(data @ (below - log_sum(below)))
    assert alone == pytest.approx(float(known["mean_log_p_first"]), abs=1e-12)
    found, network = bound(first, second, data)
    assert found == pytest.approx(float(known["bound"]), abs=1e-12)
    assert network == pytest.approx(float(known["mean_log_p_network"]), abs=1e-12)
    assert found < network
    assert bound(first, first.turned, data) == pytest.approx((alone, alone), abs=1e-12)
