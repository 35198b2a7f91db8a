"""Files of weights: what is written is loaded, and conventions of others keep every energy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rgc.errors import SpecError
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.weights_file import (
    PARAMETER_UNIT,
    Parameters,
    file_of,
    load,
    machine_of,
    parameters_of,
)
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side, WeightsFile
from tests.core.flows.machines import known

WEIGHTS = np.array([[0.8, -0.4], [0.3, 0.9], [-0.5, 0.2]])
VISIBLE = np.array([0.1, -0.3, 0.2])
HIDDEN = np.array([0.4, -0.2])

ENERGIES: dict[str, Callable[[Any, Any], float]] = {
    "binary": lambda v, h: -VISIBLE @ v - HIDDEN @ h - v @ WEIGHTS @ h,
    "mehta_schwab": lambda v, h: HIDDEN @ h + v @ WEIGHTS @ h + VISIBLE @ v,
    "hinton": lambda v, h: -VISIBLE @ v - HIDDEN @ h - v @ WEIGHTS @ h,
}
"""As the papers write them: of `mehta_schwab` c are the biases of visible and b those of hidden
units, of `hinton` a and b."""

ARRAYS = {"binary": "Wbc", "mehta_schwab": "Wcb", "hinton": "Wab"}
"""Weights, biases of visible and of hidden units."""


def species(name: str) -> Species:
    return Species("s", name, None if name == "gaussian" else 3 if name == "potts" else 2)


def layer(visible: str, hidden: str, file: WeightsFile | None = None, n: int = 3) -> Rbm:
    return Rbm(
        visible=Side(n, species(visible)),
        hidden=Side(2, species(hidden)),
        connect=Dense(),
        biases=True,
        weights=file,
    )


def saved(folder: Path, convention: str, **more: Any) -> WeightsFile:
    arrays = dict(zip(ARRAYS[convention], (WEIGHTS, VISIBLE, HIDDEN), strict=True))
    np.savez(folder / "w.npz", **{**arrays, **more})
    return WeightsFile(path="w.npz", convention=convention, layer=1, folder=folder)


# -- conventions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("convention", ENERGIES)
@pytest.mark.parametrize("visible", ["binary", "ising"])
@pytest.mark.parametrize("hidden", ["binary", "ising"])
def test_conventions_keep_every_energy(
    tmp_path: Path, convention: str, visible: str, hidden: str
) -> None:
    machine = load(layer(visible, hidden, saved(tmp_path, convention)))
    for v, h in product(product([0, 1], repeat=3), product([0, 1], repeat=2)):
        bits = np.array(v), np.array(h)
        ours = [2.0 * x - 1 if kind == "ising" else 1.0 * x
                for x, kind in zip(bits, (visible, hidden), strict=True)]  # fmt: skip
        expected = ENERGIES[convention](*bits)
        assert float(machine.energies(*ours)) == pytest.approx(expected, abs=1e-15)


def test_the_known_conversion(tmp_path: Path) -> None:
    """Weights, biases, constant and ln Z of one machine in three conventions, by enumeration."""
    entry, value = (
        known.given("convert_01_pm1_mehta_schwab"),
        known.value("convert_01_pm1_mehta_schwab"),
    )
    given = {name: np.array(entry[name]) for name in "Wbc"}
    machine = load(layer("ising", "ising", saved(tmp_path, "binary", **given)))
    signs = value["ising"]
    assert machine.weights == pytest.approx(known.floats(signs["W"]), abs=1e-16)
    assert machine.visible_bias == pytest.approx(known.floats(signs["b"]), abs=1e-16)
    assert machine.hidden_bias == pytest.approx(known.floats(signs["c"]), abs=1e-16)
    assert -machine.constant == pytest.approx(float(signs["constant"]), abs=1e-15)
    assert exact_log_z(machine) == pytest.approx(float(value["log_z"]), abs=1e-13)
    without = exact_log_z(replace(machine, constant=0.0))
    assert without == pytest.approx(float(signs["log_z_without_constant"]), abs=1e-13)
    theirs = value["mehta_schwab"]
    arrays = {"W": theirs["W"], "c": theirs["visible_c"], "b": theirs["hidden_b"]}
    file = saved(tmp_path, "mehta_schwab", **{k: known.floats(v) for k, v in arrays.items()})
    same = load(layer("binary", "binary", file))
    assert same.weights == pytest.approx(given["W"], abs=1e-16)
    assert exact_log_z(same) == pytest.approx(float(value["log_z"]), abs=1e-13)


def test_known_machines_through_files_of_their_own_convention(tmp_path: Path) -> None:
    for name, kinds in (("rbm_ii_5x3", ("ising", "ising")), ("rbm_ib_5x3", ("ising", "binary"))):
        entry = known.given(name)
        np.savez(
            tmp_path / "w.npz",
            weights_1=np.array(entry["W"]),
            visible_1=np.array(entry["b"]),
            hidden_1=np.array(entry["c"]),
        )
        file = WeightsFile(path="w.npz", convention="rgc", layer=1, folder=tmp_path)
        made = replace(layer(*kinds, file, 5), hidden=Side(3, species(kinds[1])))
        machine = load(made)
        assert exact_log_z(machine) == pytest.approx(float(known.value(name)["log_z"]), abs=1e-13)
        # on the grid of parameters ln Z moves by the sum of 2^-27 times the features at most
        seen = machine_of(parameters_of(machine, made), made)
        assert abs(exact_log_z(seen) - exact_log_z(machine)) < 23 * 2.0**-21


def test_the_precisions_of_real_units(tmp_path: Path) -> None:
    entry, value = (part("gaussian_gaussian_good") for part in (known.given, known.value))
    arrays = {"weights_1": known.floats(entry["W"])}
    for name in ("visible_precision", "hidden_precision"):
        arrays[f"{name}_1"] = known.floats(entry[name])
    np.savez(tmp_path / "w.npz", **arrays)  # type: ignore[arg-type]
    file = WeightsFile(path="w.npz", convention="rgc", layer=1, folder=tmp_path)
    made = layer("gaussian", "gaussian", file, 2)
    assert exact_log_z(load(made)) == pytest.approx(float(value["log_z"]), abs=1e-13)
    with pytest.raises(SpecError, match="have the precision 1"):
        parameters_of(load(made), made)
    np.savez(tmp_path / "w.npz", **{**arrays, "hidden_precision_1": np.array([1.0, 0.0])})  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="is not above 0"):
        load(made)


# -- files -----------------------------------------------------------------------------------------


def random_parameters(made: Rbm, seed: int = 0) -> Parameters:
    generator = np.random.default_rng(seed)
    rows, columns = made.shape
    return Parameters(
        weights=generator.integers(-(2**31) + 64, 2**31 - 64, (rows, columns)).astype(np.int32),
        visible=generator.integers(-(2**37), 2**37, rows),
        hidden=generator.integers(-(2**37), 2**37, columns),
    )


@pytest.mark.parametrize("kinds", [("ising", "binary"), ("potts", "binary"), ("ising", "potts")])
def test_integers_are_written_and_loaded_exactly(tmp_path: Path, kinds: tuple[str, str]) -> None:
    below = layer(*kinds)
    above = layer(kinds[1], "ising", n=2)
    written = [random_parameters(below), random_parameters(above, 1)]
    np.savez_compressed(
        tmp_path / "weights.npz",
        **file_of([(below, {None: written[0]}), (above, {None: written[1]})]),
    )
    for number, (made, stored) in enumerate(zip((below, above), written, strict=True), 1):
        file = WeightsFile(path="weights.npz", convention="rgc", layer=number, folder=tmp_path)
        loaded = parameters_of(load(replace(made, weights=file)), made)
        for ours, theirs in zip(loaded.arrays, stored.arrays, strict=True):
            assert ours.dtype == theirs.dtype
            assert (ours == theirs).all()


def test_real_parameters_are_written_and_loaded_exactly(tmp_path: Path) -> None:
    made = layer("ising", "gaussian")
    stored = Parameters(weights=WEIGHTS / 3, visible=VISIBLE / 7, hidden=HIDDEN / 9)
    np.savez_compressed(tmp_path / "weights.npz", **file_of([(made, {None: stored})]))
    file = WeightsFile(path="weights.npz", convention="rgc", layer=1, folder=tmp_path)
    loaded = parameters_of(load(replace(made, weights=file)), made)
    assert all((a == b).all() for a, b in zip(loaded.arrays, stored.arrays, strict=True))
    assert (machine_of(loaded, made).weights == stored.weights).all()


def test_units_of_a_file_are_converted(tmp_path: Path) -> None:
    """A machine that was trained with binary hidden units, loaded as one with Ising units."""
    made = layer("ising", "binary")
    parameters = Parameters(
        weights=np.array([[1 << 24, -(1 << 20)], [7 << 10, 0], [-(1 << 26), 3 << 8]], np.int32),
        visible=np.array([1 << 20, 0, -(1 << 22)]),
        hidden=np.array([5 << 10, -(1 << 23)]),
    )
    np.savez_compressed(tmp_path / "weights.npz", **file_of([(made, {None: parameters})]))
    file = WeightsFile(path="weights.npz", convention="rgc", layer=1, folder=tmp_path)
    signs = load(layer("ising", "ising", file))
    plain = machine_of(parameters, made)
    for v, h in product(product([-1, 1], repeat=3), product([0, 1], repeat=2)):
        features, states = np.array(v, dtype=float), np.array(h, dtype=float)
        energy = float(plain.energies(features, states))
        assert float(signs.energies(features, 2 * states - 1)) == energy


def test_what_units_see_is_rounded_to_the_nearest() -> None:
    made = layer("ising", "binary")
    weights = np.array([[31, 32], [33, 95], [-32, -33]], np.int32)
    zero = Parameters(weights=weights, visible=np.zeros(3, np.int64), hidden=np.zeros(2, np.int64))
    seen = machine_of(zero, made).weights * 2**20
    assert seen.tolist() == [[0, 1], [1, 1], [0, -1]]


# -- refusals --------------------------------------------------------------------------------------


def refusal(made: Rbm, machine: Any = None) -> tuple[str, str]:
    with pytest.raises(SpecError) as caught:
        parameters_of(load(made) if machine is None else machine, made)
    (problem,) = caught.value.problems
    return problem.code, problem.message


def test_parameters_beyond_their_limits(tmp_path: Path) -> None:
    file = saved(tmp_path, "binary", W=np.array([[1.0, 2.0], [3.0, -33.0], [0.0, 0.0]]))
    code, message = refusal(layer("binary", "binary", file))
    assert code == "out-of-range"
    assert message == (
        "the file has -33 in row 1, column 1 (counted from 0), and the limit is 32 kT"
    )
    file = saved(tmp_path, "binary", b=np.array([0, 0, 3000.0]))
    assert refusal(layer("binary", "binary", file))[0] == "out-of-range"


def test_biases_under_a_declared_symmetry(tmp_path: Path) -> None:
    file = WeightsFile(path="w.npz", convention="rgc", layer=1, folder=tmp_path)
    np.savez(tmp_path / "w.npz", weights_1=WEIGHTS, visible_1=VISIBLE)
    made = replace(layer("ising", "ising", file), biases=False)
    assert refusal(made)[0] == "broken-symmetry"
    np.savez(tmp_path / "w.npz", weights_1=WEIGHTS)
    rounded = parameters_of(load(made), made)
    assert rounded.weights[0, 0] == round(0.8 / PARAMETER_UNIT)


def test_what_is_not_finite_and_what_has_no_sum(tmp_path: Path) -> None:
    file = saved(tmp_path, "hinton", a=np.array([0, np.inf, 0]))
    assert refusal(layer("binary", "binary", file))[0] == "not-finite"
    file = WeightsFile(path="w.npz", convention="rgc", layer=1, folder=tmp_path)
    np.savez(tmp_path / "w.npz", weights_1=WEIGHTS)
    assert refusal(layer("gaussian", "gaussian", file))[0] == "out-of-range"
    np.savez(tmp_path / "w.npz", weights_1=WEIGHTS / 2)
    load(layer("gaussian", "gaussian", file))
