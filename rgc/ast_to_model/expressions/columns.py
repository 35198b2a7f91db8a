"""Functions of spins at all states, part by part and not state by state.

A column is a list with one value for each state, or one number where no spin stands.
States are row-major: the last spin runs fastest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from itertools import repeat
from math import prod

from rgc.ast_to_model.expressions.evaluate import entry_of, function_of, number, one, operate
from rgc.ast_to_model.scope import FUNCTIONS, Scope
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.syntax import ast

Column = float | list[float]

Leaf = Callable[[ast.Expr], Column | None]
"""What is asked first for the column of a part: None leaves it to the usual rules."""


def spin_columns(spins: Sequence[Spin], species: Sequence[Species]) -> Mapping[Spin, list[float]]:
    """The value of each spin at all states of them all."""
    alphabets = [tuple(map(float, species[spin.species].values)) for spin in spins]
    return {
        spin: spread((spin,), alphabets[k], spins, list(map(len, alphabets)))
        for k, spin in enumerate(spins)
    }


def spread(
    spins: Sequence[Spin], values: Sequence[float], onto: Sequence[Spin], sizes: Sequence[int]
) -> list[float]:
    """A function of some spins at all states of more, `onto`, which have so many states each."""
    places, stride = [0], 1
    strides = {}
    for spin in reversed(spins):
        strides[spin], stride = stride, stride * sizes[onto.index(spin)]
    for spin, size in zip(onto, sizes, strict=True):
        by = strides.get(spin, 0)
        places = [place + by * k for place in places for k in range(size)]
    return [values[place] for place in places]


def column(expr: ast.Expr, scope: Scope, leaf: Leaf) -> Column:
    """The column of an expression. Raises like `evaluate` for what has no value at some state."""
    found = leaf(expr)
    if found is not None:
        return found
    match expr:
        case ast.Negate(operand):
            return along(lambda x: -x, column(operand, scope, leaf))
        case ast.Binary():
            left, right = column(expr.left, scope, leaf), column(expr.right, scope, leaf)
            return along(partial(operate, expr), left, right)
        case ast.Call():
            function = function_of(expr, scope)
            function = function if expr.name in FUNCTIONS else cache(function)
            return along(function, *(column(each, scope, leaf) for each in expr.arguments))
        case ast.Index():
            entry = entry_of(expr, scope)
            places = (column(each, scope, leaf) for each in expr.arguments)
            return along(lambda *at: one(entry(*at), expr), *places)
    return number(expr, scope)


def along(function: Callable[..., float], *columns: Column) -> Column:
    """A function of numbers, at each state."""
    if not any(isinstance(each, list) for each in columns):
        return function(*columns)
    return list(map(function, *(e if isinstance(e, list) else repeat(e) for e in columns)))


def reduced(kind: str, columns: Sequence[Column]) -> Column:
    """The sum, product or mean of columns."""
    if kind == "prod":
        return along(lambda *factors: prod(factors), *columns)
    share = len(columns) if kind == "mean" else 1
    return along(lambda *summands: sum(summands) / share, *columns)
