"""A few steps of a map number by number, to find where it has no real value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rgc.model.expressions import REAL, Apply, Constant, Expression
from rgc.model.map import Ode, Quantity, RecursionMap

Values = Mapping[str, float]
"""The value of each quantity."""


class NoValue(Exception):
    """A function without a real value at these `arguments`; `part` is where it is applied."""

    def __init__(self, part: Apply, arguments: Sequence[float]) -> None:
        shown = [f"{x:.6g}" for x in arguments]
        infix = len(shown) == 2 and not part.function.isidentifier()
        text = f" {part.function} ".join(shown) if infix else f"{part.function}({', '.join(shown)})"
        super().__init__(f"{text} is not a real number")
        self.part = part


class Overflows(Exception):
    """A value is beyond all bounds."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A step: its number from 1, the values after it, and the constant that it adds."""

    step: int
    values: Values
    constant: float


def follow(maps: Sequence[RecursionMap], start: Values, steps: int) -> Iterator[Followed]:
    """Steps of maps that take turns, until a quantity is beyond all bounds.

    Raises `NoValue` where a map has no real value.
    """
    values = dict(start)
    try:
        for step in range(steps):
            one = maps[step % len(maps)]
            constant = 0.0 if one.constant is None else value_of(one.constant, values)
            values = {name: value_of(update, values) for name, update in one.updates}
            yield Followed(step + 1, values, constant)
    except Overflows:
        return


def rates_at(ode: Ode, start: Values) -> Values:
    """The rates at one point. Raises `NoValue`, and `Overflows`."""
    return {name: value_of(rate, start) for name, rate in ode.rates}


def value_of(expression: Expression, values: Values) -> float:
    """The value of an expression in float64, by Python's `math`.

    Raises `NoValue` and `Overflows`.
    """
    match expression:
        case Constant(value):
            return value
        case Quantity(name):
            return values[name]
        case Apply(operands=operands):
            return _applied(expression, [value_of(operand, values) for operand in operands])
    raise ValueError(f"{expression} is no quantity of the map")


def _applied(part: Apply, arguments: list[float]) -> float:
    try:
        value = REAL[part.function](*arguments)
    except (ValueError, ZeroDivisionError):
        raise NoValue(part, arguments) from None
    except OverflowError:
        raise Overflows from None
    if not math.isfinite(value):
        raise Overflows
    return value
