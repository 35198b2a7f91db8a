"""The cumulant expansion of Niemeijer and van Leeuwen as a flow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import log
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from rgc.errors import Problem, SpecError
from rgc.flows.cell_averages import cell_tables
from rgc.flows.coupling_flow import CouplingFlow, make_study
from rgc.flows.coupling_space import CouplingSpace, class_sectors, coupling_space
from rgc.flows.cumulant_recursion import CumulantRecursion, polynomial
from rgc.model.block import Block, turns_with
from rgc.model.cumulants import Expansion
from rgc.model.groups import Merged
from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.names import coupling_name
from rgc.model.operators import Operator, Product
from rgc.model.tiling import tiling, whole_cells
from rgc.passes.expand_cumulants import MOST_CONTRIBUTIONS, TooLong, expand_cumulants
from rgc.passes.find_sectors import find_sectors, sectors_by_level
from rgc.passes.find_symmetries import find_symmetries
from rgc.passes.generate_operators import operator_range
from rgc.passes.merge_terms import merge_terms
from rgc.results.emit import sum_text

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
    """The flow `cumulant` of a checked spec at one point. The truncated map is what is exact about couplings, exponents and free energies;
    the constants of a kernel that is not normalised belong to no free energy and are left out.

    Raises `SpecError` for an expansion that is too long.
    """
    del seed, point
    assert isinstance(spec.lattice, Lattice)  # noqa: S101  (the checker asks for a crystal, and for the sections)
    assert spec.hamiltonian is not None  # noqa: S101
    lattice, block = spec.lattice, whole_cells(spec.blocks[0], spec.lattice)
    merged = merge_terms(spec.hamiltonian, lattice, spec.species)
    expansion = _expansion(spec, lattice, block, merged)
    left_out = spec.hamiltonian.zero if zero is None else zero
    space = _space(spec, lattice, block, expansion, merged, left_out)
    letters = len(block.cells)
    cells = tuple(cell_tables(block, spec.species, expansion, letter) for letter in range(letters))
    recursion = CumulantRecursion(
        backend,
        space,
        cells,
        polynomial(expansion, cells),
        np.array([len(each) / letters for each in expansion.classes]),
        block.scale,
        float(tiling(block).volume),
        letters,
        len(spec.species) * log(2),
    )
    study = make_study(
        spec,
        recursion,
        space.start,
        lattice.dimension,
        kind="truncated",
        ledger=all(each.normalised for each in cells),
        constant=sum(float(c) for c in _constants(spec.hamiltonian, merged)) / letters,
        terms={
            name: sum_text([(1.0, p) for p in expansion.classes[k]], spec)
            for name, k in space.classes.items()
        },
        provenance={"expansion": _told(expansion, space)},
    )
    return CouplingFlow(study)


def _expansion(spec: Spec, lattice: Lattice, block: Block, merged: Merged) -> Expansion:
    assert spec.flow is not None  # noqa: S101  (a flow is made of one)
    assert spec.hamiltonian is not None  # noqa: S101
    order = int(cast(int, spec.flow.options["order"]))
    by_term = {term.name: [] for term in spec.hamiltonian.terms}  # type: dict[str, list[Product]]
    for group in merged.groups:
        for name, _ in group.coefficients:
            by_term[name] += group.products
    try:
        return expand_cumulants(
            block,
            by_term.values(),
            order,
            species=len(spec.species),
            symmetries=find_symmetries(lattice, [block], [group.products for group in merged.groups]),
            turning=[turns_with(block, k, len(spec.species)) for k in range(len(spec.species))],
        )
    except TooLong:
        message = f"this expansion has more than {MOST_CONTRIBUTIONS} contributions"
        hint = "take order=1, smaller cells, or fewer terms"
        raise SpecError([Problem("too-many-terms", message, spec.flow.span, hint=hint)]) from None


def _space(
    spec: Spec, lattice: Lattice, block: Block, expansion: Expansion, merged: Merged, zero: Collection[str]
) -> CouplingSpace:
    """Coordinates that begin with the terms of the spec; the classes that complete them by order, range, bodies and name."""
    assert spec.hamiltonian is not None  # noqa: S101
    number = {each: k for k, products in enumerate(expansion.classes) for each in products}
    sign = {term.name: term.sign for term in spec.hamiltonian.terms}
    columns: dict[str, list[float]] = {
        term.name: [0.0] * len(expansion.classes) for term in spec.hamiltonian.terms
    }
    for group in merged.groups:
        for name, weight in group.coefficients:
            for each in group.products:
                columns[name][number[each]] = -sign[name] * weight
    present = {name: column for name, column in columns.items() if any(column)}
    kept = [group.products for group in merge_terms(spec.hamiltonian, lattice, spec.species, zero).groups]
    sectors = find_sectors([each for products in kept for each in products], lattice, len(spec.species))
    levels = sectors_by_level(sectors, [block], 1)
    return coupling_space(
        present,
        spec.hamiltonian.couplings(),
        _names(spec, lattice, expansion),
        class_sectors(expansion.classes, levels),
    )


def _names(spec: Spec, lattice: Lattice, expansion: Expansion) -> dict[str, int]:
    kinds = [species.name for species in spec.species]
    named = []
    for k, products in enumerate(expansion.classes):
        operator = Operator(coupling_name(*products, species=kinds), products)
        reach = round(operator_range(operator, lattice), 9)
        named.append((expansion.orders[k], reach, operator.bodies, operator.name, k))
    return {name: k for *_, name, k in sorted(named)}


def _constants(hamiltonian: Hamiltonian, merged: Merged) -> Iterator[float]:
    """What each part of H without spins is for a unit cell."""
    of_term = {term.name: term.coefficient for term in hamiltonian.terms}
    for group in merged.constants:
        yield float(group.coefficient(of_term)) * len(group.products)


def _told(expansion: Expansion, space: CouplingSpace) -> dict[str, Any]:
    """What was kept: the order at which each coupling first appears. Products of couplings beyond the order are dropped, nothing else."""
    weights = np.abs(space.basis) > 0
    orders = {
        name: min(o for o, one in zip(expansion.orders, weights[:, k], strict=True) if one)
        for k, name in enumerate(space.names)
    }
    return {"order": expansion.order, "orders": orders, "contributions": len(expansion.contributions)}
