"""Finite diamond lattices site by site: energies of all states, and averages by decimation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.flows.enumeration.enumerate_model import make_exact
from rgc.flows.request import Request
from rgc.flows.sampling.sample import Sample, make_sample
from rgc.verification.quenched import realised
from rgc.verification.states import every_state
from tests.physics.test_bonds import bonds_of_diamond
from tests.physics.test_graphs import energies

SPEC = """
parameters {{ K = 0.5, J ~ normal(0, 1), B ~ bimodal(1, p=0.5) }}
lattice diamond(b={}, branches={}, generations={})
spins s: ising
hamiltonian - K * sum(<i,j>) {}s[i]*s[j]{}
flow {}
"""


def log_z(coupling: complex, b: int, branches: int, generations: int) -> complex:
    """ln Z by decimation: a chain is a power of the matrix of a bond, and branches multiply."""
    s = np.array([1, -1])
    weight = np.exp(coupling * np.outer(s, s))
    for _ in range(generations):
        weight = np.linalg.matrix_power(weight, b) ** branches
    return complex(np.log(weight.sum()))


@pytest.mark.parametrize("size", [(2, 2, 0), (2, 2, 2), (3, 2, 1), (2, 3, 1), (2, 1, 3)])
def test_averages_are_those_of_decimation(size: tuple[int, int, int]) -> None:
    text = SPEC.format(*size, "", "", "enumerate") + "measure { energy, log_z }"
    found = rgc.compile(text, threads=1).run(checkpoints=False).points[0].result
    bonds, sites = bonds_of_diamond(*size)
    assert found.observables["log_z"].value == pytest.approx(log_z(0.5, *size).real, rel=1e-13)
    slope = log_z(0.5 + 1e-20j, *size).imag / 1e-20
    assert abs(slope) < len(bonds)
    assert found.averages["energy"].value == pytest.approx(-0.5 * slope / sites, rel=1e-12)


def sampled(*of_spec: Any) -> Sample:
    spec = rgc.load(SPEC.format(*of_spec, "sample(sweeps=100)")).spec
    return make_sample(
        Request(spec=spec, backend=backends.load("reference"), seed=2, point={}, zero=())
    )


def test_every_state_has_its_energy() -> None:
    flow, (bonds, sites) = sampled(3, 2, 1, "", " - 0.2*sum(i) s[i]"), bonds_of_diamond(3, 2, 1)
    states = every_state(flow.sampler.model.lattice, flow.sampler.model.species)
    s = np.where(states.bits.reshape(sites, -1), -1.0, 1.0)
    wanted = -0.2 * s.sum(0) - 0.5 * sum(s[i] * s[j] for i, j in bonds)
    assert sites * energies(flow, states) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("drawn", ["J", "B"])
def test_a_glass_has_the_couplings_of_enumeration(drawn: str) -> None:
    size = (2, 2, 1, f"{drawn}[i,j]*", "")
    flow, exact = sampled(*size), make_exact(rgc.load(SPEC.format(*size, "enumerate")).spec, 2, {})
    states = realised(flow.sampler, every_state(exact.lattice, exact.species))
    digits = states.bits.reshape(4, -1).astype(int)
    weights = sum(
        table[tuple(digits[k] for k in numbers)]
        for numbers, table in exact.log_weights[0].tables.items()
    )
    assert len(exact.log_weights[0].tables) == 4
    assert -4 * energies(flow, states) == pytest.approx(weights, abs=1e-12)


@pytest.mark.slow
def test_all_backends_have_the_same_bits() -> None:
    found = []
    for name in backends.installed():
        backend = backends.load(name)
        spec = rgc.load(SPEC.format(2, 2, 3, "B[i,j]*", "", "sample(sweeps=100)")).spec
        flow = make_sample(Request(spec=spec, backend=backend, seed=2, point={}, zero=()))
        packed = flow.sampler.sweep(flow.sampler.packed(flow.sampler.start()), 0, 5)
        found.append([np.asarray(backend.unpack(field)) for field in packed])
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_others_keep_the_lattice_of_bonds() -> None:
    """`exact` goes on from bond to bond, also where no graph would hold the sites."""
    text = SPEC.format(2, 2, 30, "", "", "exact()") + "block decimate(2)"
    assert rgc.load(text).summary == "ok: diamond, exact"
