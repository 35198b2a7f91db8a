"""Migdal-Kadanoff: bonds are moved until chains are left, which are decimated."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import log
from typing import Literal, cast

import numpy as np

from rgc.analysis.fixed_points import CriticalPoint, critical
from rgc.analysis.recursion import Floats, invariant_projector, is_invariant
from rgc.flows.couplings.axis_flow import AxisFlow
from rgc.flows.couplings.axis_recursion import (
    AxisRecursion,
    Order,
    StrongestFirst,
    by_strength,
    step_of,
    strongest_first,
    weights_of,
)
from rgc.flows.couplings.axis_space import AxisSpace, axis_space
from rgc.flows.couplings.bond_flow import BondFlow, infinitesimal
from rgc.flows.couplings.bond_recursion import BondRecursion, hypercubic
from rgc.flows.couplings.bond_space import bond_space
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.fieldless import judged_without_fields
from rgc.flows.study.free_spins import uncoupled_pair
from rgc.flows.study.study import Study, make_study
from rgc.passes.bonds import BondModel, bond_model


def make_migdal_kadanoff(request: Request) -> CouplingFlow:
    """The flow `migdal_kadanoff` of a checked spec at one point.

    When bonds are moved first, F is bounded from below. When they are decimated first, the
    constants belong to the diamond lattice and are left out.
    """
    return CouplingFlow(judged_without_fields(request, _study))


def _study(request: Request) -> Study:
    model = bond_model(request.hamiltonian, request.crystal, request.species)
    order = cast(Order, request.options.word("order"))
    alike = model.isotropic and (order != "axes" or model.axes == 1)
    first: Literal["move", "decimate"] = "decimate" if order == "decimate" else "move"
    study, functions = (
        _isotropic(request, model, first) if alike else _by_axis(request, model, order)
    )
    return replace(study, beyond=partial(uncoupled_pair, functions))


def _isotropic(
    request: Request, model: BondModel, order: Literal["move", "decimate"]
) -> tuple[Study, Floats]:
    """The study of bonds that are the same along all axes, and the functions of its couplings."""
    dimension, backend, b = model.axes, request.backend, request.options.number("b")
    space = bond_space(model, dimension)
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
        flow = BondFlow(backend, space, infinitesimal(dimension, log(model.states)))
        return asked(flow), space.functions
    recursion = BondRecursion(backend, space, hypercubic(dimension, b, order, model.states))
    return asked(recursion, accumulates=order == "move"), space.functions


def _by_axis(request: Request, model: BondModel, order: Order) -> tuple[Study, Floats]:
    """The same for bonds that differ from axis to axis."""
    d, b = model.axes, request.options.number("b")
    order = order if b > 1 else "axes"  # the limit of every order
    space = axis_space(model, weights_of(order, d, b))
    recursion: AxisRecursion | AxisFlow
    phases: StrongestFirst | AxisFlow
    if b == 1:
        recursion = AxisFlow(backend=request.backend, space=space)
        phases = replace(recursion, balanced=True)
    else:
        stripped = b**d - 1 - d * (b - 1) if order == "move" else 0.0
        recursion = AxisRecursion(
            backend=request.backend,
            space=space,
            chains=step_of(order, d, b),
            scale=b,
            sites=b**d,
            stripped=stripped,
        )
        phases = strongest_first(recursion, b)
    near = replace(space, sectors=space.isotropic, projector=invariant_projector(space.isotropic))
    nearby = replace(recursion, space=near)
    study = make_study(
        request,
        recursion,
        space.start,
        d,
        kind="lower bound",
        accumulates=order != "decimate",
        constant=model.constant,
        terms=space.terms,
    )
    find = partial(_critical, space, nearby, phases, moves(order, d, b))
    return replace(study, nearby=(nearby,), critical=find), space.functions


def moves(order: Order, dimension: int, b: float) -> Floats:
    """The number of bonds that are moved onto one beforehand, for the axes from the strongest to
    the weakest, so that what follows is decimation of one axis after the other.
    """
    power = {"move": 1, "decimate": -1, "axes": 0}[order]
    return np.asarray(float(b) ** (power * np.arange(dimension)))


def _critical(
    space: AxisSpace,
    nearby: AxisRecursion | AxisFlow,
    phases: StrongestFirst | AxisFlow,
    moved: Floats,
    ray: Floats,
) -> CriticalPoint:
    """The critical point on a ray. Raises `PointNotFound`.

    On its own each axis flows to its own end. Phases are told by the flow that keeps the axes
    alike, and the fixed point is that of isotropic couplings.
    """
    if is_invariant(nearby, ray):
        return critical(nearby, ray)
    u, order = space.bonds(ray), by_strength(space, ray)
    before = np.empty(space.axes)
    before[list(order)] = moved
    factor = critical(phases, space.read(before[:, None, None] * u)).factor
    alike = space.read((space.weights / space.weights[order[0]])[:, None, None] * u[order[0]])
    return CriticalPoint(factor, factor * ray, critical(nearby, alike).fixed_point)
