"""What training begins with and goes through: first parameters and rows of batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rgc.flows.data.rows import Rows
from rgc.flows.machines.minibatches import Minibatches
from rgc.flows.machines.parameters import make_fixed
from rgc.flows.machines.start import SPREAD, first_biases, start
from rgc.flows.machines.weights_file import PARAMETER_UNIT, Parameters, machine_of
from rgc.model.lattices import built_in
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side, Window

KEY = (3, 5)


def layer(visible: Species, n: int = 6, m: int = 4) -> Rbm:
    return Rbm(
        visible=Side(n, visible),
        hidden=Side(m, Species("h", "binary")),
        connect=Dense(),
        biases=True,
    )


def rows_of(species: Species, rows: int, sites: int) -> Rows:
    generator = np.random.default_rng(rows)
    states = generator.integers(0, len(species.values), (rows, sites)).astype(np.uint8)
    return Rows(species=species, states=states)


def begun(made: Rbm, rows: Rows, key: tuple[int, int] = KEY) -> Parameters:
    return start(made, make_fixed(made), rows, key)


# -- batches ---------------------------------------------------------------------------------------


def test_an_epoch_has_every_row_once_and_an_order_of_its_own() -> None:
    batches = Minibatches(rows=13, batch=5, key=KEY)
    assert batches.in_epoch == 3
    assert [len(batches.of(update)) for update in range(6)] == [5, 5, 3, 5, 5, 3]
    epochs = [np.concatenate([batches.of(3 * e + k) for k in range(3)]) for e in range(3)]
    assert all(sorted(epoch.tolist()) == list(range(13)) for epoch in epochs)
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == 3
    other = Minibatches(rows=13, batch=5, key=(3, 6))
    assert other.of(0).tolist() != batches.of(0).tolist()
    again = Minibatches(rows=13, batch=5, key=KEY)
    assert again.of(7).tolist() == batches.of(7).tolist()
    assert batches.between(3, 2).tolist() == [batches.of(3).tolist(), batches.of(4).tolist()]


def test_weighted_rows_come_as_often_as_their_weights_say() -> None:
    weights = np.array([0.0, 1.0, 2.5, 0.3, 1.2])
    batches = Minibatches(rows=5, batch=5, key=KEY, weights=weights)
    counts = np.zeros((400, 5))
    for epoch in range(400):
        np.add.at(counts[epoch], batches.of(epoch), 1)
    assert (counts.sum(axis=1) == 5).all()
    assert (np.abs(counts - weights) < 1).all()
    assert np.abs(counts.mean(axis=0) - weights).max() < 4 * 0.5 / np.sqrt(400)


# -- first parameters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "species", [Species("s"), Species("v", "binary"), Species("v", "potts", 4)]
)
def test_first_biases_give_a_visible_unit_the_frequencies_of_its_rows(species: Species) -> None:
    made, rows = layer(species), rows_of(species, 500, 6)
    machine = machine_of(begun(made, rows), made)
    without = replace(machine, weights=np.zeros_like(machine.weights))
    means = without.visible.means(without.visible_bias)
    states = np.arange(len(species.values))
    shares = [((rows.states == state).sum(axis=0) + 1) / (500 + len(states)) for state in states]
    if species.two_states:
        expected = sum(v * share for v, share in zip(species.values, shares, strict=True))
    else:
        expected = np.stack(shares, axis=1).ravel()
    assert means == pytest.approx(expected, abs=2.0**-20)


def test_columns_that_never_change_have_finite_biases() -> None:
    states = np.zeros((98, 2), dtype=np.uint8)
    states[:, 1] = 1
    biases = first_biases(
        layer(Species("v", "binary"), 2), Rows(species=Species("v", "binary"), states=states)
    )
    assert biases == pytest.approx([-np.log(99), np.log(99)])


def test_first_weights_are_gaussian_and_keyed() -> None:
    made = layer(Species("s"), 60, 50)
    rows = rows_of(Species("s"), 10, 60)
    weights = begun(made, rows).weights * PARAMETER_UNIT
    assert weights.std() == pytest.approx(SPREAD, rel=4 / np.sqrt(6000))
    assert abs(weights.mean()) < 4 * SPREAD / np.sqrt(3000)
    assert (begun(made, rows, (1, 1)).weights * PARAMETER_UNIT != weights).any()


def test_a_declared_symmetry_starts_without_biases() -> None:
    made = replace(layer(Species("s", symmetric=True)), biases=False)
    first = begun(made, rows_of(Species("s"), 10, 6))
    assert not first.visible.any()
    assert not first.hidden.any()


def test_tied_weights_start_equal() -> None:
    below, above = (built_in("square", (n, n), ("periodic",) * 2) for n in (6, 3))
    made = Rbm(
        visible=Side(below, Species("s")),
        hidden=Side(above, Species("h", "binary")),
        connect=Window(2, -1, 4, True, "convolution"),
        biases=True,
    )
    first = begun(made, rows_of(Species("s"), 50, 36))
    grid = first.weights.reshape(6, 6, 3, 3)
    assert (np.roll(grid[:, :, 0, 0], (2, 4), axis=(0, 1)) == grid[:, :, 1, 2]).all()
    assert np.count_nonzero(grid[:, :, 0, 0]) == 16
    assert len(set(first.visible.tolist())) == 1
