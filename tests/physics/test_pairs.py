"""Large complete graphs, whose pairs are not written out: the bits of small ones whose pairs are,
enumeration, and the energy of the Sherrington-Kirkpatrick model at high temperature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rgc
from rgc.ast_to_model.today import refuse_later
from rgc.compiler import flow
from rgc.errors import SpecError
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


def test_pairs_of_a_file_have_the_averages_of_enumeration(whole: Any, tmp_path: Any) -> None:
    """Twelve spins, whose couplings stand in a file: all 4096 states against a run."""
    random = np.random.default_rng(3)
    upper = np.triu(random.normal(0, 0.4, (12, 12)), 1)
    np.save(tmp_path / "J.npy", upper + upper.T)

    def averages(flow_text: str) -> Any:
        text = TEXT.format(
            parameters='K = 0.8, J = file("J.npy")',
            sites=12,
            hamiltonian=SK,
            flow=flow_text,
            measures="energy, specific_heat, m2 = avg(m^2)",
        )
        (tmp_path / "sk.rgc").write_text(text)
        spec = rgc.load(tmp_path / "sk.rgc").spec
        one = flow(spec, machine("numba"), seed=1, point={}, zero=())
        return one.finish(run(one)).averages

    exact = averages("enumerate")
    whole()
    for name, number in averages("sample(sweeps=1000, replicas=256)").items():
        assert abs(number.value - exact[name].value) < 4 * number.error
        assert number.error < 0.01 * abs(exact[name].value)


def test_a_thousand_sites_at_high_temperature() -> None:
    """Above the glass transition H/N is -K^2/2, and <q^2> is 1 / (N (1 - K^2)). Of one realisation
    sum J^2 is N/2 to within 1, hence H/N within K^2/N, and corrections are of that order too.
    """
    sites, k = 1000, 0.5
    one = made(
        sites=sites,
        parameters=f"K = {k}, J ~ normal(0, 1/sqrt({sites}))",
        flow="sample(sweeps=80, thermalise=30, every=4, replicas=128)",
    )
    found = one.finish(run(one)).averages
    assert abs(found["energy"].value + k**2 / 2) < 4 * (k**2 / sites + found["energy"].error)
    q2 = 1 / (sites * (1 - k**2))
    assert abs(found["q2"].value - q2) < 4 * found["q2"].error
    assert found["q2"].error < 0.1 * q2


REFUSED = {
    "threes": ({"hamiltonian": "- K * sum(i < j < k) s[i]*s[j]*s[k]"}, "no sum of pairs"),
    "tempering": ({"flow": "sample(update=tempering(K=[0.1, 0.2]))"}, "tempering"),
    "wolff": (
        {"hamiltonian": "- K * sum(i < j) s[i]*s[j]", "flow": "sample(update=wolff)"},
        "'wolff' on complete graphs",
    ),
    "too large": ({"sites": 4096}, "more than 2048 sites"),
}


@pytest.mark.parametrize(("changed", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_on_large_complete_graphs(changed: Any, said: str) -> None:
    given = {"sites": 100, "parameters": "K = 0.1, J ~ normal(0, 1)", "hamiltonian": SK}
    given |= {"flow": "sample", "measures": "energy"} | changed
    with pytest.raises(SpecError, match=said):
        refuse_later(rgc.load(TEXT.format(**given)).spec)


@pytest.mark.parametrize("lattice", ["square(8)", "honeycomb(5)"])
def test_long_range_by_matrices_has_the_bits_of_single_products(
    lattice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = TEXT.replace("complete({sites})", "{sites}").format(
        parameters="K = 0.05, h = 0.1",
        sites=lattice,
        hamiltonian="- K * sum(i < j) distance(i,j)^(-2.5)*s[i]*s[j] - h * sum(i) s[i]",
        flow="sample(sweeps=20, replicas=64)",
        measures="energy",
    )

    def spins(most: int, backend: str) -> Any:
        monkeypatch.setattr("rgc.model_to_program.pair_matrices.MANY", most)
        one = flow(rgc.load(text).spec, machine(backend), seed=1, point={}, zero=())
        assert bool(one.sampler.update.program.couplings) == (most == 0)
        fields = one.sampler.sweep(one.sampler.packed(one.sampler.start()), 0, 4)
        return one.sampler.backend.unpack(fields[0])

    known = spins(1 << 20, "reference")
    assert np.array_equal(spins(0, "reference"), known)
    assert np.array_equal(spins(0, "numba"), known)
