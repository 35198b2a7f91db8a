"""Names in scope: parameters by kind, constants and functions, and the names in an expression."""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Set
from dataclasses import dataclass, field
from typing import cast

from rgc.ast_to_model.written_out import Extent
from rgc.errors import Problem, SpecError, suggest
from rgc.language.draws import DRAWS
from rgc.model.draw import Distribution
from rgc.model.expressions import REAL
from rgc.syntax import ast
from rgc.text import Span

Value = float | tuple["Value", ...]
"""The value of a parameter: a number, a list of numbers, or a matrix row by row."""

CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}

OF_ONE = (
    "sqrt",
    "exp",
    "log",
    "sin",
    "cos",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "abs",
)

FUNCTIONS: Mapping[str, tuple[int, Callable[..., float]]] = {
    **{name: (1, REAL[name]) for name in OF_ONE},
    "min": (-1, REAL["min"]),
    "max": (-1, REAL["max"]),
    "mod": (2, REAL["mod"]),
    "delta": (2, REAL["delta"]),
}
"""Functions of numbers by name, with the number of arguments (-1: one or more)."""

GEOMETRIC = ("distance", "coordinate")
"""Functions of site indices."""

SOURCES = ("hebb", "file")
"""Site-dependent couplings that are computed or read."""

THERMAL = ("avg", "var")
RESERVED = frozenset(
    {*CONSTANTS, *FUNCTIONS, *GEOMETRIC, *DRAWS, *SOURCES, *THERMAL, "sum", "prod", "mean"}
)


@dataclass(frozen=True, slots=True)
class Function:
    """A parameter `J(r) = ...`, and its extent with the functions that it calls written out."""

    argument: str
    body: ast.Expr
    extent: Extent


@dataclass(frozen=True, slots=True)
class Inhomogeneous:
    """A coupling that differs from place to place and is known by its name.

    Examples are `J ~ normal(0, 1)`, `J = hebb(patterns)` and `J = file("couplings.npy")`. `source`
    is the call as written, and `draw` the distribution of a coupling that is drawn.
    """

    source: ast.Call
    draw: Distribution | None = None

    @property
    def drawn(self) -> bool:
        return self.draw is not None


Parameter = float | tuple[Value, ...] | Function | Inhomogeneous


@dataclass(frozen=True, slots=True)
class Scope:
    """The parameters by name.

    `broken` holds those that could not be evaluated. They count as known, but have no value. Inside
    a function `outer` holds the parameters of the spec. `functions` holds the extent of each of the
    functions of the spec.
    """

    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    broken: Set[str] = frozenset()
    outer: Mapping[str, Parameter] | None = None
    functions: Mapping[str, Extent] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, float]:
        """The parameters that are single numbers."""
        return {name: value for name, value in self.parameters.items() if isinstance(value, float)}

    @property
    def extents(self) -> Mapping[str, Extent]:
        """The extents of the functions by name, for `written_out.extent`, but of one that an
        argument hides.
        """
        found = self.functions
        if self.outer is None or all(isinstance(self.parameters[name], Function) for name in found):
            return found
        return {
            name: each
            for name, each in found.items()
            if isinstance(self.parameters[name], Function)
        }

    def known(self, name: str) -> bool:
        return name in self.parameters or name in self.broken or name in CONSTANTS

    def inside(self, function: Function, value: float) -> Scope:
        """The scope of the body of a function, whose argument hides a parameter of that name.

        Arguments of functions that call this one are not seen there.
        """
        name, outer = function.argument, self.outer or self.parameters
        broken = self.broken - {name} if name in self.broken else self.broken
        own: MutableMapping[str, Parameter] = {name: value}
        seen = ChainMap(own, cast(MutableMapping[str, Parameter], outer))
        return Scope(seen, broken, outer, self.functions)

    def unknown(self, name: str, span: Span | None) -> SpecError:
        """The error for a name that means nothing here."""
        hint = suggest(name, (*self.parameters, *self.broken, *CONSTANTS))
        return problem(
            "unknown-name", f"unknown name '{name}'", span, label="not declared", hint=hint
        )


class Unknowable(Exception):
    """The value depends on a parameter whose own error is reported already."""


def problem(
    code: str, message: str, span: Span | None, *, label: str = "", hint: str = ""
) -> SpecError:
    """A `SpecError` of one problem, to be raised."""
    return SpecError([Problem(code, message, span, label, hint)])


def names(expr: ast.Node) -> Iterator[tuple[str, Span | None]]:
    """Every name that an expression refers to (of values and of functions) and its place. What is
    taken from another spec is named there.
    """
    for node in () if isinstance(expr, ast.Taken) else ast.walk(expr):
        if isinstance(node, ast.Name | ast.Call):
            yield node.name, node.span
