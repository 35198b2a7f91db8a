"""From a block-spin map to a program on the coarse lattice, which loads the fine one with a stride.

A bit of a block spin is 1 with probability 1 / (1 + exp(x)), x = ln p(0)/p(1) from the law of the
map; bit 1 of a two-state spin means s = -1. Cells of equal x are one class: where x is infinite the
bit is certain, elsewhere it is drawn, once per block, species, level, replica and record (the keys
say so).

- A law that counts spins has a class for the counts of equal weights. The planes of a code are
  drawn one after the other.
- A law that copies a site has the words of that site.
- A law that is written out is tabulated over the states of the cell, all of two states, and its
  classes are told apart spin by spin. Where it makes several block spins, each is drawn with the
  ones before it given.
- Where x is a sum over the spins of the cell with too many values for classes, it is added up in
  units of 2^-20 kT, and a block spin is drawn as a unit of a machine is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, TypeVar

from rgc.errors import Problem, SpecError
from rgc.model.block import Block
from rgc.model.block_rule import Law
from rgc.model.counted import Copied, Counted, LogWeight, Odds
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.sites import Listed, SiteSet
from rgc.model.spins import Species
from rgc.model.weighed import MOST_TABULATED, LocalField, Weighed
from rgc.model_to_program import thresholds
from rgc.model_to_program.code_words import load_planes
from rgc.model_to_program.count_words import counted_planes
from rgc.model_to_program.fields import every_cell, spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.state_classes import class_masks, state_classes
from rgc.passes.choose_acceptance import MOST_CLASSES
from rgc.passes.largest_flip import LIMIT
from rgc.program.draws import Generator
from rgc.program.exponentials import UNIT, too_large
from rgc.program.lattice.nodes import Bernoulli, Logistic, Store, Value, Weigh
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.verify import verify

if TYPE_CHECKING:
    from rgc.program.arguments import Arguments

T = TypeVar("T")
Planes = Sequence[Value]


@dataclass(frozen=True, slots=True)
class BlockProgram:
    """The program of one blocking.

    Its fields are the fine species in order, then the coarse ones. What the coarse fields held
    before is overwritten. odds[slot] are those of the bits that are drawn with the threshold of
    that slot, and weights[slot] what a spin adds to a sum ln p(+)/p(-), in units of 2^-20 kT.
    """

    program: Program
    odds: tuple[Odds, ...]
    weights: tuple[int, ...]

    def arguments(self, words: int, p: float | None = None) -> Arguments:
        """The thresholds floor(2^planes p(1)), and the weights. `p` is the parameter of the map,
        for maps that have one."""
        import numpy as np

        from rgc.program.lattice.arguments import lattice_arguments
        from rgc.program.lattice.thresholds import pack_thresholds

        planes = self.program.planes
        table = [
            thresholds.chance(_at(odds.zeros, p), _at(odds.ones, p), planes) for odds in self.odds
        ]
        weights = np.repeat(np.array(self.weights, dtype=np.int32)[:, None], 64 * words, axis=1)
        return lattice_arguments(pack_thresholds(table, planes, words), weights)


def block_to_rule(
    lattice: Lattice,
    species: Sequence[Species],
    block: Block,
    *,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> BlockProgram:
    """The program that draws the spins of `block.coarse(lattice)` from those of `lattice`.

    Raises `SpecError` for maps without a law and for laws with too many classes or written out for
    spins with more than two states, `ValueError` where blocks do not divide the lattice.
    """
    coarse = block.coarse(lattice)
    tables = _Tables(classes=block.uniform)
    places = _places(block, coarse)
    rules = tuple(_block_rule(block, number, species, tables) for number, _ in places)
    program = Program(
        name="block",
        shape=coarse.cells,
        letters=len(block.cells),
        fields=(*spin_fields(lattice, species), *_named(spin_fields(coarse, species))),
        rules=rules,
        schedule=tuple(Stage(number, cells) for number, cells in places),
        slots=len(tables.odds),
        weights=len(tables.weights),
        draws=sum(kind.bits for kind in species) if tables.odds or tables.weights else 0,
        planes=planes,
        generator=generator,
    )
    verify(program)
    return BlockProgram(program, tuple(tables.odds), tuple(tables.weights))


def _at(weights: Sequence[LogWeight], p: float | None) -> list[Fraction]:
    return [Fraction(weight.at(p)) for weight in weights]


def _places(block: Block, coarse: Lattice) -> list[tuple[int, SiteSet]]:
    """The rules of a map, each with the cells in which it makes block spins."""
    if block.uniform:
        return [(letter, every_cell(coarse.cells)) for letter in range(len(block.cells))]
    return [(number, Listed((number // len(block.cells),))) for number in range(len(block.rules))]


@dataclass(slots=True)
class _Tables:
    """The slots of thresholds and weights that the rules of a program share.

    Without `classes` every field is added up that can be, so that rules differ in their slots
    alone.
    """

    classes: bool
    odds: list[Odds] = field(default_factory=list)
    weights: list[int] = field(default_factory=list)

    def threshold(self, odds: Odds) -> int:
        return _slot(self.odds, odds)

    def weight(self, energy: Fraction) -> int:
        return _slot(self.weights, round(energy * UNIT))


def _named(fields: Sequence[Field]) -> list[Field]:
    return [replace(field, name=f"{field.name}'") for field in fields]


def check_laws(block: Block, species: Sequence[Species]) -> None:
    """Raise `SpecError` for laws that no rule can hold, without making a program of them."""
    tables = _Tables(classes=block.uniform)
    for number in range(len(block.rules)):
        _block_rule(block, number, species, tables)


def _block_rule(block: Block, number: int, species: Sequence[Species], tables: _Tables) -> Rule:
    letter = number % len(block.cells)
    code, rule = RuleWriter(letter), block.law(number)
    made: list[Planes] = []
    for law in rule.laws:
        first = len(made)
        kinds = dict(enumerate(species[first : first + law.species], first))
        cell = [
            load_planes(code, Spin(site.cell, site.letter, kind), spin, block.factor)
            for kind, spin in kinds.items()
            for site in block.cells[letter]
        ]
        draw = sum(spin.bits for spin in species[:first])
        made += _block_spins(code, law, cell, draw, tables)
    for kind, planes in enumerate(made):
        for k, word in enumerate(planes):
            code.add(Store(rule.species + kind, word, plane=k))
    return code.rule()


def _block_spins(
    code: RuleWriter, law: Law, cell: Sequence[Planes], draw: int, tables: _Tables
) -> list[Planes]:
    """The planes of the block spins of a law, from those of the spins of the cell.

    It uses the draws from `draw` on, one for each plane.
    """
    match law:
        case Copied():
            return [cell[law.site]]
        case Counted():
            return [counted_planes(code, law, cell, draw, tables.threshold)]
        case Weighed():
            if max(map(len, cell)) > 1:
                message = "a transfer operator of spins with more than two states comes later"
                raise SpecError([Problem("not-yet", message)])
            made = _written(code, law, [word for (word,) in cell], draw, tables)
            return [[word] for word in made]


def _written(
    code: RuleWriter, law: Weighed, words: Sequence[Value], draw: int, tables: _Tables
) -> list[Value]:
    local = law.field
    if isinstance(local, LocalField) and not (tables.classes and _few(local)):
        return [_summed(code, local, words, draw, tables)]
    made: list[Value] = []
    for kind in range(law.species):
        made.append(_weighed(code, law, [*words, *made], draw + kind, tables))
    return made


def _weighed(
    code: RuleWriter, law: Weighed, words: Sequence[Value], draw: int, tables: _Tables
) -> Value:
    """The next block spin, given the words of the cell and of the block spins before it."""
    ratios, class_of = state_classes(law, len(words) - law.spins)
    slots = [tables.threshold(Odds((LogWeight(ratio),))) for ratio in ratios]
    masks = class_masks(code, class_of, words)
    if len(slots) == 1:
        return code.add(Bernoulli((), slots[0], draw))
    return code.add(Bernoulli(tuple(zip(masks, slots, strict=True)), None, draw))


def _few(local: LocalField) -> bool:
    """Whether a field has so few values that each is a class."""
    values = {Fraction(0)}
    for slope in local.slopes:
        values = {value + step for value in values for step in (slope, -slope)}
        if len(values) > MOST_CLASSES:
            return False
    return len(local.slopes) <= MOST_TABULATED


def _summed(
    code: RuleWriter, local: LocalField, words: Sequence[Value], draw: int, tables: _Tables
) -> Value:
    """The field where all spins are +1, and twice the slope less for each that is -1. Raises
    `SpecError` for a field that lanes cannot hold."""
    largest = abs(local.constant) + sum(map(abs, local.slopes))
    if largest >= LIMIT:
        raise too_large("a block spin may be in a field of", float(largest))
    base = tables.weight(local.constant + sum(local.slopes))
    slots = tuple(tables.weight(-2 * slope) for slope in local.slopes)
    return code.add(Logistic(code.add(Weigh(tuple(words), slots, base)), draw))


def _slot(table: list[T], wanted: T) -> int:
    if wanted not in table:
        table.append(wanted)
    return table.index(wanted)
