"""From expressions to an arithmetic program: equal parts are computed once, and small whole powers
are products, which round alike on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rgc.model.expressions import Apply, Constant, Expression, evaluate, leaves
from rgc.program import arithmetic
from rgc.program.arithmetic import Arithmetic, Given, Input, Node, Value, on_numbers

Floats = NDArray[np.float64]

LARGEST_PRODUCT = 64
"""The largest whole power that is written as a product."""


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """A program with the constants that it is given, and both as a `function` of numbers."""

    program: Arithmetic
    constants: Floats
    function: Callable[[Sequence[float]], list[float]]

    def at(self, point: Floats) -> Floats:
        """The outputs at one point, on the host. What is not finite is NaN or infinite."""
        return np.array(self.function(point.tolist()), dtype=np.float64)


def lower(expressions: Sequence[Expression], inputs: Sequence[Expression]) -> Lowered:
    """The program that computes some expressions of the leaves `inputs`, in this order.

    What depends on no input is computed here, once for all machines.
    """
    writer = _Writer(tuple(inputs))
    outputs = tuple(writer.value(expression) for expression in expressions)
    program = Arithmetic(len(inputs), len(writer.constants), tuple(writer.nodes), outputs)
    constants = np.array(list(writer.constants), dtype=np.float64)
    return Lowered(program, constants, on_numbers(program, constants.tolist()))


@dataclass(slots=True)
class _Writer:
    """A program in the making. A node that is already there is not written again."""

    inputs: tuple[Expression, ...]
    nodes: list[Node] = field(default_factory=list)
    constants: dict[float, int] = field(default_factory=dict)
    _known: dict[Node, Value] = field(default_factory=dict)
    _written: dict[Expression, Value] = field(default_factory=dict)

    def value(self, expression: Expression) -> Value:
        if expression not in self._written:
            self._written[expression] = self._new(expression)
        return self._written[expression]

    def _new(self, expression: Expression) -> Value:
        match expression:
            case Constant(number):
                return self._constant(number)
            case Apply() if not any(True for _ in leaves(expression)):
                return self._constant(_number(expression))
            case Apply("^", (base, Constant(power))) if _is_small(power):
                return self._power(self.value(base), int(power))
            case Apply("square", (base,)):
                return self._power(self.value(base), 2)
            case Apply(function, operands):
                return self._apply(function, *map(self.value, operands))
        return self._add(Input(self.inputs.index(expression)))

    def _constant(self, number: float) -> Value:
        return self._add(Given(self.constants.setdefault(number, len(self.constants))))

    def _apply(self, function: str, *operands: Value) -> Value:
        return self._add(arithmetic.Apply(function, operands))

    def _power(self, base: Value, power: int) -> Value:
        """base^power by repeated squaring."""
        if power < 0:
            return self._apply("/", self._constant(1.0), self._power(base, -power))
        if power == 0:
            return self._constant(1.0)
        if power == 1:
            return base
        half = self._power(base, power // 2)
        square = self._apply("*", half, half)
        return self._apply("*", square, base) if power % 2 else square

    def _add(self, node: Node) -> Value:
        if node not in self._known:
            self._known[node] = len(self.nodes)
            self.nodes.append(node)
        return self._known[node]


def _is_small(power: float) -> bool:
    return power == int(power) and abs(power) <= LARGEST_PRODUCT


def _number(expression: Expression) -> float:
    """The value of an expression without leaves."""

    def refuse(leaf: Expression) -> float:
        raise ValueError(f"{leaf} is no number")

    with np.errstate(all="ignore"):
        return float(evaluate(expression, refuse, np))
