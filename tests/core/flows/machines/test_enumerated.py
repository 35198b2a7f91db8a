"""More of what sums over all states say of small machines: sweeps and networks of several layers.
`test_exact.py` has what belongs to one machine at rest.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc.flows.machines.couplings import coupling_of, couplings
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.tables import (
    all_states,
    autocorrelation_time,
    moments,
    pseudo_log_likelihood,
    table,
)
from tests.core.flows.machines.known import (
    floats,
    given,
    ising_energies,
    listed,
    machine,
    potts,
    ring,
    torus,
    value,
)

Floats = NDArray[np.float64]

SMALL = ("rbm_ii_5x3", "rbm_ib_5x3")
DIGITS = 1e-12


def law(features: Floats, bonds: list[tuple[int, int]], coupling: float) -> Floats:
    """The probabilities of the states of an Ising model."""
    weights = np.exp(-ising_energies(features, bonds, coupling))
    return np.asarray(weights / weights.sum())


def conditional(one: Machine) -> Floats:
    """p(h | v), float64[visible state, hidden state]."""
    states, hidden = table(one).features, table(one.turned).features
    weights = np.exp(one.hidden_fields(states) @ hidden.T)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


# -- sweeps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SMALL)
def test_the_spectrum_of_a_sweep(name: str) -> None:
    one, known = listed(name), value(name)["gibbs"]
    sweep = conditional(one) @ conditional(one.turned)
    largest, second = np.sort(np.linalg.eigvals(sweep).real)[::-1][:2]
    assert largest == pytest.approx(float(known["largest_eigenvalue"]), abs=DIGITS)
    assert second == pytest.approx(float(known["second_eigenvalue"]), abs=DIGITS)
    time = float(known["autocorrelation_time_sweeps"])
    for turned in (one, one.turned):
        assert autocorrelation_time(turned) == pytest.approx(time, abs=100 * DIGITS)
    states = table(one)
    energies = ising_energies(states.features, ring(5), 0.45)
    chances = np.where((states.features == 1).all(axis=1), 1.0, 0.0)
    for sweeps, energy in known["ising_energy_from_all_up_after_n"]:
        there = chances @ np.linalg.matrix_power(sweep, sweeps)
        assert there @ energies == pytest.approx(float(energy), abs=DIGITS)
    assert states.chances @ energies == pytest.approx(float(known["stationary"]), abs=DIGITS)
    assert states.chances @ sweep == pytest.approx(states.chances, abs=DIGITS)


@pytest.mark.parametrize("name", SMALL)
def test_expected_gradients_and_likelihoods_against_a_ring(name: str) -> None:
    one, known = listed(name), value(name)["against_ring5_ising_K0p45"]
    states, sweep = table(one), conditional(one) @ conditional(one.turned)
    data = law(states.features, ring(5), 0.45)
    for sweeps in (1, 10):
        model = data @ np.linalg.matrix_power(sweep, sweeps)
        found = moments(one, states.features, data).pairs
        found = found - moments(one, states.features, model).pairs
        right = floats(known[f"expected_CD{sweeps}_gradient_W"])
        assert found == pytest.approx(right, abs=DIGITS)
    assert data @ states.log_chances == pytest.approx(
        float(known["mean_log_likelihood"]), abs=DIGITS
    )
    reverse = states.chances @ (states.log_chances - np.log(data))
    assert reverse == pytest.approx(float(known["kl_reverse"]), abs=DIGITS)
    pseudo = data @ pseudo_log_likelihood(one, all_states(one.visible))  # type: ignore[arg-type]
    per_site = float(known["pseudo_log_likelihood_per_site"])
    assert pseudo / 5 == pytest.approx(per_site, abs=DIGITS)


def sines() -> Machine:
    """W_ij = sin(1 + i + 2j) / 2, b_i = cos(i) / 10, c_j = sin(j + 1/2) / 5, units of 0 and 1."""
    i, j = np.arange(4.0), np.arange(3.0)
    weights = 0.5 * np.sin(1 + i[:, None] + 2 * j)
    return machine(weights, "binary", "binary", 0.1 * np.cos(i), 0.2 * np.sin(j + 0.5))


def test_a_machine_of_sines() -> None:
    one, known = sines(), value("rbm_01")
    states, sweep = table(one), conditional(one) @ conditional(one.turned)
    model = moments(one, states.features, states.chances)
    assert exact_log_z(one) == pytest.approx(known["lnZ"], abs=DIGITS)
    assert model.visible == pytest.approx(known["v"], abs=DIGITS)
    assert model.hidden == pytest.approx(known["h"], abs=DIGITS)
    assert model.pairs == pytest.approx(np.array(known["vh"]), abs=DIGITS)
    data = law(2 * states.features - 1, ring(4), 0.5)
    kl = data @ (np.log(data) - states.log_chances)
    assert kl == pytest.approx(known["KL_ring4_K05"], abs=DIGITS)
    found = moments(one, states.features, data).pairs
    assert found - model.pairs == pytest.approx(np.array(known["gradW_loglik"]), abs=DIGITS)
    swept = moments(one, states.features, data @ sweep).pairs
    assert found - swept == pytest.approx(np.array(known["expected_CD1_gradW"]), abs=DIGITS)


# -- what an Ising model is as a machine -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shape"),
    [("triple_3x3_m3", (3, 3)), ("triple_3x3_m4", (3, 3)), ("triple_3x4_m4", (3, 4))],
)
def test_hidden_couplings_and_data_of_a_machine_on_the_square_lattice(
    name: str, shape: tuple[int, int]
) -> None:
    about, known = given(name), value(name)
    one = machine(about["W"], "ising", "ising", hidden_bias=about["c"])
    states = table(one)
    data = law(states.features, torus(*shape), float(about["J"]))
    reverse = states.chances @ (states.log_chances - np.log(data))
    assert reverse == pytest.approx(float(known["kl_reverse"]), abs=DIGITS)
    first = floats(known["data_vh_first"])
    pairs = moments(one, states.features, data).pairs
    assert pairs[: len(first), : first.shape[1]] == pytest.approx(first, abs=DIGITS)
    sets = {tuple(map(int, k.split(","))): float(x) for k, x in known["couplings_h"].items() if k}
    for bodies in range(1, one.hidden.number + 1):
        chosen = [each for each in sets if len(each) == bodies]
        found = coupling_of(one.turned, chosen)
        assert found == pytest.approx([sets[each] for each in chosen], abs=DIGITS)
    constant = couplings(one.turned).constant
    assert constant == pytest.approx(float(known["couplings_h"][""]), abs=DIGITS)


@pytest.mark.parametrize(
    ("name", "shape"),
    [("decoration_3x3_J0.2", (3, 3)), ("decoration_3x4_J0.440687", (3, 4))],
)
def test_one_hidden_unit_on_every_bond_and_its_entropy(name: str, shape: tuple[int, int]) -> None:
    known, coupling, bonds = value(name), float(given(name)["J"]), torus(*shape)
    strength = np.arccosh(np.exp(2 * coupling)) / 2
    assert strength == pytest.approx(float(known["w"]), abs=DIGITS)
    weights = np.zeros((shape[0] * shape[1], len(bonds)))
    for unit, bond in enumerate(bonds):
        weights[list(bond), unit] = strength
    one = machine(weights, "ising", "ising")
    states = table(one)
    assert states.log_z == pytest.approx(float(known["log_z_rbm"]), abs=DIGITS)
    log_tau = -one.visible_energies(states.features) + ising_energies(
        states.features, bonds, coupling
    )
    assert log_tau == pytest.approx(float(known["ln_tau"]), abs=DIGITS)
    per_bond = float(known["ln_tau_per_bond"])
    assert log_tau / len(bonds) == pytest.approx(per_bond, abs=DIGITS)
    i, j = np.array(bonds).T
    correlation = states.chances @ (states.features[:, i] * states.features[:, j]).mean(axis=1)
    assert correlation == pytest.approx(float(known["bond_correlation"]), abs=DIGITS)
    fields = one.hidden_fields(states.features)
    left = one.hidden.log_sums(fields).sum(axis=1) - (fields * np.tanh(fields)).sum(axis=1)
    entropy = float(known["conditional_entropy_of_hidden"])
    assert states.chances @ left == pytest.approx(entropy, abs=DIGITS)


@pytest.mark.parametrize(
    ("name", "bonds"),
    [("one_hidden_ring of 4, J=0.5", ring(4)), ("one_hidden_3x3 torus, J=K_c", torus(3, 3))],
)
def test_the_best_machine_with_one_hidden_unit(name: str, bonds: list[tuple[int, int]]) -> None:
    known, sites = value(name), 1 + max(map(max, bonds))
    one = machine(np.full((sites, 1), float(known["w"])), "ising", "ising")
    states = table(one)
    data = law(states.features, bonds, float(given(name)["J"]))
    entropy = -data @ np.log(data)
    assert entropy == pytest.approx(float(known["entropy"]), abs=DIGITS)
    assert -data @ states.log_chances - entropy == pytest.approx(float(known["kl"]), abs=DIGITS)
    at_zero = sites * np.log(2) - entropy
    assert at_zero == pytest.approx(float(known["kl_at_w0"]), abs=DIGITS)
    gradient = moments(one, states.features, data).pairs
    gradient = gradient - moments(one, states.features, states.chances).pairs
    assert gradient == pytest.approx(0, abs=1e-10)


# -- networks of several layers --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["decimation_network_N16_K1", "decimation_network_N12_K0.5"])
def test_decimation_is_a_network(name: str) -> None:
    """Odd spins are visible, even ones hidden, and hidden ones are the ring of the next layer."""
    known, constant = value(name), 0.0
    rings = {layer["layer"]: layer for layer in known["layers"]}
    for number in range(1, len(rings)):
        here, spins = rings[number], rings[number]["spins"]
        weights = np.zeros((spins, spins))
        for i, shift in product(range(spins), (0, 1)):
            weights[i, (i + shift) % spins] += float(here["weights_of_rbm"])
        hidden = couplings(machine(weights, "ising", "ising").turned)
        right = np.zeros((spins, spins))
        for i, k in ring(spins):  # a ring of two has its bond twice
            right[i, k] += float(here["coupling"])
            right[k, i] += float(here["coupling"])
        assert hidden.pairs == pytest.approx(right, abs=DIGITS)
        constant += hidden.constant
        assert constant == pytest.approx(float(here["constant_total"]), abs=DIGITS)
        assert constant + float(here["log_z_ring"]) == pytest.approx(
            float(known["log_z"]), abs=DIGITS
        )


def test_a_bound_on_the_likelihood_of_a_network() -> None:
    name = "dbn_bound_5-3-2"
    known, parts = value(name), (given(name)["first"], given(name)["second"])
    first, second = (machine(p["W"], p["visible"], p["hidden"], p["b"], p["c"]) for p in parts)
    states, hidden = table(first), table(first.turned)
    data = law(states.features, ring(5), float(given(name)["K"]))
    up, down = conditional(first), conditional(first.turned)
    alone = data @ states.log_chances
    assert alone == pytest.approx(float(known["mean_log_p_first"]), abs=DIGITS)
    for above, key in ((second, "bound"), (first.turned, "bound_tied")):
        gained = data @ up @ (table(above).log_chances - hidden.log_chances)
        assert alone + gained == pytest.approx(float(known[key]), abs=DIGITS)
    network = data @ np.log(table(second).chances @ down)
    assert network == pytest.approx(float(known["mean_log_p_network"]), abs=DIGITS)


# -- other alphabets -------------------------------------------------------------------------------


def test_hidden_energies_under_potts_units() -> None:
    for state, energy in value("potts_q3_3x2")["H_h"]:
        found = potts().hidden_energies(floats(state))
        assert found == pytest.approx(float(energy), abs=DIGITS)


def test_mean_squares_of_real_hidden_units() -> None:
    """<z^2> = 1 + <(field)^2> at a precision of 1."""
    about, known = given("gaussian_hidden_hopfield_6x3"), value("gaussian_hidden_hopfield_6x3")
    weights = np.sqrt(float(about["beta"]) / 6) * floats(about["patterns"])
    one = machine(weights, "ising", "gaussian")
    states: Any = table(one)
    found = 1 + states.chances @ one.hidden_fields(states.features) ** 2
    assert found == pytest.approx(floats(known["mean_square_of_hidden"]), abs=DIGITS)


@pytest.mark.parametrize("hidden", ["ising", "binary"])
def test_means_of_real_visible_units(hidden: str) -> None:
    about, known = given("gaussian_visible_4x3"), value("gaussian_visible_4x3")[hidden]
    one = machine(about["W"], "gaussian", hidden, about["b"], about["c"])
    above = table(one.turned)
    fields = one.visible_bias + above.features @ one.weights.T
    assert above.chances @ fields == pytest.approx(floats(known["mean_v"]), abs=DIGITS)
    squares = 1 + above.chances @ fields**2
    assert squares == pytest.approx(floats(known["mean_v_squared"]), abs=DIGITS)


def test_the_precision_of_real_units_on_both_sides() -> None:
    about, known = given("gaussian_gaussian_good"), value("gaussian_gaussian_good")
    own = [floats(about[f"{name}_precision"]) for name in ("visible", "hidden")]
    weights = floats(about["W"])
    joint = np.block([[np.diag(own[0]), -weights], [-weights.T, np.diag(own[1])]])
    smallest = float(known["smallest_eigenvalue"])
    assert np.linalg.eigvalsh(joint)[0] == pytest.approx(smallest, abs=DIGITS)
    assert np.linalg.det(joint) == pytest.approx(float(known["determinant"]), abs=DIGITS)
