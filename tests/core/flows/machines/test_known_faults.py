"""Faults of other codes that train machines, as their issues tell them: one section each.

1. The gradient pairs states of one moment with hidden units of another (DsysDML/rbms #31).
2. Annealing along a training uses new parameters where old ones belong (DsysDML/rbms #6).
3. A gauge is fixed for the weights alone (DsysDML/rbms #27, cossio/RestrictedBoltzmannMachines.jl
   #108 and #110).
4. Columns that never change give NaN (RestrictedBoltzmannMachines.jl #139).
5. A pseudo-likelihood is drawn, and grows with the number of units (scikit-learn #23179).
6. A last batch of another size crashes, or weighs the phases wrongly (itdxer/neupy #113,
   PIQuIL/QuCumber #25).
7. The same random numbers come again (scikit-learn #4227).
8. Looking changes what is trained (scikit-learn #2642 and #2455).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.flows.data.rows import Rows
from rgc.flows.machines.annealing import Annealing
from rgc.flows.machines.layer_training import pieces_of
from rgc.flows.machines.passes import ascended
from rgc.flows.machines.tables import all_states, pseudo_log_likelihood, table
from rgc.model.spins import Species
from rgc.model.trainer import Knots
from tests.core.flows.machines.known import listed, machine, potts, value
from tests.core.flows.machines.test_sampled import made
from tests.core.flows.machines.test_train import at_end, flow_of, parameters, same, spec
from tests.core.model_to_program.test_stack_to_training import (
    KT,
    PLAIN,
    change,
    layer_of,
    make,
    ring_chances,
    rows_of,
)

# -- 1. the gradient of a machine on its own states ------------------------------------------------


@pytest.mark.parametrize("gradient", ["samples", "means"])
def test_small_batches_of_its_own_states_leave_a_machine_as_it_is(gradient: str) -> None:
    """The mean change of many updates, each with the next four rows. Averages over the same rows as
    centres would take half of the correlations away.
    """
    machine, states = listed("rbm_ib_5x3"), ring_chances()[0]
    rows = rows_of(states, table(machine).chances, 2000)
    trainer = replace(PLAIN, batch=4, rate=Knots((2.0**-14,)), centring=True, gradient=gradient)
    learning = make(layer_of("binary"), trainer, rows.count)
    found = change(learning, machine, rows, learning.updates)
    for name, array in found.items():
        assert array / learning.updates * 2.0**14 == pytest.approx(0, abs=5 * 1.4 / 2000**0.5), name


@pytest.mark.parametrize("gradient", ["samples", "means"])
def test_chains_in_equilibrium_leave_a_machine_as_it_is(gradient: str) -> None:
    """The rows are states of the machine, and the chains are by sweeps at a rate of 0."""
    one = listed("rbm_ii_5x3")
    rows = rows_of(ring_chances()[0], table(one).chances, 20_000)
    trainer = replace(PLAIN, algorithm="pcd", batch=20_000, chains=20_000, k=30, gradient=gradient)
    for name, array in change(make(layer_of("ising"), trainer, 20_000), one, rows).items():
        assert array == pytest.approx(0, abs=5 * 1.4 / 20_000**0.5), name


# -- 2. annealing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("temperatures", [2, 3, 11])
@pytest.mark.parametrize("name", ["rbm_ii_5x3", "rbm_ib_5x3"])
def test_the_mean_weight_is_a_ratio_of_sums_whatever_the_ladder(
    name: str, temperatures: int
) -> None:
    _, layer, arrays = made(name)
    betas = np.linspace(0, 1, temperatures)
    found = Annealing(
        backend=backends.load("reference"), layer=layer, arrays=arrays, base=arrays["visible"],
        key=(2, 9), chains=20_000, betas=betas,
    ).whole()  # fmt: skip
    weights = np.exp(found.log_weights - float(value(name)["log_z"]) + found.log_z0)
    assert abs(weights.mean() - 1) < 4 * weights.std() / len(weights) ** 0.5
    if temperatures == 2:  # one step weighs independent units, whose states are known
        assert found.effective < len(weights) / 2


# -- 3. the zero-sum gauge -------------------------------------------------------------------------


def test_a_gauge_of_the_weights_alone_would_be_another_model() -> None:
    """The whole gauge keeps every probability, state by state, which `test_exact.py` shows of its
    energies.
    """
    one = potts()
    weights = one.weights.reshape(3, 3, 2)
    alone = replace(one, weights=(weights - weights.mean(axis=1, keepdims=True)).reshape(9, 2))
    states, other = table(one), table(alone)
    kl = states.chances @ (states.log_chances - other.log_chances)
    assert kl == pytest.approx(1.8e-3, abs=1e-4)


# -- 4. columns that never change ------------------------------------------------------------------

CONSTANT = """
spins s: {spins}
data file("rows.npy")
stack {{ rbm(3, train={train}) }}
flow train()
"""


@pytest.mark.parametrize("train", ["cd(epochs=3, batch=10)", "exact(epochs=3)"])
@pytest.mark.parametrize(("spins", "states"), [("binary", 2), ("potts(3)", 3)])
def test_columns_that_never_change_leave_everything_finite(
    spins: str, states: int, train: str, tmp_path: Path
) -> None:
    rows = np.random.default_rng(1).integers(0, 2, (30, 4))
    rows[:, 1], rows[:, 3] = 0, states - 1
    np.save(tmp_path / "rows.npy", rows)
    (tmp_path / "s.rgc").write_text(CONSTANT.format(spins=spins, train=train))
    answer = rgc.compile(tmp_path / "s.rgc", backend="reference").run(checkpoints=False)
    result = answer.points[0].result
    assert np.isfinite(result.tables["layer1.weights"]).all()
    numbers = [each.value for each in result.levels[1].values.values() if each.value is not None]
    assert np.isfinite(numbers).all()
    assert any("2 of 4 columns never change" in warning for warning in result.warnings)


# -- 5. the pseudo-likelihood ----------------------------------------------------------------------


def test_a_pseudo_likelihood_per_site_does_not_grow_with_the_sites() -> None:
    """Of two machines side by side the sum is twice that of one, and per site it is the same. It is
    no draw.
    """
    one = listed("rbm_ii_5x3")
    states = all_states(one.visible)  # type: ignore[arg-type]
    two = machine(
        np.kron(np.eye(2), one.weights), "ising", "ising",
        np.tile(one.visible_bias, 2), np.tile(one.hidden_bias, 2),
    )  # fmt: skip
    alone, both = pseudo_log_likelihood(one, states), pseudo_log_likelihood(two, np.tile(states, 2))
    assert both == pytest.approx(2 * alone, abs=1e-12)
    assert both / 10 == pytest.approx(alone / 5, abs=1e-13)
    assert (both == pseudo_log_likelihood(two, np.tile(states, 2))).all()


def test_the_monitor_of_pseudo_likelihood_is_per_site() -> None:
    flow = flow_of(spec(options="monitors=[pseudo_likelihood]"))
    state = at_end(flow, flow.start())
    rows = flow.stack.rows(state, 0).first(100)
    last = flow.stack.layers[0].machine(flow.stack.arrays(state, 0))
    expected = pseudo_log_likelihood(last, rows.states).mean() / rows.sites
    assert state.arrays["0.watch.pseudo_likelihood"][-1] == pytest.approx(expected, abs=1e-12)


# -- 6. the last batch -----------------------------------------------------------------------------


def test_the_last_batch_is_averaged_over_its_own_rows() -> None:
    """13 rows in batches of 10 from a machine of zeros, whose hidden means are 0: the change of the
    visible biases is the mean of the rows of a batch less what the model draws, which its key tells
    and the rows do not. Each batch's change, times its rows, adds up to that of all rows.
    """
    states, chances = ring_chances()
    rows, layer = rows_of(states, chances, 13), layer_of("ising")
    none = replace(
        listed("rbm_ii_5x3"),
        weights=np.zeros((5, 3)),
        visible_bias=np.full(5, 40.0),
        hidden_bias=np.zeros(3),
    )
    rate = Knots((2.0**-10,))
    learning = make(layer, replace(PLAIN, batch=10, rate=rate), 13)
    data, total = learning.feed(rows), np.zeros(5)
    sizes = [piece.rows.shape for piece in pieces_of(data.batches, 0, learning.updates)]
    assert sizes == [(1, 10), (1, 3)]
    for update, (_, count) in enumerate(sizes):
        arrays = learning.start(rows)
        arrays["weights"] = np.zeros((5, 3), dtype=np.int32)
        arrays["visible"] = np.rint(none.visible_bias * KT).astype(np.int64)
        before = arrays["visible"].copy()
        data, _ = learning.run(arrays, data, update, 1)
        total += count * (arrays["visible"] - before) / KT / 2.0**-10
    # in fields of 40 kT the model draws +1 always
    assert total == pytest.approx(rows.values.sum(axis=0) - 13, abs=1e-3)


# -- 7. random numbers -----------------------------------------------------------------------------


def test_equal_rows_get_hidden_units_of_their_own() -> None:
    one, layer, arrays = made("rbm_ib_5x3")
    rows = Rows(species=Species("v"), states=np.ones((4000, 5), dtype=np.uint8))
    found = ascended(backends.load("reference"), layer, arrays, rows, (4, 4)).states
    means = one.hidden.means(one.hidden_fields(np.ones(5)))
    assert found.mean(axis=0) == pytest.approx(means, abs=4 * 0.5 / 4000**0.5)
    apart = np.corrcoef(found[:-1].T, found[1:].T)[:3, 3:]
    assert np.abs(apart).max() < 4 / 4000**0.5


def test_draws_of_updates_are_their_own() -> None:
    """Two updates from one state differ, and two at once are the two one after the other."""
    one, rows = listed("rbm_ib_5x3"), rows_of(*ring_chances(), 64)
    learning = make(layer_of("binary"), replace(PLAIN, batch=64, epochs=2), 64)
    begun = learning.start(rows) | {"weights": np.rint(one.weights * KT).astype(np.int32)}
    after = []
    for pieces in ([(0, 1)], [(1, 1)], [(0, 1), (1, 1)], [(0, 2)]):
        arrays, data = {name: array.copy() for name, array in begun.items()}, learning.feed(rows)
        for first, count in pieces:
            data, _ = learning.run(arrays, data, first, count)
        after.append(arrays["weights"])
    assert (after[0] != after[1]).any()
    assert (after[2] == after[3]).all()


# -- 8. monitors -----------------------------------------------------------------------------------


def test_monitors_change_no_bit() -> None:
    plain = flow_of(spec(data="samples(100, thermalise=10, validation=0.2)"))
    asked = flow_of(
        spec(
            data="samples(100, thermalise=10, validation=0.2)",
            options="monitors=[kl, gap, dF, tau_defect, pseudo_likelihood, reconstruction]",
        )
    )
    ends = [at_end(flow, flow.start()) for flow in (plain, asked)]
    assert same(parameters(ends[0]), parameters(ends[1]))
    assert "0.watch.pseudo_likelihood" in ends[1].arrays
    assert np.isfinite(ends[1].arrays["0.watch.tau_defect"]).all()
    assert "1.watch.dF" not in ends[1].arrays  # the upper layer's data are of no Hamiltonian
