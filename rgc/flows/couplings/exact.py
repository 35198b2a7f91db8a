"""Decimation where the sum closes: the chain, and the diamond hierarchical lattice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import log

import numpy as np

from rgc.analysis.linearised_map import linearise
from rgc.analysis.recursion import Floats
from rgc.flows.couplings.bond_recursion import BondRecursion, diamond, hypercubic
from rgc.flows.couplings.bond_space import BondSpace, bond_space
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.fieldless import judged_without_fields
from rgc.flows.study.free_spins import uncoupled_pair
from rgc.flows.study.study import Close, Study, make_study
from rgc.model.lattice import Diamond
from rgc.passes.bonds import bond_model

COLD = 30.0
"""In kT between equal and unequal neighbours. The limit of zero temperature is reached here up to
rounding.
"""


def make_exact(request: Request) -> CouplingFlow:
    """The flow `exact` of a checked spec at one point.

    A diamond lattice of n generations is one bond after n steps, whose two sites are summed. Its
    free energy, like that of the infinite lattice, counts per bond.
    """
    return CouplingFlow(judged_without_fields(request, _study))


def _study(request: Request) -> Study:
    lattice, b, backend = request.lattice, int(request.blocks[0].scale), request.backend
    model = bond_model(request.hamiltonian, lattice, request.species)
    if not isinstance(lattice, Diamond):
        space = bond_space(model, 1)
        recursion = BondRecursion(backend, space, hypercubic(1, b, "move", model.states))
        study = make_study(
            request, recursion, space.start, 1, constant=model.constant, terms=space.terms
        )
        return replace(study, frozen=partial(_zero_temperature, recursion))
    space = bond_space(model, 0)
    recursion = BondRecursion(backend, space, diamond(lattice.b, lattice.branches, model.states))
    dimension = log(recursion.sites) / log(lattice.b)
    close = (
        None
        if lattice.generations is None
        else Close(lattice.generations, partial(_of_one_bond, space))
    )
    study = make_study(
        request,
        recursion,
        space.start,
        dimension,
        per="bond",
        close=close,
        constant=model.constant * _sites(lattice),
        terms=space.terms,
    )
    return replace(study, beyond=partial(uncoupled_pair, space.functions))


def _zero_temperature(recursion: BondRecursion) -> dict[str, float]:
    """The exponents of the fixed point of zero temperature (Nelson and Fisher 1975).

    They are y_t of w = W(a, b)/W(a, a), the weight of unequal neighbours, and y_h, in the limit w
    -> 0. The result is empty where unequal neighbours are not the rarer ones.
    """
    space, b = recursion.space, recursion.scale
    gap = _gap(space, space.start)
    if gap <= 0:
        return {}
    couplings = space.start * (COLD / gap)
    rarer = _gap(space, recursion(couplings).couplings)
    spectra = linearise(recursion, couplings)
    exponents = {"y_t": (COLD - rarer) / log(b)}
    return exponents | ({"y_h": float(spectra[1].exponents[0])} if len(spectra) > 1 else {})


def _gap(space: BondSpace, couplings: Floats) -> float:
    """The minimum over a of u(a, a) minus the largest u(a, b) of unequal states, in kT."""
    u = np.tensordot(couplings, space.functions, 1)
    unequal = np.where(np.eye(len(u), dtype=bool), -np.inf, u)
    return float(np.diag(u).min() - unequal.max())


def _of_one_bond(space: BondSpace, couplings: Floats) -> float:
    """ln sum_ab W(a, b)."""
    u = np.tensordot(couplings, space.functions, 1)
    return float(u.max() + np.log(np.exp(u - u.max()).sum()))


def _sites(lattice: Diamond) -> float:
    """The number of sites for each bond: two ends, and at every generation branches (b - 1) more
    for each bond before it.
    """
    ratio = lattice.b * lattice.branches
    inner = lattice.branches * (lattice.b - 1) / (ratio - 1)
    if lattice.generations is None:
        return inner
    bonds = float(ratio**lattice.generations)
    return (2 + inner * (bonds - 1)) / bonds
