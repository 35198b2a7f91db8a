"""Recursions of cell potentials for tests, and the same step by one transform after the other."""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations
from itertools import product as cartesian

import numpy as np

import rgc
from rgc import backend as backends
from rgc.analysis.recursion import Floats
from rgc.flows.couplings.cell_recursion import CellRecursion, cell_recursion
from rgc.flows.couplings.cell_space import CellSpace, Subspace, cell_space
from rgc.model.spec import Spec
from rgc.passes.cells import cell_model

LATTICES = {1: "chain", 2: "square", 3: "cubic", 4: "hypercubic(d=4)"}
BACKEND = backends.load("reference")
P_FULL, P_SYMMETRIC, P_CUBIC = 0.7609885417212499, 0.7659830351999423, 0.40343611850121647
"""The stationary p of the fixed points in d = 2 and d = 3, recomputed independently
(kadanoff_d2_pstar, kadanoff_sym_d2, kadanoff_sym_d3).
"""


def spec_of(
    dimension: int,
    hamiltonian: str = "",
    *,
    lattice: str = "",
    spins: str = "ising",
    **couplings: float,
) -> Spec:
    values = {"K": 0.4, **couplings}
    parameters = ", ".join(f"{name} = {value!r}" for name, value in values.items())
    terms = hamiltonian or "- K * sum(<i,j>) s[i]*s[j]"
    return rgc.load(
        f"parameters {{ {parameters} }}\nlattice {lattice or LATTICES[dimension]}\nspins s: "
        f"{spins}\nhamiltonian\n  {terms}\n"
    ).spec


def space_of(spec: Spec, subspace: Subspace = "full") -> CellSpace:
    assert spec.hamiltonian is not None
    assert spec.lattice is not None
    return cell_space(cell_model(spec.hamiltonian, spec.lattice, spec.species), subspace)


def recursion_of(
    dimension: int, *p: float, subspace: Subspace = "full", K: float = 0.4
) -> CellRecursion:
    return cell_recursion(BACKEND, space_of(spec_of(dimension, K=K), subspace), p)


SQUARE = """- K * sum(<i,j>) s[i]*s[j]
  - L * sum(<<i,j>>) s[i]*s[j]
  + Q * sum(plaquette(i,j,k,l)) s[i]*s[j]*s[k]*s[l]
  - h * sum(i) s[i]
  - T * sum(i) (s[i]*s[i+x]*s[i+y] + s[i]*s[i-x]*s[i+y]
                + s[i]*s[i+x]*s[i-y] + s[i]*s[i-x]*s[i-y])"""


@lru_cache
def cube_potential(
    dimension: int, couplings: tuple[tuple[frozenset[tuple[int, ...]], float], ...]
) -> Floats:
    """V [2, 2, ...], an axis for each corner (0 is spin up): every product that symmetries make of
    the given corners, times its coupling over the number of cells that hold it.
    """
    corners = list(cartesian((0, 1), repeat=dimension))
    spin = np.array([1.0, -1.0])
    total = np.zeros((2,) * len(corners))
    for product, coupling in couplings:
        orbit = {
            frozenset(tuple(c[a] ^ f for a, f in zip(order, flips, strict=True)) for c in product)
            for order in permutations(range(dimension))
            for flips in cartesian((0, 1), repeat=dimension)
        }
        shared = 2 ** sum(len({c[k] for c in product}) == 1 for k in range(dimension))
        for each in orbit:
            axes = [np.reshape(spin, [2 if c == d else 1 for d in corners]) for c in each]
            total = total + coupling / shared * np.prod(np.broadcast_arrays(*axes), axis=0)
    return total


def site_by_site(potential: Floats, dimension: int, p: float) -> Floats:
    """V' [2, 2, ...]: one 2x2 transform along every axis, in logarithms."""
    n = 2**dimension
    total = sum(
        np.reshape([1.0, -1.0], [2 if k == axis else 1 for k in range(n)]) for axis in range(n)
    )
    result = n * potential - np.logaddexp(p * total, -p * total)
    for axis in range(n):
        up, down = np.take(result, 0, axis), np.take(result, 1, axis)
        result = np.stack([np.logaddexp(p + up, -p + down), np.logaddexp(-p + up, p + down)], axis)
    return result


def read(potential: Floats, product: frozenset[tuple[int, ...]], dimension: int) -> float:
    corners = list(cartesian((0, 1), repeat=dimension))
    spin = np.array([1.0, -1.0])
    for k, corner in enumerate(corners):
        weight = spin if corner in product else np.ones(2)
        potential = potential * np.reshape(
            weight, [2 if j == k else 1 for j in range(len(corners))]
        )
    shared = 2 ** sum(len({c[k] for c in product}) == 1 for k in range(dimension)) if product else 1
    return float(potential.mean()) * shared
