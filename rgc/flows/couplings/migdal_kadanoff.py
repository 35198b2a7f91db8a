"""Migdal-Kadanoff: bonds are moved until chains are left, which are decimated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from math import log
from typing import TYPE_CHECKING, cast

from rgc.errors import Problem, SpecError
from rgc.flows.couplings.bond_flow import BondFlow, infinitesimal
from rgc.flows.couplings.bond_recursion import BondRecursion, Order, hypercubic, positive
from rgc.flows.couplings.bond_space import BondSpace, bond_space
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.study import make_study
from rgc.model.lattice import Lattice
from rgc.passes.bonds import bond_model

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.spec import Spec


def make_migdal_kadanoff(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> CouplingFlow:
    """The flow `migdal_kadanoff` of a checked spec at one point. Moving bonds first, F is bounded
    from below; the constants of decimating first belong to the diamond lattice and are left out.
    """
    del seed, point, zero
    # The checker asks for a crystal and for the sections.
    assert isinstance(spec.lattice, Lattice)  # noqa: S101
    assert spec.hamiltonian is not None  # noqa: S101
    assert spec.flow is not None  # noqa: S101
    options, dimension = spec.flow.options, spec.lattice.dimension
    model = bond_model(spec.hamiltonian, spec.lattice, spec.species)
    space = bond_space(model, dimension)
    _check_power(float(cast(float, options["b"])), space, spec)
    order, b = cast(Order, options["order"]), float(cast(float, options["b"]))
    asked = partial(
        make_study,
        spec,
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
    return CouplingFlow(asked(recursion, ledger=order == "move"))


def _check_power(b: float, space: BondSpace, spec: Spec) -> None:
    """Raise `SpecError` where W^b is not real, because b is not an integer and the bond weight has
    a negative eigenvalue.
    """
    if (b == 1 or not b.is_integer()) and not positive(space, space.start):
        message = (
            f"a chain of b = {b:g} bonds needs a bond weight without negative eigenvalues, and "
            "this one has some"
        )
        hint = "antiferromagnetic bonds need a whole b of at least 2"
        raise SpecError(
            [Problem("not-possible", message, spec.flow.span if spec.flow else None, hint=hint)]
        )
