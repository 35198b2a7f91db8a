"""Sums over every pair of a lattice, with couplings that depend on the distance."""

from __future__ import annotations

from itertools import combinations, product
from math import dist

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.errors import SpecError
from rgc.flows.request import Request
from rgc.flows.sampling.observables import averages_in, of_configuration, tallies_in
from rgc.flows.sampling.sample import make_sample
from rgc.model.lattice import Lattice, Site
from rgc.verification.quenched import sums_of
from rgc.verification.states import every_state
from tests.physics.enumerated import loaded, value
from tests.physics.enumerated import result as run

PAIRS = "- K * sum(i < j) distance(i,j)^(-1.75)*s[i]*s[j]"


def shortest(lattice: Lattice, first: Site, second: Site) -> float:
    turns = [(0,) if edge == "open" else (-1, 0, 1) for edge in lattice.boundary]
    return min(
        dist(
            lattice.position(first),
            lattice.position(
                second.shifted(tuple(n * size for n, size in zip(turn, lattice.cells, strict=True)))
            ),
        )
        for turn in product(*turns)
    )


@pytest.mark.parametrize(
    "lattice",
    [
        "chain(8)",
        "chain(7)",
        "chain(6, boundary=open)",
        "square(4, 2)",
        "square(3, 2, boundary=[periodic, open])",
        "honeycomb(2)",
        "triangular(3)",
    ],
)
def test_every_pair_counts_once(lattice: str) -> None:
    """H and a mean over pairs, as programs and as enumeration have them."""
    more = "measure { all = mean(i < j) s[i]*s[j] }"
    spec = loaded(lattice, PAIRS, parameters="K = 0.3", flow="sample(sweeps=100)", more=more).spec
    backend = backends.load("reference")
    flow = make_sample(Request(spec=spec, backend=backend, seed=0, point={}, zero=()))
    there = flow.sampler.model.lattice
    states = every_state(there, spec.species)
    s = np.where(states.bits.reshape(there.sites, -1), -1.0, 1.0)
    sites = [
        Site(cell, letter)
        for cell in product(*map(range, there.cells))
        for letter in range(len(there.basis))
    ]
    pairs = list(combinations(range(there.sites), 2))
    wanted = -0.3 * sum(
        shortest(there, sites[a], sites[b]) ** -1.75 * s[a] * s[b] for a, b in pairs
    )
    (average,) = averages_in(flow.estimator.observables)
    watched = flow.estimator.watched["energy"]
    sums = sums_of(flow.sampler, tallies_in([average, watched]), states, backend)
    assert there.sites * of_configuration(watched.of, sums) == pytest.approx(wanted, abs=1e-9)
    mean = sum(s[a] * s[b] for a, b in pairs) / len(pairs)
    assert of_configuration(average.of, sums) == pytest.approx(mean, abs=1e-12)
    weights = np.exp(-wanted)
    exact = run(loaded(lattice, PAIRS, parameters="K = 0.3", more="measure { energy }"))
    energy = float(wanted @ weights / weights.sum() / there.sites)
    assert value(exact, "energy") == pytest.approx(energy, rel=1e-10)


@pytest.mark.parametrize(
    ("lattice", "code"), [("chain", "needs-finite-lattice"), ("square(33)", "too-many-sites")]
)
def test_lattices_whose_pairs_are_not_summed(lattice: str, code: str) -> None:
    with pytest.raises(SpecError) as error:
        rgc.load(
            f"parameters {{ K = 1 }}\nlattice {lattice}\nspins s: ising\nhamiltonian {PAIRS}\n"
        )
    assert error.value.problems[0].code == code
