"""Which sweeps and records a step makes, and how a run starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.parts import make_parts
from rgc.flows.sampling.plan import PlannedSweeps, SweepPlan, make_plan
from rgc.flows.sampling.sampler import make_sampler
from rgc.model import lattices
from rgc.model.options import Options
from rgc.schemes import SCHEMES
from tests.physics.models import baxter_wu, ising
from tests.physics.running import machine

numbers = st.integers(0, 40)


@given(numbers, st.integers(1, 20), st.integers(1, 9), st.integers(1, 50), st.integers(1, 50))
def test_steps_make_every_sweep_once_and_record_after_every_so_many(
    thermalise: int, records: int, every: int, stride: int, most: int
) -> None:
    plan = SweepPlan(thermalise, records, every, 64, stride, make_parts(64))
    pieces: list[PlannedSweeps] = []
    done = 0
    while done < plan.sweeps:
        made = plan.pieces(done, most)
        pieces += made
        assert 0 < sum(piece.count for piece in made) <= min(most, stride)
        done += sum(piece.count for piece in made)
    assert [
        sweep for piece in pieces for sweep in range(piece.first, piece.first + piece.count)
    ] == list(range(plan.sweeps))
    ends = {piece.record: piece.first + piece.count for piece in pieces if piece.record is not None}
    assert ends == {k: thermalise + (k + 1) * every for k in range(records)}
    assert not plan.pieces(plan.sweeps, most)


def options(**given: int) -> Options:
    plain = ising(lattices.square(4, 4))
    return Options(SCHEMES["sample"].complete(given, plain))


def test_defaults_of_the_language() -> None:
    plan = make_plan(options(), 4096)
    assert (plan.thermalise, plan.records, plan.every, plan.replicas) == (4000, 2000, 10, 256)
    assert make_plan(options(sweeps=5, every=10), 16).records == 1
    assert make_plan(options(sweeps=25, every=10, thermalise=0), 16).sweeps == 20


def test_even_replicas_start_hot_and_odd_ones_in_a_ground_state() -> None:
    """Baxter-Wu with K < 0 has the ground states of all spins down times the flips of two
    sublattices.
    """
    model = make_model(baxter_wu(6, -0.5, sweeps=1, replicas=128))
    (field,) = make_sampler(model, machine("reference"), seed=1, point={}).start()
    lanes = np.unpackbits(np.ascontiguousarray(field).view(np.uint8), bitorder="little")
    spins = 1 - 2 * lanes.reshape(6, 6, 128).astype(int)
    assert abs(spins[..., 0::2].mean()) < 5 / np.sqrt(36 * 64)
    cold = spins[..., 1::2]
    one = cold * np.roll(cold, -1, 0) * np.roll(cold, (-1, -1), (0, 1))
    two = cold * np.roll(cold, -1, 1) * np.roll(cold, (-1, -1), (0, 1))
    assert (one == -1).all()
    assert (two == -1).all()
    sublattices = {tuple(cold[(0, 1, 2), 0, replica]) for replica in range(64)}
    assert sublattices == {(-1, -1, -1), (1, 1, -1), (1, -1, 1), (-1, 1, 1)}


@pytest.mark.parametrize(("coupling", "planes"), [(0.4, 32), (2.0, 64)])
def test_rare_acceptances_take_more_planes(coupling: float, planes: int) -> None:
    model = make_model(ising(lattices.square(4, 4), coupling, sweeps=1, replicas=64))
    assert (
        make_sampler(model, machine("reference"), seed=0, point={}).provenance["planes"] == planes
    )
