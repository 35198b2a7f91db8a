"""Maps that a spec writes: their recursion, where it starts, and what is asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

import numpy as np

from rgc.analysis.recursion import Floats, Recursion
from rgc.flows.maps.box import fixed_points_in_box
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
    options, recursion = request.options, _recursion(request)
    start = _starting_point(request, recursion.names)
    study, grid = _study(request, recursion, start), None
    asked = request.flow.options.get("starts")
    if isinstance(asked, CallValue) and study.starts is not None:
        grid = study.starts
        study = _searched(study, grid, _box(grid, asked, recursion.names))
    return MapFlow(
        CouplingFlow(study),
        backend=request.backend,
        starts=start[None] if study.starts is None else study.starts,
        grid=grid,
        lyapunov=options.flag("lyapunov"),
        alone=not request.point,
    )


def _study(request: Request, recursion: Recursion, start: Floats) -> Study:
    """The study of the maps. Without starts it begins at `start`, unless it looks for a critical
    point on the line through it.
    """
    maps, options = request.spec.map, request.options
    accumulates = any(isinstance(one, RecursionMap) and one.constant is not None for one in maps)
    study = make_study(request, recursion, start, _dimension(recursion), accumulates=accumulates)
    period = len(maps) * (options.integer("cycle") if "cycle" in options else 1)
    line = period == 1 and (study.starts is None or study.find == "separatrix")
    starts = start[None] if study.starts is None and not line else study.starts
    return replace(
        study,
        turns=len(maps),
        period=period,
        line=line,
        rays=False,
        logarithms=False,
        rest=start,
        starts=starts,
    )


def _searched(study: Study, grid: Floats, box: Floats) -> Study:
    """The study with the fixed points in a box, sought from a grid, instead of from its starts."""
    return replace(
        study,
        starts=None,
        search=partial(fixed_points_in_box, starts=grid, box=box),
        searched="in the box of the grid",
        window=np.array([grid.min(axis=0), grid.max(axis=0)]),
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


def _starting_point(request: Request, names: Sequence[str]) -> Floats:
    """The parameters called like the quantities, else the first of the starts or the middle of
    their grid, else 1.
    """
    given, options = request.spec.parameters, request.options
    if all(name in given for name in names):
        return np.array([given[name] for name in names])
    start = np.array([given.get(name, 1.0) for name in names])
    if "starts" not in options:
        return start
    starts = read_starts(options["starts"], names, start)
    middle = len(starts) // 2 if isinstance(options["starts"], CallValue) else 0
    return np.asarray(starts[middle])


def _box(starts: Floats, grid: CallValue, names: Sequence[str]) -> Floats:
    """The box [2, n] of a grid of starts, without bounds in quantities that it does not name."""
    named = {name for name, _ in grid.options}
    free = np.array([name not in named for name in names])
    low, high = starts.min(axis=0), starts.max(axis=0)
    return np.array([np.where(free, -np.inf, low), np.where(free, np.inf, high)])
