"""Cluster updates: turns of clusters against sums over all states, against components of the graph
of bonds, and the memory that they leave.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

import rgc
from rgc import backend as backends
from rgc.flows.sampling.clusters import Clusters
from rgc.flows.sampling.model import make_model
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.program.draws import step_keys
from rgc.verification.states import codes_of, unpack
from tests.physics.running import agrees, answer, p_value, scaled, seeds
from tests.physics.test_states_sampled import ENTRIES, written

ISING = """
parameters {{ K = {K}, h = {h} }}
lattice {lattice}
spins s: ising
hamiltonian - K * sum(<i,j>) s[i]*s[j] - h * sum(i) s[i]
flow sample(sweeps=100, replicas=256, update=wolff)
"""

TURNED = [name for name in ENTRIES if name.startswith(("potts", "clock"))]


@pytest.mark.slow
@pytest.mark.parametrize("update", ["wolff", "swendsen_wang"])
@pytest.mark.parametrize("name", TURNED)
def test_potts_and_clock_spins(name: str, update: str) -> None:
    exact = ENTRIES[name][-1]
    flow = f"flow sample(sweeps=600, thermalise=200, every=2, update={update})"
    spec = rgc.load(written(name, flow)).spec
    found = seeds(spec)
    for average in exact:
        assert agrees([each.averages[average] for each in found], exact[average])
    wrong = seeds(scaled(spec, "K", 1.01))
    values = [p_value([each.averages[of] for each in wrong], exact[of]) for of in exact]
    assert min(values) < 1e-3


def sampler_of(text: str, seed: int = 1, backend: str = "numba") -> Sampler:
    spec = rgc.load(text).spec
    return make_sampler(make_model(spec), backends.load(backend), seed=seed, point={})


class Turns:
    """Turns of clusters alone, without the sweeps between them."""

    def __init__(self, sampler: Sampler) -> None:
        assert sampler.clusters is not None
        self.clusters: Clusters = sampler.clusters
        self.backend, self.key = sampler.backend, sampler.key("clusters")
        self.spins = [self.backend.pack(field) for field in sampler.start()]
        self.number = 0

    def __call__(self) -> None:
        keys = step_keys(self.key, self.number, 1, self.clusters.update.program.draws)
        self.spins = self.clusters.turn(self.spins, keys)
        self.number += 1

    @property
    def magnetisation(self) -> NDArray[np.float64]:
        """m of each replica."""
        return 1 - 2 * codes_of(self.backend.unpack(self.spins[0])).mean(axis=(0, 1, 2))

    def own(self, name: str) -> NDArray[np.bool_]:
        """A field of the program as bool[plane, *cells, letter, replica]."""
        names = [field.name for field in self.clusters.update.program.fields[1:]]
        return unpack(self.backend.unpack(self.clusters.scratch[names.index(name)]))

    def labels(self) -> list[NDArray[np.int64]]:
        """The cluster of each site of the square lattice, row-major, for each replica. Plane 0 of
        the bonds leads on along the second axis, plane 1 along the first."""
        bonds = self.own("bonds")[..., 0, :]
        shape = bonds.shape[1:3]
        numbers = np.arange(np.prod(shape)).reshape(shape)
        ends = [np.roll(numbers, -1, axis=1), np.roll(numbers, -1, axis=0)]
        found = []
        for replica in range(bonds.shape[-1]):
            there = [bonds[plane, ..., replica] for plane in range(2)]
            pairs = np.concatenate(
                [np.stack([numbers[b], end[b]]) for b, end in zip(there, ends, strict=True)], axis=1
            )
            graph = coo_array((np.ones(pairs.shape[1]), tuple(pairs)), shape=(numbers.size,) * 2)
            found.append(connected_components(graph, directed=False)[1].astype(np.int64))
        return found


@pytest.mark.parametrize("field", [0, 0.02])
def test_what_is_reached_and_held_are_whole_clusters(field: float) -> None:
    """Found by another algorithm from the same bonds."""
    turns = Turns(
        sampler_of(ISING.format(K=0.44, h=field, lattice="square(8, 12)"), backend="reference")
    )
    for _ in range(3):
        before = turns.backend.unpack(turns.spins[0]).copy()
        turns()
        reached = turns.own("reached")[0, ..., 0, :].reshape(96, -1)
        held = turns.own("held")[0, ..., 0, :].reshape(96, -1) if field else np.zeros_like(reached)
        flipped = unpack(before ^ turns.backend.unpack(turns.spins[0])).reshape(96, -1)
        np.testing.assert_array_equal(flipped, reached & ~held)
        for replica, labels in enumerate(turns.labels()):
            for part in (reached, held):
                assert set(labels[part[:, replica]]).isdisjoint(labels[~part[:, replica]])
    assert 0.1 < reached.mean() < 0.9
    assert held.any() == bool(field)


@pytest.mark.parametrize(
    ("lattice", "coupling", "exact"),
    [
        ("square(4)", 0.5, 0.8689216816423182),
        ("square(4)", 0.44068679350977147, 0.7613589085686723),
        pytest.param("square(32)", 0.42, None, marks=pytest.mark.slow),
    ],
)
def test_the_mean_cluster_holds_the_magnetisation(
    lattice: str, coupling: float, exact: float | None
) -> None:
    """<|C|> of the cluster of a site is N <m^2>, at any size; turns alone, without sweeps."""
    turns = Turns(sampler_of(ISING.format(K=coupling, h=0, lattice=lattice)))
    square, size = [], []
    for number in range(60):
        turns()
        if number >= 20 and number % 2 == 0:
            square.append(turns.magnetisation**2)
            counts = [np.bincount(labels) for labels in turns.labels()]
            size.append([(each.astype(float) ** 2).sum() / each.sum() ** 2 for each in counts])
    m2, c = (np.mean(each, axis=0) for each in (square, size))
    error = np.std(c - m2, ddof=1) / len(m2) ** 0.5
    assert abs(np.mean(c - m2)) < 3.5 * error
    assert error < 0.02 * np.mean(m2)
    if exact is not None:
        for found in (m2, c):
            assert abs(np.mean(found) - exact) < 3.5 * np.std(found, ddof=1) / len(found) ** 0.5


def test_what_a_turn_leaves_in_its_own_fields_changes_nothing() -> None:
    """A run that goes on from its spins alone, as after a checkpoint, has the same bits."""
    flow = "flow sample(sweeps=5000, thermalise=200, every=10, replicas=64, update=wolff)"
    text = written("potts(3), K = 0.7, h = 0.15", flow)
    whole, first, second = (sampler_of(text, backend="reference") for _ in range(3))
    expected = whole.sweep([whole.backend.pack(each) for each in whole.start()], 0, 5)
    middle = first.sweep([first.backend.pack(each) for each in first.start()], 0, 2)
    saved = [first.backend.unpack(each) for each in middle]
    found = second.sweep([second.backend.pack(each) for each in saved], 2, 3)
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(whole.backend.unpack(a), second.backend.unpack(b))
    assert whole.provenance["update"] == "wolff"


@pytest.mark.slow
def test_clusters_forget_sooner_than_single_spins() -> None:
    """tau of m^2 at the critical point: 12 sweeps of Metropolis at L = 16, and about one turn."""
    text = ISING.format(K=0.44068679350977147, h=0, lattice="square(16)")
    text = (
        text.replace("sweeps=100, ", "sweeps=1000, thermalise=300, every=1, ")
        + "measure { m2 = avg(m^2) }\n"
    )
    found = {}
    for update in ("wolff", "metropolis"):
        tau = answer(rgc.load(text.replace("wolff", update)).spec).values["tau_m^2"].value
        assert tau is not None
        found[update] = tau
    assert found["metropolis"] > 8
    assert found["wolff"] < 0.25 * found["metropolis"]


OF_ALL = (
    ISING.format(K=0.44, h=0.05, lattice="square(6, 4)"),
    "lattice honeycomb(4)\nspins { s: potts(3), t: potts(3) }\n"
    "hamiltonian - 0.9 * sum(<i,j>) delta(s[i], s[j]) - 0.4 * sum(i) delta(s[i], t[i])\n"
    "  - 0.7 * sum(<i,j>) delta(t[i], t[j])\n"
    "flow sample(sweeps=10, replicas=128, update=wolff)\n",
)


@pytest.mark.parametrize("text", OF_ALL, ids=["ising", "potts"])
@pytest.mark.parametrize("backend", ["numba", pytest.param("jax", marks=pytest.mark.slow)])
def test_all_clusters_are_turned_alike_on_every_backend(text: str, backend: str) -> None:
    """And in calls of any length, from the spins alone."""
    text = text.replace("wolff", "swendsen_wang")
    whole, other, again = (
        sampler_of(text, backend=each) for each in ("reference", backend, backend)
    )
    expected = whole.sweep([whole.backend.pack(each) for each in whole.start()], 0, 4)
    found = other.sweep([other.backend.pack(each) for each in other.start()], 0, 3)
    spins = [again.backend.pack(other.backend.unpack(each)) for each in found]
    for right, one in zip(expected, again.sweep(spins, 3, 1), strict=True):
        np.testing.assert_array_equal(whole.backend.unpack(right), again.backend.unpack(one))


@pytest.mark.parametrize("coupling", [0.5, 0.44068679350977147])
def test_every_cluster_is_turned_by_a_coin(coupling: float) -> None:
    """All of a cluster or nothing, half of them, and m^2 of the 4x4 torus without any sweeps."""
    text = ISING.format(K=coupling, h=0, lattice="square(4)").replace("wolff", "swendsen_wang")
    turns = Turns(sampler_of(text))
    square, turned, clusters = [], 0, 0
    for number in range(40):
        before = turns.backend.unpack(turns.spins[0]).copy()
        turns()
        flipped = unpack(before ^ turns.backend.unpack(turns.spins[0])).reshape(16, -1)
        for replica, labels in enumerate(turns.labels()):
            of_cluster = np.bincount(labels, flipped[:, replica]) / np.bincount(labels)
            assert set(of_cluster.tolist()) <= {0.0, 1.0}
            turned, clusters = turned + int(of_cluster.sum()), clusters + len(of_cluster)
        if number >= 10:
            square.append(turns.magnetisation**2)
    assert abs(turned - clusters / 2) < 4 * clusters**0.5 / 2
    mean = np.mean(square, axis=0)
    exact = {0.5: 0.8689216816423182, 0.44068679350977147: 0.7613589085686723}[coupling]
    assert abs(np.mean(mean) - exact) < 4 * np.std(mean, ddof=1) / len(mean) ** 0.5
