"""A thousand updates of machines at the sizes of the literature, the same bits on numba and JAX, in
any pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc.backend import installed
from rgc.flows.flow import State
from rgc.flows.machines.train import Train

ISING = """
lattice square(40)
spins s: ising
data patterns(2000)
stack { rbm(400, spins=binary, train=cd(epochs=50, batch=100, rate=0.1, l1=2e-4)) }
flow train()
"""

POTTS = """
spins s: potts(3)
data file("rows.npy")
stack { rbm(500, spins=binary, train=pcd(epochs=20, batch=100, rate=0.1, l1=2e-4)) }
flow train()
"""

Piece = tuple[str, int, int]
"""A backend, its threads, and the update up to which it goes on."""

needs_both = pytest.mark.skipif(
    {"numba", "jax"} - set(installed()) != set(), reason="needs numba and jax"
)


def trained(spec: str | Path, pieces: Sequence[Piece]) -> Mapping[str, Any]:
    """The arrays after the last piece, each of which goes on from the arrays of the one before."""
    state: State | None = None
    for backend, threads, end in pieces:
        flow = rgc.compile(spec, backend=backend, threads=threads).flow({}, 0)
        assert isinstance(flow, Train)
        if state is None:
            state = flow.start()
        state = State(state.done, {name: array.copy() for name, array in state.arrays.items()})
        while state.done < end:
            state.most = end - state.done
            state = flow.step(state)
    assert state is not None
    return {name: array for name, array in state.arrays.items() if ".watch." not in name}


def assert_same(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


@pytest.mark.slow
@needs_both
def test_a_thousand_updates_of_1600_by_400() -> None:
    right = trained(ISING, [("numba", 1, 1000)])
    for pieces in (
        [("numba", 2, 1000)],
        [("jax", 1, 1000)],
        [("numba", 1, 500), ("jax", 1, 1000)],
        [("jax", 1, 500), ("numba", 1, 1000)],
    ):
        assert_same(right, trained(ISING, pieces))


@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(set(installed()) - {"reference"}))
def test_fifty_updates_as_the_reference_has_them(backend: str) -> None:
    assert_same(trained(ISING, [("reference", 1, 50)]), trained(ISING, [(backend, 1, 50)]))


@pytest.mark.slow
@needs_both
def test_two_hundred_updates_of_784_potts_units_by_500(tmp_path: Path) -> None:
    rows = np.random.default_rng(6).integers(0, 3, (1000, 784)).astype(np.uint8)
    np.save(tmp_path / "rows.npy", rows)
    spec = tmp_path / "potts.rgc"
    spec.write_text(POTTS)
    right = trained(spec, [("numba", 1, 200)])
    assert_same(right, trained(spec, [("jax", 1, 200)]))
    assert_same(right, trained(spec, [("numba", 2, 100), ("jax", 1, 200)]))
