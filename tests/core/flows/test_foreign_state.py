"""Fields of another shape never reach a kernel, which would read beyond their end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rgc
from rgc import runner
from rgc.errors import CheckpointError, SpecError
from rgc.results import checkpoint

SPEC = """lattice square(4)
parameters { K = 0.4 }
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j]
flow sample(sweeps=10, replicas=128)
"""
TRAINED = """lattice square(2)
spins s: ising
data patterns(100)
stack { rbm(hidden=2, train=pcd(epochs=5, chains=64)) }
flow train
"""


def test_of_spins() -> None:
    flow = rgc.compile(SPEC, backend="reference").flow({}, 0)
    state = flow.start()
    state.arrays["spins_0"] = state.arrays["spins_0"][..., :1]
    with pytest.raises(SpecError, match="an array of the checkpoint has the shape"):
        flow.step(state)


@pytest.mark.parametrize("name", ["0.weights", "0.hidden"])
def test_of_machines(name: str) -> None:
    flow = rgc.compile(TRAINED, backend="reference").flow({}, 0)
    state = flow.start()
    state.most = 1
    state = flow.step(state)
    state.arrays[name] = state.arrays[name][:-1]
    with pytest.raises(SpecError, match="an array of the checkpoint has the shape"):
        flow.step(state)


Arrays = dict[str, NDArray[Any]]
FOREIGN: dict[str, Callable[[Arrays], object]] = {
    "nothing": dict.clear,
    "no weights": lambda arrays: arrays.pop("0.weights"),
    "weights of another type": lambda arrays: arrays.update(
        {"0.weights": arrays["0.weights"].astype(np.float64)}
    ),
    "fewer units": lambda arrays: arrays.update({"0.hidden": arrays["0.hidden"][:-1]}),
    "another series": lambda arrays: arrays.update(
        {"0.watch.step": arrays["0.watch.step"].astype(np.float32)}
    ),
    "no series": lambda arrays: arrays.pop("0.watch.step"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_checkpoint_of_other_arrays_ends_the_run_and_is_kept(name: str, tmp_path: Path) -> None:
    """Layers begin one after the other, so that the first state has none of their arrays: what is
    missing or other than it should be is found on the way, and is no bug.
    """
    flow = rgc.compile(TRAINED, backend="reference").flow({}, 0)
    saving = runner.Saving(tmp_path / "point.npz", resume=True)
    state = flow.start()
    state.most = 1
    state = flow.step(state)
    arrays = dict(state.arrays)
    FOREIGN[name](arrays)
    header = {"identity": {}, "rgc": rgc.__version__, "done": state.done, "values": {}}
    for _ in range(2):
        checkpoint.write(saving.path, checkpoint.Checkpoint(header, arrays))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(CheckpointError) as caught:
        runner.run(flow, saving=saving)
    assert caught.value.problems[0].code == "damaged-checkpoint"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("done", [True, -1, 10**6, 2.0, None])
def test_steps_that_there_are_not(done: object, tmp_path: Path) -> None:
    flow = rgc.compile(SPEC, backend="reference").flow({}, 0)
    saving = runner.Saving(tmp_path / "point.npz", resume=True)
    header = {"identity": {}, "rgc": rgc.__version__, "done": done, "values": {}}
    checkpoint.write(saving.path, checkpoint.Checkpoint(header, flow.start().arrays))
    with pytest.raises(CheckpointError, match="holds no state of 'sample' with"):
        runner.run(flow, saving=saving)


@pytest.mark.parametrize("name", ["spins_0", "averages", "series"])
def test_an_array_with_more_than_the_run_has_is_refused(name: str, tmp_path: Path) -> None:
    """It would be taken for what was measured, or pass over its end unseen."""
    flow = rgc.compile(SPEC, backend="reference").flow({}, 0)
    saving = runner.Saving(tmp_path / "point.npz", resume=True)
    header = {"identity": {}, "rgc": rgc.__version__, "done": 1, "values": {}}
    for axis in range(flow.start().arrays[name].ndim):
        arrays = flow.start().arrays
        arrays[name] = np.concatenate([arrays[name], arrays[name]], axis)
        checkpoint.write(saving.path, checkpoint.Checkpoint(header, arrays))
        with pytest.raises(CheckpointError, match="holds no state of 'sample'"):
            runner.run(flow, saving=saving)
