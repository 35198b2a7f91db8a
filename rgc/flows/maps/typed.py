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
from rgc.flows.study.study import make_study, read_starts
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
    period = turns * (options.integer("cycle") if "cycle" in options else 1)
    asked, starts = request.flow.options.get("starts"), study.starts
    line = period == 1 and ("starts" not in options or study.find == "separatrix")
    study = replace(study, turns=turns, period=period, line=line, rays=False, rest=start)
    if starts is None and not line:
        study = replace(study, starts=start[None])
    grid = starts if isinstance(asked, CallValue) and starts is not None else None
    if grid is not None and isinstance(asked, CallValue):
        box = _box(grid, asked, recursion.names)
        search = partial(fixed_points_in_box, starts=grid, box=box)
        window = np.array([grid.min(axis=0), grid.max(axis=0)])
        study = replace(
            study, starts=None, search=search, searched="in the box of the grid", window=window
        )
    return MapFlow(
        CouplingFlow(study),
        backend=request.backend,
        starts=start[None] if grid is not None or starts is None else starts,
        grid=grid,
        lyapunov=options.flag("lyapunov"),
        alone=not request.point,
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
