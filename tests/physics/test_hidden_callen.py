"""`train(couplings=callen)` against what data become on hidden units, by enumeration."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import chi2

import rgc
from rgc.compiler import load
from rgc.flows.data.rows import Rows
from rgc.flows.machines.hidden_couplings import hidden_couplings
from rgc.language.values import OperatorBasis
from rgc.model.stack import Rbm

Floats = NDArray[np.float64]

K, W, L, SEEDS = 0.4, 0.8, 4, 6

SQUARE = f"""parameters {{ K = {K} }}
lattice square(4)
spins s: ising(symmetric)
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(8192, thermalise=100)
stack {{ rbm(square(2), connect=convolution(b=2, kernel=2), weights=file("weights.npz")) }}
flow train(couplings=callen, basis=operators(range=1.5, bodies=4))
"""


def states(count: int) -> Floats:
    return np.array(list(product((1, -1), repeat=count)), dtype=np.float64)


def site(x: int, y: int) -> int:
    return (x % L) * L + y % L


def blocks() -> Floats:
    """W[visible, hidden] of a machine whose hidden units look at blocks of 2 x 2 sites."""
    weights = np.zeros((L * L, 4))
    for x, y in product(range(L), repeat=2):
        weights[site(x, y), 2 * (x // 2) + y // 2] = W
    return weights


def above() -> Floats:
    """p(h) of all states of the four hidden units."""
    v, h = states(L * L), states(4)
    bonds = sum(
        v[:, site(x, y)] * (v[:, site(x + 1, y)] + v[:, site(x, y + 1)])
        for x, y in product(range(L), repeat=2)
    )
    weight, fields = np.exp(K * bonds), v @ blocks()
    logs = fields @ h.T - np.log(2 * np.cosh(fields)).sum(axis=1, keepdims=True)
    return np.asarray(weight @ np.exp(logs)) / weight.sum()


def known() -> dict[str, float]:
    """-ln p(h) in operators, where each pair of neighbours of 2 x 2 sites is two bonds, and each
    pair across, and the only face, are four of their kind.
    """
    logs, h = np.log(above()), states(4)
    pair, across, face = (
        (logs * h[:, units].prod(axis=1)).mean() for units in ([0, 1], [0, 3], [0, 1, 2, 3])
    )
    return {"k2_10": pair / 2, "k2_11": across / 4, "k4_10_01_11": face / 4}


def alone() -> float:
    """The coupling of neighbours of the largest pseudo-likelihood without any other."""
    p, h = above(), states(4)
    fields = 2 * np.stack([h[:, i ^ 1] + h[:, i ^ 2] for i in range(4)], axis=1)

    def lost(k: float) -> float:
        return float((p[:, None] * np.log1p(np.exp(-2 * k * h * fields))).sum())

    return float(minimize_scalar(lost, bounds=(0, 1), method="bounded", options={"xatol": 1e-10}).x)


def test_couplings_are_those_of_the_block_spins_and_move_with_the_basis(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", weights_1=blocks())
    (tmp_path / "spec.rgc").write_text(SQUARE)
    compiled, exact = rgc.compile(load(tmp_path / "spec.rgc"), threads=1), known()
    square, fewer, told = 0.0, 0.0, 0
    for seed in range(SEEDS):
        result = compiled.run(seed=seed, warn=lambda said: None).result
        found = result.levels[1].couplings
        assert set(found) == set(exact)
        for name, each in found.items():
            assert each.value is not None
            assert each.error is not None
            assert each.kind == "truncated"
            assert each.error < 0.01
            square += ((each.value - exact[name]) / each.error) ** 2
        value, error = result.tables["layer1.callen"], result.tables["layer1.callen_error"]
        assert np.isnan(value[0, 1:]).all()
        fewer += ((value[0, 0] - alone()) / error[0, 0]) ** 2
        assert value[0, 0] - exact["k2_10"] > 0.03  # .331 for .279
        told += sum("of layer 1 moves by" in each for each in result.warnings)
    assert told > SEEDS / 2
    assert 1e-3 < chi2.sf(square, 3 * SEEDS) < 1 - 1e-3
    assert chi2.sf(fewer, SEEDS) > 1e-3


PATCH = """spins s: ising
lattice chain(10)
data file("rows.npy")
stack { rbm(chain(5), spins=binary, connect=patch, weights=file("weights.npz")) }
flow train(couplings=callen)
"""

FIELD, PAIR, TRIPLE = 0.2, 0.3, -0.1


@pytest.fixture
def layer(tmp_path: Path) -> Rbm:
    np.save(tmp_path / "rows.npy", np.ones((64, 10)))
    np.savez(
        tmp_path / "weights.npz",
        weights_1=np.zeros((10, 5)),
        visible_1=np.zeros(10),
        hidden_1=np.zeros(5),
    )
    (tmp_path / "spec.rgc").write_text(PATCH)
    stack = load(tmp_path / "spec.rgc").spec.stack
    assert stack is not None
    return stack.layers[0]


def drawn(seed: int, count: int) -> NDArray[np.uint8]:
    """Rows of five spins on a ring with a field, pairs and triples of neighbours, 1 for up."""
    h = states(5)
    energy = sum(
        FIELD * h[:, i]
        + PAIR * h[:, i] * h[:, i - 1]
        + TRIPLE * h[:, i] * h[:, i - 1] * h[:, i - 2]
        for i in range(5)
    )
    p = np.exp(energy)
    chosen = np.random.default_rng(seed).choice(len(h), count, p=p / p.sum())
    return np.asarray(h[chosen] > 0, dtype=np.uint8)


def test_fields_and_odd_products_of_binary_units_are_told_in_signs(layer: Rbm) -> None:
    exact = {"k1": FIELD, "k2_1": PAIR, "k3_1_m1": TRIPLE}
    total, number = 0.0, 0
    for seed in range(20):
        rows = Rows(species=layer.hidden.spins, states=drawn(seed, 4000))
        found = hidden_couplings(layer, rows, OperatorBasis(range=2, bodies=4))
        assert found is not None
        for name, each in found.estimates().items():
            assert each.value is not None
            assert each.error is not None
            total += ((each.value - exact.get(name, 0.0)) / each.error) ** 2
            number += 1
    assert 1e-3 < chi2.sf(total, number) < 1 - 1e-3


def test_weights_count_rows_and_chains_make_groups(layer: Rbm) -> None:
    once, basis = drawn(0, 640), OperatorBasis(range=1, bodies=2)
    weights = 1.0 + np.arange(640) % 3
    twice = np.repeat(once, weights.astype(int), axis=0)
    chains = np.repeat(np.arange(640), weights.astype(int))
    order = np.random.default_rng(1).permutation(len(twice))
    spins = layer.hidden.spins
    ways = (
        Rows(species=spins, states=once, weights=weights),
        Rows(species=spins, states=twice, chains=chains),
        Rows(species=spins, states=twice, chains=chains).at(order),
    )
    first, *others = (hidden_couplings(layer, rows, basis) for rows in ways)
    assert first is not None
    for other in others:
        assert other is not None
        assert other.value == pytest.approx(first.value, abs=1e-9, nan_ok=True)
        assert other.error == pytest.approx(first.error, abs=1e-9, nan_ok=True)
    alike = hidden_couplings(layer, Rows(species=spins, states=twice), basis)
    assert alike is not None
    assert alike.error != pytest.approx(first.error, rel=1e-3, nan_ok=True)
