"""The cumulant expansion of Niemeijer and van Leeuwen as a flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rgc.analysis.recursion import Floats
from rgc.errors import Problem, SpecError
from rgc.flows.couplings.coupling_space import CouplingSpace, coupling_space, sectors_of_classes
from rgc.flows.couplings.cumulant_recursion import cumulant_recursion
from rgc.flows.enumeration.cell_averages import cell_tables
from rgc.flows.request import Request
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.fieldless import judged_without_fields
from rgc.flows.study.free_spins import uncoupled
from rgc.flows.study.study import Study, make_study
from rgc.model.block import Block
from rgc.model.cumulants import Expansion
from rgc.model.names import coupling_name
from rgc.model.operators import Operator
from rgc.model.tiling import whole_cells
from rgc.passes.expand_cumulants import MOST_PAIRS, TooLong, expand_cumulants
from rgc.passes.find_sectors import find_sectors, sectors_by_level, uniform_on_cells
from rgc.passes.generate_operators import operator_range
from rgc.passes.merge_terms import merge_terms
from rgc.passes.write_sum import sum_text


def make_cumulant(request: Request) -> CouplingFlow:
    """The flow `cumulant` of a checked spec at one point. Constants of a kernel that is not
    normalised are those of no free energy and are left out. Raises `SpecError` for an expansion
    that is too long.
    """
    return CouplingFlow(judged_without_fields(request, _study))


def _study(request: Request) -> Study:
    species, lattice = request.species, request.crystal
    block = whole_cells(request.blocks[0], lattice)
    expansion = _expansion(request, block)
    space = _space(request, block, expansion)
    cells = tuple(cell_tables(block, species, expansion, k) for k in range(len(block.cells)))
    recursion = cumulant_recursion(
        request.backend, block, expansion, space, cells, species=len(species)
    )
    told = _told(expansion, space)
    study = make_study(
        request,
        recursion,
        space.start,
        lattice.dimension,
        kind="truncated",
        accumulates=all(tables.normalised for tables in cells),
        constant=_constant(request),
        terms={
            name: sum_text([(1.0, spins) for spins in expansion.classes[k]], request.spec)
            for name, k in space.classes.items()
        },
        provenance={"expansion": told},
        kept={"first_order": [name for name, order in told["orders"].items() if order == 1]},
    )
    several = [any(len(spins) > 1 for spins in products) for products in expansion.classes]
    bonds = space.basis[several]

    def beyond(couplings: Floats) -> str:
        return recursion.beyond(couplings) or uncoupled(bonds, couplings)

    return replace(study, beyond=beyond)


def _expansion(request: Request, block: Block) -> Expansion:
    order = request.options.integer("order")
    try:
        return expand_cumulants(
            request.crystal,
            request.species,
            request.hamiltonian,
            block,
            order,
            request.options.names("first_order"),
        )
    except TooLong:
        message = (
            f"second order of this Hamiltonian joins more than {MOST_PAIRS} pairs of products in "
            "a cell"
        )
        hint = "take order=1, smaller cells or fewer terms"
        raise SpecError([Problem("expansion-too-long", message, request.span, hint=hint)]) from None


def _space(request: Request, block: Block, expansion: Expansion) -> CouplingSpace:
    """Coordinates that begin with the terms of the spec.

    Sectors are those of the terms that are not left out. Their flips are those of species with
    which the block map turns, and they are the same on all spins of a cell, so that they mean the
    same for block spins.
    """
    lattice, species = request.crystal, len(request.species)
    groups = merge_terms(request.hamiltonian, lattice, request.species, request.zero).groups
    sectors = find_sectors(
        [spins for group in groups for spins in group.products], lattice, species
    )
    turning = [all(rule.turns_with(kind) for rule in block.rules) for kind in range(species)]
    flips = (flip for flip in sectors.flips if all(turning[spin.species] for spin in flip))
    sectors = uniform_on_cells(replace(sectors, flips=tuple(flips)), block)
    return coupling_space(
        {name: column for name, column in expansion.columns.items() if column},
        request.hamiltonian.couplings(),
        _names(request, expansion),
        sectors_of_classes(expansion.classes, sectors_by_level(sectors, [block], 1)),
    )


def _names(request: Request, expansion: Expansion) -> dict[str, int]:
    """All classes by name, ordered by order, range, bodies and name."""
    species, named = [spin.name for spin in request.species], []
    for k, products in enumerate(expansion.classes):
        operator = Operator(coupling_name(*products, species=species), products)
        reach = round(operator_range(operator, request.crystal), 9)
        named.append((expansion.orders[k], reach, operator.bodies, operator.name, k))
    return {name: k for *_, name, k in sorted(named)}


def _constant(request: Request) -> float:
    """The spin-independent part of H per site."""
    hamiltonian, lattice = request.hamiltonian, request.crystal
    of_term = {term.name: term.coefficient for term in hamiltonian.terms}
    groups = merge_terms(hamiltonian, lattice, request.species).constants
    return float(sum(group.coefficient(of_term) for group in groups)) / len(lattice.basis)


def _told(expansion: Expansion, space: CouplingSpace) -> dict[str, Any]:
    """The order at which each coupling first appears. Only products of couplings beyond the order
    of the expansion are dropped.
    """
    orders = {
        name: min(
            o for o, weight in zip(expansion.orders, space.basis[:, k], strict=True) if weight
        )
        for k, name in enumerate(space.names)
    }
    return {
        "order": expansion.order,
        "orders": orders,
        "contributions": len(expansion.contributions),
    }
