"""From a sum over the lattice in a measure, `mean(i) s[i]`, to a linear combination of tallies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import prod
from typing import Any

from rgc.ast_to_model.expressions.domains import members, summands
from rgc.ast_to_model.expressions.expand import Expander
from rgc.ast_to_model.expressions.keys import key_value
from rgc.ast_to_model.expressions.periods import coordinate_axis, coordinate_parts
from rgc.ast_to_model.expressions.polynomial import Polynomial, Polynomials, Tables, Tabulated
from rgc.ast_to_model.expressions.resolve import resolve
from rgc.ast_to_model.expressions.sites import Bound, site
from rgc.ast_to_model.expressions.sites import Group as Sites
from rgc.ast_to_model.scope import Scope, problem
from rgc.model.expressions import Constant, Expression, apply, evaluate
from rgc.model.groups import Group, Local, Reach
from rgc.model.lattice import Cell, Lattice
from rgc.model.observables import Linear, Tally
from rgc.model.operators import Product, product
from rgc.model.sectors import SectorOperator
from rgc.model.spins import Species
from rgc.model.supercells import as_written, site_as_written
from rgc.passes.write_in_signs import write_in_signs
from rgc.syntax import ast

MOST_WEIGHTS = 1024
"""The largest number of different values that weights made from coordinates may take."""

Residues = tuple[Cell, tuple[Cell, ...]]
"""The cells x with x mod modulus in residues, as (modulus, residues)."""

Terms = Iterator[tuple[float, Tally]]


def lattice_sum(
    expr: ast.Reduction, lattice: Lattice, species: Sequence[Species], scope: Scope
) -> Linear:
    """The value of a sum or mean over the lattice in one configuration.

    At open edges summands with a missing site are left out, from the number by which a mean divides
    too. Raises `SpecError` for a product over the lattice, for summands that are no polynomial in
    the spins, and for a mean of nothing.
    """
    if expr.kind == "prod":
        raise problem(
            "not-yet", "a product over the whole lattice cannot be measured yet", expr.span
        )
    found = summands(expr.domain, lattice, scope)
    bounds, weights = found.bounds, found.weights or (1.0,) * len(found.bounds)
    two_states = all(spin.two_states for spin in species)
    polynomials = Expander(Polynomials(species), species, lattice, scope)
    tables = Expander(Tables(species), species, lattice, scope)
    share = _share(expr, bounds, weights, polynomials)
    terms: list[tuple[float, Tally]] = []
    for bound, of_bound in zip(bounds, weights, strict=True):
        for body, where in _by_weight(expr.body, bound, polynomials):
            parts = (
                _products(body, bound, where, polynomials)
                if two_states
                else _tables(body, bound, where, tables)
            )
            terms += ((of_bound * weight, tally) for weight, tally in parts)
    terms = _together(terms) if lattice.edges else terms
    return Linear(tuple((share * weight, tally) for weight, tally in terms))


def _together(terms: Sequence[tuple[float, Tally]]) -> list[tuple[float, Tally]]:
    """The sums of products of the same weight as one sum: on a graph each summand has one."""
    groups: dict[float, list[Group]] = defaultdict(list)
    others = []
    for weight, tally in terms:
        if isinstance(tally.operator, Group):
            groups[weight].append(tally.operator)
        else:
            others.append((weight, tally))
    joined = []
    for weight, parts in groups.items():
        products = tuple(product for part in parts for product in part.products)
        reaches = tuple(reach for part in parts for reach in part.reaches)
        joined.append((weight, Tally(replace(parts[0], products=products, reaches=reaches))))
    return [*joined, *others]


def _share(
    expr: ast.Reduction,
    bounds: Sequence[Bound],
    weights: Sequence[float],
    expander: Expander[Polynomial],
) -> float:
    """1 for a sum, and for a mean 1 by the number of its summands."""
    if expr.kind != "mean":
        return 1.0
    pairs = zip(bounds, weights, strict=True)
    places = sum(weight * _places(expr.body, bound, expander) for bound, weight in pairs)
    if not places:
        message = "this is a mean of nothing: on no place of the lattice are all its sites there"
        raise problem("out-of-range", message, expr.span)
    return 1.0 / places


def _tables(
    body: ast.Expr, bound: Bound, where: Residues | None, expander: Expander[Tabulated]
) -> Terms:
    """The sum of one summand of spins of any alphabet, table by table.

    Only flows that enumerate can evaluate it.
    """
    needed = _reach(body, bound, expander)
    for key, tables in expander.expand(body, bound).items():
        if key.field is not None:
            raise _differing(key.field, body)
        scale = key_value(key, expander.scope)
        for spins, values in tables.items():
            yield scale, Tally(Local((spins,), (values,), (needed,), where))


def _products(
    body: ast.Expr, bound: Bound, where: Residues | None, expander: Expander[Polynomial]
) -> Terms:
    """The sums of one summand over all cells, or over those of `where`."""
    lattice = _lattice(expander)
    needed = _reach(body, bound, expander)
    together: dict[float, list[tuple[Product, Reach]]] = defaultdict(list)
    for spins, weight in _weights(body, bound, expander).items():
        if where is None:
            back = spins[0].cell if spins else (0,) * lattice.dimension
            reach = tuple((low - x, high - x) for (low, high), x in zip(needed, back, strict=True))
            together[weight].append((product(spins), reach))
        elif any(
            edge == "open" and (high or low)
            for edge, (low, high) in zip(lattice.boundary, needed, strict=True)
        ):
            raise problem(
                "not-yet", "weights by coordinates at open edges are for single sites", body.span
            )
        else:
            modulus, residues = where
            yield weight, Tally(SectorOperator("weighted", "", modulus, (spins,), (residues,)))
    for weight, places in together.items():
        products, reaches = zip(*sorted(places), strict=True)
        yield weight, Tally(Group((("measure", 1.0),), products, reaches))


def _weights(body: ast.Expr, bound: Bound, expander: Expander[Polynomial]) -> dict[Product, float]:
    """The summand as weights of sorted products of signs at their sites."""
    weights: dict[Product, float] = defaultdict(float)
    for key, polynomial in expander.expand(body, bound).items():
        if key.field is not None:
            raise _differing(key.field, body)
        scale = key_value(key, expander.scope)
        for monomial, weight in polynomial.items():
            whole = tuple(sorted(monomial))
            for part, spins in write_in_signs(scale * weight, whole, expander.species):
                weights[tuple(sorted(spins))] += part
    return {spins: weight for spins, weight in weights.items() if weight}


def _differing(field: str, body: ast.Expr) -> Exception:
    message = f"'{field}' differs from place to place: that cannot be measured yet"
    return problem("not-yet", message, body.span)


def _lattice(expander: Expander[Any]) -> Lattice:
    assert isinstance(expander.lattice, Lattice)  # noqa: S101  (`lattice_sum` made it)
    return expander.lattice


def _reach(body: ast.Expr, bound: Bound, expander: Expander[Any]) -> Reach:
    """The lowest and the highest cell of a summand's sites on each open axis, and (0, 0) elsewhere.

    The sites are those of its indices and of its spins.
    """
    named = (place.sites if isinstance(place, Sites) else (place,) for place in bound.values())
    cells = [place.cell for group in named for place in group]
    cells += [spin.cell for spin in expander.spins(body, bound)]
    return tuple(
        (min(cell[axis] for cell in cells), max(cell[axis] for cell in cells))
        if edge == "open"
        else (0, 0)
        for axis, edge in enumerate(_lattice(expander).boundary)
    )


def _places(body: ast.Expr, bound: Bound, expander: Expander[Polynomial]) -> int:
    """The number of cells in which all sites of a summand exist."""
    reach = _reach(body, bound, expander)
    lengths = zip(_lattice(expander).cells, reach, strict=True)
    return prod(max(size - (high - low), 0) for size, (low, high) in lengths)


# -- weights that depend on coordinates ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Coordinate(Expression):
    """The number of a cell along an axis, counted from 0, of a site `shift` cells away."""

    axis: int
    shift: int


def _by_weight(
    body: ast.Expr, bound: Bound, expander: Expander[Polynomial]
) -> Iterator[tuple[ast.Expr, Residues | None]]:
    """The summand with the values of its spin-free parts that hold coordinates.

    There is one for each set of cells where these values are the same. NumPy is imported here, for
    measures with coordinates and no others, since there may be millions of cells.
    """
    names = frozenset(species.name for species in expander.species)
    parts = list(dict.fromkeys(coordinate_parts(body, names)))
    if not parts:
        yield body, None
        return
    import numpy as np

    cells = _lattice(expander).cells
    values = np.stack([_over_cells(part, bound, expander) for part in parts], axis=-1)
    distinct, labels = np.unique(values.reshape(-1, len(parts)), axis=0, return_inverse=True)
    if not np.isfinite(distinct).all():
        raise problem(
            "not-finite", "a weight made from coordinates is not a finite real number", body.span
        )
    if len(distinct) > MOST_WEIGHTS:
        message = (
            f"these weights take {len(distinct)} different values; "
            f"at most {MOST_WEIGHTS} can be measured"
        )
        raise problem("too-many-weights", message, body.span)
    labels = labels.reshape(cells)
    modulus = tuple(_period(labels, axis) for axis in range(len(cells)))
    corner = labels[tuple(slice(m) for m in modulus)]
    for number, row in enumerate(distinct):
        residues = tuple(tuple(map(int, cell)) for cell in np.argwhere(corner == number))
        numbers = {
            part: ast.Number(repr(float(value))) for part, value in zip(parts, row, strict=True)
        }
        yield ast.rewritten(body, numbers.get), (modulus, residues)


def _over_cells(part: ast.Expr, bound: Bound, expander: Expander[Polynomial]) -> Any:
    """The value of a spin-free part at every cell, float64[*cells].

    Coordinates count from 0 and wrap.
    """
    import numpy as np

    cells = _lattice(expander).cells
    sizes = as_written(_lattice(expander)).cells
    grid = np.indices(cells, sparse=True)

    def along(node: Expression) -> Any:
        assert isinstance(node, _Coordinate)  # noqa: S101  (there is no other leaf)
        size = sizes[node.axis]
        at = grid[node.axis] * (size // cells[node.axis]) + node.shift
        return np.asarray(at % size, dtype=np.float64)

    with np.errstate(all="ignore"):
        return np.broadcast_to(evaluate(_spin_free(part, bound, expander), along, np), cells)


def _spin_free(expr: ast.Expr, bound: Bound, expander: Expander[Polynomial]) -> Expression:
    """A part without spins as a function of coordinates."""

    def leaf(part: ast.Expr) -> Expression | None:
        match part:
            case ast.Call("coordinate"):
                return _coordinate(part, bound, expander)
            case ast.Call("distance"):
                return Constant(expander.distance(part, bound))
            case ast.Reduction(kind, domain, body):
                inner = [_spin_free(body, member, expander) for member in members(domain, bound)]
                total = reduce(lambda a, b: apply("*" if kind == "prod" else "+", a, b), inner)
                return apply("/", total, Constant(float(len(inner)))) if kind == "mean" else total
        return None

    return resolve(expr, expander.scope, leaf)


def _coordinate(expr: ast.Call, bound: Bound, expander: Expander[Polynomial]) -> _Coordinate:
    lattice = _lattice(expander)
    at = site(expr.arguments[0], bound, lattice, expander.scope)
    axis = coordinate_axis(expr.arguments[1], expr, lattice, expander.scope)
    return _Coordinate(axis, site_as_written(at, lattice).cell[axis])


def _period(labels: Any, axis: int) -> int:
    """The smallest divisor of the length after which the labels repeat along an axis."""
    import numpy as np

    length = labels.shape[axis]
    divisors = (m for m in range(1, length + 1) if length % m == 0)
    return next(m for m in divisors if np.array_equal(np.roll(labels, m, axis), labels))
