"""What programs draw, against sums over all states: sweeps, annealing, the exchange of chains, and
dropout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc import backend as backends
from rgc.flows.data.rows import Rows
from rgc.flows.machines.annealing import Annealing
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.parameters import arrays_of
from rgc.flows.machines.passes import reconstructed
from rgc.flows.machines.tables import all_states, table
from rgc.flows.machines.weights_file import parameters_of
from rgc.model.spins import Species
from rgc.model.stack import Dense, Rbm, Side
from rgc.model_to_program.training_update import units_of
from rgc.program.dense import Affine, Energy, Exchange, Read, Tally
from rgc.program.dense.arguments import dense_arguments
from rgc.program.dense.writer import Writer
from rgc.program.draws import step_keys
from tests.core.flows.machines.known import floats, given, ising_energies, listed, ring, value

Floats = NDArray[np.float64]

SMALL = ("rbm_ii_5x3", "rbm_ib_5x3")


def layer_of(one: Machine, name: str) -> Rbm:
    about = given(name)
    return Rbm(
        visible=Side(one.visible.number, Species("v", about["visible"])),
        hidden=Side(one.hidden.number, Species("h", about["hidden"])),
        connect=Dense(),
        biases=True,
    )


def made(name: str) -> tuple[Machine, Rbm, dict[str, NDArray[Any]]]:
    """A machine, its layer, and its parameters as programs take them."""
    one = listed(name)
    layer = layer_of(one, name)
    return one, layer, arrays_of(parameters_of(one, layer), layer)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_million_sweeps_from_one_state(name: str) -> None:
    """The energies after one sweep and two, and after one how often each state is there, by chi^2
    of 31 degrees of freedom.
    """
    one, layer, arrays = made(name)
    count, reference = 1_000_000, backends.load("reference")
    rows = Rows(species=Species("v"), states=np.ones((count, 5), dtype=np.uint8))
    states, hidden = table(one).features, table(one.turned).features
    energies = ising_energies(states, ring(5), 0.45)
    known = dict(value(name)["gibbs"]["ising_energy_from_all_up_after_n"])
    start = np.exp(one.hidden_fields(np.ones(5)) @ hidden.T)
    down = np.exp(one.turned.hidden_fields(hidden) @ states.T)
    right = (start / start.sum()) @ (down / down.sum(axis=1, keepdims=True))
    for sweeps in (1, 2):
        rows, _ = reconstructed(reference, layer, arrays, rows, (5, sweeps))
        numbers = np.bincount(
            rows.states.astype(np.int64) @ (1 << np.arange(5)[::-1]), minlength=32
        )
        mean = numbers @ energies / count
        spread = np.sqrt((numbers @ energies**2 / count - mean**2) / count)
        assert abs(mean - float(known[sweeps])) < 4 * spread
        if sweeps == 1:
            chi = ((numbers - count * right) ** 2 / (count * right)).sum()
            assert chi < 31 + 5 * np.sqrt(62)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ais_ii_5x3", "ais_ib_5x3"])
def test_annealing_over_a_hundred_seeds(name: str) -> None:
    """ln Z is off by as much as its error says, and weights vary as they must."""
    known, machine = value(name), name.replace("ais", "rbm")
    _, layer, arrays = made(machine)
    betas = floats(given(name)["betas"])
    runs = [
        Annealing(backend=backends.load("reference"), layer=layer, arrays=arrays,
                  base=arrays["visible"], key=(11, seed), chains=512, betas=betas).whole()
        for seed in range(100)
    ]  # fmt: skip
    log_z, log_z0 = float(known["log_z"]), float(known["log_z0"])
    assert runs[0].log_z0 == pytest.approx(log_z0, abs=1e-5)
    z = np.array([(run.log_z - log_z) / run.error for run in runs])
    assert 0.9 < z.std(ddof=1) < 1.1
    assert abs(z.mean()) < 0.4
    logs = np.concatenate([run.log_weights for run in runs])
    error = logs.std() / np.sqrt(len(logs))
    assert abs(logs.mean() - float(known["mean_log_weight"])) < 4 * error
    variance = np.exp(logs - (log_z - log_z0)).var()
    assert variance == pytest.approx(float(known["relative_variance"]), rel=0.1)


def exchanged(one: Machine, layer: Rbm, arrays: dict[str, NDArray[Any]], beta: float) -> Floats:
    """Energies before and after pairs of chains at 1 and at beta have had the chance to change
    places, from equilibrium: float64[2, temperature, pair].
    """
    pairs, reference = 1 << 17, backends.load("reference")
    visible, hidden = (all_states(side) for side in (one.visible, one.hidden))  # type: ignore[arg-type]
    joint = -one.energies(
        one.visible.features(visible)[:, None],
        one.hidden.features(hidden)[None],  # type: ignore[union-attr]
    ).ravel()
    random = np.random.default_rng(8)
    numbers = []
    for inverse in (1.0, beta):
        chances = np.exp(inverse * joint)
        numbers.append(random.choice(len(joint), pairs, p=chances / chances.sum()))
    chosen = np.concatenate(numbers)
    writer, units = Writer(), (units_of(layer.visible), units_of(layer.hidden))
    w = writer.matrix("weights", *units)
    b, c = (writer.vector(*each) for each in zip(("visible", "hidden"), units, strict=True))
    v, h = (
        writer.add(Read(writer.field(name, each, 2 * pairs)))
        for name, each in zip("vh", units, strict=True)
    )
    own = writer.add(Affine(None, None, b, chains=2 * pairs))
    energy = writer.add(Energy(((h, writer.add(Affine(v, w, c))), (v, own))))
    writer.add(Tally("whole", energy))
    moved = Exchange(energy, energy, writer.scale("beta"), 0, 2, 0)
    writer.add(Tally("whole", writer.add(moved)))
    writer.draws = 1
    states = [
        Rows(species=side.spins, states=table_[chosen_].astype(np.uint8)).field
        for side, table_, chosen_ in (
            (layer.visible, visible, chosen // len(hidden)),
            (layer.hidden, hidden, chosen % len(hidden)),
        )
    ]
    kept = [*states, *(arrays[name] for name in ("weights", "visible", "hidden"))]
    state = [reference.pack(each) for each in kept]
    scales = np.rint(65536 * np.repeat([1.0, beta], pairs)).astype(np.int32)[None, None]
    kernel = reference.compile(writer.program("exchange"))
    _, tallies = kernel(state, dense_arguments(scales=scales), step_keys((3, 4), 0, 1, 1))
    return np.array([tally.reshape(2, pairs) for tally in tallies]) / 2**20


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tempering_ii_5x3", "tempering_ib_5x3"])
def test_chains_change_places_as_often_as_they_must(name: str) -> None:
    one, layer, arrays = made(name.replace("tempering", "rbm"))
    before, after = exchanged(one, layer, arrays, float(given(name)["betas"][1]))
    equal = before[0] == before[1]
    moved = (after[0] == before[1]) & (after[1] == before[0])
    assert (moved | (after == before).all(axis=0)).all()
    share = (moved | equal).mean()
    error = np.sqrt(share * (1 - share) / len(equal))
    assert abs(share - float(value(name)["acceptance"])) < 4 * error
