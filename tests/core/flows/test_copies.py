"""Exchanges of clusters between copies: their bits, and averages against sums over all states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import rgc

TEXT = """parameters {{ K = 1, J ~ {} }}
lattice square(3)
spins s: ising
hamiltonian - K * sum(<i,j>) J[i,j]*s[i]*s[j]
flow {}
measure {{ energy }}
"""
DRAWN = ("normal(0, 1)", "bimodal(1, p=0.5)")
UPDATES = ("houdayer", "tempering(K=[0.5, 1], inner=houdayer)")


def flow_of(drawn: str, update: str, backend: str = "reference") -> Any:
    how = f"sample(sweeps=6, thermalise=2, every=2, disorder=64, replicas=256, update={update})"
    return rgc.compile(TEXT.format(drawn, how), backend=backend).flow({}, 7)


def ended(flow: Any, cuts: Sequence[int] = ()) -> dict[str, Any]:
    state = flow.start()
    for cut in (*cuts, flow.steps):
        while state.done < cut:
            state.most = cut - state.done
            state = flow.step(state)
    return dict(state.arrays)


@pytest.mark.parametrize(("drawn", "update"), list(zip(DRAWN, UPDATES, strict=True)))
@pytest.mark.parametrize("backend", ["numba", pytest.param("jax", marks=pytest.mark.slow)])
def test_every_backend_has_the_same_bits(drawn: str, update: str, backend: str) -> None:
    whole = ended(flow_of(drawn, update))
    for other in (ended(flow_of(drawn, update), (3, 4)), ended(flow_of(drawn, update, backend))):
        assert whole.keys() == other.keys()
        for name, array in whole.items():
            np.testing.assert_array_equal(array, other[name])


def test_later_pairs_by_themselves_have_the_same_bits() -> None:
    sampler = flow_of(DRAWN[0], "houdayer").sampler
    fields, later = sampler.start(), sampler.later(sampler.together)
    whole = sampler.sweep(sampler.packed(fields), 0, 4)[0]
    share = later.sweep(later.packed([each[..., 2:] for each in fields]), 0, 4)[0]
    whole, share = map(sampler.backend.unpack, (whole, share))
    np.testing.assert_array_equal(whole[..., 2:], share)


def test_copies_are_exchanged_where_they_differ() -> None:
    """With their energies together, which clusters alone do not change."""
    sampler = flow_of(DRAWN[0], "houdayer").sampler
    packed = sampler.packed(sampler.start())
    keys = np.arange(2, dtype=np.uint64).reshape(1, 1, 2)
    after = sampler.clusters.turn(packed, keys)
    before, now = (sampler.backend.unpack(each[0]) for each in (packed, after))
    first, second = before[..., ::2], before[..., 1::2]
    moved = now[..., ::2] ^ first
    assert moved.any()
    assert ((first ^ second) & ~moved).any()
    np.testing.assert_array_equal(moved & ~(first ^ second), 0)
    np.testing.assert_array_equal(now[..., 1::2] ^ second, moved)


@pytest.mark.parametrize(
    "drawn", [DRAWN[0], pytest.param(DRAWN[1], marks=pytest.mark.slow)], ids=["numbers", "signs"]
)
def test_averages_are_those_of_all_states(drawn: str) -> None:
    """Of the same 64 realisations, so that only the noise of sweeps is left."""
    how = "sample(sweeps=1000, thermalise=100, every=5, disorder=64, replicas=256, update=houdayer)"
    answers = [
        rgc.compile(TEXT.format(drawn, flow), backend="numba").run(
            checkpoints=False, warn=lambda _: None
        )
        for flow in (how, "enumerate(disorder=64)")
    ]
    found, exact = (answer.result.observables["energy"] for answer in answers)
    assert found.value == pytest.approx(exact.value, abs=0.2 * exact.error)
    assert 0.9 < found.error / exact.error < 1.2
