"""Couplings that differ from place to place belong to the sites by which they are indexed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rgc.ast_to_model.expressions.sites import Bound, site
from rgc.ast_to_model.scope import Inhomogeneous, Scope, problem
from rgc.model.graphs import columns_of
from rgc.model.lattice import Geometry, Site
from rgc.model.operators import Spin
from rgc.syntax import ast


def check_places(
    name: str,
    supports: Iterable[Iterable[Spin]],
    body: ast.Expr,
    bound: Bound,
    lattice: Geometry,
    scope: Scope,
) -> None:
    """Raise `SpecError` where a coupling of some sites multiplies spins of others, or none:
    the number that it has is found by the sites of the spins.
    """
    value = scope.parameters.get(name)
    if not isinstance(value, Inhomogeneous) and name not in columns_of(lattice):
        return
    for index in _indexed(name, body, bound):
        sites = set(_sites(index, bound, lattice, scope))
        if any({Site(spin.cell, spin.letter) for spin in spins} != sites for spins in supports):
            message = (
                f"'{name}' is a number for the sites in its brackets, and multiplies here a "
                "product of spins that are not one of each"
            )
            hint = "let each product have one spin at every site in the brackets, and no other"
            raise problem("other-places", message, index.span, hint=hint)


def _indexed(name: str, body: ast.Expr, bound: Bound) -> Iterator[ast.Index]:
    """Where a coupling stands, but inside inner sums."""
    for node in ast.walk(body):
        if isinstance(node, ast.Index) and node.base == ast.Name(name):
            parts = (part for argument in node.arguments for part in ast.walk(argument))
            if any(isinstance(part, ast.Name) and part.name in bound for part in parts):
                yield node


def _sites(index: ast.Index, bound: Bound, lattice: Geometry, scope: Scope) -> Iterator[Site]:
    for argument in index.arguments:
        place = bound.get(argument.name) if isinstance(argument, ast.Name) else None
        if place is None or isinstance(place, Site):
            yield site(argument, bound, lattice, scope)
        else:
            yield from place.sites
