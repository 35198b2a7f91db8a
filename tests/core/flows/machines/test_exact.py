"""What is exact about a machine, against sums over all its states in multiple precision."""

from __future__ import annotations

import numpy as np
import pytest

from rgc.flows.machines.couplings import coupling_of, couplings, state_couplings
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.machine import Machine, in_signs, zero_sum
from rgc.flows.machines.sides import Gaussian, side
from rgc.flows.machines.tables import (
    all_states,
    information,
    moments,
    pseudo_log_likelihood,
    table,
)
from rgc.flows.machines.triple import Triple, triple
from rgc.language.alphabets import ALPHABETS
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

SMALL = ("rbm_ii_5x3", "rbm_ib_5x3")
DIGITS = 1e-13


def against(one: Machine, bonds: list[tuple[int, int]], coupling: float) -> tuple[Triple, float]:
    """The triple of a machine against an Ising model, and the model's ln Z."""
    states = table(one)
    energies = ising_energies(states.features, bonds, coupling)
    log_z = float(np.log(np.exp(-energies).sum()))
    log_tau = energies + states.log_chances + states.log_z
    size = float(np.abs(energies).max())
    return triple(log_tau, size, np.exp(-energies - log_z)), log_z


@pytest.mark.parametrize("name", SMALL)
def test_log_z_moments_and_entropies(name: str) -> None:
    one, known = listed(name), value(name)
    states = table(one)
    found = moments(one, states.features, states.chances)
    assert exact_log_z(one) == pytest.approx(float(known["log_z"]), abs=DIGITS)
    assert exact_log_z(one.turned) == pytest.approx(float(known["log_z"]), abs=DIGITS)
    assert found.visible == pytest.approx(floats(known["moments"]["v"]), abs=DIGITS)
    assert found.hidden == pytest.approx(floats(known["moments"]["h"]), abs=DIGITS)
    assert found.pairs == pytest.approx(floats(known["moments"]["vh"]), abs=DIGITS)
    assert states.entropy == pytest.approx(float(known["entropy_v"]), abs=DIGITS)
    assert table(one.turned).entropy == pytest.approx(float(known["entropy_h"]), abs=DIGITS)
    assert information(one) == pytest.approx(float(known["information"]), abs=DIGITS)


@pytest.mark.parametrize("name", SMALL)
def test_effective_energies_of_both_sides(name: str) -> None:
    one, known = listed(name), value(name)
    for state, energy in known["H_v"]:
        assert one.visible_energies(floats(state)) == pytest.approx(float(energy), abs=DIGITS)
    for state, energy in known["H_h"]:
        assert one.hidden_energies(floats(state)) == pytest.approx(float(energy), abs=DIGITS)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("of", ["v", "h"])
def test_couplings_of_every_order(name: str, of: str) -> None:
    one = listed(name) if of == "v" else listed(name).turned
    known = {
        tuple(map(int, key.split(","))) if key else (): float(number)
        for key, number in value(name)[f"couplings_{of}"].items()
    }
    found = couplings(one)
    assert found.constant == pytest.approx(known[()], abs=DIGITS)
    for bodies in range(1, one.visible.number + 1):
        sets = [key for key in known if len(key) == bodies]
        expected = [known[key] for key in sets]
        assert coupling_of(one, sets) == pytest.approx(expected, abs=DIGITS)
    assert found.fields == pytest.approx([known[(i,)] for i in range(one.visible.number)])
    for i, k in (key for key in known if len(key) == 2):
        assert found.pairs[i, k] == found.pairs[k, i] == pytest.approx(known[i, k], abs=DIGITS)


@pytest.mark.parametrize("name", ["kappa_40_0", "kappa_40_0.25"])
def test_couplings_of_forty_units_without_a_sum_over_their_states(name: str) -> None:
    i, bias = np.arange(40), float(given(name)["c"])
    weights = 0.3 * np.cos(i) if bias else 0.8 * np.exp(-i / 8)
    one = machine(weights[:, None], "ising", "ising", hidden_bias=[bias])
    found, known = couplings(one), {key: float(x) for key, x in value(name).items()}
    assert found.constant == pytest.approx(known[""], abs=1e-14)
    assert found.fields[0] == pytest.approx(known["0"], abs=1e-14)
    assert found.pairs[0, [1, 20]] == pytest.approx([known["0,1"], known["0,20"]], abs=1e-14)
    assert coupling_of(one, [(0, 1, 2)])[0] == pytest.approx(known["0,1,2"], abs=1e-14)
    assert coupling_of(one, [(0, 1, 2, 3)])[0] == pytest.approx(known["0,1,2,3"], abs=1e-14)


@pytest.mark.parametrize("scale", [0.02, 0.5, 4.0])
def test_couplings_of_weak_and_of_strong_weights(scale: float) -> None:
    """Against the average over all states of -H(s) times a product of spins."""
    random = np.random.default_rng(7)
    one = machine(
        random.normal(0, scale, (9, 4)),
        "ising",
        "binary",
        random.normal(0, scale, 9),
        random.normal(0, scale, 4),
    )
    spins = one.visible.features(all_states(one.visible))  # type: ignore[union-attr]
    weights = -one.visible_energies(spins)
    for chosen in ((2,), (0, 5), (1, 3, 8), (0, 2, 4, 6)):
        expected = (weights * spins[:, chosen].prod(axis=1)).mean()
        assert coupling_of(one, [chosen])[0] == pytest.approx(expected, abs=1e-13 * (1 + scale))


def test_a_set_of_units_holds_each_once() -> None:
    with pytest.raises(ValueError, match="different units"):
        coupling_of(listed("rbm_ii_5x3"), [(0, 0)])


@pytest.mark.parametrize("name", SMALL)
def test_a_machine_against_a_ring(name: str) -> None:
    one, known = listed(name), value(name)["against_ring5_ising_K0p45"]
    found, log_z = against(one, ring(5), 0.45)
    states = table(one)
    energies = ising_energies(states.features, ring(5), 0.45)
    chances = np.exp(-energies - log_z)
    assert log_z == pytest.approx(float(known["log_z_data"]), abs=DIGITS)
    assert found.d_f == pytest.approx(float(known["dF"]), abs=DIGITS)
    assert found.kl == pytest.approx(float(known["kl"]), abs=DIGITS)
    assert found.tau_defect == pytest.approx(float(known["tau_defect"]), abs=DIGITS)
    assert found.mean_log_tau == pytest.approx(float(known["mean_ln_tau"]), abs=DIGITS)
    assert found.effective == pytest.approx(float(known["ess_fraction"]), abs=DIGITS)
    data, model = (moments(one, states.features, p) for p in (chances, states.chances))
    gradient = known["gradient_of_mean_log_likelihood"]
    assert data.pairs - model.pairs == pytest.approx(floats(gradient["W"]), abs=DIGITS)
    assert data.visible - model.visible == pytest.approx(floats(gradient["b"]), abs=DIGITS)
    assert data.hidden - model.hidden == pytest.approx(floats(gradient["c"]), abs=DIGITS)
    pseudo = pseudo_log_likelihood(one, all_states(one.visible))  # type: ignore[arg-type]
    assert chances @ pseudo == pytest.approx(float(known["pseudo_log_likelihood_sum"]), abs=DIGITS)


@pytest.mark.parametrize(
    ("name", "bonds"),
    [
        ("triple_3x3_m3", torus(3, 3)),
        ("triple_3x3_m4", torus(3, 3)),
        ("triple_3x4_m4", torus(3, 4)),
    ],
)
def test_a_machine_against_the_critical_square_lattice(
    name: str, bonds: list[tuple[int, int]]
) -> None:
    about, known = given(name), {k: v for k, v in value(name).items() if isinstance(v, str)}
    one = machine(about["W"], "ising", "ising", hidden_bias=about["c"])
    found, log_z = against(one, bonds, float(about["J"]))
    numbers = {
        "dF": found.d_f,
        "kl": found.kl,
        "tau_defect": found.tau_defect,
        "mean_ln_tau": found.mean_log_tau,
        "ess_fraction": found.effective,
        "log_z_data": log_z,
        "log_z_rbm": exact_log_z(one),
        "information_model": information(one),
    }
    for key, number in numbers.items():
        assert number == pytest.approx(float(known[key]), abs=1e-12), key


@pytest.mark.parametrize(
    ("name", "shape", "coupling"),
    [("decoration_3x3_J0.2", (3, 3), 0.2), ("decoration_3x4_J0.440687", (3, 4), None)],
)
def test_one_hidden_unit_on_every_bond_is_the_ising_model(
    name: str, shape: tuple[int, int], coupling: float | None
) -> None:
    about, known = given(name), value(name)
    bonds, strength = torus(*shape), coupling or float(about["J"])
    weights = np.zeros((shape[0] * shape[1], len(bonds)))
    for unit, bond in enumerate(bonds):
        weights[list(bond), unit] = np.arccosh(np.exp(2 * strength)) / 2
    found, _ = against(machine(weights, "ising", "ising"), bonds, strength)
    assert found.tau_defect == pytest.approx(0, abs=1e-12)
    assert found.kl == pytest.approx(0, abs=1e-12)
    assert found.d_f == pytest.approx(float(known["dF"]), abs=1e-12)


def test_a_hidden_unit_in_every_upward_triangle_is_the_triangular_ising_model() -> None:
    known = value("star_triangle_3x3_w0.6")
    weights = np.zeros((9, 9))
    for r, c in ((r, c) for r in range(3) for c in range(3)):
        for a, b in ((0, 0), (0, 1), (1, 1)):
            weights[(r + a) % 3 * 3 + (c + b) % 3, r * 3 + c] = 0.6
    one = machine(weights, "ising", "ising")
    bonds = torus(3, 3, diagonals=True)
    coupling = np.log(np.cosh(1.8) / np.cosh(0.6)) / 4
    found, log_z = against(one, bonds, coupling)
    assert coupling == pytest.approx(float(known["K"]), abs=DIGITS)
    assert found.tau_defect == pytest.approx(0, abs=1e-12)
    assert log_z == pytest.approx(float(known["log_z_ising"]), abs=1e-12)
    assert exact_log_z(one) == pytest.approx(float(known["log_z_rbm"]), abs=1e-12)
    assert information(one) == pytest.approx(float(known["information"]), abs=1e-12)


# -- units of other alphabets ----------------------------------------------------------------------


def test_potts_units_and_the_zero_sum_gauge() -> None:
    one, known = potts(), value("potts_q3_3x2")
    states = table(one)
    assert exact_log_z(one) == pytest.approx(float(known["log_z"]), abs=DIGITS)
    assert exact_log_z(one.turned) == pytest.approx(float(known["log_z"]), abs=DIGITS)
    frequencies = moments(one, states.features, states.chances).visible
    assert frequencies == pytest.approx(floats(known["frequencies"]).ravel(), abs=DIGITS)
    assert states.entropy == pytest.approx(float(known["entropy_v"]), abs=DIGITS)
    gauged = zero_sum(one)
    assert gauged.weights == pytest.approx(floats(known["gauge"]["W"]).reshape(9, 2), abs=1e-15)
    assert gauged.visible_bias == pytest.approx(floats(known["gauge"]["b"]).ravel(), abs=1e-15)
    assert gauged.hidden_bias == pytest.approx(floats(known["gauge"]["c"]), abs=1e-15)
    energies = one.visible_energies(states.features)
    assert gauged.visible_energies(states.features) == pytest.approx(energies, abs=DIGITS)


def test_couplings_of_potts_units_by_state() -> None:
    one, known = potts(), value("potts_q3_3x2")
    found = state_couplings(one)
    assert found.constant == pytest.approx(float(known["constant"]), abs=DIGITS)
    for key, pairs in known["pair_couplings"].items():
        i, k = (slice(3 * int(unit), 3 * int(unit) + 3) for unit in key.split(","))
        assert found.pairs[i, k] == pytest.approx(floats(pairs), abs=DIGITS)
    states = table(one)
    weights = states.log_chances + states.log_z
    expected = [weights[states.features[:, k] == 1].mean() - weights.mean() for k in range(9)]
    assert found.fields == pytest.approx(expected, abs=DIGITS)


def test_couplings_by_state_of_two_state_units_are_those_in_signs() -> None:
    one = listed("rbm_ib_5x3")
    found, signs = state_couplings(one), couplings(one)
    assert found.fields == pytest.approx(np.outer(signs.fields, [-1, 1]).ravel(), abs=DIGITS)
    pairs = np.kron(signs.pairs, np.outer([-1, 1], [-1, 1]))
    assert found.pairs == pytest.approx(pairs, abs=DIGITS)


def test_gaussian_hidden_units_are_a_hopfield_model() -> None:
    about, known = given("gaussian_hidden_hopfield_6x3"), value("gaussian_hidden_hopfield_6x3")
    weights = np.sqrt(float(about["beta"]) / 6) * floats(about["patterns"])
    one = machine(weights, "ising", "gaussian")
    found = couplings(one)
    assert exact_log_z(one) == pytest.approx(float(known["log_z"]), abs=DIGITS)
    assert found.constant == pytest.approx(float(known["constant"]), abs=DIGITS)
    for key, number in known["pair_couplings"].items():
        i, k = map(int, key.split(","))
        assert found.pairs[i, k] == pytest.approx(float(number), abs=DIGITS)


@pytest.mark.parametrize("hidden", ["ising", "binary"])
def test_gaussian_visible_units(hidden: str) -> None:
    """(v - b)^2 / 2 is v^2 / 2 with the bias b and the constant b^2 / 2."""
    about, known = given("gaussian_visible_4x3"), value("gaussian_visible_4x3")[hidden]
    one = machine(about["W"], "gaussian", hidden, about["b"], about["c"])
    shift = (floats(about["b"]) ** 2).sum() / 2
    found = couplings(one.turned)
    assert exact_log_z(one) - shift == pytest.approx(float(known["log_z"]), abs=DIGITS)
    assert one.visible_energies(np.zeros(4)) + shift == pytest.approx(
        float(known["H_v_at_zero"]), abs=DIGITS
    )
    assert found.constant - shift == pytest.approx(float(known["couplings_h"][""]), abs=DIGITS)
    for i in range(3):
        assert found.fields[i] == pytest.approx(float(known["couplings_h"][str(i)]), abs=DIGITS)
        for k in range(i):
            expected = float(known["couplings_h"][f"{k},{i}"])
            assert found.pairs[i, k] == pytest.approx(expected, abs=DIGITS)


def gaussian_pair(weights: object) -> Machine:
    """Two real units on each side of unequal precision."""
    about = given("gaussian_gaussian_good")
    return Machine(
        visible=Gaussian(2, floats(about["visible_precision"])),
        hidden=Gaussian(2, floats(about["hidden_precision"])),
        weights=floats(weights),
        visible_bias=np.zeros(2),
        hidden_bias=np.zeros(2),
    )


def test_gaussian_units_on_both_sides() -> None:
    about, known = given("gaussian_gaussian_good"), value("gaussian_gaussian_good")
    found = exact_log_z(gaussian_pair(about["W"]))
    assert found == pytest.approx(float(known["log_z"]), abs=DIGITS)


def test_gaussian_units_that_are_coupled_too_strongly_have_no_z() -> None:
    with pytest.raises(ValueError, match="Z does not exist"):
        exact_log_z(gaussian_pair([[3, 0], [0, 3]]))


# -- ln Z of larger machines -----------------------------------------------------------------------


@pytest.mark.parametrize("strength", [0.1, 3.0, 200.0])
@pytest.mark.parametrize("small", ["visible", "hidden"])
def test_log_z_over_the_small_side_in_many_parts(strength: float, small: str) -> None:
    """Twelve units against 700: the states come in several parts. Beyond exponents that a product
    can hold it is summed another way.
    """
    random = np.random.default_rng(3)
    weights = random.normal(0, strength / 12, (12, 700))
    one = machine(weights, "ising", "binary", random.normal(0, 1, 12), random.normal(0, 1, 700))
    expected = table(one).log_z
    found = exact_log_z(one if small == "visible" else one.turned)
    assert found == pytest.approx(expected, rel=1e-13)


def test_two_sides_too_large_to_sum_over() -> None:
    one = machine(np.zeros((30, 30)), "ising", "ising")
    with pytest.raises(ValueError, match="neither side"):
        exact_log_z(one)


def test_units_in_signs_keep_every_energy() -> None:
    one = listed("rbm_ib_5x3")
    both = in_signs(in_signs(one).turned).turned
    for v, h in zip(all_states(side(ALPHABETS["binary"], 5)), range(8), strict=False):  # type: ignore[arg-type]
        state = np.array([h >> 2 & 1, h >> 1 & 1, h & 1])
        energy = one.energies(2.0 * v - 1, 1.0 * state)
        assert both.energies(2.0 * v - 1, 2.0 * state - 1) == pytest.approx(energy, abs=1e-14)
