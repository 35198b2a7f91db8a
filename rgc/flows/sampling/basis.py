"""The operators of a Monte Carlo RG in their sectors, and what is tallied of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rgc.language.values import OperatorBasis
from rgc.model.block import Block
from rgc.model.observables import Tally
from rgc.model.operators import Operator
from rgc.model.patterns import StateOperator
from rgc.model.sectors import SectorOperator, Sectors
from rgc.passes.find_sectors import flips_of_states, sectors_by_level, split_operator
from rgc.passes.generate_operators import generate_operators, operator_range
from rgc.passes.generate_patterns import generate_patterns
from rgc.passes.local_energies import unit_tables

if TYPE_CHECKING:
    from rgc.flows.sampling.model import Model


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Basis:
    """The operators of all levels.

    - `tallies[level][sector]` are those of a sector in the order of the basis, with the same
      `names[sector]` at every level and the same `ranges[sector]`.
    - `invariant` is the sector of what no symmetry changes.
    - `magnetic` holds the sets of sectors that couple to the field. The sectors of a set are
      related by translations.
    - `broken` says that the Hamiltonian has such sectors and that the block maps keep none of
      them.
    - `single` says that the invariant sector holds single spins that tell states apart.
    """

    operators: Sequence[Operator | StateOperator]
    tallies: Sequence[Mapping[str, tuple[Tally, ...]]]
    names: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, ...]]
    invariant: str
    magnetic: tuple[tuple[str, ...], ...]
    broken: bool
    single: bool


def make_basis(model: Model, blocks: Sequence[Block], steps: int) -> Basis:
    """The basis that a model asks for, with block maps that are used in turn.

    Raises `SpecError` for a map without a law.
    """
    return (_of_products if model.two_states else _of_states)(model, blocks, steps)


def _of_products(model: Model, blocks: Sequence[Block], steps: int) -> Basis:
    basis = cast(OperatorBasis, model.options["basis"])
    operators = generate_operators(
        model.lattice,
        model.species,
        model.hamiltonian,
        zero=model.zero,
        blocks=_used(blocks, steps),
        reach=basis.range,
        bodies=basis.bodies,
    )
    sectors = sectors_by_level(model.sectors, blocks, steps)
    tallies, names = _tallies(operators, sectors)
    reach = {operator.name: operator_range(operator, model.lattice) for operator in operators}
    magnetic, invariant = _magnetic(operators, sectors[-1]), sectors[0].invariant
    return Basis(
        operators=operators,
        tallies=tallies,
        names=names,
        ranges={sector: tuple(reach[name] for name in kept) for sector, kept in names.items()},
        invariant=invariant,
        magnetic=magnetic,
        broken=not magnetic and bool(_magnetic(operators, model.sectors)),
        single=any(
            operator.bodies == 1 and operator.name in names.get(invariant, ())
            for operator in operators
        ),
    )


def _of_states(model: Model, blocks: Sequence[Block], steps: int) -> Basis:
    terms = [term for term in model.hamiltonian.terms if term.name not in model.zero]
    tables = [table for term in terms for table in unit_tables(term, model.species)]
    flips = flips_of_states(tables, model.lattice, model.species)

    def generated(
        sectors: Collection[Sectors], blocks: Sequence[Block], bodies: int
    ) -> tuple[StateOperator, ...]:
        return generate_patterns(
            model.lattice,
            model.species,
            model.hamiltonian,
            sectors,
            zero=model.zero,
            blocks=blocks,
            reach=basis.range,
            bodies=bodies,
        )

    basis = cast(OperatorBasis, model.options["basis"])
    sectors = sectors_by_level(flips, blocks, steps)
    operators = generated(sectors, _used(blocks, steps), basis.bodies)
    invariant = sectors[0].invariant
    by_sector = {
        sector: [operator for operator in operators if operator.sector == sector]
        for sector in dict.fromkeys([invariant, *(operator.sector for operator in operators)])
    }
    by_sector = {sector: of_sector for sector, of_sector in by_sector.items() if of_sector}
    tallies = {
        sector: tuple(Tally(operator.summed) for operator in of_sector)
        for sector, of_sector in by_sector.items()
    }
    magnetic = _fields(operators, invariant)
    return Basis(
        operators=operators,
        tallies=[tallies] * (steps + 1),
        names={
            sector: tuple(operator.name for operator in of_sector)
            for sector, of_sector in by_sector.items()
        },
        ranges={
            sector: tuple(operator_range(operator, model.lattice) for operator in of_sector)
            for sector, of_sector in by_sector.items()
        },
        invariant=invariant,
        magnetic=magnetic,
        broken=not magnetic and bool(_fields(generated([flips], (), 1), flips.invariant)),
        single=any(operator.field and operator.sector == invariant for operator in operators),
    )


def _used(blocks: Sequence[Block], steps: int) -> tuple[Block, ...]:
    """The block maps of all steps, each once."""
    return tuple(dict.fromkeys(blocks[step % len(blocks)] for step in range(steps)))


def _fields(operators: Sequence[StateOperator], invariant: str) -> tuple[tuple[str, ...], ...]:
    """The sectors of single spins, each by itself."""
    sectors = {operator.sector for operator in operators if operator.field}
    return tuple((sector,) for sector in sorted(sectors - {invariant}))


def _tallies(
    operators: Sequence[Operator], sectors: Sequence[Sectors]
) -> tuple[list[dict[str, tuple[Tally, ...]]], dict[str, tuple[str, ...]]]:
    """The tallies of each level by sector, and the names of their operators.

    The operators are those that have a part in the sector at every level.
    """
    parts = [_by_sector(operators, sectors_of_level) for sectors_of_level in sectors]
    common = {
        sector: tuple(name for name in first if all(name in part[sector] for part in parts))
        for sector, first in parts[0].items()
    }
    names = {sector: kept for sector, kept in common.items() if kept}
    tallies = [
        {
            sector: tuple(Tally(part[sector][name]) for name in kept)
            for sector, kept in names.items()
        }
        for part in parts
    ]
    return tallies, names


def _by_sector(
    operators: Sequence[Operator], sectors: Sectors
) -> dict[str, dict[str, SectorOperator]]:
    out: dict[str, dict[str, SectorOperator]] = {name: {} for name in sectors.names}
    for operator in operators:
        for part in split_operator(operator, sectors):
            out[part.sector][part.name] = part
    return out


def _magnetic(operators: Sequence[Operator], sectors: Sectors) -> tuple[tuple[str, ...], ...]:
    """The sectors of single spins.

    Those that translations of the coarsest lattice (and so of every one) relate are in one set.
    """
    sets = {
        tuple(sorted({sectors.name(sectors.character(spin, at)) for at in sectors.residues}))
        for operator in operators
        if operator.bodies == 1
        for spin in operator.products
    }
    return tuple(sorted(names for names in sets if sectors.invariant not in names))
