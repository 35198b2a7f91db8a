"""Sampling around antiperiodic boundaries, against all states and exact results."""

from __future__ import annotations

from math import tanh

import numpy as np
import pytest

from rgc import backend as backends
from rgc.flows.enumeration.enumerate_model import make_exact
from rgc.flows.request import Request
from rgc.flows.sampling.observables import averages_in, of_configuration, tallies_in
from rgc.flows.sampling.sample import make_sample
from rgc.verification.quenched import realised, sums_of
from rgc.verification.states import every_state
from tests.physics.enumerated import loaded, result

DRAWN = ("J = 1", "J ~ bimodal(1, p=0.5)", "J ~ normal(0, 1)")


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(
    ("lattice", "sums"),
    [
        ("chain(9, boundary=antiperiodic)", "<<i,j>>"),
        ("square(3, boundary=[antiperiodic, periodic])", "<i,j>"),
        ("square(3, boundary=antiperiodic)", "<i,j>"),
        ("square(3, boundary=[open, antiperiodic])", "<i,j>"),
        ("honeycomb(3, 1, boundary=[antiperiodic, open])", "<i,j>"),
    ],
)
def test_every_state_has_its_energy(lattice: str, sums: str, drawn: str) -> None:
    """H and a sum over pairs far apart, as programs tally them, are those of enumeration."""
    bond = "J[i,j]*s[i]*s[j]" if "~" in drawn else "J*s[i]*s[j]"
    spec = loaded(
        lattice,
        f"- K * sum({sums}) {bond} - h * sum(i) s[i]",
        parameters=f"K = 0.4, h = 0.15, {drawn}",
        flow="sample(sweeps=100)",
        more="measure { far = sum(i) s[i]*s[i+2*x] }",
    ).spec
    backend = backends.load("reference")
    flow = make_sample(Request(spec=spec, backend=backend, seed=3, point={}, zero=()))
    exact = make_exact(spec, 3, {})
    states = realised(flow.sampler, every_state(exact.lattice, exact.species))
    averages = averages_in(flow.estimator.observables)
    tallies = tallies_in([*averages, *flow.estimator.watched.values()])
    sums_found = sums_of(flow.sampler, tallies, states, backend)
    sites = exact.lattice.sites
    signs = np.where(states.bits.reshape(sites, -1), -1.0, 1.0)

    weights = np.zeros(states.number)
    for numbers, table in exact.log_weights[0].tables.items():
        weights += table[tuple((signs[k] < 0).astype(int) for k in numbers)]
    energy = of_configuration(flow.estimator.watched["energy"].of, sums_found)
    assert -sites * energy == pytest.approx(weights, abs=1e-9)

    first, cells = signs.reshape(*exact.lattice.cells, len(exact.lattice.basis), -1), 0.0
    length, edge = exact.lattice.cells[0], exact.lattice.boundary[0]
    for x in range(length):
        turns, there = divmod(x + 2, length)
        sign = 0 if turns and edge == "open" else (-1) ** (turns * (edge == "antiperiodic"))
        cells = cells + sign * first[x] * first[there]
    far = of_configuration(averages[0].of, sums_found)
    assert far == pytest.approx(np.sum(cells, axis=tuple(range(np.ndim(cells) - 1))), abs=1e-9)


def test_a_ring_with_one_wall() -> None:
    """E/N = -K (t - t^(N-1)) / (1 - t^N) where t = tanh K."""
    spec = loaded(
        "chain(8, boundary=antiperiodic)",
        parameters="K = 0.9, h = 0",
        flow="sample(sweeps=4000)",
    )
    found, t = result(spec).averages["energy"], tanh(0.9)
    assert found.value is not None
    assert found.error
    assert abs(found.value + 0.9 * (t - t**7) / (1 - t**8)) < 4 * found.error < 0.01
