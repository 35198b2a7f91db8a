"""The section `block`: block-spin maps, their cells and whether they fit the lattice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, cast

from rgc.ast_to_model.context import Context
from rgc.ast_to_model.expressions.calls import bound, word
from rgc.ast_to_model.expressions.cells import (
    Shape,
    block_factor,
    block_shape,
    check_disjoint,
    explicit_cells,
    single_letter,
    with_cells,
)
from rgc.ast_to_model.expressions.evaluate import evaluate
from rgc.ast_to_model.expressions.transfer import transfer_tables
from rgc.ast_to_model.scope import Scope, Unknowable, problem
from rgc.errors import SpecError
from rgc.language.blocks import BLOCKS, FREE
from rgc.model.block import Block, Rule
from rgc.model.lattice import Diamond, Geometry, Lattice, Site
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.syntax import ast

Given = Mapping[str, ast.Expr]
"""What stands for each option of a call."""


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
    call, options = bound(expr, BLOCKS, "block map")
    makers: Mapping[str, Callable[[], tuple[Block, ...]]] = {
        "majority": lambda: (_plain(call, options, "majority", lattice, scope),),
        "average": lambda: (_average(call, options, lattice, species, scope),),
        "decimate": lambda: (_decimate(call, options, lattice, scope),),
        "kadanoff": lambda: _kadanoff(call, options, lattice, species, scope),
        "kernel": lambda: (_kernel(call, options, lattice, species, scope),),
        "learned": lambda: (_learned(call, options),),
    }
    return makers[call.name]()


def _plain(call: ast.Call, options: Given, rule: Rule, lattice: Geometry, scope: Scope) -> Block:
    return _block(rule, block_shape(call, options, lattice, scope))


def _average(call: ast.Call, options: Given, lattice: Geometry, species: Sequence[Species], scope: Scope) -> Block:
    block = _plain(call, options, "average", lattice, scope)
    if block.vectors and any(each.states is not None for each in species):
        message = "the average of three discrete spins is no spin of the same alphabet"
        raise problem("bad-block", message, call.span, hint="take majority(cell=triangle)")
    return block


def _decimate(call: ast.Call, options: Given, lattice: Geometry, scope: Scope) -> Block:
    b = block_factor(call, options, scope)
    if isinstance(lattice, Diamond):
        if b != lattice.b:
            message = f"this diamond lattice is decimated by {lattice.b}, not by {b}"
            raise problem("bad-block", message, call.span)
        return Block("decimate", float(b), (), ())
    crystal = with_cells(call, lattice)
    d = crystal.dimension
    if "cell" not in options:
        single_letter(call, crystal)
        return _block("decimate", Shape(float(b), (b,) * d, ((Site((0,) * d),),)))
    cells = explicit_cells(options["cell"], crystal, scope)
    if any(len(cell) != 1 for cell in cells):
        message = "decimate keeps one site: a cell of one"
        raise problem("bad-cell", message, options["cell"].span)
    check_disjoint(cells, (b,) * d, options["cell"].span)
    return _block("decimate", Shape(float(b), (b,) * d, cells))


def _kadanoff(
    call: ast.Call, options: Given, lattice: Geometry, species: Sequence[Species], scope: Scope
) -> tuple[Block, ...]:
    block = _block("kadanoff", block_shape(call, options, lattice, scope))
    other = next((each for each in species if each.alphabet not in ("ising", "binary")), None)
    if other is not None:
        message = f"kadanoff blocks ising spins, not {other.alphabet} spins"
        raise problem("bad-block", message, call.span, hint="take majority or decimate")
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


def _free(expr: ast.Expr) -> Literal["step", "block", "flow"]:
    _, options = bound(expr, {FREE.name: FREE}, "parameter")
    each = word(options["each"], ("step", "block", "flow"), "each") if "each" in options else "step"
    return cast(Literal["step", "block", "flow"], each)


def _kernel(call: ast.Call, options: Given, lattice: Geometry, species: Sequence[Species], scope: Scope) -> Block:
    normalised = options.get("normalised", ast.Name("false"))
    block = _block("kernel", block_shape(call, options, lattice, scope))
    truth = word(normalised, ("true", "false"), "normalised") == "true"
    transfer = transfer_tables(options["T"], block.cells, with_cells(call, lattice), species, scope)
    return replace(block, transfer=transfer, normalised=truth)


def _learned(call: ast.Call, options: Given) -> Block:
    if options["stack"] != ast.Name("stack"):
        raise problem("wrong-kind", "learned takes the stack", call.span, hint="write learned(stack)")
    return Block("learned", 1.0, (), ())


def _block(rule: Rule, shape: Shape) -> Block:
    return Block(rule, shape.scale, shape.factor, shape.cells, vectors=shape.vectors)


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
