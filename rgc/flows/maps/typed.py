"""Maps that a spec writes: their recursion, where it starts, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from rgc.analysis.recursion import Floats, Recursion
from rgc.flows.maps.expression_recursion import expression_recursion
from rgc.flows.maps.map_flow import MapFlow
from rgc.flows.maps.rate_recursion import rate_recursion
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.study import Study, make_study, read_starts
from rgc.language.values import CallValue
from rgc.model.map import Ode, RecursionMap


def make_typed(request: Request) -> MapFlow:
    """The flow of a recursion, of an ode, or of several that take turns."""
    maps, options = request.spec.map, request.options
    recursion, turns = _recursion(request), len(maps)
    start = starting_point(request, recursion.names)
    study = make_study(
        request,
        recursion,
        start,
        _dimension(recursion),
        accumulates=any(isinstance(one, RecursionMap) and one.constant is not None for one in maps),
    )
    listed = "starts" in options and not isinstance(options["starts"], CallValue)
    period = turns * (options.integer("cycle") if "cycle" in options else 1)
    study = replace(
        study,
        turns=turns,
        period=period,
        line=period == 1 and "starts" not in options,
        box=_box(request, study),
    )
    return MapFlow(
        CouplingFlow(study),
        backend=request.backend,
        starts=study.starts if listed and study.starts is not None else start[None],
        lyapunov=options.flag("lyapunov"),
    )


def _recursion(request: Request) -> Recursion:
    maps = request.spec.map
    if isinstance(maps[0], Ode):
        return rate_recursion(cast(Sequence[Ode], maps))
    return expression_recursion(cast(Sequence[RecursionMap], maps))


def _dimension(recursion: Recursion) -> float:
    """d of N/N' = b^d, or NaN where it is not known."""
    with np.errstate(all="ignore"):
        return float(np.log(recursion.sites) / np.log(recursion.scale))


def starting_point(request: Request, names: Sequence[str]) -> Floats:
    """The parameters called like the quantities, else the first of the starts, else 1."""
    given, options = request.spec.parameters, request.options
    if all(name in given for name in names):
        return np.array([given[name] for name in names])
    start = np.array([given.get(name, 1.0) for name in names])
    return read_starts(options["starts"], names, start)[0] if "starts" in options else start


def _box(request: Request, study: Study) -> Floats | None:
    """The box of a grid of starts, in the quantities that the grid names."""
    options = request.options
    if "starts" not in options or not isinstance(options["starts"], CallValue):
        return None
    assert study.starts is not None  # noqa: S101
    named = {name for name, _ in options["starts"].options}
    low, high = study.starts.min(axis=0), study.starts.max(axis=0)
    free = np.array([name not in named for name in study.recursion.names])
    return np.array([np.where(free, -np.inf, low), np.where(free, np.inf, high)])
