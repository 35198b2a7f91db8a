"""Migdal-Kadanoff: bonds are moved until chains are left, which are decimated."""

from __future__ import annotations

from functools import partial
from math import log
from typing import TYPE_CHECKING, cast

from rgc.errors import Problem, SpecError
from rgc.flows.couplings.bond_flow import BondFlow, infinitesimal
from rgc.flows.couplings.bond_recursion import BondRecursion, Order, hypercubic, positive
from rgc.flows.couplings.bond_space import BondSpace, bond_space
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.study import make_study
from rgc.passes.bonds import bond_model

if TYPE_CHECKING:
    from rgc.text import Span


def make_migdal_kadanoff(request: Request) -> CouplingFlow:
    """The flow `migdal_kadanoff` of a checked spec at one point.

    When bonds are moved first, F is bounded from below. When they are decimated first, the
    constants belong to the diamond lattice and are left out.
    """
    dimension, backend = request.crystal.dimension, request.backend
    b, order = request.options.number("b"), cast(Order, request.options.word("order"))
    model = bond_model(request.hamiltonian, request.crystal, request.species)
    space = bond_space(model, dimension)
    _check_power(b, space, request.span)
    asked = partial(
        make_study,
        request,
        start=space.start,
        dimension=dimension,
        kind="lower bound",
        constant=model.constant,
        terms=space.terms,
    )
    if b == 1:
        return CouplingFlow(
            asked(BondFlow(backend, space, infinitesimal(dimension, log(model.states))))
        )
    recursion = BondRecursion(backend, space, hypercubic(dimension, b, order, model.states))
    return CouplingFlow(asked(recursion, accumulates=order == "move"))


def _check_power(b: float, space: BondSpace, span: Span | None) -> None:
    """Raise `SpecError` where W^b is not real, because b is not an integer and the bond weight has
    a negative eigenvalue.
    """
    if (b == 1 or not b.is_integer()) and not positive(space, space.start):
        message = (
            f"a chain of b = {b:g} bonds needs a bond weight without negative eigenvalues, and "
            "this one has some"
        )
        hint = "antiferromagnetic bonds need a whole b of at least 2"
        raise SpecError([Problem("not-possible", message, span, hint=hint)])
