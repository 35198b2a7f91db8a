"""Chains up and down a stack, and the curves of their thermometers, on a 4 x 4 Ising model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.analysis.statistics import jackknife
from rgc.flows.flow import State
from rgc.flows.machines import ladder
from rgc.flows.machines.iterated import Iteration
from rgc.flows.machines.named_arrays import named
from rgc.flows.machines.tables import table
from rgc.flows.machines.train import Train
from rgc.results.result import Estimate

TEMPERATURES = (1.5, 2.5, 4.0)

SPEC = f"""
parameters {{ T = 1 }}
lattice square(4)
spins s: ising
hamiltonian - 1/T * sum(<i,j>) s[i]*s[j]
data samples(100, T=[2, 4], thermalise=50, validation=0.5)
stack {{ rbm(3, spins=ising, train=cd(epochs=2, batch=20, rate=0.1)) }}
flow train(iterate=12, temperatures={list(TEMPERATURES)})
"""


def flow_of(backend: str = "reference") -> Train:
    made = rgc.compile(SPEC, backend=backend).flow({}, 0)
    assert isinstance(made, Train)
    return made


def to(flow: Train, state: State, steps: int) -> State:
    while state.done < steps:
        state = flow.step(state)
    return state


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Fewer replicas and sweeps than for lattices that are worth it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ladder, "REPLICAS", 256)
        patch.setattr(ladder, "PATIENCE", 16)
        patch.setattr(ladder, "COLDEST", 1.5)
        yield


@pytest.fixture(scope="module")
def ended() -> tuple[Train, State]:
    flow = flow_of()
    return flow, to(flow, flow.start(), flow.steps)


def iteration_of(flow: Train) -> Iteration:
    assert flow.iteration is not None
    return flow.iteration


def pull(found: Estimate, expected: float) -> float:
    assert found.value is not None
    assert found.error
    return (found.value - expected) / found.error


def test_samples_at_a_temperature_have_it_by_both_thermometers(
    ended: tuple[Train, State],
) -> None:
    result = ended[0].finish(ended[1])
    first = [chains for chains in result.iterated if chains.step == 0]
    assert [chains.temperature for chains in first] == [None, *TEMPERATURES]
    for chains in first[1:]:
        assert chains.temperature is not None
        for name in ("temperature_energy", "temperature_correlation"):
            assert abs(pull(chains.values[name], chains.temperature)) < 4
    assert result.tables["iterated.temperature_energy"].shape == (4, 13)


def test_curves_are_those_of_all_states(ended: tuple[Train, State]) -> None:
    """The energy at every rung, and the correlation length that `enumerate` finds at one."""
    flow, state = ended
    rungs = iteration_of(flow).ladder
    curve = rungs.averages(named(state, "iterate."))
    target = rungs.probe.target
    energies = -target.log_weights(target.states()) / 16
    weights = np.exp(-16 * np.outer(rungs.betas, energies - energies.min()))
    exact = weights @ energies / weights.sum(axis=1)
    spread = np.sqrt(weights @ energies**2 / weights.sum(axis=1) - exact**2)
    most = 5 * spread / np.sqrt(rungs.replicas)  # as if the records of a replica were one
    assert (np.abs(curve[0, :, 0] - exact) < most + 1e-12).all()
    text = SPEC.replace("T = 1", "T = 2.5").split("data")[0]
    known = rgc.compile(f"{text}flow enumerate\nmeasure {{ correlation_length }}").run()
    length = known.points[0].result.averages["correlation_length"].value
    seen, error = jackknife(np.sqrt(rungs.probe.length_squared(curve[:, rungs.kept[1]])))
    assert length is not None
    assert abs(seen - length) < 4 * error
    assert error < 0.1 * length


def test_chains_end_where_the_machine_is(ended: tuple[Train, State]) -> None:
    """After some steps the energy is that of the distribution of the machine itself."""
    flow, state = ended
    target = iteration_of(flow).ladder.probe.target
    machine = flow.stack.layers[0].machine(flow.stack.arrays(state, 0))
    chances = table(machine).chances
    expected = float(chances @ -target.log_weights(target.states())) / 16
    for chains in flow.finish(state).iterated:
        if chains.step == 12:
            assert abs(pull(chains.values["energy"], expected)) < 4


def test_steps_are_the_same_after_a_stop(ended: tuple[Train, State]) -> None:
    """Stopped in the ladder and among the chains, and gone on with by another flow."""
    flow, state = ended
    begun = flow_of()
    cut = to(begun, begun.start(), flow.steps - 200)
    for steps in (flow.steps - 3, flow.steps):
        arrays = {name: array.copy() for name, array in cut.arrays.items()}
        cut = to(flow_of(), State(cut.done, arrays), steps)
    assert same(cut.arrays, state.arrays)


@pytest.mark.slow
def test_chains_are_the_same_on_another_backend(ended: tuple[Train, State]) -> None:
    flow = flow_of("numba")
    state = to(flow, flow.start(), flow.steps)
    assert same(named(state, "iterate."), named(ended[1], "iterate."))


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(array, second[name]) for name, array in first.items()
    )
