"""The section `block`: block-spin maps, their cells and whether they fit the lattice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product as cartesian
from math import sqrt
from typing import Literal

from rgc.ast_to_model.calls import as_call, read_call, word
from rgc.ast_to_model.context import Context
from rgc.ast_to_model.evaluate import evaluate, integer
from rgc.ast_to_model.references import References
from rgc.ast_to_model.scope import Scope, Unknowable, problem, walk
from rgc.errors import Problems, SpecError, suggest
from rgc.model.block import Block, Rule
from rgc.model.lattice import Cell, Diamond, Geometry, Lattice, Site
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.syntax import ast
from rgc.text import Span

NAMED_CELLS = ("star", "triangle")
MOST_FACTOR = 64

STAR = (
    # centred on a b site of the fine lattice: the coarse letter a; then on an a site: the coarse letter b
    (Site((0, 0), 1), Site((0, 0), 0), Site((1, 0), 0), Site((1, 1), 0)),
    (Site((2, 1), 0), Site((2, 1), 1), Site((1, 1), 1), Site((1, 0), 1)),
)
TRIANGLE = (Site((0, 0)), Site((1, 0)), Site((1, 1)))
TRIANGLE_VECTORS: tuple[Cell, ...] = ((2, 1), (-1, 1))


@dataclass(frozen=True, slots=True)
class Shape:
    """Where block spins come from: the fields of `Block` that are geometry."""

    scale: float
    factor: tuple[int, ...] = ()
    cells: tuple[tuple[Site, ...], ...] = ()
    vectors: tuple[Cell, ...] = ()


def check_block(spec: Spec, context: Context) -> Spec:
    """The spec with its block maps. Problems: unknown rules, cells that do not tile, blocks that do not divide the lattice."""
    section = context.section("block")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    items = section.body.items if isinstance(section.body, ast.List) else (section.body,)
    if context.section("lattice") is None:
        context.problems.error("missing-section", "a block needs the section lattice", section.name_span)
    if not items:
        context.problems.error("no-blocks", "this list holds no block map", section.body.span)
    if spec.lattice is None or not items:
        context.failed.add("block")
        return spec
    lattice = spec.lattice
    blocks: list[Block] = []
    for item in items:
        try:
            made = block_maps(item, lattice, spec.species, context.scope)
            lattice = _coarse(lattice, made[0], item)
            blocks += made
        except SpecError as error:
            context.fail("block", error)
        except Unknowable:
            context.failed.add("block")
    return spec if "block" in context.failed else replace(spec, blocks=tuple(blocks))


def block_maps(
    expr: ast.Expr, lattice: Geometry, species: Sequence[Species], scope: Scope
) -> tuple[Block, ...]:
    """The map that an expression such as `majority(2)` names; several for a schedule `p=[...]`. Raises `SpecError`."""
    call = as_call(expr, "a block map")
    makers: Mapping[str, Callable[[], tuple[Block, ...]]] = {
        "majority": lambda: (_plain(call, "majority", lattice, scope),),
        "average": lambda: (_average(call, lattice, species, scope),),
        "decimate": lambda: (_decimate(call, lattice, scope),),
        "kadanoff": lambda: _kadanoff(call, lattice, species, scope),
        "kernel": lambda: (_kernel(call, lattice, species, scope),),
        "learned": lambda: (_learned(call),),
    }
    if call.name not in makers:
        hint = suggest(call.name, makers) or f"there are {', '.join(makers)}"
        raise problem("unknown-block", f"unknown block map '{call.name}'", call.span, hint=hint)
    return makers[call.name]()


def _plain(call: ast.Call, rule: Rule, lattice: Geometry, scope: Scope) -> Block:
    arguments, options = read_call(call, 1, ("b", "cell"))
    return _block(rule, _shape(call, arguments, options, lattice, scope))


def _average(call: ast.Call, lattice: Geometry, species: Sequence[Species], scope: Scope) -> Block:
    block = _plain(call, "average", lattice, scope)
    if block.vectors and any(each.states is not None for each in species):
        message = "the average of three discrete spins is no spin of the same alphabet"
        raise problem("bad-block", message, call.span, hint="take majority(cell=triangle)")
    return block


def _decimate(call: ast.Call, lattice: Geometry, scope: Scope) -> Block:
    arguments, options = read_call(call, 1, ("b", "cell"))
    b = _factor(call, arguments, options, scope)
    if isinstance(lattice, Diamond):
        if b != lattice.b:
            message = f"this diamond lattice is decimated by {lattice.b}, not by {b}"
            raise problem("bad-block", message, call.span)
        return Block("decimate", float(b), (), ())
    crystal = _with_cells(call, lattice)
    d = crystal.dimension
    if "cell" not in options:
        _one_letter(call, crystal)
        return _block("decimate", Shape(float(b), (b,) * d, ((Site((0,) * d),),)))
    cells = _cells(options["cell"], crystal, scope)
    if any(len(cell) != 1 for cell in cells):
        message = "decimate keeps one site: a cell of one"
        raise problem("bad-cell", message, options["cell"].span)
    _check_disjoint(cells, (b,) * d, options["cell"].span)
    return _block("decimate", Shape(float(b), (b,) * d, cells))


def _kadanoff(
    call: ast.Call, lattice: Geometry, species: Sequence[Species], scope: Scope
) -> tuple[Block, ...]:
    arguments, options = read_call(call, 1, ("b", "cell", "p"))
    block = _block("kadanoff", _shape(call, arguments, options, lattice, scope))
    other = next((each for each in species if each.alphabet not in ("ising", "binary")), None)
    if other is not None:
        message = f"kadanoff blocks ising spins, not {other.alphabet} spins"
        raise problem("bad-block", message, call.span, hint="take majority or decimate")
    if "p" not in options:
        hint = f"write kadanoff({block.scale:g}, p=0.766) or p=free"
        raise problem("missing-option", "kadanoff needs its parameter p", call.span, hint=hint)
    p = options["p"]
    if _is_free(p):
        return (replace(block, free=_free(p)),)
    value = evaluate(p, scope)
    schedule = value if isinstance(value, tuple) else (value,)
    if not schedule or any(isinstance(each, tuple) for each in schedule):
        raise problem("wrong-kind", "p is a number, a list of numbers or free", p.span)
    return tuple(replace(block, p=each) for each in schedule if isinstance(each, float))


def _is_free(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Name | ast.Call) and expr.name == "free"


def _free(expr: ast.Expr) -> Literal["step", "block"]:
    _, options = read_call(as_call(expr, "free"), 0, ("each",))
    each = word(options["each"], ("step", "block"), "each") if "each" in options else "step"
    return "block" if each == "block" else "step"


def _kernel(call: ast.Call, lattice: Geometry, species: Sequence[Species], scope: Scope) -> Block:
    arguments, options = read_call(call, 1, ("b", "cell", "T", "normalised"))
    if "T" not in options:
        hint = "write kernel(b=2, T=sum(B in blocks) p*s[B]*sum(i in B) s[i])"
        raise problem("missing-option", "kernel needs its transfer operator T", call.span, hint=hint)
    found = Problems()
    References(species, lattice, scope, found).check(options["T"])
    if found.errors:
        raise SpecError(found.errors)
    if not any(isinstance(n, ast.Members) and n.collection == "blocks" for n in walk(options["T"])):
        hint = "write sum(B in blocks) ..."
        raise problem("no-sum", "the transfer operator is a sum over blocks", options["T"].span, hint=hint)
    normalised = options.get("normalised", ast.Name("false"))
    block = _block("kernel", _shape(call, arguments, options, lattice, scope))
    truth = word(normalised, ("true", "false"), "normalised") == "true"
    return replace(block, kernel=options["T"], normalised=truth)


def _learned(call: ast.Call) -> Block:
    arguments, _ = read_call(call, 1, ())
    if arguments != (ast.Name("stack"),):
        raise problem("wrong-kind", "learned takes the stack", call.span, hint="write learned(stack)")
    return Block("learned", 1.0, (), ())


def _block(rule: Rule, shape: Shape) -> Block:
    return Block(rule, shape.scale, shape.factor, shape.cells, vectors=shape.vectors)


def _shape(
    call: ast.Call,
    arguments: Sequence[ast.Expr],
    options: Mapping[str, ast.Expr],
    lattice: Geometry,
    scope: Scope,
) -> Shape:
    crystal = _with_cells(call, lattice)
    cell = options.get("cell")
    if isinstance(cell, ast.Name):
        name = word(cell, NAMED_CELLS, "a cell")
        if name == "triangle":
            return _triangle(call, cell, crystal)
        return _star(call, cell, arguments, options, crystal, scope)
    b = _factor(call, arguments, options, scope)
    d = crystal.dimension
    if cell is None:
        _one_letter(call, crystal)
        sites = tuple(Site(offset) for offset in cartesian(range(b), repeat=d))
        return Shape(float(b), (b,) * d, (sites,))
    cells = _cells(cell, crystal, scope)
    _check_tiling(cells, (b,) * d, crystal, cell.span)
    return Shape(float(b), (b,) * d, cells)


def _with_cells(call: ast.Call, lattice: Geometry) -> Lattice:
    if isinstance(lattice, Lattice):
        return lattice
    name = type(lattice).__name__.lower()
    raise problem("wrong-lattice", f"{call.name} needs a lattice with cells, not {name}", call.span)


def _one_letter(call: ast.Call, lattice: Lattice) -> None:
    if len(lattice.basis) == 1:
        return
    given = "cell=star" if lattice.name == "honeycomb" and call.name != "decimate" else ""
    hint = given or "give one list of sites per letter: cell=[[(0,0,a), ...], ...]"
    message = f"the {lattice.name} lattice has {len(lattice.basis)} sites per cell: it has no default cells"
    raise problem("no-default-cell", message, call.span, hint=hint)


def _factor(
    call: ast.Call, arguments: Sequence[ast.Expr], options: Mapping[str, ast.Expr], scope: Scope
) -> int:
    if arguments and "b" in options:
        raise problem("duplicate-name", "b is given twice", options["b"].span)
    given = arguments[0] if arguments else options.get("b")
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
        raise problem("bad-block", "the scale of cell=triangle is sqrt(3): b is not given", call.span)
    if any(size is not None for size in lattice.shape):
        message = "cell=triangle needs an infinite lattice: on a torus the coarse periods are skewed"
        raise problem("bad-block", message, cell.span, hint="majority(3) blocks 3x3 rhombi")
    return Shape(sqrt(3), (), (TRIANGLE,), TRIANGLE_VECTORS)


def _star(
    call: ast.Call,
    cell: ast.Expr,
    arguments: Sequence[ast.Expr],
    options: Mapping[str, ast.Expr],
    lattice: Lattice,
    scope: Scope,
) -> Shape:
    if lattice.name != "honeycomb":
        raise problem("wrong-lattice", "cell=star needs the honeycomb lattice", cell.span)
    if (arguments or "b" in options) and _factor(call, arguments, options, scope) != 2:
        raise problem("bad-block", "the scale of cell=star is 2", call.span)
    return Shape(2.0, (2, 2), STAR)


def _cells(expr: ast.Expr, lattice: Lattice, scope: Scope) -> tuple[tuple[Site, ...], ...]:
    if not isinstance(expr, ast.List) or not expr.items:
        hint = "write cell=[(0,0), (2,1), (1,2), (3,3)]"
        raise problem("wrong-kind", "a cell is a list of sites", expr.span, hint=hint)
    nested = all(isinstance(item, ast.List) for item in expr.items)
    lists = [item.items for item in expr.items if isinstance(item, ast.List)] if nested else [expr.items]
    if len(lists) != len(lattice.basis):
        message = f"a lattice with letters {', '.join(lattice.letters)} needs one list of sites for each"
        raise problem("bad-cell", message, expr.span)
    return tuple(tuple(_site(item, lattice, scope) for item in items) for items in lists)


def _site(expr: ast.Expr, lattice: Lattice, scope: Scope) -> Site:
    items = expr.items if isinstance(expr, ast.Tuple) else (expr,)
    letter = 0
    if (
        len(lattice.basis) > 1
        and items
        and isinstance(items[-1], ast.Name)
        and items[-1].name in tuple(lattice.letters)
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
    seen = _check_disjoint(cells, factor, span)
    letters = range(len(lattice.basis))
    everything = [Site(cell, letter) for cell in cartesian(*map(range, factor)) for letter in letters]
    missing = [site for site in everything if site not in seen]
    if missing:
        message = f"the cells do not tile: they hold {len(seen)} of {len(everything)} sites"
        raise problem("no-tiling", message, span, hint=f"no block holds {_text(missing[0])}")


def _check_disjoint(
    cells: Iterable[Sequence[Site]], factor: Sequence[int], span: Span | None
) -> dict[Site, Site]:
    """No fine site lies in two blocks; the sites by their place modulo the blocks."""
    seen: dict[Site, Site] = {}
    for site in (site for cell in cells for site in cell):
        home = Site(tuple(x % f for x, f in zip(site.cell, factor, strict=True)), site.letter)
        if home in seen:
            message = f"the cells do not tile: {_text(seen[home])} and {_text(site)} are the same site of two blocks"
            raise problem("no-tiling", message, span)
        seen[home] = site
    return seen


def _text(site: Site) -> str:
    return f"({','.join(map(str, site.cell))}{',' + 'abcdefghijklmnopqrstuvwxyz'[site.letter] if site.letter else ''})"


def _coarse(lattice: Geometry, block: Block, expr: ast.Expr) -> Geometry:
    """The lattice after one step. Raises `SpecError` with the sizes that would do."""
    if not isinstance(lattice, Lattice) or not block.factor:
        return lattice
    for size, f in zip(lattice.shape, block.factor, strict=True):
        if size is not None and size % f:
            below, above = size - size % f, size - size % f + f
            near = f"{below} or {above}" if below else f"{above}"
            message = f"blocks of {f} do not divide a length of {size}"
            raise problem(
                "bad-division", message, expr.span, hint=f"lengths that do are multiples of {f}: {near}"
            )
    return block.coarse(lattice)
