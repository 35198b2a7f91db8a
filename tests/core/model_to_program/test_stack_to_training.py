"""The gradient of an update against sums over all states of its chain.

One update from many rows is a sample of the expected change, whose error is known.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc import backend as backends
from rgc.flows.data.rows import Rows
from rgc.flows.machines.layer_training import (
    LayerTraining,
    make_layer_training,
)
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.tables import all_states, moments, table
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side
from rgc.model.trainer import Knots, Trainer
from rgc.model_to_program.gradient_writer import CENTRED
from rgc.program.dense.show import show
from tests.core.flows.machines.known import floats, listed, value

Floats = NDArray[np.float64]

ROWS = 40_000
KT = 1 << 26
PLAIN = Trainer(
    algorithm="cd",
    epochs=1,
    batch=ROWS,
    rate=Knots((1.0,)),
    momentum=Knots((0.0,)),
    l1=0,
    l2=0,
    k=1,
)


def layer_of(hidden: str, biases: bool = True) -> Rbm:
    return Rbm(
        visible=Side(5, Species("v")),
        hidden=Side(3, Species("h", hidden)),
        connect=Dense(),
        biases=biases,
    )


def ring_chances() -> tuple[NDArray[Any], Floats]:
    """The states of a ring of five Ising spins at K = 0.45, and their probabilities."""
    states = all_states(listed("rbm_ii_5x3").visible)  # type: ignore[arg-type]
    spins = 2.0 * states - 1
    weights = np.exp(0.45 * (spins * np.roll(spins, 1, axis=1)).sum(axis=1))
    return states, weights / weights.sum()


def rows_of(states: NDArray[Any], chances: Floats, count: int = ROWS) -> Rows:
    """Rows in which every state is as often as its probability says."""
    ends = np.rint(np.cumsum(chances) * count).astype(int)
    numbers = np.searchsorted(ends, np.arange(count), side="right")
    return Rows(species=Species("v"), states=states[numbers].astype(np.uint8))


def change(
    learning: LayerTraining, machine: Machine, rows: Rows, updates: int = 1, **others: Floats
) -> dict[str, Floats]:
    """The change of each parameter in so many updates, in kT, from those of a machine. `others` are
    arrays in kT that are not as they start.
    """
    arrays = learning.start(rows)
    arrays |= {name: np.rint(array * KT).astype(np.int64) for name, array in others.items()}
    arrays["weights"] = np.rint(machine.weights * KT).astype(np.int32)
    if learning.layer.biases:
        arrays["visible"] = np.rint(machine.visible_bias * KT).astype(np.int64)
        arrays["hidden"] = np.rint(machine.hidden_bias * KT).astype(np.int64)
    before = {name: array.astype(np.float64) for name, array in arrays.items()}
    learning.run(arrays, learning.feed(rows), 0, updates)
    names = ("weights", "visible", "hidden") if learning.layer.biases else ("weights",)
    return {name: (arrays[name] - before[name]) / KT for name in names}


def make(layer: Rbm, trainer: Trainer, rows: int = ROWS) -> LayerTraining:
    return make_layer_training(backends.load("reference"), layer, trainer, rows=rows, key=(7, 11))


def gibbs(machine: Machine, chances: Floats, sweeps: int) -> Floats:
    """Probabilities of visible states after so many sweeps."""
    states = table(machine).features
    hidden = table(machine.turned).features
    up = conditional(machine.hidden_fields(states), hidden)
    down = conditional(machine.turned.hidden_fields(hidden), states)
    for _ in range(sweeps):
        chances = chances @ up @ down
    return chances


def conditional(fields: Floats, features: Floats) -> Floats:
    """p(y | x) from the fields of y given each x."""
    weights = np.exp(fields @ features.T)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("name", ["rbm_ii_5x3", "rbm_ib_5x3"])
@pytest.mark.parametrize("sweeps", [1, 10])
@pytest.mark.parametrize("gradient", ["samples", "means"])
def test_contrastive_divergence_has_its_expected_gradient(
    name: str, sweeps: int, gradient: str
) -> None:
    machine, (states, chances) = listed(name), ring_chances()
    layer = layer_of("ising" if name == "rbm_ii_5x3" else "binary")
    trainer = replace(PLAIN, k=sweeps, gradient=gradient)
    found = change(make(layer, trainer), machine, rows_of(states, chances))
    known = value(name)["against_ring5_ising_K0p45"][f"expected_CD{sweeps}_gradient_W"]
    assert found["weights"] == pytest.approx(floats(known), abs=5 * 1.4 / np.sqrt(ROWS))


def expected(machine: Machine, model: Floats, *, centred: bool) -> dict[str, Floats]:
    """The change of parameters at a rate of 1, from probabilities of visible states."""
    states, data = table(machine).features, ring_chances()[1]
    ours, theirs = moments(machine, states, data), moments(machine, states, model)
    weights = ours.pairs - theirs.pairs
    visible, hidden = ours.visible - theirs.visible, ours.hidden - theirs.hidden
    if centred:
        x, y = ours.visible, ours.hidden
        weights = weights - np.outer(x, hidden) - np.outer(visible, y)
        spread = (1 - x**2).sum() / CENTRED, (y - y**2).sum() / CENTRED
        visible, hidden = (
            visible * (1 + spread[1]) - weights @ y,
            hidden * (1 + spread[0]) - x @ weights,
        )
    return {"weights": weights, "visible": visible, "hidden": hidden}


@pytest.mark.parametrize("gradient", ["samples", "means"])
def test_centred_units_enter_less_their_centres_and_biases_follow(gradient: str) -> None:
    """The mean change of many updates, for which centres are drawn, of the hidden units where their
    averages are.
    """
    machine, (states, chances) = listed("rbm_ib_5x3"), ring_chances()
    rows, updates, rate = rows_of(states, chances, ROWS // 20), 64, 2.0**-12
    trainer = replace(
        PLAIN, centring=True, gradient=gradient, batch=rows.count, epochs=updates,
        rate=Knots((rate,)),
    )  # fmt: skip
    active = moments(machine, 2.0 * states - 1, chances).hidden
    centre = {"hidden centre": np.log(active / (1 - active))}
    learning = make(layer_of("binary"), trainer, rows.count)
    found = change(learning, machine, rows, updates, **centre)
    known = expected(machine, gibbs(machine, chances, 1), centred=True)
    for name, array in known.items():
        mean = found[name] / (rate * updates)
        assert mean == pytest.approx(array, abs=5 * 2 / np.sqrt(3 * ROWS)), name


@pytest.mark.parametrize("gradient", ["samples", "means"])
def test_large_centred_layers_stay_within_the_bits_of_every_backend(gradient: str) -> None:
    layer = Rbm(
        visible=Side(65_536, Species("v")),
        hidden=Side(16_384, Species("h", "binary")),
        connect=Dense(),
        biases=True,
    )
    trainer = replace(
        PLAIN, algorithm="pcd", batch=100, chains=100, centring=True, gradient=gradient
    )
    assert make(layer, trainer, 1000).whole.program.draws > 0


@pytest.mark.parametrize(("algorithm", "betas"), [("pcd", None), ("tempering", (0.0, 0.5, 1.0))])
def test_persistent_chains_come_to_the_gradient_of_the_likelihood(
    algorithm: str, betas: tuple[float, ...] | None
) -> None:
    """At a rate of 0 until the chains have forgotten how they started, then at 1."""
    machine, (states, chances) = listed("rbm_ii_5x3"), ring_chances()
    chains = ROWS * len(betas or (1.0,)) // 2
    trainer = replace(
        PLAIN, algorithm=algorithm, chains=chains, betas=betas, k=30, gradient="means"
    )
    found = change(make(layer_of("ising"), trainer), machine, rows_of(states, chances))
    known = expected(machine, table(machine).chances, centred=False)
    for name, array in known.items():
        assert found[name] == pytest.approx(array, abs=5 * 1.4 / np.sqrt(ROWS / 2)), name


@pytest.mark.parametrize("sparsity", [0.1, 0.8])
def test_hidden_units_are_drawn_to_their_activity(sparsity: float) -> None:
    machine, (states, chances) = listed("rbm_ib_5x3"), ring_chances()
    rows, layer = rows_of(states, chances), layer_of("binary")
    plain = change(make(layer, replace(PLAIN, gradient="means")), machine, rows)
    drawn = change(
        make(layer, replace(PLAIN, gradient="means", sparsity=sparsity, sparsity_cost=0.5)),
        machine,
        rows,
    )
    active = moments(machine, table(machine).features, chances).hidden
    pull = drawn["hidden"] - plain["hidden"]
    assert pull == pytest.approx(0.5 * (sparsity - active), abs=1e-4)
    assert (drawn["weights"] == plain["weights"]).all()


def test_shrinkage_decay_and_norm_are_those_of_the_rate() -> None:
    """The draws of an update do not depend on these options, so what they change is known."""
    machine, (states, chances) = listed("rbm_ii_5x3"), ring_chances()
    rows, layer = rows_of(states, chances), layer_of("ising")
    plain = change(make(layer, PLAIN), machine, rows)["weights"]
    w = machine.weights + plain
    shrunk = change(make(layer, replace(PLAIN, l1=0.02)), machine, rows)["weights"]
    assert machine.weights + shrunk == pytest.approx(np.sign(w) * (np.abs(w) - 0.02), abs=1e-7)
    decayed = change(make(layer, replace(PLAIN, l2=0.1)), machine, rows)["weights"]
    assert machine.weights + decayed == pytest.approx(0.9 * w, abs=1e-7)
    normed = change(make(layer, replace(PLAIN, max_norm=0.5)), machine, rows)["weights"]
    norms = np.sqrt(((machine.weights + normed) ** 2).sum(axis=0))
    assert norms == pytest.approx(0.5, abs=1e-3)


def test_the_program_of_contrastive_divergence_is_short() -> None:
    made = make(layer_of("binary"), replace(PLAIN, batch=100), 1000)
    assert len(show(made.whole.program).splitlines()) < 15


def test_dropout_leaves_units_out_of_both_phases() -> None:
    """At a dropout of nearly 1 no unit is kept, so that weights do not change."""
    machine, (states, chances) = listed("rbm_ib_5x3"), ring_chances()
    trainer = replace(PLAIN, dropout=1 - 1e-9)
    found = change(make(layer_of("binary"), trainer), machine, rows_of(states, chances))
    assert not found["weights"].any()
    assert not found["hidden"].any()


def test_the_gradient_of_dropout_is_the_average_over_masks() -> None:
    """A mask is that of a row, and belongs to both phases: each is a machine of the units kept."""
    machine, (states, chances) = listed("rbm_ib_5x3"), ring_chances()
    trainer = replace(PLAIN, dropout=0.25)
    found = change(make(layer_of("binary"), trainer), machine, rows_of(states, chances))
    wanted = np.zeros(machine.weights.shape)
    for mask in product((False, True), repeat=3):
        kept = np.array(mask)
        part = replace(
            machine,
            hidden=replace(machine.hidden, number=int(kept.sum())),
            weights=machine.weights[:, kept],
            hidden_bias=machine.hidden_bias[kept],
        )
        share = 0.75 ** kept.sum() * 0.25 ** (~kept).sum()
        change_of_mask = expected(part, gibbs(part, chances, 1), centred=False)["weights"]
        wanted[:, kept] += share * change_of_mask
    assert found["weights"] == pytest.approx(wanted, abs=5 * 1.4 / np.sqrt(ROWS))
    assert np.abs(wanted).max() > 0.05
