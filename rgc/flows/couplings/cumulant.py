"""The cumulant expansion of Niemeijer and van Leeuwen as a flow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from rgc.errors import Problem, SpecError
from rgc.flows.couplings.coupling_space import CouplingSpace, coupling_space, sectors_of_classes
from rgc.flows.couplings.cumulant_recursion import cumulant_recursion
from rgc.flows.enumeration.cell_averages import cell_tables
from rgc.flows.study.coupling_flow import CouplingFlow
from rgc.flows.study.study import make_study
from rgc.model.block import Block, turns_with
from rgc.model.cumulants import Expansion
from rgc.model.lattice import Lattice
from rgc.model.names import coupling_name
from rgc.model.operators import Operator
from rgc.model.tiling import whole_cells
from rgc.passes.expand_cumulants import MOST_PAIRS, TooLong, expand_cumulants
from rgc.passes.find_sectors import find_sectors, sectors_by_level
from rgc.passes.generate_operators import operator_range
from rgc.passes.merge_terms import merge_terms
from rgc.passes.write_sum import sum_text

if TYPE_CHECKING:
    from rgc.backend import Backend
    from rgc.model.spec import Spec


def make_cumulant(
    spec: Spec,
    backend: Backend,
    *,
    seed: int,
    point: Mapping[str, float],
    zero: Collection[str] | None = None,
) -> CouplingFlow:
    """The flow `cumulant` of a checked spec at one point. Constants of a kernel that is not
    normalised are those of no free energy and are left out. Raises `SpecError` for an expansion
    that is too long.
    """
    del seed, point
    # The checker asks for a crystal and for the sections.
    assert isinstance(spec.lattice, Lattice)  # noqa: S101
    assert spec.hamiltonian is not None  # noqa: S101
    block = whole_cells(spec.blocks[0], spec.lattice)
    expansion = _expansion(spec, spec.lattice, block)
    space = _space(
        spec, spec.lattice, block, expansion, spec.hamiltonian.zero if zero is None else zero
    )
    cells = tuple(cell_tables(block, spec.species, expansion, k) for k in range(len(block.cells)))
    study = make_study(
        spec,
        cumulant_recursion(backend, block, expansion, space, cells, species=len(spec.species)),
        space.start,
        spec.lattice.dimension,
        kind="truncated",
        ledger=all(tables.normalised for tables in cells),
        constant=_constant(spec, spec.lattice),
        terms={
            name: sum_text([(1.0, spins) for spins in expansion.classes[k]], spec)
            for name, k in space.classes.items()
        },
        provenance={"expansion": _told(expansion, space)},
    )
    return CouplingFlow(study)


def _expansion(spec: Spec, lattice: Lattice, block: Block) -> Expansion:
    assert spec.flow is not None  # noqa: S101  (a flow is made of one)
    assert spec.hamiltonian is not None  # noqa: S101
    order = int(cast(int, spec.flow.options["order"]))
    try:
        return expand_cumulants(lattice, spec.species, spec.hamiltonian, block, order)
    except TooLong:
        message = (
            f"second order of this Hamiltonian joins more than {MOST_PAIRS} pairs of products in "
            "a cell"
        )
        hint = "take order=1, smaller cells or fewer terms"
        raise SpecError(
            [Problem("expansion-too-long", message, spec.flow.span, hint=hint)]
        ) from None


def _space(
    spec: Spec, lattice: Lattice, block: Block, expansion: Expansion, zero: Collection[str]
) -> CouplingSpace:
    """Coordinates that begin with the terms of the spec.

    Sectors are those of the terms that are not `zero`, under flips with which the block map turns.
    """
    assert spec.hamiltonian is not None  # noqa: S101
    groups, species = (
        merge_terms(spec.hamiltonian, lattice, spec.species, zero).groups,
        len(spec.species),
    )
    sectors = find_sectors(
        [spins for group in groups for spins in group.products], lattice, species
    )
    flips = (
        flip for flip in sectors.flips if all(turns_with(block, s.species, species) for s in flip)
    )
    sectors = replace(sectors, flips=tuple(flips))
    return coupling_space(
        {name: column for name, column in expansion.columns.items() if column},
        spec.hamiltonian.couplings(),
        _names(spec, lattice, expansion),
        sectors_of_classes(expansion.classes, sectors_by_level(sectors, [block], 1)),
    )


def _names(spec: Spec, lattice: Lattice, expansion: Expansion) -> dict[str, int]:
    """All classes by name, ordered by order, range, bodies and name."""
    named = []
    for k, products in enumerate(expansion.classes):
        operator = Operator(
            coupling_name(*products, species=[spin.name for spin in spec.species]), products
        )
        reach = round(operator_range(operator, lattice), 9)
        named.append((expansion.orders[k], reach, operator.bodies, operator.name, k))
    return {name: k for *_, name, k in sorted(named)}


def _constant(spec: Spec, lattice: Lattice) -> float:
    """The spin-independent part of H per site."""
    assert spec.hamiltonian is not None  # noqa: S101
    of_term = {term.name: term.coefficient for term in spec.hamiltonian.terms}
    groups = merge_terms(spec.hamiltonian, lattice, spec.species).constants
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
