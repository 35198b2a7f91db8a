"""Fields of another shape never reach a kernel, which would read beyond their end."""

from __future__ import annotations

import pytest

import rgc
from rgc.errors import SpecError

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
