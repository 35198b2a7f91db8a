"""Machines that are known to 20 digits, through a spec that takes their weights from a file.

Weights are rounded to 2^-20 kT, what units see. A rounding of one parameter moves an energy by half
of that at most, so ln Z, dF and averages of ln p move by no more than `GRID` per parameter.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.machines.machine import Machine
from rgc.results.result import Level
from tests.core.flows.machines.known import floats, given, listed, machine, potts, torus, value
from tests.core.flows.machines.test_enumerated import sines

GRID = 2.0**-21

SPEC = """
parameters {{ K = {coupling} }}
lattice {lattice}
spins s: {visible}
hamiltonian - K * sum(<i,j>) {bond}
data samples({rows}, thermalise=10)
stack {{
  {layers}
}}
flow train()
"""


def levels(
    folder: Path, *machines: Machine, lattice: str, coupling: Any, visible: str, **more: Any
) -> list[Level]:
    """The levels of the layers of a stack of machines, bottom up."""
    arrays: dict[str, Any] = {}
    layers = []
    for number, one in enumerate(machines, 1):
        arrays[f"weights_{number}"] = one.weights
        arrays[f"visible_{number}"] = one.visible_bias
        arrays[f"hidden_{number}"] = one.hidden_bias
        two = one.hidden.table[0, 0] == 0  # type: ignore[union-attr]
        kind = "binary" if two else "ising"
        layers.append(f'rbm({one.hidden.number}, spins={kind}, weights=file("w.npz"))')
    np.savez(folder / "w.npz", **arrays)
    given = {"bond": "s[i]*s[j]", "rows": 64, **more}
    text = SPEC.format(
        lattice=lattice, coupling=coupling, visible=visible, layers="\n  ".join(layers), **given
    )
    (folder / "spec.rgc").write_text(text)
    answer = rgc.compile(folder / "spec.rgc", backend="reference").run(checkpoints=False)
    return list(answer.points[0].result.levels[1:])


def numbers(level: Level) -> dict[str, float]:
    return {name: each.value for name, each in level.values.items() if each.value is not None}


def grid(one: Machine) -> float:
    """How far energies may move on the grid of parameters."""
    return GRID * (one.weights.size + len(one.visible_bias) + len(one.hidden_bias))


@pytest.mark.parametrize("name", ["rbm_ii_5x3", "rbm_ib_5x3"])
def test_small_machines_against_a_ring(name: str, tmp_path: Path) -> None:
    one, known = listed(name), value(name)
    (level,) = levels(tmp_path, one, lattice="chain(5)", coupling=0.45, visible="ising")
    found, ring = numbers(level), known["against_ring5_ising_K0p45"]
    assert found["log_z"] == pytest.approx(float(known["log_z"]), abs=grid(one))
    assert found["information"] == pytest.approx(float(known["information"]), abs=4 * grid(one))
    time = float(known["gibbs"]["autocorrelation_time_sweeps"])
    assert found["autocorrelation_time"] == pytest.approx(time, rel=8 * time * grid(one))
    for key, mine in (("dF", "dF"), ("kl", "kl"), ("tau_defect", "tau_defect")):
        assert found[mine] == pytest.approx(float(ring[key]), abs=2 * grid(one)), key
    fields = floats([known["couplings_v"][f"{i},{(i + 1) % 5}"] for i in range(4)])
    bond = (fields.sum() + float(known["couplings_v"]["0,4"])) / 5
    assert found["visible.K"] == pytest.approx(bond, abs=grid(one))


def test_a_machine_of_sines_against_a_ring(tmp_path: Path) -> None:
    one, known = sines(), value("rbm_01")
    (level,) = levels(
        tmp_path, one, lattice="chain(4)", coupling=0.5, visible="binary",
        bond="(2*s[i] - 1)*(2*s[j] - 1)",
    )  # fmt: skip
    found = numbers(level)
    assert found["log_z"] == pytest.approx(known["lnZ"], abs=grid(one))
    assert found["kl"] == pytest.approx(known["KL_ring4_K05"], abs=2 * grid(one))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("triple_3x3_m3", (3, 3)), ("triple_3x3_m4", (3, 3)), ("triple_3x4_m4", (3, 4))],
)
def test_a_machine_against_the_critical_square_lattice(
    name: str, shape: tuple[int, int], tmp_path: Path
) -> None:
    about, known = given(name), value(name)
    one = machine(about["W"], "ising", "ising", hidden_bias=about["c"])
    (level,) = levels(tmp_path, one, lattice=f"square{shape}", coupling=about["J"], visible="ising")
    found, within = numbers(level), 4 * grid(one)
    for key, mine in (("dF", "dF"), ("kl", "kl"), ("tau_defect", "tau_defect"),
                      ("log_z_rbm", "log_z"), ("information_model", "information")):  # fmt: skip
        assert found[mine] == pytest.approx(float(known[key]), abs=within), key


@pytest.mark.parametrize("name", ["decimation_network_N16_K1", "decimation_network_N12_K0.5"])
def test_every_layer_of_decimation_is_the_next_ring(name: str, tmp_path: Path) -> None:
    """The machine of layer l on odd spins, which are a ring of the next coupling themselves."""
    for layer in value(name)["layers"][1:]:
        if (spins := layer["spins"]) < 3:  # not a lattice without bonds that coincide
            continue
        weights = np.zeros((spins, spins))
        for i in range(spins):
            weights[i, [i, (i + 1) % spins]] = float(layer["weights_of_rbm"])
        one, coupling = machine(weights, "ising", "ising"), float(layer["coupling"])
        (level,) = levels(
            tmp_path, one, lattice=f"chain({spins})", coupling=coupling, visible="ising"
        )
        found = numbers(level)
        assert found["visible.K"] == pytest.approx(coupling, abs=grid(one))
        assert found["kl"] == pytest.approx(0, abs=grid(one))
        assert found["tau_defect"] == pytest.approx(0, abs=2 * grid(one))
        assert found["visible.other_pairs"] == pytest.approx(0, abs=grid(one))


def test_one_hidden_unit_on_every_bond_and_in_every_triangle(tmp_path: Path) -> None:
    bonds, known = torus(3, 3), value("decoration_3x3_J0.2")
    weights = np.zeros((9, len(bonds)))
    for unit, bond in enumerate(bonds):
        weights[list(bond), unit] = float(known["w"])
    one = machine(weights, "ising", "ising")
    (level,) = levels(tmp_path, one, lattice="square(3)", coupling=0.2, visible="ising")
    found = numbers(level)
    assert found["dF"] == pytest.approx(float(known["dF"]), abs=2 * grid(one))
    assert found["log_z"] == pytest.approx(float(known["log_z_rbm"]), abs=grid(one))
    assert found["tau_defect"] == pytest.approx(0, abs=2 * grid(one))
    known, weights = value("star_triangle_3x3_w0.6"), np.zeros((9, 9))
    for r, c in ((r, c) for r in range(3) for c in range(3)):
        for a, b in ((0, 0), (1, 0), (1, 1)):
            weights[(r + a) % 3 * 3 + (c + b) % 3, r * 3 + c] = 0.6
    one = machine(weights, "ising", "ising")
    (level,) = levels(tmp_path, one, lattice="triangular(3)", coupling=known["K"], visible="ising")
    found = numbers(level)
    assert found["log_z"] == pytest.approx(float(known["log_z_rbm"]), abs=grid(one))
    assert found["kl"] == pytest.approx(0, abs=2 * grid(one))
    assert found["information"] == pytest.approx(float(known["information"]), abs=4 * grid(one))


def test_potts_units(tmp_path: Path) -> None:
    one, known = potts(), value("potts_q3_3x2")
    biases = {"visible_1": one.visible_bias, "hidden_1": one.hidden_bias}
    np.savez(tmp_path / "w.npz", weights_1=one.weights, **biases)
    np.save(tmp_path / "rows.npy", np.array([[0, 1, 2], [2, 2, 0]]))
    (tmp_path / "spec.rgc").write_text(
        'spins s: potts(3)\ndata file("rows.npy")\nflow train()\n'
        'stack { rbm(2, spins=binary, weights=file("w.npz")) }\n'
    )
    answer = rgc.compile(tmp_path / "spec.rgc", backend="reference").run(checkpoints=False)
    found = numbers(answer.points[0].result.levels[1])
    assert found["log_z"] == pytest.approx(float(known["log_z"]), abs=grid(one))


# -- networks of several layers --------------------------------------------------------------------


def test_a_bound_on_the_likelihood_of_a_network(tmp_path: Path) -> None:
    """Over sampled rows, so within their errors. With the first machine upside down on top the
    bound is the likelihood of the first, row by row.
    """
    name = "dbn_bound_5-3-2"
    known, parts = value(name), (given(name)["first"], given(name)["second"])
    first, second = (machine(p["W"], p["visible"], p["hidden"], p["b"], p["c"]) for p in parts)
    about = {"lattice": "chain(5)", "coupling": 0.45, "visible": "ising", "rows": 5000}
    below, above = levels(tmp_path, first, second, **about)
    for level, name, right in (
        (below, "log_likelihood_train", known["mean_log_p_first"]),
        (above, "bound_train", known["bound"]),
    ):
        found = level.values[name]
        assert found.value is not None
        assert found.error is not None
        assert found.error < 0.03
        assert abs(found.value - float(right)) < 5 * found.error
    below, above = levels(tmp_path, first, first.turned, **about)
    alone, tied = numbers(below)["log_likelihood_train"], numbers(above)["bound_train"]
    assert tied == pytest.approx(alone, abs=1e-12)
