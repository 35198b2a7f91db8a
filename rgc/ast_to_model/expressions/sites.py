"""What indices stand for, and references to sites.

A reference is written `i`, `i+x`, `i+2*y`, `i+(1,0)`, `c.b-x` or `e.a`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.scope import Scope, problem
from rgc.errors import SpecError, suggest
from rgc.model.lattice import Cell, Geometry, Lattice, Site
from rgc.model.lattices import AXES, two_sublattices
from rgc.model.supercells import moved
from rgc.syntax import ast
from rgc.text import Span


@dataclass(frozen=True, slots=True)
class Group:
    """An index that stands for several sites.

    It is a cell or an edge, whose sites have letters, or a face, whose sites have none.
    """

    sites: tuple[Site, ...]
    letters: tuple[str, ...] = ()


Referent = Site | Group
Bound = Mapping[str, Referent]
"""What each index stands for, in one summand of a sum."""


def site(expr: ast.Expr, bound: Bound, lattice: Geometry, scope: Scope) -> Site:
    """The site that a reference means.

    Raises `SpecError` for indices that nothing binds, references to no site or more than one, and
    bad offsets.
    """
    place: Site | None = None
    offsets: list[tuple[int, ast.Expr]] = []
    for sign, part in ast.addends(expr):
        if isinstance(part, ast.Member) or (isinstance(part, ast.Name) and part.name in bound):
            if place is not None or sign == "-":
                raise problem(
                    "bad-site", "a spin stands at one site: an index and offsets", expr.span
                )
            place = _referred(part, bound, lattice)
        else:
            offsets.append((1 if sign == "+" else -1, part))
    if place is None:
        raise _without_index(expr, bound)
    for factor, part in offsets:
        by = tuple(factor * x for x in _displacement(part, bound, lattice, scope))
        place = moved(place, by, lattice) if isinstance(lattice, Lattice) else place.shifted(by)
    return place


def sites_of(expr: ast.Index, bound: Bound, lattice: Geometry, scope: Scope) -> Iterator[Site]:
    """The sites in the brackets of a coupling, where an index may stand for several. Raises
    `SpecError`.
    """
    for argument in expr.arguments:
        place = bound.get(argument.name) if isinstance(argument, ast.Name) else None
        if isinstance(place, Group):
            yield from place.sites
        else:
            yield site(argument, bound, lattice, scope)


def vector(expr: ast.Expr, lattice: Lattice, scope: Scope) -> Cell:
    """An integer lattice vector: `x`, `2*y`, `x+y`, `-x`, `(1,0)`. Raises `SpecError`."""
    d = lattice.dimension
    match expr:
        case ast.Name(name) if name in tuple(AXES):
            axis = AXES.index(name)
            if axis >= d:
                message = f"a lattice of {d} dimensions has no vector '{name}'"
                raise problem(
                    "bad-offset", message, expr.span, hint=f"it has {', '.join(AXES[:d])}"
                )
            return tuple(int(k == axis) for k in range(d))
        case ast.Tuple(items):
            if len(items) != d:
                message = f"a vector of this lattice has {d} components, not {len(items)}"
                raise problem("bad-offset", message, expr.span)
            return tuple(integer(item, scope) for item in items)
        case ast.Negate(operand):
            return tuple(-x for x in vector(operand, lattice, scope))
        case ast.Binary("+" | "-" as op, left, right):
            sign = 1 if op == "+" else -1
            pairs = zip(vector(left, lattice, scope), vector(right, lattice, scope), strict=True)
            return tuple(a + sign * b for a, b in pairs)
        case ast.Binary("*", left, right):
            factor, direction = (right, left) if _is_vector(left) else (left, right)
            count = integer(factor, scope)
            return tuple(count * x for x in vector(direction, lattice, scope))
    hint = f"vectors are {', '.join(AXES[:d])} or tuples"
    raise problem("bad-offset", "this is no lattice vector", expr.span, hint=hint)


def unbound(name: str, span: Span | None, bound: Bound) -> SpecError:
    """The error for an index that no sum binds."""
    hint = suggest(name, bound) or (f"the sum binds {', '.join(bound)}" if bound else "")
    return problem("unbound-index", f"the index '{name}' is bound by no sum", span, hint=hint)


def _is_vector(expr: ast.Expr) -> bool:
    match expr:
        case ast.Name(name):
            return name in tuple(AXES)
        case ast.Tuple():
            return True
        case ast.Negate(operand):
            return _is_vector(operand)
        case ast.Binary("+" | "-" | "*", left, right):
            return _is_vector(left) or _is_vector(right)
    return False


def _referred(expr: ast.Name | ast.Member, bound: Bound, lattice: Geometry) -> Site:
    if isinstance(expr, ast.Name):
        referent = bound[expr.name]
        if isinstance(referent, Site):
            return referent
        if referent.letters:
            hint = f"name one of its sites: {expr.name}.{referent.letters[0]}"
            raise problem("bad-site", f"'{expr.name}' is more than one site", expr.span, hint=hint)
        hint = f"name its sites by prod(i in {expr.name}) s[i]"
        raise problem("bad-site", f"'{expr.name}' is a face, not a site", expr.span, hint=hint)
    if not isinstance(expr.base, ast.Name):
        raise problem("bad-site", "a site is an index, or a letter of one", expr.span)
    if expr.base.name not in bound:
        raise unbound(expr.base.name, expr.base.span, bound)
    group = bound[expr.base.name]
    if not isinstance(group, Group) or not group.letters:
        message = f"'{expr.base.name}' has no letters: only cells and edges have"
        raise problem("bad-site", message, expr.span)
    if expr.name not in group.letters:
        hint = f"the letters are {', '.join(group.letters)}"
        if isinstance(lattice, Lattice) and len({len(edge) for edge in lattice.edges}) > 1:
            number, name = len(group.sites), expr.base.name
            hint = f"some edges join {number} sites; those of any edge are prod(i in {name}) s[i]"
        if len(group.letters) == 1:
            dimension = len(group.sites[0].cell)
            parity = " + ".join(f"coordinate(i,{name})" for name in AXES[:dimension])
            hint = (
                "this lattice has one site in a cell; two sublattices are the letters of "
                f"{two_sublattices(dimension)}, or told apart by (-1)^({parity})"
            )
        raise problem("unknown-letter", f"there is no letter '{expr.name}'", expr.span, hint=hint)
    return group.sites[group.letters.index(expr.name)]


def _displacement(expr: ast.Expr, bound: Bound, lattice: Geometry, scope: Scope) -> Cell:
    if isinstance(expr, ast.Name) and expr.name not in tuple(AXES) and not scope.known(expr.name):
        raise unbound(expr.name, expr.span, bound)
    if not isinstance(lattice, Lattice):
        raise problem("bad-offset", "offsets need a lattice with vectors", expr.span)
    return vector(expr, lattice, scope)


def _without_index(expr: ast.Expr, bound: Bound) -> SpecError:
    if isinstance(expr, ast.Name):
        return unbound(expr.name, expr.span, bound)
    for _, part in ast.addends(expr):
        if isinstance(part, ast.Name) and part.name not in tuple(AXES):
            return unbound(part.name, part.span, bound)
    return problem("bad-site", "a spin stands at a site: an index and offsets", expr.span)
