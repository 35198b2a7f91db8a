"""The transfer operator of `kernel(b, T=...)`: a sum over blocks, as tables.

The tables are functions of the spins of one block and of its block spins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rgc.ast_to_model.expressions.expand import Expander
from rgc.ast_to_model.expressions.keys import key_value
from rgc.ast_to_model.expressions.polynomial import Tables, Tabulated
from rgc.ast_to_model.expressions.references import References
from rgc.ast_to_model.expressions.sites import Bound, Group
from rgc.ast_to_model.expressions.sums import Part, parts_of
from rgc.ast_to_model.scope import Scope, problem
from rgc.errors import Problems, SpecError
from rgc.model.hamiltonian import Table
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.syntax import ast

BLOCK = "'"
"""The mark of a block spin, which no name holds.

Behind the name of a species it makes the name of its block spins, behind that of a block the site
of its block spin.
"""


def transfer_tables(
    expr: ast.Expr,
    cells: Sequence[Sequence[Site]],
    lattice: Lattice,
    species: Sequence[Species],
    scope: Scope,
) -> tuple[tuple[Table, ...], ...]:
    """For each letter of the coarse lattice T(v, h) of one block: tables of its spins, those of
    block spins counted as species behind the fine ones, at the origin.

    Raises `SpecError` where T is no sum over blocks, where it holds a spin of another block or a
    coupling that differs from place to place, and where a function in it has more than 65536
    states.
    """
    problems = Problems()
    References(species, lattice, scope, problems).check(expr)
    if problems.errors:
        raise SpecError(problems.errors)
    parts = list(parts_of(1.0, expr, scope)) if _over_blocks(expr) else []
    if not parts or not all(_over_blocks(part.sum) for part in parts):
        hint = "write sum(B in blocks) ..."
        raise problem("no-sum", "the transfer operator is a sum over blocks", expr.span, hint=hint)
    for spin in species:
        if spin.states is None:
            message = f"a transfer operator of {spin.alphabet} spins comes later"
            raise problem("not-yet", message, expr.span)
    for node in ast.walk(expr):
        if isinstance(node, ast.Call) and node.name == "coordinate":
            message = "a block's part of a kernel does not depend on where the block is"
            hint = "take the spins of the block alone: sum(i in B) s[i]"
            raise problem("not-uniform", message, node.span, hint=hint)
    both = (*species, *(replace(spin, name=spin.name + BLOCK) for spin in species))
    expander = Expander(Tables(both), both, lattice, scope)
    return tuple(_tables(parts, k, cell, expander, len(species)) for k, cell in enumerate(cells))


def _over_blocks(expr: ast.Expr) -> bool:
    return any(
        isinstance(node, ast.Members) and node.collection == "blocks" for node in ast.walk(expr)
    )


def _tables(
    parts: Sequence[Part],
    letter: int,
    cell: Sequence[Site],
    expander: Expander[Tabulated],
    species: int,
) -> tuple[Table, ...]:
    origin = Site((0,) * len(cell[0].cell), letter)
    ring, total = expander.ring, expander.ring.constant(0.0)
    own = {Spin(site.cell, site.letter, k) for site in cell for k in range(species)}
    own |= {Spin(origin.cell, letter, species + k) for k in range(species)}
    for part in parts:
        index = part.sum.domain.index if isinstance(part.sum.domain, ast.Members) else ""
        bound: Bound = {index: Group(tuple(cell)), index + BLOCK: origin}
        expanded = expander.expand(_renamed(part.sum.body, index, expander), bound)
        for key, tables in expanded.items():
            if key.field is not None:
                message = f"'{key.field}' differs from place to place: it cannot stand in a kernel"
                raise problem("not-uniform", message, part.sum.span)
            scale = ring.constant(part.weight * key_value(key, expander.scope))
            total = ring.add(total, ring.multiply(scale, tables))
    for spins in total:
        if not set(spins) <= own:
            message = "a block's part of the kernel holds a spin of another block"
            hint = "take the spins of the block alone: sum(i in B) s[i]"
            raise problem("kernel-reaches-out", message, parts[0].sum.span, hint=hint)
    return tuple(Table(spins, values) for spins, values in sorted(total.items()))


def _renamed(expr: ast.Expr, index: str, expander: Expander[Tabulated]) -> ast.Expr:
    """The expression with s[B] as the block spin of its own species at its own site."""
    names = {species.name for species in expander.species}

    def block_spin(part: ast.Expr) -> ast.Expr | None:
        match part:
            case ast.Index(ast.Name(name), (ast.Name(at),)) if name in names and at == index:
                base = ast.Name(name + BLOCK, span=part.span)
                site = ast.Name(at + BLOCK, span=part.span)
                return replace(part, base=base, arguments=(site,))
        return None

    return ast.rewritten(expr, block_spin)
