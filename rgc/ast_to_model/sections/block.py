"""The section `block`: block-spin maps, their cells and whether they fit the lattice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Literal, cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import bound, word
from rgc.ast_to_model.expressions.cells import Shape, block_shape, one_site_shape, with_cells
from rgc.ast_to_model.expressions.evaluate import evaluate
from rgc.ast_to_model.expressions.transfer import transfer_tables
from rgc.ast_to_model.scope import Scope, Unknowable, problem
from rgc.errors import SpecError, listing
from rgc.model import shown
from rgc.model.block import Block
from rgc.model.block_maps import BLOCKS, FREE, BlockMap, NoLaw, Written
from rgc.model.block_rule import BlockRule
from rgc.model.hamiltonian import Table
from rgc.model.lattice import Cell, Geometry, Lattice, Site
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.model.stack import Rbm, Window
from rgc.model.supercells import as_written, enclosed, small_cells
from rgc.syntax import ast
from rgc.text import in_yaml

Given = Mapping[str, ast.Expr]
"""What stands for each option of a call."""


def check_block(spec: Spec, context: Context) -> Spec:
    """The spec with its block maps.

    Reports unknown rules, cells that do not tile, and blocks that do not divide the lattice.
    """
    section = context.section("block")
    if section is None or isinstance(section.body, str | tuple):
        return spec
    items = section.body.items if isinstance(section.body, ast.List) else (section.body,)
    if context.section("lattice") is None:
        context.problems.error(
            "missing-section", "a block needs the section lattice", section.name_span
        )
    if not items:
        context.problems.error("no-blocks", "this list holds no block map", section.body.span)
    if spec.lattice is None or not items:
        context.failed.add("block")
        return spec
    lattice = spec.lattice
    blocks: list[Block] = []
    for item in items:
        try:
            made = learned_maps(item, spec, context) or block_maps(
                item, lattice, spec.species, context.scope
            )
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
    """The map that an expression such as `majority(2)` names, or several for a schedule `p=[...]`.

    Raises `SpecError`.
    """
    call, options = bound(expr, BLOCKS, "block map")
    row = BLOCKS[call.name]
    written = as_written(lattice) if isinstance(lattice, Lattice) else lattice
    shape = (one_site_shape if row.one_site else block_shape)(call, options, written, scope)
    if isinstance(lattice, Lattice):
        shape = _in_supercells(shape, lattice, call)
    _check_real(row, shape, species, call)
    transfer: tuple[tuple[Table, ...], ...] = ((),) * len(shape.cells)
    if "T" in options:
        crystal = with_cells(call, lattice)
        transfer = transfer_tables(options["T"], shape.cells, crystal, species, scope)
    rules = _rules(row, shape, transfer, options=options, species=species, call=call)
    block = Block(row.name, shape.scale, shape.factor, shape.cells, rules, vectors=shape.vectors)
    return _with_p(block, options["p"], scope) if "p" in options else (block,)


def _in_supercells(shape: Shape, lattice: Lattice, call: ast.Call) -> Shape:
    """The cells of blocks of the lattice as written, for every site of a cell of the lattice."""
    if lattice.supercell is None:
        return shape
    if shape.vectors:
        message = "cell=triangle mixes the sublattices on which the couplings depend"
        raise problem("bad-block", message, call.span, hint="majority(3) blocks 3x3 rhombi")

    def placed(site: Site, corner: Cell) -> Site:
        by = tuple(f * x for f, x in zip(shape.factor, corner, strict=True))
        return enclosed(site.shifted(by), lattice)

    cells = tuple(
        tuple(placed(site, corner) for site in cell)
        for corner in small_cells(lattice)
        for cell in shape.cells
    )
    return replace(shape, cells=cells)


def _check_real(row: BlockMap, shape: Shape, species: Sequence[Species], call: ast.Call) -> None:
    if row.real and shape.vectors and any(spin.states is not None for spin in species):
        message = "the average of three discrete spins is no spin of the same alphabet"
        raise problem("bad-block", message, call.span, hint="take majority(cell=triangle)")


def _rules(
    row: BlockMap,
    shape: Shape,
    transfer: Sequence[tuple[Table, ...]],
    *,
    options: Given,
    species: Sequence[Species],
    call: ast.Call,
) -> tuple[BlockRule, ...]:
    """The laws of the block spins of each letter, if the map has laws. Raises `SpecError`."""
    given = options.get("normalised", ast.Name("false"))
    normalised = word(given, ("true", "false"), "normalised") == "true"
    written = [
        Written(
            letter=letter,
            cell=cell,
            species=tuple(species),
            transfer=tables,
            normalised=normalised,
        )
        for letter, (cell, tables) in enumerate(zip(shape.cells, transfer, strict=True))
    ]
    try:
        return () if row.law is None else tuple(map(row.law, written))
    except NoLaw as error:
        message = f"{call.name} blocks {error}"
        others = [name for name in ("majority", "decimate") if name != call.name]
        hint = f"take {listing(others, 'or')}"
        raise problem("bad-block", message, call.span, hint=hint) from None


def _with_p(block: Block, p: ast.Expr, scope: Scope) -> tuple[Block, ...]:
    """The map with the values of its parameter p, or with the scheme to find it."""
    if _is_free(p):
        return (replace(block, free=_free(p)),)
    value = evaluate(p, scope)
    schedule = value if isinstance(value, tuple) else (value,)
    if not schedule or any(isinstance(p, tuple) for p in schedule):
        raise problem("wrong-kind", "p is a number, a list of numbers or free", p.span)
    return tuple(replace(block, p=p) for p in schedule if isinstance(p, float))


def _is_free(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Name | ast.Call) and expr.name == "free"


def _free(expr: ast.Expr) -> Literal["step", "block", "flow"]:
    _, options = bound(expr, {FREE.name: FREE}, "parameter")
    period = (
        word(options["each"], ("step", "block", "flow"), "each") if "each" in options else "step"
    )
    return cast(Literal["step", "block", "flow"], period)


def learned_maps(expr: ast.Expr, spec: Spec, context: Context) -> tuple[Block, ...]:
    """The maps that a trained stack is, one a layer; none of a map that is not learned.

    A layer is a map where its hidden units lie on the lattice of block spins, each above a window
    of sites. Raises `SpecError` for other layers, and `Unknowable`.
    """
    call, options = bound(expr, BLOCKS, "block map")
    if "stack" not in options:
        return ()
    if options["stack"] != ast.Name("stack"):
        hint = f"write {call.name}(stack)"
        raise problem("wrong-kind", f"{call.name} takes the stack", call.span, hint=hint)
    if context.section("stack") is None:
        message = f"'{call.name}' is a stack, and this spec has none"
        raise problem("missing-section", message, call.span, hint=_missing_stack(call, spec))
    if spec.stack is None:
        raise Unknowable("stack")
    return tuple(_learned(call, layer, number) for number, layer in enumerate(spec.stack.layers, 1))


def _learned(call: ast.Call, layer: Rbm, number: int) -> Block:
    below, above, window = layer.visible.places, layer.hidden.places, layer.connect
    if not isinstance(window, Window) or not isinstance(below, Lattice):
        message = f"the hidden units of layer {number} have no neighbours: it is {window}"
        coarse = _half(below) if isinstance(below, Lattice) else ""
        hint = f"connect it by windows: hidden={coarse}, connect=convolution()" if coarse else ""
        raise problem("bad-block", message, call.span, hint=hint)
    if not isinstance(above, Lattice) or above.basis != below.basis:
        message = f"the hidden units of layer {number} are not those of a coarser lattice"
        raise problem("bad-block", message, call.span, hint="take the lattice of the visible units")
    steps = range(window.first, window.first + window.width)
    cell = tuple(
        Site(at, letter)
        for at in product(steps, repeat=below.dimension)
        for letter in range(len(below.basis))
    )
    factor = (window.b,) * below.dimension
    cells = (cell,) * len(above.basis)
    return Block(call.name, float(window.b), factor, cells, layer=layer)


def _missing_stack(call: ast.Call, spec: Spec) -> str:
    coarse = _half(spec.lattice) if isinstance(spec.lattice, Lattice) else ""
    if not coarse:
        return ""
    layer = f'rbm(hidden={coarse}, connect=convolution(), weights=file("weights.npz"))'
    return "add one, such as: " + (
        f"stack: ['{layer}']" if in_yaml(call.span) else f"stack {{ {layer} }}"
    )


def _half(lattice: Lattice) -> str:
    """The lattice of half the sides, if there is one."""
    if any(size % 2 for size in lattice.cells):
        return ""
    return shown.value(replace(lattice, shape=tuple(size // 2 for size in lattice.cells)))


def _coarse(lattice: Geometry, block: Block, expr: ast.Expr) -> Geometry:
    """The lattice after one step. Raises `SpecError` with the sizes that would do."""
    if not isinstance(lattice, Lattice) or not block.factor:
        return lattice
    supercell = lattice.supercell
    multiples = (1,) * lattice.dimension if supercell is None else supercell.multiple
    for size, f, multiple in zip(lattice.shape, block.factor, multiples, strict=True):
        if size is not None and size % f:
            raise _undivided(size, f, multiple, expr)
    return block.coarse(lattice)


def _undivided(cells: int, f: int, multiple: int, expr: ast.Expr) -> SpecError:
    """The error for blocks of f in a row of cells, each of which holds some as written."""
    size, step = cells * multiple, f * multiple
    below, above = size - size % step, size - size % step + step
    near = f"{below} or {above}" if below else f"{above}"
    message = f"blocks of {f} do not divide a length of {size}"
    if multiple > 1:
        message += f" in cells of {multiple}, after which the couplings repeat"
    hint = f"lengths that do are multiples of {step}: {near}"
    return problem("bad-division", message, expr.span, hint=hint)
