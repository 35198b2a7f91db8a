"""From the `measure` section to quantities.

`sum`, `prod` and `mean` belong to one configuration, `avg` and `var` are thermal; a measure without them is averaged. Measures may use
one another by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.expressions.scope import THERMAL, Scope, problem
from rgc.errors import Problem, SpecError
from rgc.flows.sampling.arithmetic import evaluate
from rgc.flows.sampling.built_in import CONFIGURATION, NAMED, correlation
from rgc.flows.sampling.quantities import Leaf, Measured, Quantity, plain, power
from rgc.flows.sampling.recorder import Sums
from rgc.flows.sampling.reductions import reduction_leaf
from rgc.model.spec import Spec
from rgc.syntax import ast

Floats = NDArray[np.float64]


def quantities(
    spec: Spec, model: Measured, default: Sequence[str], given: Mapping[str, Quantity] | None = None
) -> tuple[Quantity, ...]:
    """What the spec asks to measure, else the quantities named in `default`. Measures of a finished scan are not among them. `given`:
    what the flow knows besides, by the names of built-in measures.

    Raises `SpecError` for what cannot be measured yet.
    """
    asked = [measure for measure in spec.measures if not measure.of_scan and not measure.methods]
    definitions = {each.name: each.expression for each in asked if each.expression is not None}
    reader = _Reader(model, Scope(dict(spec.parameters)), definitions, given or {})
    if not asked:
        return tuple(NAMED[name](model) for name in default)
    return tuple(reader.quantity(each.name, each.expression or ast.Name(each.name)) for each in asked)


@dataclass(frozen=True, slots=True)
class _Reader:
    model: Measured
    scope: Scope
    definitions: Mapping[str, ast.Expr]
    given: Mapping[str, Quantity]

    def quantity(self, name: str, expr: ast.Expr) -> Quantity:
        whole = self._inlined(expr, ())
        nodes = list(dict.fromkeys(_thermal(whole)))
        if not nodes:
            return plain(self._leaf(whole), name)
        parts = {node: self._part(node) for node in nodes}
        leaves = tuple({leaf.name: leaf for part in parts.values() for leaf in part.leaves}.values())
        names = [leaf.name for leaf in leaves]

        def combine(*averages: Floats) -> Floats:
            of_leaf = dict(zip(names, averages, strict=True))

            def special(node: ast.Expr) -> Floats | None:
                part = parts.get(node)
                return None if part is None else part.combine(*(of_leaf[leaf.name] for leaf in part.leaves))

            return evaluate(whole, self.scope, special)

        return Quantity(name, leaves, combine)

    def _part(self, node: ast.Expr) -> Quantity:
        """avg(...), var(...), or a built-in that is an average of its own."""
        if isinstance(node, ast.Call) and node.name in THERMAL:
            leaf = self._leaf(node.arguments[0])
            if node.name == "avg":
                return plain(leaf)
            return Quantity("var", (leaf, power(leaf, 2)), lambda first, second: second - first**2)
        if isinstance(node, ast.Call) and node.name == "correlation":
            argument = node.arguments[0] if node.arguments else node.options[0].value
            return correlation(self.model, integer(argument, self.scope))
        name = node.name if isinstance(node, ast.Name | ast.Call) else ""
        if name in self.given:
            return self.given[name]
        if name in NAMED:
            return NAMED[name](self.model)
        raise SpecError([Problem("not-yet", f"'{name}' cannot be measured by this scheme yet", node.span)])

    def _leaf(self, expr: ast.Expr) -> Leaf:
        """A value of one configuration."""
        parts = dict(self._primitives(expr))

        def value(sums: Sums) -> Floats:
            def special(node: ast.Expr) -> Floats | None:
                part = parts.get(node)
                return None if part is None else part.value(sums)

            with np.errstate(all="ignore"):
                return evaluate(expr, self.scope, special)

        rows = tuple(dict.fromkeys(row for leaf in parts.values() for row in leaf.rows))
        return Leaf(repr(expr), rows, value)

    def _primitives(self, expr: ast.Node) -> Iterator[tuple[ast.Expr, Leaf]]:
        """Sums over the lattice and built-ins of one configuration."""
        match expr:
            case ast.Reduction():
                yield expr, reduction_leaf(expr, self.model.lattice, self.model.species, self.scope)
            case ast.Name(name) if name in CONFIGURATION and name not in self.scope.numbers:
                yield expr, CONFIGURATION[name](self.model)
            case ast.Index():
                raise problem("not-yet", "a spin is measured inside a sum or mean", expr.span)
            case _:
                for child in ast.children(expr):
                    yield from self._primitives(child)

    def _inlined(self, expr: ast.Expr, open_: tuple[str, ...]) -> ast.Expr:
        """The expression with the names of other measures replaced by what they stand for."""

        def meant(part: ast.Expr) -> ast.Expr | None:
            match part:
                case ast.Name(name) if name in self.definitions and name not in open_:
                    return self._inlined(self.definitions[name], (*open_, name))
                case ast.Reduction():
                    return part
            return None

        return ast.rewritten(expr, meant)


def _thermal(expr: ast.Node) -> Iterator[ast.Expr]:
    """The outermost averages of an expression."""
    match expr:
        case ast.Call(name) if name in (*THERMAL, "correlation", "free_energy"):
            yield expr
        case ast.Name(name) if name in AVERAGES:
            yield expr
        case ast.Reduction():
            pass
        case _:
            for child in ast.children(expr):
                yield from _thermal(child)


AVERAGES = frozenset(NAMED) - frozenset(CONFIGURATION) | {
    "log_z",
    "free_energy",
    "overlap",
    "dF",
    "kl",
    "tau_defect",
    "information",
}
"""Built-in names that stand for averages, or for what a sampler cannot measure."""
