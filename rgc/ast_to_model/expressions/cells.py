"""Which fine sites make a block spin: default cells, named cells, or explicit cells that tile."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product as cartesian
from math import sqrt

from rgc.ast_to_model.expressions.calls import word
from rgc.ast_to_model.expressions.evaluate import integer
from rgc.ast_to_model.scope import Scope, problem
from rgc.model.lattice import Cell, Diamond, Geometry, Lattice, Site
from rgc.syntax import ast
from rgc.text import Span

NAMED_CELLS = ("star", "triangle")
MOST_FACTOR = 64

STAR = (
    # centred on a b site of the fine lattice: the coarse letter a
    # then on an a site: the coarse letter b
    (Site((0, 0), 1), Site((0, 0), 0), Site((1, 0), 0), Site((1, 1), 0)),
    (Site((2, 1), 0), Site((2, 1), 1), Site((1, 1), 1), Site((1, 0), 1)),
)
TRIANGLE = (Site((0, 0)), Site((1, 0)), Site((1, 1)))
TRIANGLE_VECTORS: tuple[Cell, ...] = ((2, 1), (-1, 1))


@dataclass(frozen=True, slots=True)
class Shape:
    """Where block spins come from: the geometric fields of `Block`."""

    scale: float
    factor: tuple[int, ...] = ()
    cells: tuple[tuple[Site, ...], ...] = ()
    vectors: tuple[Cell, ...] = ()


def block_shape(
    call: ast.Call,
    options: Mapping[str, ast.Expr],
    lattice: Geometry,
    scope: Scope,
) -> Shape:
    """The cells of a block from b and `cell=`: bR + {0..b-1}^d unless told otherwise.

    Raises `SpecError` for cells that do not tile, and for lattices that have no such cells.
    """
    crystal = with_cells(call, lattice)
    cell = options.get("cell")
    if isinstance(cell, ast.Name):
        name = word(cell, NAMED_CELLS, "a cell")
        if name == "triangle":
            return _triangle(call, cell, crystal)
        return _star(call, cell, options, crystal, scope)
    b = block_factor(call, options, scope)
    d = crystal.dimension
    if cell is None:
        single_letter(call, crystal, star=True)
        sites = tuple(Site(offset) for offset in cartesian(range(b), repeat=d))
        return Shape(float(b), (b,) * d, (sites,))
    cells = explicit_cells(cell, crystal, scope)
    _check_tiling(cells, (b,) * d, crystal, cell.span)
    return Shape(float(b), (b,) * d, cells)


def one_site_shape(
    call: ast.Call, options: Mapping[str, ast.Expr], lattice: Geometry, scope: Scope
) -> Shape:
    """The cells of a map that keeps one site of each block.

    The site is bR unless told otherwise. A diamond lattice keeps its own sites. Raises `SpecError`
    for cells of several sites, and for lattices that have no such cells.
    """
    b = block_factor(call, options, scope)
    if isinstance(lattice, Diamond):
        if b != lattice.b:
            message = f"this diamond lattice is decimated by {lattice.b}, not by {b}"
            raise problem("bad-block", message, call.span)
        return Shape(float(b))
    crystal = with_cells(call, lattice)
    d = crystal.dimension
    if "cell" not in options:
        single_letter(call, crystal)
        return Shape(float(b), (b,) * d, ((Site((0,) * d),),))
    cells = explicit_cells(options["cell"], crystal, scope)
    if any(len(cell) != 1 for cell in cells):
        message = f"{call.name} keeps one site: a cell of one"
        raise problem("bad-cell", message, options["cell"].span)
    check_disjoint(cells, (b,) * d, options["cell"].span)
    return Shape(float(b), (b,) * d, cells)


def with_cells(call: ast.Call, lattice: Geometry) -> Lattice:
    """The lattice, if it is one of unit cells. Raises `SpecError` otherwise."""
    if isinstance(lattice, Lattice) and not lattice.edges:
        return lattice
    name = lattice.name if isinstance(lattice, Lattice) else type(lattice).__name__.lower()
    raise problem("wrong-lattice", f"{call.name} needs a lattice with cells, not {name}", call.span)


def single_letter(call: ast.Call, lattice: Lattice, *, star: bool = False) -> None:
    """Raise `SpecError` where a lattice with a basis would need explicit cells.

    `star` says whether cells of several sites are meant.
    """
    if len(lattice.basis) == 1:
        return
    hint = "give one list of sites per letter: cell=[[(0,0,a), ...], ...]"
    if star and lattice.name == "honeycomb":
        hint = "cell=star"
    number = len(lattice.basis)
    message = f"the {lattice.name} lattice has {number} sites per cell: it has no default cells"
    raise problem("no-default-cell", message, call.span, hint=hint)


def block_factor(call: ast.Call, options: Mapping[str, ast.Expr], scope: Scope) -> int:
    """b. Raises `SpecError` unless it is an integer from 2 to 64."""
    given = options.get("b")
    if given is None:
        hint = f"write {call.name}(2)"
        raise problem("missing-option", f"{call.name} needs its scale b", call.span, hint=hint)
    b = integer(given, scope, least=2)
    if b > MOST_FACTOR:
        raise problem("out-of-range", f"b is at most {MOST_FACTOR}, not {b}", given.span)
    return b


def _triangle(call: ast.Call, cell: ast.Expr, lattice: Lattice) -> Shape:
    if lattice.name != "triangular":
        raise problem("wrong-lattice", "cell=triangle needs the triangular lattice", cell.span)
    if call.arguments or any(option.name == "b" for option in call.options):
        raise problem(
            "bad-block", "the scale of cell=triangle is sqrt(3): b is not given", call.span
        )
    if any(size is not None for size in lattice.shape):
        message = (
            "cell=triangle needs an infinite lattice: on a torus the coarse periods are skewed"
        )
        raise problem("bad-block", message, cell.span, hint="majority(3) blocks 3x3 rhombi")
    return Shape(sqrt(3), (), (TRIANGLE,), TRIANGLE_VECTORS)


def _star(
    call: ast.Call,
    cell: ast.Expr,
    options: Mapping[str, ast.Expr],
    lattice: Lattice,
    scope: Scope,
) -> Shape:
    if lattice.name != "honeycomb":
        raise problem("wrong-lattice", "cell=star needs the honeycomb lattice", cell.span)
    if "b" in options and block_factor(call, options, scope) != 2:
        raise problem("bad-block", "the scale of cell=star is 2", call.span)
    return Shape(2.0, (2, 2), STAR)


def explicit_cells(expr: ast.Expr, lattice: Lattice, scope: Scope) -> tuple[tuple[Site, ...], ...]:
    """`cell=[...]`: one list of sites for each letter. Raises `SpecError`."""
    if not isinstance(expr, ast.List) or not expr.items:
        hint = "write cell=[(0,0), (2,1), (1,2), (3,3)]"
        raise problem("wrong-kind", "a cell is a list of sites", expr.span, hint=hint)
    nested = all(isinstance(item, ast.List) for item in expr.items)
    lists = (
        [item.items for item in expr.items if isinstance(item, ast.List)]
        if nested
        else [expr.items]
    )
    if len(lists) != len(lattice.basis):
        message = (
            f"a lattice with letters {', '.join(lattice.letters)} needs one list of sites for each"
        )
        raise problem("bad-cell", message, expr.span)
    return tuple(tuple(_site(item, lattice, scope) for item in items) for items in lists)


def _site(expr: ast.Expr, lattice: Lattice, scope: Scope) -> Site:
    items = expr.items if isinstance(expr, ast.Tuple) else (expr,)
    letter = 0
    if (
        len(lattice.basis) > 1
        and items
        and isinstance(items[-1], ast.Name)
        and items[-1].name in lattice.letters
    ):
        letter, items = lattice.letters.index(items[-1].name), items[:-1]
    elif len(lattice.basis) > 1:
        hint = f"write (0,0,{lattice.letters[0]})"
        raise problem("bad-cell", "a site of a cell ends with its letter", expr.span, hint=hint)
    if len(items) != lattice.dimension:
        message = f"a site has {lattice.dimension} coordinates, not {len(items)}"
        raise problem("bad-cell", message, expr.span)
    return Site(tuple(integer(item, scope) for item in items), letter)


def _check_tiling(
    cells: Iterable[Sequence[Site]], factor: Sequence[int], lattice: Lattice, span: Span | None
) -> None:
    """Every fine site lies in exactly one block."""
    seen = check_disjoint(cells, factor, span)
    letters = range(len(lattice.basis))
    everything = [
        Site(cell, letter) for cell in cartesian(*map(range, factor)) for letter in letters
    ]
    missing = [site for site in everything if site not in seen]
    if missing:
        message = f"the cells do not tile: they hold {len(seen)} of {len(everything)} sites"
        raise problem("no-tiling", message, span, hint=f"no block holds {_text(missing[0])}")


def check_disjoint(
    cells: Iterable[Sequence[Site]], factor: Sequence[int], span: Span | None
) -> dict[Site, Site]:
    """The sites by their place modulo the blocks. Raises `SpecError` if one lies in two blocks."""
    seen: dict[Site, Site] = {}
    for site in (site for cell in cells for site in cell):
        home = Site(tuple(x % f for x, f in zip(site.cell, factor, strict=True)), site.letter)
        if home in seen:
            both = f"{_text(seen[home])} and {_text(site)}"
            message = f"the cells do not tile: {both} are the same site of two blocks"
            raise problem("no-tiling", message, span)
        seen[home] = site
    return seen


def _text(site: Site) -> str:
    letter = [string.ascii_lowercase[site.letter]] if site.letter else []
    return f"({','.join([*map(str, site.cell), *letter])})"
