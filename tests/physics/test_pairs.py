"""Large complete graphs, whose pairs are not written out: the bits of small ones whose pairs are,
enumeration, and the energy of the Sherrington-Kirkpatrick model at high temperature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rgc
from rgc.compiler import flow
from tests.physics.running import machine

TEXT = """
parameters {{ {parameters} }}
lattice complete({sites})
spins s: ising
hamiltonian {hamiltonian}
flow {flow}
measure {{ {measures} }}
"""
SK = "- K * sum(i < j) J[i,j]*s[i]*s[j]"
MODELS = {
    "drawn": {"parameters": "K = 0.3, J ~ normal(0, 1)"},
    "realisations": {
        "parameters": "K = 0.3, J ~ normal(0.1, 1)",
        "flow": "sample(sweeps=20, replicas=256, disorder=128)",
    },
    "fields": {
        "parameters": "K = 0.3, g = 0.02, J ~ uniform(-1, 1), h ~ normal(0, 0.3)",
        "hamiltonian": f"{SK} - g * sum(i < j) s[i]*s[j] - sum(i) h[i]*s[i] - 0.1 * sum(i) s[i]",
    },
}


def made(backend: str = "numba", sites: int = 9, **changed: str) -> Any:
    given = {
        "hamiltonian": SK,
        "flow": "sample(sweeps=20, replicas=128)",
        "measures": "energy, specific_heat, m2 = avg(m^2), q2",
    } | changed
    spec = rgc.load(TEXT.format(sites=sites, **given)).spec
    return flow(spec, machine(backend), seed=1, point={}, zero=())


def run(made: Any) -> Any:
    state = made.start()
    while state.done < made.steps:
        state = made.step(state)
    return state


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Called, it keeps pairs of all complete graphs whole."""
    return lambda: monkeypatch.setattr("rgc.model.pair_sums.MOST_WRITTEN", 0)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_pairs_kept_whole_have_the_bits_of_pairs_written_out(model: Any, whole: Any) -> None:
    one_by_one = made("reference", **model)
    known = run(one_by_one)
    assert one_by_one.sampler.update.program.couplings == 0
    whole()
    for backend in ("reference", "numba"):
        sample = made(backend, **model)
        found = run(sample)
        assert sample.sampler.update.program.couplings == 1
        assert np.array_equal(known.arrays["spins_0"], found.arrays["spins_0"])
        ours, theirs = sample.finish(found).averages, one_by_one.finish(known).averages
        for name, number in theirs.items():
            assert ours[name].value == pytest.approx(number.value, rel=1e-8)
            assert ours[name].error == pytest.approx(number.error, rel=1e-6)
