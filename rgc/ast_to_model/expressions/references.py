"""A check that every name in a Hamiltonian means something, made before the Hamiltonian is
expanded.

All mistakes of a term are reported at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from rgc.ast_to_model.expressions.domains import indices
from rgc.ast_to_model.scope import FUNCTIONS, GEOMETRIC, Function, Scope, problem
from rgc.errors import Problems, SpecError, suggest
from rgc.model.graphs import columns_of
from rgc.model.lattice import Geometry
from rgc.model.lattices import AXES
from rgc.model.spins import Species
from rgc.syntax import ast


class References:
    """Checks the names of one expression; problems go into `problems`. With `any_column` what has
    the index of an edge may be a column of a graph that could not be read.
    """

    def __init__(
        self,
        species: Sequence[Species],
        lattice: Geometry | None,
        scope: Scope,
        problems: Problems,
        any_column: bool = False,
    ) -> None:
        self.species = tuple(spin.name for spin in species)
        self.columns = columns_of(lattice)
        self.any_column = any_column
        self.scope = scope
        self.problems = problems

    def check(self, expr: ast.Expr, bound: tuple[str, ...] = ()) -> None:
        """Report names, spins, indices and functions that are not known where they stand."""
        match expr:
            case ast.Name(name):
                self._name(name, expr, bound)
            case ast.Call():
                self._call(expr, bound)
            case ast.Index():
                self._index(expr, bound)
            case ast.Member():
                message = "a letter of a cell stands only inside s[...]"
                self._add(problem("wrong-kind", message, expr.span))
            case ast.Reduction():
                self._reduction(expr, bound)
            case ast.Negate(operand):
                self.check(operand, bound)
            case ast.Binary(_, left, right):
                self.check(left, bound)
                self.check(right, bound)
            case ast.Text() | ast.List() | ast.Tuple() | ast.Range():
                self._add(problem("wrong-kind", "a number is needed here", expr.span))

    def _add(self, error: SpecError) -> None:
        self.problems.extend(error.problems)

    def _name(self, name: str, expr: ast.Name, bound: tuple[str, ...]) -> None:
        if name in bound:
            message, hint = f"the index '{name}' is no number", f"a spin at it is s[{name}]"
            self._add(problem("wrong-kind", message, expr.span, hint=hint))
        elif name in self.species:
            index = bound[0] if bound else "i"
            hint = f"write {name}[{index}]" if bound else f"write sum({index}) {name}[{index}]"
            self._add(
                problem(
                    "spin-without-site", f"the spin '{name}' needs a site", expr.span, hint=hint
                )
            )
        elif not self.scope.known(name):
            hint = suggest(
                name, (*self.scope.parameters, *self.scope.broken, *FUNCTIONS, "pi", *self.species)
            )
            self._add(
                problem(
                    "unknown-name",
                    f"unknown name '{name}'",
                    expr.span,
                    label="not declared",
                    hint=hint,
                )
            )

    def _call(self, expr: ast.Call, bound: tuple[str, ...]) -> None:
        name = expr.name
        if name in self.species:
            inside = (
                expr.arguments[0].span.text if expr.arguments and expr.arguments[0].span else "i"
            )
            hint = f"brackets index, parentheses call: write {name}[{inside}]"
            self._add(
                problem("spin-call", f"'{name}' is a spin, not a function", expr.span, hint=hint)
            )
            return
        if name in GEOMETRIC:
            self._geometric(expr, bound)
            return
        if (
            name not in FUNCTIONS
            and name not in self.scope.parameters
            and name not in self.scope.broken
        ):
            own = [
                parameter
                for parameter, value in self.scope.parameters.items()
                if isinstance(value, Function)
            ]
            hint = suggest(name, (*FUNCTIONS, *GEOMETRIC, *own, "sum", "prod", "mean"))
            self._add(
                problem("unknown-function", f"unknown function '{name}'", expr.span, hint=hint)
            )
        for argument in expr.arguments:
            self.check(argument, bound)

    def _geometric(self, expr: ast.Call, bound: tuple[str, ...]) -> None:
        if len(expr.arguments) != 2:
            message = f"{expr.name} takes 2 arguments, not {len(expr.arguments)}"
            self._add(problem("wrong-arity", message, expr.span))
            return
        sites = expr.arguments if expr.name == "distance" else expr.arguments[:1]
        for argument in sites:
            self._site(argument, bound)

    def _index(self, expr: ast.Index, bound: tuple[str, ...]) -> None:
        name = expr.base.name if isinstance(expr.base, ast.Name) else None
        if name in self.species:
            if len(expr.arguments) != 1 or expr.options:
                message = f"a spin stands at one site: {name}[i], not at {len(expr.arguments)}"
                self._add(problem("bad-site", message, expr.span))
            for argument in expr.arguments:
                self._site(argument, bound)
            return
        sites = [a for a in expr.arguments if self._is_site(a, bound)]
        if name is None or name in bound:
            self._add(
                problem("wrong-kind", "only spins, lists and matrices are indexed", expr.span)
            )
        elif sites and name in self.columns and self._is_number(name):
            message = f"'{name}' is a number among the parameters, and a column of the graph"
            hint = f"give the parameter another name: {name}0 = ..."
            self._add(problem("wrong-kind", message, expr.base.span, hint=hint))
        elif not self.scope.known(name) and not (
            sites and (name in self.columns or self.any_column)
        ):
            what = "spin" if len(expr.arguments) == 1 and len(sites) == 1 else "name"
            known = (
                (*self.species, *self.columns, *self.scope.parameters)
                if what == "spin"
                else tuple(self.scope.parameters)
            )
            message = f"unknown {what} '{name}'"
            hint = suggest(name, known) or (self._those_spins() if what == "spin" else "")
            self._add(
                problem("unknown-name", message, expr.base.span, label="not declared", hint=hint)
            )
        for argument in expr.arguments:
            if argument not in sites:
                self.check(argument, bound)

    def _is_number(self, name: str) -> bool:
        return isinstance(self.scope.parameters.get(name), int | float)

    def _those_spins(self) -> str:
        if self.columns:
            return f"the columns of the graph are {', '.join(self.columns)}"
        if len(self.species) == 1:
            return f"did you mean '{self.species[0]}'?"
        return f"the spins are {', '.join(self.species)}" if self.species else ""

    def _is_site(self, expr: ast.Expr, bound: tuple[str, ...]) -> bool:
        parts = [
            part.base if isinstance(part, ast.Member) else part for _, part in ast.addends(expr)
        ]
        return any(isinstance(part, ast.Name) and part.name in bound for part in parts)

    def _site(self, expr: ast.Expr, bound: tuple[str, ...]) -> None:
        """Names in a reference to a site: one index, and vectors."""
        if self._is_site(expr, bound):
            for _, part in ast.addends(expr):
                if (
                    isinstance(part, ast.Name)
                    and part.name not in (*bound, *AXES)
                    and not self.scope.known(part.name)
                ):
                    self._unbound(part, bound)
            return
        for _, part in ast.addends(expr):
            name = part.base if isinstance(part, ast.Member) else part
            if isinstance(name, ast.Name) and name.name not in tuple(AXES):
                self._unbound(name, bound)
                return
        message = "a spin stands at a site: an index and offsets"
        self._add(problem("bad-site", message, expr.span, hint="write s[i], s[i+x], s[i+(1,0)]"))

    def _unbound(self, expr: ast.Name, bound: tuple[str, ...]) -> None:
        hint = suggest(expr.name, bound) or (
            f"the sum binds {', '.join(bound)}" if bound else f"write sum({expr.name}) before it"
        )
        message = f"the index '{expr.name}' is bound by no sum"
        self._add(problem("unbound-index", message, expr.span, hint=hint))

    def _reduction(self, expr: ast.Reduction, bound: tuple[str, ...]) -> None:
        own = indices(expr.domain)
        for k, name in enumerate(own):
            if name in own[:k] or name in bound:
                message = f"the index '{name}' is bound twice"
                self._add(problem("repeated-index", message, expr.domain.span))
            elif name in self.species:
                message = f"'{name}' is a spin and cannot be an index"
                self._add(problem("duplicate-name", message, expr.domain.span))
        self.check(expr.body, (*bound, *own))
