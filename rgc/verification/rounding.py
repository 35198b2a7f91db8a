"""How far rounding can move the outputs of an arithmetic program: an adjoint sweep.

To first order the error of an output is at most the sum over all nodes of |d output / d node| times
the rounding error of the node, `ULPS` u |node| with u = 2^-53. The sweep goes from the outputs back
to the inputs, and its products are exact up to factors near 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from rgc.model.expressions import FUNCTIONS, Expression, evaluate
from rgc.model.expressions import Apply as Applied
from rgc.model.map import Quantity
from rgc.passes.differentiate import NotDifferentiable, differentiate
from rgc.program.arithmetic import Apply, Arithmetic, Given, Input, Value
from rgc.verification.energies import UNIT

ULPS: Mapping[str, float] = {
    **dict.fromkeys(FUNCTIONS, 4.0),
    **dict.fromkeys(("+", "-", "*", "/", "square", "sqrt"), 1.0),
    **dict.fromkeys(("negate", "abs", "min", "max", "mod", "delta"), 0.0),
    "^": 16.0,
    "atanh": 8.0,
}
"""The largest error of each function, in units of u times its value: those that IEEE 754 rounds
correctly have 1, and what vector libraries promise of the others is 4.
"""


def rounding_of(program: Arithmetic, constants: Any, points: Any) -> Any:
    """A bound [outputs, k] on the rounding error of every output at the points [inputs, k], and of
    its constants, which may be wrong in their last bit.
    """
    with np.errstate(all="ignore"):
        values = list(_values(program, constants, points))
        return np.stack([_swept(program, values, output) for output in program.outputs])


def _values(program: Arithmetic, constants: Any, points: Any) -> Iterator[Any]:
    known: list[Any] = []
    for node in program.nodes:
        match node:
            case Input(index):
                known.append(points[index])
            case Given(index):
                known.append(np.full(points.shape[1:], constants[index]))
            case Apply(function, operands):
                known.append(FUNCTIONS[function](np, *(known[k] for k in operands)))
        yield known[-1]


def _swept(program: Arithmetic, values: Sequence[Any], output: Value) -> Any:
    adjoints: list[Any] = [np.zeros_like(values[0]) for _ in values]
    adjoints[output] = np.ones_like(values[0])
    total = np.zeros_like(values[0])
    for number in range(output, -1, -1):
        node, adjoint = program.nodes[number], adjoints[number]
        ulps = ULPS[node.function] if isinstance(node, Apply) else float(isinstance(node, Given))
        total = total + np.abs(adjoint * values[number]) * (ulps * UNIT)
        if isinstance(node, Apply):
            operands = [values[k] for k in node.operands]
            for place, k in enumerate(node.operands):
                adjoints[k] = adjoints[k] + np.abs(adjoint * _slope(node.function, place, operands))
    return total


def _slope(function: str, place: int, operands: Sequence[Any]) -> Any:
    """The derivative of a function by one of its operands; of a function with kinks at most 1."""
    if function == "mod" and place == 1:
        return np.floor(operands[0] / operands[1])
    slope = _derivative(function, place, len(operands))
    if slope is None:
        return np.ones_like(operands[place])
    return evaluate(slope, lambda leaf: operands[int(str(leaf))], np)


@lru_cache(maxsize=256)
def _derivative(function: str, place: int, count: int) -> Expression | None:
    operands = tuple(Quantity(str(k)) for k in range(count))
    try:
        return differentiate(Applied(function, operands), operands[place])
    except NotDifferentiable:
        return None
