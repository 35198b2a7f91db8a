"""From one summand to functions of spins, sorted by the parameters that multiply them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Generic

from rgc.ast_to_model.expressions.columns import Column, column, reduced, spin_columns
from rgc.ast_to_model.expressions.domains import members
from rgc.ast_to_model.expressions.evaluate import number
from rgc.ast_to_model.expressions.keys import Key, factorised
from rgc.ast_to_model.expressions.periods import coordinate_axis
from rgc.ast_to_model.expressions.polynomial import (
    MOST_PRODUCTS,
    MOST_STATES,
    E,
    Ring,
    TooMany,
    sum_of,
)
from rgc.ast_to_model.expressions.sites import Bound, site, sites_of
from rgc.ast_to_model.scope import (
    GEOMETRIC,
    Inhomogeneous,
    Scope,
    Unknowable,
    problem,
)
from rgc.ast_to_model.written_out import extent
from rgc.model.graphs import PLACELESS, columns_of
from rgc.model.lattice import Geometry, Lattice, Site
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.supercells import site_as_written
from rgc.syntax import ast

MOST_POWERS = 16
MOST_EVALUATIONS = 10_000_000
"""The largest number of operations, over all states, for the table of one function of spins."""


@dataclass(frozen=True, slots=True)
class Expander(Generic[E]):
    """Expands summands over one lattice and its species."""

    ring: Ring[E]
    species: Sequence[Species]
    lattice: Geometry
    scope: Scope

    def expand(self, expr: ast.Expr, bound: Bound) -> dict[Key, E]:
        """The summand as a sum of key * function of spins.

        Raises `SpecError` for what has no such form: spins in a denominator, sums over the lattice
        inside a sum, couplings that differ from place to place inside a function, products of too
        many parts and functions of too many states.
        """
        try:
            return self._expand(expr, bound)
        except TooMany as error:
            hint = "write the terms that are meant one by one"
            raise problem("too-many-products", str(error), expr.span, hint=hint) from None

    def _expand(self, expr: ast.Expr, bound: Bound) -> dict[Key, E]:
        if not self._local(expr, bound):
            weight, key = factorised(expr, self.scope)
            return {key: self.ring.constant(weight)}
        match expr:
            case ast.Negate(operand):
                return self._times({Key(): self.ring.constant(-1.0)}, self._expand(operand, bound))
            case ast.Binary("+" | "-", left, right):
                signed = right if expr.op == "+" else ast.Negate(right, span=right.span)
                return self._plus(self._expand(left, bound), self._expand(signed, bound))
            case ast.Binary("*", left, right):
                return self._times(self._expand(left, bound), self._expand(right, bound))
            case ast.Binary("/", left, right):
                return self._times(self._expand(left, bound), self._inverse(right, bound))
            case ast.Binary("^", base, exponent) if self._is_power(exponent, bound):
                return self._power(base, exponent, bound)
            case ast.Reduction():
                return self._inner(expr, bound)
            case ast.Index(ast.Name(name)) if self._number_of(name) is not None:
                return {Key(): self.ring.spin(self.spin(expr, bound))}
            case ast.Index(ast.Name(name)) if self.is_field(name) and not self.spins(expr, bound):
                return {self._field(name, expr, bound): self.ring.constant(1.0)}
        if self.spins(expr, bound):
            return {Key(): self._tabulated(expr, bound)}
        weight, key = factorised(self._geometric(expr, bound), self.scope)
        return {key: self.ring.constant(weight)}

    def spin(self, expr: ast.Index, bound: Bound) -> Spin:
        """The spin of `s[i+x]`. Raises `SpecError`."""
        species = self._number_of(expr.base.name) if isinstance(expr.base, ast.Name) else None
        if species is None or len(expr.arguments) != 1 or expr.options:
            raise problem("bad-site", "a spin stands at one site", expr.span)
        at = site(expr.arguments[0], bound, self.lattice, self.scope)
        return Spin(at.cell, at.letter, species)

    def spins(self, expr: ast.Node, bound: Bound) -> frozenset[Spin]:
        """All spins that an expression refers to, also in inner sums. Raises `SpecError`."""
        match expr:
            case ast.Index(ast.Name(name)) if self._number_of(name) is not None:
                return frozenset({self.spin(expr, bound)})
            case ast.Reduction(_, domain, body):
                spins = (self.spins(body, inner) for inner in members(domain, bound))
                return frozenset().union(*spins)
        return frozenset().union(*(self.spins(child, bound) for child in ast.children(expr)))

    def is_field(self, name: str) -> bool:
        """Whether `name[...]` is a coupling that differs from place to place.

        Such are a draw, a file, a matrix over sites and a column.
        """
        if name in self.scope.parameters:
            return isinstance(self.scope.parameters[name], Inhomogeneous | tuple)
        return name in columns_of(self.lattice) and not self.scope.known(name)

    def _field(self, name: str, expr: ast.Index, bound: Bound) -> Key:
        """The key of a coupling that differs from place to place. Raises `SpecError`."""
        value = self.scope.parameters.get(name)
        if not isinstance(value, Inhomogeneous | tuple) and name not in columns_of(self.lattice):
            return Key((), name)
        sites = frozenset(sites_of(expr, bound, self.lattice, self.scope))
        return Key((), name, sites, expr.span)

    def _number_of(self, name: str) -> int | None:
        return next((k for k, species in enumerate(self.species) if species.name == name), None)

    def _local(self, expr: ast.Expr, bound: Bound) -> bool:
        """Whether an expression holds spins, indices, or couplings that depend on the place."""
        for node in ast.walk(expr):
            match node:
                case ast.Reduction():
                    return True
                case ast.Index(ast.Name(name)) if self._number_of(name) is not None:
                    return True
                case ast.Name(name) if name in bound:
                    return True
        return False

    def _plus(self, a: Mapping[Key, E], b: Mapping[Key, E]) -> dict[Key, E]:
        total = dict(a)
        for key, value in b.items():
            total[key] = self.ring.add(total[key], value) if key in total else value
        return total

    def _times(self, a: Mapping[Key, E], b: Mapping[Key, E]) -> dict[Key, E]:
        if len(a) * len(b) > MOST_PRODUCTS:
            raise TooMany(
                f"multiplied out, this summand has {len(a) * len(b)} different coefficients; the "
                f"limit is {MOST_PRODUCTS}"
            )
        total: dict[Key, E] = {}
        for left, x in a.items():
            for right, y in b.items():
                if left.field is not None and right.field is not None:
                    message = (
                        f"'{left.field}' and '{right.field}' differ from place to place: only one "
                        "may stand in a product"
                    )
                    raise problem("two-fields", message, None)
                key, part = left.times(right), self.ring.multiply(x, y)
                total[key] = self.ring.add(total[key], part) if key in total else part
        return total

    def _inverse(self, expr: ast.Expr, bound: Bound) -> dict[Key, E]:
        if self.spins(expr, bound):
            hint = "with ising spins 1/s is s"
            raise problem(
                "spin-in-denominator", "a spin stands in a denominator", expr.span, hint=hint
            )
        if any(
            isinstance(n, ast.Index) and isinstance(n.base, ast.Name) and self.is_field(n.base.name)
            for n in ast.walk(expr)
        ):
            message = "a coupling that differs from place to place stands in a denominator"
            raise problem("not-uniform", message, expr.span)
        one = ast.Number("1", span=expr.span)
        weight, key = factorised(
            ast.Binary("/", one, self._geometric(expr, bound), span=expr.span), self.scope
        )
        return {key: self.ring.constant(weight)}

    def _is_power(self, exponent: ast.Expr, bound: Bound) -> bool:
        if self._local(exponent, bound):
            return False
        value = number(exponent, self.scope)
        return value == int(value) and 0 <= value <= MOST_POWERS

    def _power(self, base: ast.Expr, exponent: ast.Expr, bound: Bound) -> dict[Key, E]:
        total: dict[Key, E] = {Key(): self.ring.constant(1.0)}
        factor = self._expand(base, bound)
        for _ in range(int(number(exponent, self.scope))):
            total = self._times(total, factor)
        return total

    def _inner(self, expr: ast.Reduction, bound: Bound) -> dict[Key, E]:
        summands = [self._expand(expr.body, inner) for inner in members(expr.domain, bound)]
        if expr.kind == "prod":
            total: dict[Key, E] = {Key(): self.ring.constant(1.0)}
            for factor in summands:
                total = self._times(total, factor)
            return total
        share = {Key(): self.ring.constant(1 / len(summands) if expr.kind == "mean" else 1.0)}
        keys = dict.fromkeys(key for part in summands for key in part)
        summed = {
            key: sum_of(self.ring, [part[key] for part in summands if key in part]) for key in keys
        }
        return self._times(share, summed)

    def _tabulated(self, expr: ast.Expr, bound: Bound) -> E:
        spins = self.spins(expr, bound)
        steps = extent(expr, self.scope.extents).operations
        states = prod(len(self.species[spin.species].values) for spin in spins)
        if steps * states > MOST_EVALUATIONS:
            message = (
                f"this function of {len(spins)} spins has {states} states of {steps} operations "
                f"each; the limit is {MOST_EVALUATIONS} operations"
            )
            raise problem("too-many-states", message, expr.span)

        if states > MOST_STATES:
            message = f"a function of {len(spins)} spins has more than {MOST_STATES} states"
            raise problem("too-many-states", message, expr.span)
        ordered = tuple(sorted(spins))
        at = spin_columns(ordered, self.species)
        found = column(expr, self.scope, partial(self._leaf, bound, at))
        values = found if isinstance(found, list) else [found] * states
        return self.ring.tabulated(ordered, values)

    def _leaf(self, bound: Bound, at: Mapping[Spin, list[float]], expr: ast.Expr) -> Column | None:
        """What spins, distances and inner sums are at all states. Raises `SpecError`."""
        match expr:
            case ast.Index(ast.Name(name)) if self._number_of(name) is not None:
                return at[self.spin(expr, bound)]
            case ast.Index(ast.Name(name)) if isinstance(
                self.scope.parameters.get(name), Inhomogeneous
            ):
                message = (
                    f"'{name}' differs from place to place: it multiplies spins and stands in no "
                    "function of them"
                )
                raise problem("not-uniform", message, expr.span)
            case ast.Call(name) if name in GEOMETRIC:
                return number(self._geometric(expr, bound), self.scope)
            case ast.Reduction(kind, domain, body):
                inner = [
                    column(body, self.scope, partial(self._leaf, inside, at))
                    for inside in members(domain, bound)
                ]
                return reduced(kind, inner)
        return None

    def _geometric(self, expr: ast.Expr, bound: Bound) -> ast.Expr:
        """The expression with distances and coordinates replaced by their values."""
        return ast.rewritten(expr, lambda part: self._measured(part, bound))

    def _measured(self, expr: ast.Expr, bound: Bound) -> ast.Expr | None:
        """The value of a distance or coordinate, or None for parts that may hold some.

        Raises for parts that have no number.
        """
        if (
            isinstance(expr, ast.Index)
            and isinstance(expr.base, ast.Name)
            and expr.base.name in self.scope.broken
        ):
            raise Unknowable(expr.base.name)
        if isinstance(expr, ast.Call) and expr.name in GEOMETRIC:
            if expr.name == "coordinate":
                return ast.Number(repr(float(self._coordinate(expr, bound))), span=expr.span)
            return ast.Number(repr(self.distance(expr, bound)), span=expr.span)
        if isinstance(expr, ast.Name) and expr.name in bound:
            message = f"the index '{expr.name}' is no number"
            raise problem("wrong-kind", message, expr.span, hint=f"a spin at it is s[{expr.name}]")
        if isinstance(expr, ast.Reduction):
            raise problem("wrong-kind", "a sum without spins stands here", expr.span)
        return None

    def _coordinate(self, expr: ast.Call, bound: Bound) -> int:
        """`coordinate(i, x)` of an energy, which repeats: that of the site within its cell.

        Raises `SpecError`.
        """
        if not isinstance(self.lattice, Lattice) or self.lattice.name in PLACELESS:
            hint = "coordinates are those of lattices with vectors, such as square(8)"
            raise problem("wrong-lattice", "this lattice has no coordinates", expr.span, hint=hint)
        at = site(expr.arguments[0], bound, self.lattice, self.scope)
        axis = coordinate_axis(expr.arguments[1], expr, self.lattice, self.scope)
        inside = site_as_written(Site((0,) * len(at.cell), at.letter), self.lattice)
        return inside.cell[axis]

    def distance(self, expr: ast.Call, bound: Bound) -> float:
        """`distance(i, j)` in Cartesian coordinates. Raises `SpecError`."""
        if len(expr.arguments) != 2:
            raise problem(
                "wrong-arity", f"distance takes 2 arguments, not {len(expr.arguments)}", expr.span
            )
        if not isinstance(self.lattice, Lattice) or self.lattice.name in PLACELESS:
            raise problem("wrong-lattice", "this lattice has no distances", expr.span)
        first, second = (
            site(argument, bound, self.lattice, self.scope) for argument in expr.arguments
        )
        return self.lattice.distance(first, second)
