"""Couplings that depend on the sublattice beside data and stacks: units in the order as written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rgc
from rgc.flows.machines.probe import make_probe
from rgc.flows.machines.target import make_target
from rgc.model.lattice import Lattice

CHECKERBOARD = """
lattice square(4, 2)
spins s: ising
hamiltonian
  - 0.3 * sum(i) s[i]*s[i+x]
  - 0.7 * sum(i) (-1)^(coordinate(i,x) + coordinate(i,y)) * s[i]
data samples(4000, thermalise=50)
stack { rbm(hidden=8, train=exact(epochs=1)) }
flow train
"""
ROWS = """
parameters {{ K = 0.3, D = 0.4 }}
lattice {lattice}
spins s: ising
hamiltonian
  - K * sum(<i,j>) s[i]*s[j]
  {fields}
data samples(200, thermalise=100)
stack {{ rbm(hidden=4, train=exact(epochs=3)) }}
flow train()
"""
LETTERS = "crystal(vectors=[(1, 0), (0, 2)], basis=[(0, 0), (0, 1)], size=(3, 2))"


def test_energies_and_waves_of_rows_by_their_definition() -> None:
    spec = rgc.load(CHECKERBOARD).spec
    assert isinstance(spec.lattice, Lattice)
    assert spec.hamiltonian is not None
    target = make_target(spec.lattice, spec.species, spec.hamiltonian, seed=0, point={})
    states = target.states()
    s = 2.0 * states.reshape(-1, 4, 2) - 1
    staggered = (-1.0) ** np.add.outer(np.arange(4), np.arange(2))
    energy = 0.3 * (s * np.roll(s, -1, 1)).sum((1, 2)) + 0.7 * (staggered * s).sum((1, 2))
    assert target.log_weights(states) == pytest.approx(energy, abs=1e-12)
    probe = make_probe(target, spec.lattice)
    along_x = np.exp(0.5j * np.pi * np.repeat(np.arange(4), 2))
    assert np.any(np.abs(probe.waves - along_x).max(axis=1) < 1e-12)


def test_samples_have_the_order_of_the_units() -> None:
    """<s> of every site against the sum over all states of the machine's side."""
    flow: Any = rgc.compile(CHECKERBOARD, backend="reference").flow({}, 0)
    state = flow.start()
    while state.done < flow.steps:
        state = flow.step(state)
    rows = 2.0 * flow.stack.rows(state, 0).states - 1
    target = flow.stack.target
    exact = np.exp(target.log_chances) @ (2.0 * target.states() - 1)
    error = np.sqrt((1 - exact**2) / len(rows))
    assert np.abs(rows.mean(axis=0) - exact).max() < 5 * error.max()
    assert np.sign(exact).reshape(4, 2).tolist() == [[1, -1], [-1, 1]] * 2


def test_sublattices_and_letters_are_trained_alike() -> None:
    """To the last digit: the rows of this crystal are those of the lattice, and chains with equal
    random numbers have met.
    """
    wave = "- D * sum(i) (-1)^coordinate(i,y) * s[i]"
    by_letter = "- D * sum(c in cells) s[c.a] + D * sum(c in cells) s[c.b]"
    one, other = (
        rgc.compile(ROWS.format(lattice=lattice, fields=fields), backend="reference").run()
        for lattice, fields in (("square(3, 4)", wave), (LETTERS, by_letter))
    )
    found: Any = one.levels[1].observables
    same: Any = other.levels[1].observables
    assert found["log_z"].value == same["log_z"].value
    assert found["visible.k1_00b"].value == same["visible.k1_00b"].value
