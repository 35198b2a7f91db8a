"""Flows of maps that are matrices, from a request."""

from __future__ import annotations

import numpy as np

from rgc.analysis.diffusion import NoWalk, check_scale
from rgc.errors import Problem, SpecError
from rgc.flows.data.clouds import PointCloud, make_cloud
from rgc.flows.data.rows import key_of
from rgc.flows.matrices.diffusion import Diffusion
from rgc.flows.matrices.factorisation import Multiplicative, Program
from rgc.flows.matrices.linear import Linear
from rgc.flows.matrices.matrix_flow import MatrixFlow, Question
from rgc.flows.request import Request
from rgc.flows.study.study import read_starts
from rgc.model.data import File
from rgc.model.matrix_maps import ConvexNmf, DiffusionMap, LinearMap, MatrixMap
from rgc.model.point_clouds import Points, Simplex
from rgc.program.draws import Key, stream
from rgc.schemes.options import SHOWN_STEPS

FACTORS, COSTS = range(2)
"""What is drawn for a factorisation. Numbers of draws are keyed by them."""


def make_matrix_flow(request: Request) -> MatrixFlow:
    """The flow of a map that is a matrix.

    Raises `SpecError` for data that cannot be read, and for a scale that does not suit them.
    """
    step = request.spec.map[0]
    if not isinstance(step, LinearMap | ConvexNmf | DiffusionMap):
        raise ValueError(f"'{step.name}' is no matrix")
    provenance = {"map": str(step)}
    if request.spec.data is not None:
        provenance["data"] = str(request.spec.data)
    return MatrixFlow(request.flow.scheme, _question(request, step), provenance)


def _question(request: Request, step: MatrixMap) -> Question:
    match step:
        case LinearMap():
            return _linear(request, step)
        case ConvexNmf(variant="lp"):
            return Program(map=step, points=_points(request), key=_key(request, COSTS))
        case ConvexNmf():
            return Multiplicative(map=step, points=_points(request), key=_key(request, FACTORS))
        case DiffusionMap():
            points = _points(request)
            try:
                check_scale(points.values, step.scale)
            except NoWalk as error:
                place = request.spec.document.place("map")
                problem = Problem("wrong-scale", str(error), place, hint=error.hint)
                raise SpecError([problem]) from None
            return Diffusion(map=step, points=points)


def _linear(request: Request, step: LinearMap) -> Linear:
    options, size = request.options, len(step.matrix)
    starts = np.zeros((0, size))
    if "starts" in options:
        names, zero = step.quantities, np.zeros(size)
        starts = read_starts(options["starts"], names, zero, request.span)
    return Linear(
        map=step,
        starts=starts,
        count=options.integer("steps") if "steps" in options else SHOWN_STEPS,
        points=_points(request) if request.spec.data is not None else None,
    )


def _points(request: Request) -> PointCloud:
    """The data, which the check has seen to be points. Raises `ValueError` where they are not."""
    data = request.spec.data
    if not isinstance(data, Points | Simplex | File):
        raise ValueError(f"the data are {type(data).__name__}, not points")
    return make_cloud(data, request.seed)


def _key(request: Request, purpose: int) -> Key:
    return key_of(stream(request.seed, request.point, "arrays"), purpose)
