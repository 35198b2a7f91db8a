"""Dropout: the average over masks that is trained, and the machine that stands for it."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc
from rgc.flows.machines import dropout
from rgc.flows.machines.log_z import exact_log_z
from rgc.flows.machines.tables import all_states
from rgc.results.result import Result
from tests.core.flows.machines.known import listed, value

Floats = NDArray[np.float64]

SPEC = """
spins v: binary
data file("rows.csv")
stack {{ rbm(3, spins=binary, train={trainer}{weights}) }}
flow train()
"""


def trained(folder: Path, trainer: str, weights: str = "") -> Result:
    rows = np.random.default_rng(4).integers(0, 2, (40, 3))
    rows[:, 1] = rows[:, 0]
    np.savetxt(folder / "rows.csv", rows, fmt="%d", delimiter=",")
    (folder / "spec.rgc").write_text(SPEC.format(trainer=trainer, weights=weights))
    compiled = rgc.compile(folder / "spec.rgc", backend="reference")
    return compiled.run(checkpoints=False).points[0].result


def test_the_average_over_masks() -> None:
    one, known = listed("dropout_3x3"), value("dropout_3x3")
    found = dropout.log_chances(one, 0.5)
    states = map(tuple, all_states(one.visible).tolist())  # type: ignore[arg-type]
    listed_states = {tuple(state): float(x) for state, x in known["ln_mixture"]}
    assert dict(zip(states, found, strict=True)) == pytest.approx(listed_states, abs=1e-12)
    scaled = replace(one, weights=one.weights / 2)
    assert exact_log_z(scaled) == pytest.approx(float(known["log_z_scaled"]), abs=1e-12)
    kl = float(known["kl_mixture_to_scaled"])
    assert dropout.apart(scaled, 0.5) == pytest.approx(kl, abs=1e-12)


def test_known_weights_through_a_spec(tmp_path: Path) -> None:
    """One update of a rate that moves no weight by more than the unit of weights."""
    one, known = listed("dropout_3x3"), value("dropout_3x3")
    np.savez(
        tmp_path / "w.npz",
        weights_1=one.weights,
        visible_1=one.visible_bias,
        hidden_1=one.hidden_bias,
    )
    trainer = "cd(epochs=1, batch=40, rate=1e-8, dropout=0.5)"
    values = trained(tmp_path, trainer, ', weights=file("w.npz")').levels[1].values
    assert values["log_z"].value == pytest.approx(float(known["log_z_scaled"]), abs=1e-5)
    kl = float(known["kl_mixture_to_scaled"])
    assert values["dropout_kl"].value == pytest.approx(kl, abs=1e-6)


@pytest.mark.parametrize("algorithm", ["cd", "pcd"])
def test_a_trained_machine_stands_for_the_average_over_its_masks(
    algorithm: str, tmp_path: Path
) -> None:
    """The distance is found again from the weights alone, by sums over all states and masks."""
    result = trained(tmp_path, f"{algorithm}(epochs=60, batch=20, rate=1, dropout=0.25)")
    kept = {name: array * 2.0**-20 for name, array in _seen(result).items()}
    w, b, c = kept["weights_1"], kept["visible_1"], kept["hidden_1"]
    states = np.array(list(product((0, 1), repeat=3)))

    def law(weights: Floats, mask: Floats) -> Floats:
        """p(v), hidden units outside the mask being 0."""
        h = states[(states <= mask).all(axis=1)]
        joint = np.exp((states @ b)[:, None] + (states @ weights + c) @ h.T)
        return np.asarray(joint.sum(axis=1) / joint.sum())

    shares = 0.75 ** states.sum(axis=1) * 0.25 ** (3 - states.sum(axis=1))
    average = shares @ [law(w / 0.75, mask) for mask in states]
    wanted = average @ np.log(average / law(w, np.ones(3)))
    assert wanted > 1e-3
    assert result.levels[1].values["dropout_kl"].value == pytest.approx(wanted, abs=1e-12)
    assert "chains_z" not in result.levels[1].values


def _seen(result: Result) -> dict[str, NDArray[Any]]:
    """The parameters of a layer in units of 2^-20 kT, as units see them."""
    assert result.weights is not None
    names = ("weights_1", "visible_1", "hidden_1")
    return {name: (result.weights[name].astype(np.int64) + 32) >> 6 for name in names}


def test_no_dropout_leaves_every_bit(tmp_path: Path) -> None:
    without, none, some = (
        _seen(trained(tmp_path, f"cd(epochs=3, batch=20{more})"))
        for more in ("", ", dropout=0", ", dropout=0.1")
    )
    assert all((without[name] == none[name]).all() for name in without)
    assert (without["weights_1"] != some["weights_1"]).any()
