"""Arithmetic programs: straight-line code of float64 numbers.

A program is a tuple of nodes, and a node names earlier ones by their index (`Value`). The functions
are those of `rgc.model.expressions`. Constants are no part of a program: they are `Given` when it
runs, so that one kernel serves every value of a parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rgc.model.expressions import FUNCTIONS, REAL

Value = int
"""The index of an earlier node of the same program."""


@dataclass(frozen=True, slots=True)
class Input:
    """A number of the argument."""

    index: int


@dataclass(frozen=True, slots=True)
class Given:
    """A constant that is known when the program runs."""

    index: int


@dataclass(frozen=True, slots=True)
class Apply:
    """A function of `FUNCTIONS` and the values that it is applied to."""

    function: str
    operands: tuple[Value, ...]


Node = Input | Given | Apply


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A function of `inputs` numbers, with `given` constants. `outputs` are its values."""

    inputs: int
    given: int
    nodes: tuple[Node, ...]
    outputs: tuple[Value, ...]


def evaluate(program: Arithmetic, inputs: Any, given: Any, xp: Any) -> list[Any]:
    """The outputs of a program, computed elementwise by the functions of an array namespace.

    `inputs` and `given` are indexed by number, and hold numbers or arrays. What is
    not finite comes out as NaN or infinity.
    """
    values: list[Any] = []
    for node in program.nodes:
        match node:
            case Input(index):
                values.append(inputs[index])
            case Given(index):
                values.append(given[index])
            case Apply(function, operands):
                values.append(FUNCTIONS[function](xp, *(values[k] for k in operands)))
    return [values[k] for k in program.outputs]


def on_numbers(
    program: Arithmetic, constants: Sequence[float]
) -> Callable[[Sequence[float]], list[float]]:
    """The program as a function of Python's numbers, with its constants put in.

    It means what `evaluate` means on numpy numbers, and is many times faster for one point.
    """
    loads = [(k, node.index) for k, node in enumerate(program.nodes) if isinstance(node, Input)]
    known = [
        float(constants[node.index]) if isinstance(node, Given) else 0.0 for node in program.nodes
    ]
    applied = [
        (k, REAL[node.function], node)
        for k, node in enumerate(program.nodes)
        if isinstance(node, Apply)
    ]

    def function(inputs: Sequence[float]) -> list[float]:
        values = known.copy()
        for k, index in loads:
            values[k] = inputs[index]
        for k, apply, node in applied:
            operands = [values[n] for n in node.operands]
            try:
                values[k] = apply(*operands)
            except (ValueError, ZeroDivisionError, OverflowError):
                values[k] = _not_finite(node.function, operands)
        return [values[k] for k in program.outputs]

    return function


def _not_finite(function: str, operands: Sequence[float]) -> float:
    import numpy as np

    with np.errstate(all="ignore"):
        return float(FUNCTIONS[function](np, *map(np.float64, operands)))
