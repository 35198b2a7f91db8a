"""The cost of iterating maps that a spec writes, and matrices that it writes or makes of data."""

from __future__ import annotations

from rgc.language.values import CallValue
from rgc.model.data import Data, File, source_of
from rgc.model.expressions import Apply, Expression
from rgc.model.map import FlowMap, Ode, RecursionMap
from rgc.model.matrix_maps import ConvexNmf, DiffusionMap, LinearMap
from rgc.model.options import Options
from rgc.model.point_clouds import Points, Simplex
from rgc.model.spec import Spec
from rgc.schemes.cost import ELEMENTS, FLOPS, NUMBER, Cost
from rgc.schemes.costs.coupling_maps import applications
from rgc.schemes.needs.couplings import count_starts

GRID_ARRAYS, GRID_STEPS = 16, 5000
"""Numbers for a quantity of a point of a grid, and steps from each point, measured."""

WANDERING = 7e6
"""Numbers of an orbit that neither settles nor repeats, for its Lyapunov exponents, measured."""

ORBIT = 10_000
"""Steps of the orbit of a start that is followed by itself, with its Lyapunov exponents."""

OPERATIONS = 2e6
"""Operations of an expression in a second where points are moved one by one."""

MATRICES = 10
"""Matrices of the size of the map at one time."""

SPECTRUM = 40
"""Products for a spectrum, in units of n^3."""

UPDATES_OF_PROGRAM = 60
"""Products of a linear program, in units of n^3 for each of its two draws, measured."""


def iterate(spec: Spec, options: Options) -> Cost:
    """Matrices cost their spectrum, other maps one evaluation for each step of each orbit."""
    step = spec.map[0]
    if isinstance(step, LinearMap | ConvexNmf | DiffusionMap):
        return _matrix(step, spec.data)
    return _orbits(spec.map, options)


def _orbits(maps: tuple[FlowMap, ...], options: Options) -> Cost:
    lines = [line for step in maps for line in _lines(step)]
    counted, quantities = sum(map(operations, lines)), len(maps[0].quantities)
    moved = counted * (1 + quantities)  # with its derivatives
    starts = options.values.get("starts")
    alone, grid = count_starts(starts), 0.0
    if isinstance(starts, CallValue):
        alone, grid = 1, float(alone)
    single = applications(Options({k: v for k, v in options.values.items() if k != "starts"}))
    steps = single + alone * (single + ORBIT)
    seconds = steps * moved / OPERATIONS + grid * GRID_STEPS * counted / ELEMENTS
    numbers = (grid * GRID_ARRAYS + alone * single) * quantities + WANDERING
    return Cost(numbers * NUMBER, seconds)


def _lines(step: FlowMap) -> tuple[Expression, ...]:
    """The expressions of a map of quantities."""
    match step:
        case RecursionMap(updates=written) | Ode(rates=written):
            return tuple(expression for _, expression in written)
    raise ValueError(f"'{step.name}' has no expressions")


def operations(expression: Expression) -> int:
    """The functions, numbers and leaves of an expression."""
    return 1 + sum(map(operations, expression.operands)) if isinstance(expression, Apply) else 1


def _matrix(step: LinearMap | ConvexNmf | DiffusionMap, data: Data | None) -> Cost:
    rows, columns = (len(step.matrix),) * 2 if isinstance(step, LinearMap) else _shape(data)
    products = SPECTRUM * float(rows) ** 3
    if isinstance(step, ConvexNmf):
        updates = 2 * UPDATES_OF_PROGRAM * float(rows) ** 3
        if step.variant == "dlj":
            updates = 4.0 * step.iterations * rows * (rows + columns) * (step.rank + columns)
        products += updates
    return Cost((MATRICES * rows + 2 * columns) * rows * NUMBER, products / FLOPS)


def _shape(data: Data | None) -> tuple[int, int]:
    """The rows and columns of data that are points."""
    match source_of(data) if data is not None else None:
        case File(rows=rows, columns=columns):
            return rows, columns
        case Points() | Simplex() as cloud:
            return cloud.count, cloud.columns
    raise ValueError("a matrix is made of points")
