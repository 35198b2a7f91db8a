"""The operators of a Monte Carlo RG in their sectors, and what is tallied of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from rgc.language.values import OperatorBasis
from rgc.model.block import Block
from rgc.model.groups import Local
from rgc.model.lattice import Lattice
from rgc.model.observables import Combined, Products, Tally
from rgc.model.operators import Operator
from rgc.model.patterns import StateOperator
from rgc.model.sectors import UNEQUAL, Sectors
from rgc.passes.compare_species import Compared, Difference, compare_species
from rgc.passes.find_sectors import flips_of_states, sectors_by_level, split_operator
from rgc.passes.find_turns import Turn, firsts
from rgc.passes.fold_operators import fold_operators
from rgc.passes.generate_operators import generate_operators, operator_range, operator_turns
from rgc.passes.generate_patterns import generate_patterns, pattern_turns, value_turns
from rgc.passes.local_energies import unit_tables

if TYPE_CHECKING:
    from rgc.flows.sampling.model import Model


Parts = dict[str, dict[str, Tally]]
"""What is tallied at a level, by sector and name."""


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
    - `operators` are the operators before equal species are exchanged, and `equal` says what
      exchanges make of those of the invariant sector.
    - `alike` holds pairs of species that could be exchanged if their terms were one.
    """

    operators: Sequence[Operator | StateOperator]
    equal: Compared[Operator] | Compared[StateOperator]
    tallies: Sequence[Mapping[str, tuple[Tally, ...]]]
    names: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, ...]]
    invariant: str
    magnetic: tuple[tuple[str, ...], ...]
    broken: bool
    single: bool
    alike: tuple[tuple[str, str], ...]

    def flagged(self, lattice: Lattice) -> frozenset[str]:
        """The names of the operators that wrap onto others on a lattice and leave the basis."""
        if not self.equal.differences:
            return _wrapping(self.operators, lattice)
        charged = {name for s, of in self.names.items() if s != self.invariant for name in of}
        compared = dict.fromkeys(o for each in self.equal.differences for o in each.operators)
        inside = _wrapping([*compared], lattice)
        return (
            (_wrapping(self.operators, lattice) & charged)
            | (_wrapping(self.equal.unchanged, lattice) & {*self.names.get(self.invariant, ())})
            | {
                each.name
                for each in self.equal.differences
                if any(operator.name in inside for operator in each.operators)
            }
        )


def make_basis(model: Model, blocks: Sequence[Block], steps: int) -> Basis:
    """The basis that a model asks for, with block maps that are used in turn.

    Raises `SpecError` for a map without a law.
    """
    return (_of_products if model.two_states else _of_states)(model, blocks, steps)


def _of_products(model: Model, blocks: Sequence[Block], steps: int) -> Basis:
    basis, used = cast(OperatorBasis, model.options["basis"]), _used(blocks, steps)
    physics = model.lattice, model.species, model.hamiltonian

    def generated(turns: Sequence[Turn]) -> tuple[Operator, ...]:
        return generate_operators(
            *physics, zero=model.zero, reach=basis.range, bodies=basis.bodies, turns=turns
        )

    equal = compare_species(operator_turns(*physics, zero=model.zero, blocks=used), generated)
    sectors = sectors_by_level(model.sectors, blocks, steps)
    invariant, magnetic = sectors[0].invariant, _magnetic(equal.operators, sectors[-1])
    parts = [_parts(equal, of_level) for of_level in sectors]
    names = _names(parts)
    return Basis(
        operators=equal.operators,
        equal=equal,
        tallies=_tallies(parts, names),
        names=names,
        ranges=_ranges(equal, names, invariant, model.lattice),
        invariant=invariant,
        magnetic=magnetic,
        broken=not magnetic and bool(_magnetic(equal.operators, model.sectors)),
        single=any(
            operator.bodies == 1 and operator.name in names.get(invariant, ())
            for operator in equal.unchanged
        ),
        alike=_alike(model, used, equal.turns),
    )


def _of_states(model: Model, blocks: Sequence[Block], steps: int) -> Basis:
    basis, used = cast(OperatorBasis, model.options["basis"]), _used(blocks, steps)
    physics = model.lattice, model.species, model.hamiltonian
    terms = [term for term in model.hamiltonian.terms if term.name not in model.zero]
    tables = [table for term in terms for table in unit_tables(term, model.species)]
    flips = flips_of_states(tables, model.lattice, model.species)
    sectors = sectors_by_level(flips, blocks, steps)

    def generated(turns: Sequence[Turn]) -> tuple[StateOperator, ...]:
        return generate_patterns(
            *physics,
            sectors,
            zero=model.zero,
            blocks=used,
            reach=basis.range,
            bodies=basis.bodies,
            turns=turns,
        )

    equal = compare_species(pattern_turns(*physics, zero=model.zero, blocks=used), generated)
    invariant, magnetic = sectors[0].invariant, _fields(equal.operators, sectors[0].invariant)
    parts = _state_parts(equal, invariant)
    names = _names([parts])
    singles = generate_patterns(*physics, [flips], zero=model.zero, reach=basis.range, bodies=1)
    return Basis(
        operators=equal.operators,
        equal=equal,
        tallies=_tallies([parts], names) * (steps + 1),
        names=names,
        ranges=_ranges(equal, names, invariant, model.lattice),
        invariant=invariant,
        magnetic=magnetic,
        broken=not magnetic and bool(_fields(singles, flips.invariant)),
        single=any(each.field and each.sector == invariant for each in equal.unchanged),
        alike=_alike(model, used, equal.turns),
    )


def _alike(
    model: Model, blocks: Sequence[Block], turns: Sequence[Turn]
) -> tuple[tuple[str, str], ...]:
    """The first of some species that the values of the Hamiltonian treat alike, and each other one,
    where its terms do not.
    """
    if len(model.species) < 2:
        return ()
    wide = value_turns(
        model.lattice, model.species, model.hamiltonian, zero=model.zero, blocks=blocks
    )
    by_value, own = firsts(wide), firsts(turns)
    names = [kind.name for kind in model.species]
    return tuple((names[by_value[k]], names[k]) for k in sorted({*own}) if by_value[k] != k)


def _used(blocks: Sequence[Block], steps: int) -> tuple[Block, ...]:
    """The block maps of all steps, each once."""
    return tuple(dict.fromkeys(blocks[step % len(blocks)] for step in range(steps)))


def _fields(operators: Sequence[StateOperator], invariant: str) -> tuple[tuple[str, ...], ...]:
    """The sectors of single spins, each by itself."""
    sectors = {operator.sector for operator in operators if operator.field}
    return tuple((sector,) for sector in sorted(sectors - {invariant}))


def _parts(equal: Compared[Operator], sectors: Sectors) -> Parts:
    """What is tallied at a level of these sectors."""
    out = _by_sector(equal.operators, sectors)
    if equal.differences:
        invariant = sectors.invariant
        own = dict.fromkeys(each for pair in equal.differences for each in pair.operators)
        alone = _by_sector([*own], sectors)[invariant]
        out[invariant] = _by_sector(equal.unchanged, sectors)[invariant]
        out[UNEQUAL] = {
            each.name: _apart(each, [alone[operator.name] for operator in each.operators])
            for each in equal.differences
            if all(operator.name in alone for operator in each.operators)
        }
    return out


def _by_sector(operators: Sequence[Operator], sectors: Sectors) -> Parts:
    out: Parts = {name: {} for name in sectors.names}
    for operator in operators:
        for part in split_operator(operator, sectors):
            out[part.sector][part.name] = Tally(part)
    return out


def _state_parts(equal: Compared[StateOperator], invariant: str) -> Parts:
    """What is tallied at every level of operators that are in one sector each."""
    of_all = {o.name: Tally(o.summed) for o in equal.unchanged if o.sector == invariant}
    out: Parts = {invariant: of_all}
    for each in equal.operators:
        if each.sector != invariant:
            out.setdefault(each.sector, {})[each.name] = Tally(each.summed)
    for pair in equal.differences:
        if pair.operators[0].sector == invariant:
            tallies = [Tally(operator.summed) for operator in pair.operators]
            out.setdefault(UNEQUAL, {})[pair.name] = _apart(pair, tallies)
    return out


def _apart(pair: Difference[Any], tallies: Sequence[Tally]) -> Tally:
    summed = [cast(Products | Local, tally.operator) for tally in tallies]
    return Tally(Combined(tuple(zip(map(float, pair.weights), summed, strict=True))))


def _names(parts: Sequence[Parts]) -> dict[str, tuple[str, ...]]:
    """Those of the operators that have a part in a sector at every level."""
    common = {
        sector: tuple(name for name in first if all(name in part[sector] for part in parts))
        for sector, first in parts[0].items()
    }
    return {sector: kept for sector, kept in common.items() if kept}


def _tallies(
    parts: Sequence[Parts], names: Mapping[str, Sequence[str]]
) -> list[Mapping[str, tuple[Tally, ...]]]:
    """The tallies of each level by sector."""
    return [
        {sector: tuple(part[sector][name] for name in kept) for sector, kept in names.items()}
        for part in parts
    ]


def _ranges(
    equal: Compared[Any], names: Mapping[str, Sequence[str]], invariant: str, lattice: Lattice
) -> dict[str, tuple[float, ...]]:
    def of(operators: Sequence[Operator | StateOperator]) -> dict[str, float]:
        return {each.name: operator_range(each, lattice) for each in operators}

    alone, unchanged = of(equal.operators), of(equal.unchanged)
    apart = {each.name: operator_range(each.operators[0], lattice) for each in equal.differences}
    known = {invariant: unchanged, UNEQUAL: apart}
    return {
        sector: tuple(known.get(sector, alone)[name] for name in kept)
        for sector, kept in names.items()
    }


def _wrapping(operators: Sequence[Operator | StateOperator], lattice: Lattice) -> frozenset[str]:
    return frozenset(each.operator.name for each in fold_operators(operators, lattice) if each.flag)


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
