"""From sums over the lattice in a measure, `mean(i) s[i]`, to operators that a program tallies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.ast_to_model.expressions.domains import summands
from rgc.ast_to_model.expressions.expand import Expander, key_value
from rgc.ast_to_model.expressions.polynomial import Polynomial, Polynomials, Tables, Tabulated
from rgc.ast_to_model.expressions.scope import Scope, problem
from rgc.ast_to_model.expressions.sites import Bound, site, vector
from rgc.ast_to_model.expressions.sites import Group as Sites
from rgc.flows.sampling.arithmetic import evaluate
from rgc.flows.sampling.quantities import Leaf, linear
from rgc.flows.sampling.recorder import Row
from rgc.model.groups import Group, Local, Reach
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.operators import Product, product
from rgc.model.sectors import SectorOperator
from rgc.model.spins import Species
from rgc.passes.write_in_signs import write_in_signs
from rgc.syntax import ast

MOST_WEIGHTS = 1024
"""Different values that weights made from coordinates may take."""

Cells = tuple[Cell, tuple[Cell, ...]]
"""The cells x with x mod modulus in residues, as (modulus, residues)."""


def reduction_leaf(expr: ast.Reduction, lattice: Lattice, species: Sequence[Species], scope: Scope) -> Leaf:
    """The value of a sum or mean over the lattice in one configuration, as a linear combination of tallied sums.

    At open edges summands with a missing site are left out, from the number by which a mean divides too. Raises `SpecError` for a
    product over the lattice and for summands that are no polynomial in the spins.
    """
    if expr.kind == "prod":
        raise problem("not-yet", "a product over the whole lattice cannot be measured yet", expr.span)
    bounds = summands(expr.domain, lattice, scope).bounds
    two_states = all(each.two_states for each in species)
    polynomials = Expander(Polynomials(species), species, lattice, scope)
    tables = Expander(Tables(species), species, lattice, scope)
    rows: list[tuple[float, Row]] = []
    for bound in bounds:
        for body, where in _bodies(expr.body, bound, polynomials):
            rows += (
                _rows(body, bound, where, polynomials)
                if two_states
                else _table_rows(body, bound, where, tables)
            )
    share = 1.0
    if expr.kind == "mean":
        share = 1.0 / sum(_places(expr.body, bound, polynomials) for bound in bounds)
    return linear(repr(expr), [(share * weight, row) for weight, row in rows])


def _table_rows(
    body: ast.Expr, bound: Bound, where: Cells | None, expander: Expander[Tabulated]
) -> Iterator[tuple[float, Row]]:
    """The sum of one summand of spins of any alphabet, table by table; only exact flows can evaluate it."""
    needed = _reach(body, bound, expander)
    for key, tables in expander.expand(body, bound).items():
        if key.field is not None:
            message = f"'{key.field}' differs from place to place: that cannot be measured yet"
            raise problem("not-yet", message, body.span)
        scale = key_value(key, expander.scope)
        for spins, values in tables.items():
            yield scale, Row(Local((spins,), (values,), (needed,), where))


def _rows(
    body: ast.Expr, bound: Bound, where: Cells | None, expander: Expander[Polynomial]
) -> Iterator[tuple[float, Row]]:
    """The sums of one summand over all cells, or over those of `where`."""
    lattice = expander.lattice
    assert isinstance(lattice, Lattice)  # noqa: S101  (sampling needs one)
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
            raise problem("not-yet", "weights by coordinates at open edges are for single sites", body.span)
        else:
            modulus, residues = where
            yield weight, Row(SectorOperator("weighted", "", modulus, (spins,), (residues,)))
    for weight, places in together.items():
        products, reaches = zip(*sorted(places), strict=True)
        yield weight, Row(Group((("measure", 1.0),), products, reaches))


def _weights(body: ast.Expr, bound: Bound, expander: Expander[Polynomial]) -> dict[Product, float]:
    """The summand as weights of sorted products of signs, where they stand; a binary spin is (1 + s)/2."""
    weights: dict[Product, float] = defaultdict(float)
    for key, polynomial in expander.expand(body, bound).items():
        if key.field is not None:
            message = f"'{key.field}' differs from place to place: that cannot be measured yet"
            raise problem("not-yet", message, body.span)
        scale = key_value(key, expander.scope)
        for monomial, weight in polynomial.items():
            whole = tuple(sorted(monomial))
            for part, spins in write_in_signs(scale * weight, whole, expander.species):
                weights[tuple(sorted(spins))] += part
    return {spins: weight for spins, weight in weights.items() if weight}


def _reach(body: ast.Expr, bound: Bound, expander: Expander[Any]) -> Reach:
    """The lowest and the highest cell of a summand's sites, those of its indices and of its spins, on each open axis; (0, 0) elsewhere."""
    lattice = expander.lattice
    assert isinstance(lattice, Lattice)  # noqa: S101
    named = (each.sites if isinstance(each, Sites) else (each,) for each in bound.values())
    cells = [each.cell for group in named for each in group]
    cells += [spin.cell for spin in expander.spins(body, bound)]
    return tuple(
        (min(cell[axis] for cell in cells), max(cell[axis] for cell in cells)) if edge == "open" else (0, 0)
        for axis, edge in enumerate(lattice.boundary)
    )


def _places(body: ast.Expr, bound: Bound, expander: Expander[Polynomial]) -> int:
    """In how many cells all the sites of a summand are there."""
    lattice = expander.lattice
    assert isinstance(lattice, Lattice)  # noqa: S101
    reach = _reach(body, bound, expander)
    return prod(max(size - (high - low), 0) for size, (low, high) in zip(lattice.cells, reach, strict=True))


# -- weights that depend on coordinates --------------------------------------------------------------------------------


def _bodies(
    body: ast.Expr, bound: Bound, expander: Expander[Polynomial]
) -> Iterator[tuple[ast.Expr, Cells | None]]:
    """The summand with every spin-free part that holds coordinates replaced by its value, once for each set of cells where these
    values are the same."""
    names = frozenset(each.name for each in expander.species)
    parts = list(dict.fromkeys(_coordinate_parts(body, names)))
    if not parts:
        yield body, None
        return
    lattice = expander.lattice
    assert isinstance(lattice, Lattice)  # noqa: S101
    grid = np.indices(lattice.cells)
    values = np.stack([_over_cells(part, bound, grid, expander) for part in parts], axis=-1)
    distinct, labels = np.unique(values.reshape(-1, len(parts)), axis=0, return_inverse=True)
    if len(distinct) > MOST_WEIGHTS:
        message = (
            f"these weights take {len(distinct)} different values; at most {MOST_WEIGHTS} can be measured"
        )
        raise problem("too-many-weights", message, body.span)
    labels = labels.reshape(lattice.cells)
    modulus = tuple(_period(labels, axis) for axis in range(lattice.dimension))
    corner = labels[tuple(slice(m) for m in modulus)]
    for number, row in enumerate(distinct):
        residues = tuple(tuple(map(int, cell)) for cell in np.argwhere(corner == number))
        numbers = {part: ast.Number(repr(float(value))) for part, value in zip(parts, row, strict=True)}
        yield ast.rewritten(body, numbers.get), (modulus, residues)


def _coordinate_parts(expr: ast.Node, spins: frozenset[str]) -> Iterator[ast.Expr]:
    """The largest parts without spins that hold a coordinate."""
    inside = list(ast.walk(expr))
    if not any(isinstance(node, ast.Call) and node.name == "coordinate" for node in inside):
        return
    held = any(
        isinstance(n, ast.Index) and isinstance(n.base, ast.Name) and n.base.name in spins for n in inside
    )
    if not held and not isinstance(expr, ast.Option):
        yield expr  # type: ignore[misc]
        return
    for child in ast.children(expr):
        yield from _coordinate_parts(child, spins)


def _over_cells(
    part: ast.Expr, bound: Bound, grid: NDArray[np.int64], expander: Expander[Polynomial]
) -> NDArray[np.float64]:
    """The value of a spin-free part at every cell; coordinates count from 0 and wrap."""
    lattice = expander.lattice
    assert isinstance(lattice, Lattice)  # noqa: S101

    def special(expr: ast.Expr) -> NDArray[np.float64] | None:
        if not (isinstance(expr, ast.Call) and expr.name == "coordinate"):
            return None
        at: Site = site(expr.arguments[0], bound, lattice, expander.scope)
        direction = vector(expr.arguments[1], lattice, expander.scope)
        if sorted(map(abs, direction)) != [0] * (lattice.dimension - 1) + [1]:
            raise problem("bad-offset", "a coordinate belongs to one lattice vector", expr.span)
        axis = next(k for k, x in enumerate(direction) if x)
        return np.asarray((grid[axis] + at.cell[axis]) % lattice.cells[axis], dtype=np.float64)

    return np.broadcast_to(evaluate(part, expander.scope, special), lattice.cells)


def _period(labels: NDArray[np.int64], axis: int) -> int:
    """The smallest divisor of the length after which the labels repeat along an axis."""
    length = labels.shape[axis]
    divisors = (m for m in range(1, length + 1) if length % m == 0)
    return next(m for m in divisors if np.array_equal(np.roll(labels, m, axis), labels))
