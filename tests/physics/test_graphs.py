"""Graphs and hypergraphs of a file: every energy, averages, and bits of all backends."""

from __future__ import annotations

from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rgc
from rgc import backend as backends
from rgc.errors import SpecError
from rgc.flows.enumeration.enumerate_model import make_exact
from rgc.flows.request import Request
from rgc.flows.sampling.observables import of_configuration
from rgc.flows.sampling.sample import Sample, make_sample
from rgc.model.graphs import near_sites
from rgc.model.observables import tallies
from rgc.verification.quenched import realised, sums_of
from rgc.verification.states import States, every_state

EDGES = [(0, 1), (2, 1), (2, 3), (3, 0), (0, 4), (4, 5), (5, 2)]
FOUR = [(0, 1, 2, 3), (1, 2, 4, 5), (0, 3, 4, 5), (5, 1, 0, 2)]
MIXED = [(0, 1), (1, 2, 4, 5), (2, 3), (5, 1, 0), (0, 3, 4, 5), (4, 2)]
WEIGHTS = [0.5, -0.25, 1.0, 0.75, -1.5, 0.3, 0.1]


def written(folder: Path, edges: list[tuple[int, ...]], term: str, flow: str) -> Path:
    """A spec in a folder with its graph."""
    names = "abcd"[: max(map(len, edges))]
    weights = [WEIGHTS[k % len(WEIGHTS)] for k in range(len(edges))]
    rows = (
        [*edge, *[""] * (len(names) - len(edge)), weight]
        for edge, weight in zip(edges, weights, strict=True)
    )
    lines = [",".join(map(str, row)) for row in ([*names, "W"], *rows)]
    (folder / "edges.csv").write_text("\n".join(lines) + "\n")
    spec = folder / "spec.rgc"
    spec.write_text(
        "parameters { K = 0.5, h = 0.2, J ~ normal(0, 1), B ~ bimodal(1, p=0.5) }\n"
        'lattice graph("edges.csv")\nspins s: ising\n'
        f"hamiltonian - K * sum({term} - h * sum(i) s[i]\nflow {flow}\n"
    )
    return spec


def made(spec: Path, backend: str = "reference") -> Sample:
    loaded = rgc.load(spec).spec
    return make_sample(
        Request(spec=loaded, backend=backends.load(backend), seed=2, point={}, zero=())
    )


def energies(flow: Sample, states: States) -> Any:
    """H/N of each state by the tallies of a record."""
    watched = flow.estimator.watched["energy"].of
    sums = sums_of(flow.sampler, [*tallies(watched)], states, backends.load("reference"))
    return of_configuration(watched, sums)


@pytest.mark.parametrize(
    ("edges", "term", "weights"),
    [
        (EDGES, "<i,j>) s[i]*s[j]", [1.0] * 7),
        (EDGES, "e in edges) s[e.a]*s[e.b]", [1.0] * 7),
        (EDGES, "e in edges) W[e]*s[e.a]*s[e.b]", WEIGHTS),
        (FOUR, "e in edges) prod(i in e) s[i]", [1.0] * 4),
        (FOUR, "e in edges) W[e]*prod(i in e) s[i]", WEIGHTS[:4]),
        (MIXED, "e in edges) W[e]*prod(i in e) s[i]", WEIGHTS[:6]),
        (MIXED, "<i,j>) s[i]*s[j]", [float(len(edge) == 2) for edge in MIXED]),
    ],
)
def test_every_state_has_its_energy(
    tmp_path: Path, edges: list[tuple[int, ...]], term: str, weights: list[float]
) -> None:
    flow = made(written(tmp_path, edges, term, "sample(sweeps=100)"))
    model = flow.sampler.model
    states = realised(flow.sampler, every_state(model.lattice, model.species))
    s = np.where(states.bits.reshape(6, -1), -1.0, 1.0)
    pairs = zip(edges, weights, strict=True)
    wanted = -0.2 * s.sum(0) - 0.5 * sum(w * s[list(edge)].prod(0) for edge, w in pairs)
    assert 6 * energies(flow, states) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("edges", "drawn"), [(EDGES, "J[e]"), (EDGES, "B[e]"), (MIXED, "J[e]"), (MIXED, "B[e]")]
)
def test_drawn_couplings_are_those_of_enumeration(
    tmp_path: Path, edges: list[tuple[int, ...]], drawn: str
) -> None:
    term = f"e in edges) {drawn}*prod(i in e) s[i]"
    path = written(tmp_path, edges, term, "sample(sweeps=100)")
    flow, exact = made(path), make_exact(rgc.load(path).spec, 2, {})
    states = realised(flow.sampler, every_state(exact.lattice, exact.species))
    digits = states.bits.reshape(6, -1).astype(int)
    weights = sum(
        table[tuple(digits[k] for k in numbers)]
        for numbers, table in exact.log_weights[0].tables.items()
    )
    assert -6 * energies(flow, states) == pytest.approx(weights, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("term", ["<i,j>) s[i]*s[j]", "e in edges) W[e]*s[e.a]*s[e.b]"])
def test_all_backends_have_the_same_bits(tmp_path: Path, term: str) -> None:
    """On a graph whose sites have many numbers of neighbours."""
    rng = np.random.default_rng(1)
    pairs = list(combinations(range(40), 2))
    edges = [pairs[k] for k in rng.choice(len(pairs), 120, replace=False)]
    path = written(tmp_path, edges, term, "sample(sweeps=100)")
    found = []
    for name in backends.installed():
        backend, flow = backends.load(name), made(path, name)
        packed = flow.sampler.sweep(flow.sampler.packed(flow.sampler.start()), 0, 5)
        packed, sums = flow.counted(packed)
        fields = [np.asarray(backend.unpack(field)) for field in packed]
        found.append([*fields, *map(np.asarray, sums)])
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_edges_of_several_sizes_have_their_averages(tmp_path: Path) -> None:
    """By another sum over all states, from the file itself."""
    path = written(tmp_path, MIXED, "e in edges) W[e]*prod(i in e) s[i]", "enumerate")
    path.write_text(
        path.read_text() + "measure { energy, edge = mean(e in edges) prod(i in e) s[i] }"
    )
    found = rgc.compile(path, threads=1).run(checkpoints=False).points[0].result.averages
    s = np.array(list(product([1, -1], repeat=6))).T
    edge = np.array([s[list(sites)].prod(0) for sites in MIXED])
    energy = -0.5 * np.array(WEIGHTS[:6]) @ edge - 0.2 * s.sum(0)
    weight = np.exp(-energy) / np.exp(-energy).sum()
    assert found["energy"].value == pytest.approx(weight @ energy / 6, abs=1e-12)
    assert found["edge"].value == pytest.approx(weight @ edge.mean(0), abs=1e-12)


def test_some_sites_induce_a_graph(tmp_path: Path) -> None:
    """They are numbered in the order of the list, and edges to others are left out."""
    path = written(tmp_path, MIXED, "e in edges) W[e]*prod(i in e) s[i]", "enumerate")
    path.write_text(path.read_text().replace('.csv")', '.csv", sites=[4, 2, 1, 5, 0])'))
    lattice = rgc.load(path).spec.lattice
    assert lattice.edges == ((4, 2), (2, 1, 0, 3), (3, 2, 4), (0, 1))
    assert dict(lattice.columns)["W"] == (0.5, -0.25, 0.75, 0.3)
    assert near_sites(lattice, 4) == (4, 2, 3)  # with edges of two sizes, as others have too
    path.write_text(path.read_text().replace("sites=[4, 2, 1, 5, 0]", "sites=[0, 1, 3]"))
    assert rgc.load(path).spec.lattice.sites == 3  # no edge joins the last one


def test_a_graph_has_any_number_of_sites_but_a_limit(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("a,b\n0,4096\n")
    spec = tmp_path / "spec.rgc"
    spec.write_text('lattice graph("edges.csv")\nspins s: ising\n')
    with pytest.raises(SpecError, match="beyond the limit of 4096 sites"):
        rgc.load(spec)
    pairs = ((a, b) for a in range(400) for b in range(a))  # 79,800
    (tmp_path / "edges.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    with pytest.raises(SpecError, match="line 65538: there are more than 65536 edges"):
        rgc.load(spec)
    with (tmp_path / "edges.csv").open("wb") as file:
        file.truncate(2**30)  # without a block on the disk
    with pytest.raises(SpecError, match="is larger than 16 MiB"):
        rgc.load(spec)


@pytest.mark.parametrize(("sign", "fits"), [("-", True), ("+", False)])
def test_clusters_on_a_graph_with_an_odd_ring(tmp_path: Path, sign: str, fits: bool) -> None:
    edges = [(0, 1), (1, 2), (2, 0), *((k, k + 1) for k in range(2, 200))]
    path = written(tmp_path, edges, "<i,j>) s[i]*s[j]", "sample(update=wolff)")
    path.write_text(path.read_text().replace("- K", f"{sign} K").replace("- h * sum(i) s[i]", ""))
    if fits:
        assert rgc.load(path).spec.flow is not None
        return
    with pytest.raises(SpecError, match="frustrated"):
        rgc.load(path)


def test_clusters_on_the_complete_graph() -> None:
    text = (
        "parameters {{ K = 0.1 }}\nlattice complete(8)\nspins s: ising\n"
        "hamiltonian - K * sum(i < j) s[i]*s[j]\nflow {}\nmeasure {{ energy, abs_m }}\n"
    )
    exact, found = (
        rgc.compile(text.format(flow), backend="reference")
        .run(checkpoints=False, warn=lambda _: None)
        .points[0]
        .result.averages
        for flow in ("enumerate", "sample(sweeps=40, every=4, replicas=512, update=wolff)")
    )
    for name, one in exact.items():
        assert abs(found[name].value - one.value) < 4 * found[name].error
