"""Machines whose effective Hamiltonian on a lattice is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import rgc
from rgc.flows.machines.couplings import couplings
from rgc.flows.machines.lattice_couplings import (
    LatticeCouplings,
    lattice_couplings,
)
from rgc.flows.machines.machine import Machine
from rgc.model.lattice import Lattice
from rgc.passes.generate_operators import generate_operators
from rgc.passes.tell_operators import tell_hidden
from tests.core.flows.machines.known import machine, torus

SPEC = (
    "lattice {}\nspins s: ising\nhamiltonian\n  - K * sum(<i,j>) s[i]*s[j]\nparameters {{ K = 1 }}"
)


def read(one: Machine, lattice: str, bodies: int) -> LatticeCouplings:
    """The couplings of a machine in operators of a range of 2."""
    spec = rgc.load(SPEC.format(lattice)).spec
    assert isinstance(spec.lattice, Lattice)
    assert spec.hamiltonian is not None
    operators = generate_operators(
        spec.lattice, spec.species, spec.hamiltonian, reach=2, bodies=bodies
    )
    return lattice_couplings(one, spec.lattice, operators, couplings(one))


def test_one_hidden_unit_on_every_bond_gives_the_bonds_alone() -> None:
    bonds = torus(8, 8)
    weights = np.zeros((64, len(bonds)))
    for unit, bond in enumerate(bonds):
        weights[list(bond), unit] = np.arccosh(np.exp(2 * 0.3)) / 2
    found = read(machine(weights, "ising", "ising"), "square(8)", bodies=4)
    bond_coupling = found.named.pop("K")
    assert bond_coupling.places == 128
    assert bond_coupling.mean == pytest.approx(0.3, abs=1e-13)
    assert bond_coupling.deviation == pytest.approx(0, abs=1e-13)
    assert found.other_pairs == pytest.approx(0, abs=1e-13)
    for name, coupling in found.named.items():
        assert coupling.mean == pytest.approx(0, abs=1e-13), name


def test_a_hidden_unit_over_three_spins_gives_their_product() -> None:
    """ln 2cosh(c + w (s1 + s2 + s3)) = a + b sum s + k sum ss + t sss on the up triangles of the
    triangular lattice, with t the alternating sum over the four values of s1 + s2 + s3.
    """
    length, w, c = 6, 0.7, 0.4
    weights = np.zeros((length**2, length**2))
    for (r, q), (a, b) in product(product(range(length), repeat=2), ((0, 0), (1, 0), (1, 1))):
        weights[(r + a) % length * length + (q + b) % length, r * length + q] = w
    one = machine(weights, "ising", "ising", hidden_bias=np.full(length**2, c))
    found = read(one, f"triangular({length})", bodies=3)
    levels = np.log(2 * np.cosh(c + w * np.array([3, 1, -1, -3])))
    three = (levels * [1, -3, 3, -1]).sum() / 8
    triangles = found.named["k3_10_0m1"]
    assert triangles.places == 2 * length**2
    assert triangles.mean == pytest.approx(three / 2, abs=1e-13)  # half of them have no unit
    assert triangles.deviation == pytest.approx(abs(three) / 2, abs=1e-13)
    pair = (levels * [1, -1, -1, 1]).sum() / 8
    assert found.named["K"].mean == pytest.approx(pair, abs=1e-13)


def test_hidden_units_with_neighbours_have_couplings_with_names() -> None:
    """Windows of 4 on a ring of 8 overlap, so that 4 hidden units couple to their neighbours:
    against H(h) state by state. Those of a dense layer have no places."""
    ring, stack = "chain(8)", "stack {{ rbm({}, spins=ising, {}train=cd(epochs=1)) }}\n"
    text = SPEC.format(ring) + "\ndata samples(64)\n"
    layer, dense = (
        spec.stack.layers[0]
        for hidden in (("chain(4)", "connect=convolution, "), ("4", ""))
        if (spec := rgc.load(text + stack.format(*hidden)).spec).stack is not None
    )
    weights = np.zeros((8, 4))
    for unit, step in product(range(4), range(4)):
        weights[(2 * unit - 1 + step) % 8, unit] = (0.3, -0.7, 0.5, 0.4)[step]
    one = machine(weights, "ising", "ising", hidden_bias=np.full(4, 0.2))
    assert isinstance(layer.hidden.places, Lattice)
    read = lattice_couplings(
        one.turned, layer.hidden.places, tell_hidden(layer), couplings(one.turned)
    )
    h = np.array(list(product((1.0, -1.0), repeat=4)))
    minus_h = -one.hidden_energies(h)
    assert read.named["k1"].mean == pytest.approx(minus_h @ h[:, 0] / 16, abs=1e-13)
    assert read.named["k2_1"].mean == pytest.approx(minus_h @ (h[:, 0] * h[:, 1]) / 16, abs=1e-13)
    assert abs(read.named["k2_1"].mean) > 0.01
    assert tell_hidden(dense) == ()
