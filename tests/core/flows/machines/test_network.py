"""Stacks as networks, landscapes, and exact gradients of upper layers, against sums by hand."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import rgc
from rgc.flows.machines.machine import Machine
from rgc.flows.machines.minima import mass, minima
from rgc.flows.machines.network import above, below, network_kl
from rgc.flows.machines.sides import Discrete

SIGNS = np.array([[-1.0], [1.0]])


def machine(visible: int, hidden: int, seed: int) -> Machine:
    drawn = np.random.default_rng(seed)
    return Machine(
        visible=Discrete(visible, SIGNS),
        hidden=Discrete(hidden, SIGNS),
        weights=drawn.normal(size=(visible, hidden)),
        visible_bias=drawn.normal(size=visible),
        hidden_bias=drawn.normal(size=hidden),
    )


def states(count: int) -> list[np.ndarray[tuple[int], np.dtype[np.float64]]]:
    return [np.array(each, dtype=float) for each in product((-1, 1), repeat=count)]


def weight(one: Machine, v: np.ndarray, h: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(np.exp(one.visible_bias @ v + one.hidden_bias @ h + v @ one.weights @ h))


def test_a_network_is_summed_state_by_state() -> None:
    low, high = machine(3, 2, 0), machine(2, 2, 1)
    tops = {tuple(h): sum(weight(high, h, g) for g in states(2)) for h in states(2)}
    total = sum(tops.values())
    chances = []
    for v in states(3):
        parts = [
            tops[tuple(h)] / total * weight(low, v, h) / sum(weight(low, u, h) for u in states(3))
            for h in states(2)
        ]
        chances.append(sum(parts))
    held = np.arange(1.0, 9) / 36
    expected = float(held @ (np.log(held) - np.log(chances)))
    assert network_kl([low, high], np.log(held)) == pytest.approx(expected, abs=1e-13)
    alone = [sum(weight(low, v, h) for h in states(2)) for v in states(3)]
    expected = float(held @ (np.log(held) - np.log(np.array(alone) / sum(alone))))
    assert network_kl([low], np.log(held)) == pytest.approx(expected, abs=1e-13)


def test_up_and_down_are_conditional_probabilities() -> None:
    one, held = machine(3, 2, 2), np.arange(1.0, 9) / 36
    found = []
    for h in states(2):
        shares = [
            p * weight(one, v, h) / sum(weight(one, v, g) for g in states(2))
            for p, v in zip(held, states(3), strict=True)
        ]
        found.append(sum(shares))
    assert above(one, held) == pytest.approx(found, abs=1e-14)
    assert below(one.turned, held) == pytest.approx(found, abs=1e-14)


def test_minima_and_mass_are_those_of_a_list_of_states() -> None:
    one = machine(4, 3, 3)
    energies = {tuple(v): -np.log(sum(weight(one, v, h) for h in states(3))) for v in states(4)}
    low = 0
    for v in states(4):
        near = [energies[tuple(np.where(np.arange(4) == k, -v, v))] for k in range(4)]
        low += energies[tuple(v)] < min(near)
    assert minima(one) == low
    rows = np.array([[0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 1]])
    total = sum(np.exp(-energy) for energy in energies.values())
    wanted = [np.exp(-energies[tuple(2.0 * row - 1)]) / total for row in rows[:2]]
    assert mass(one, rows) == pytest.approx(sum(wanted), rel=1e-12)


def test_a_flat_landscape_has_no_minimum() -> None:
    flat = Machine(
        visible=Discrete(3, SIGNS),
        hidden=Discrete(1, SIGNS),
        weights=np.zeros((3, 1)),
        visible_bias=np.zeros(3),
        hidden_bias=np.zeros(1),
    )
    assert minima(flat) == 0


DEEP = """
parameters { K = 0.3 }
lattice square(3)
spins s: ising(symmetric)
hamiltonian - K * sum(<i,j>) s[i]*s[j]
data samples(64)
stack {
  rbm(hidden=3, train=exact(of=hamiltonian, epochs=60, rate=0.2))
  rbm(hidden=9, train=exact(of=hamiltonian, epochs=60, rate=0.2))
}
flow train
expect { network_kl[layer=2] below 1, minima[layer=1] = 2 }
"""


def test_an_upper_layer_sees_the_distribution_and_no_rows() -> None:
    answer = rgc.compile(DEEP).run(warn=lambda message: None)
    assert answer.passed
    other = rgc.compile(DEEP.replace("samples(64)", "samples(128)")).run(warn=lambda message: None)
    for each in (1, 2):
        name = f"layer{each}.weights"
        assert (answer.result.tables[name] == other.result.tables[name]).all()
    network = answer.result.levels[2].values["network_kl"].value
    assert network is not None
    alone = answer.result.levels[1].values["kl"].value
    assert alone is not None
    assert 0 < network < alone + 0.05


def test_a_landscape_counts_the_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", np.array([[-1, 1, 1], [1, -1, -1]], dtype=np.int8))
    text = """
spins v: ising(symmetric)
data file("rows.npy")
stack { rbm(hidden=2, train=exact(epochs=100, rate=0.5)) }
flow train
"""
    (tmp_path / "spec.rgc").write_text(text, "utf-8")
    values = rgc.compile(tmp_path / "spec.rgc").run(warn=lambda message: None).result.levels[1]
    assert values.values["minima"].value == 2
    found = values.values["rows_mass"].value
    likelihood = values.values["log_likelihood_train"].value
    assert found is not None
    assert likelihood is not None
    assert found == pytest.approx(2 * np.exp(likelihood))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("network_kl[layer=2]", "network_kl[layer=1]", "by itself is its network"),
        ("hidden=3, train", "hidden=3, upward=means, train", "layers below"),
        ("samples(64)", "samples(64, K=[0.2, 0.3])", "Hamiltonian"),
    ],
)
def test_what_has_no_network_is_refused(before: str, after: str, said: str) -> None:
    with pytest.raises(rgc.SpecError, match=said):
        rgc.load(DEEP.replace(before, after))
