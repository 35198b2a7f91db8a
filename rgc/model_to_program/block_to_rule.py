"""From a block-spin map to a program on the coarse lattice, which loads the fine one with a stride.

Bit 1 means s = -1. A block spin is -1 with probability 1 / (1 + exp(x)), x = ln p(+)/p(-) from the
law of the map. Cells of equal x are one class: where x is infinite the block spin is certain,
elsewhere it is drawn, once per block, species, level, replica and record (the keys say so).

- A law that counts spins has a class for each count.
- A law that copies a site is the word of that site.
- A law that is written out is tabulated over the states of the cell, and its classes are told apart
  spin by spin. Where it makes several block spins, each is drawn with the ones before it given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Literal

from rgc.errors import Problem, SpecError
from rgc.model.block import Block
from rgc.model.block_rule import Law
from rgc.model.counted import Copied, Counted, LogWeight
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model.weighed import Weighed
from rgc.model_to_program import thresholds
from rgc.model_to_program.fields import every_cell, spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.state_classes import class_masks, state_classes
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bernoulli, Store, Value
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.verify import verify

if TYPE_CHECKING:
    from rgc.program.arguments import Arguments


@dataclass(frozen=True, slots=True)
class BlockProgram:
    """The program of one blocking.

    Its fields are the fine species in order, then the coarse ones. What the coarse fields held
    before is overwritten. odds[slot] is ln p(+)/p(-) of the block spins that are drawn with the
    threshold of that slot.
    """

    program: Program
    odds: tuple[LogWeight, ...]

    def arguments(self, words: int, p: float | None = None) -> Arguments:
        """The thresholds floor(2^planes / (1 + exp(odds))). `p` is the parameter of the map, for
        maps that have one."""
        from rgc.program.lattice.arguments import lattice_arguments
        from rgc.program.lattice.thresholds import pack_thresholds

        planes = self.program.planes
        table = [thresholds.heat_bath(log_weight.at(p), planes) for log_weight in self.odds]
        return lattice_arguments(pack_thresholds(table, planes, words))


def block_to_rule(
    lattice: Lattice,
    species: Sequence[Species],
    block: Block,
    *,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> BlockProgram:
    """The program that draws the spins of `block.coarse(lattice)` from those of `lattice`, all of
    two states.

    Raises `SpecError` for maps without a law, for laws with too many classes and for cells that
    reach beyond an open edge, `ValueError` where blocks do not divide the lattice.
    """
    coarse = block.coarse(lattice)
    check_edges(lattice, block)
    odds: list[LogWeight] = []
    rules = tuple(_block_rule(block, letter, odds) for letter in range(len(block.cells)))
    program = Program(
        name="block",
        shape=coarse.cells,
        letters=len(block.cells),
        fields=(*spin_fields(lattice, species), *_named(spin_fields(coarse, species))),
        rules=rules,
        schedule=tuple(Stage(letter, every_cell(coarse.cells)) for letter in range(len(rules))),
        slots=len(odds),
        draws=len(species) if odds else 0,
        planes=planes,
        generator=generator,
    )
    verify(program)
    return BlockProgram(program, tuple(odds))


def _named(fields: Sequence[Field]) -> list[Field]:
    return [
        Field(
            f"{field.name}'",
            field.shape,
            letters=field.letters,
            planes=field.planes,
            periodic=field.periodic,
        )
        for field in fields
    ]


def check_edges(lattice: Lattice, block: Block) -> None:
    """Raise `SpecError` for cells that reach beyond an edge where the lattice does not go on as it
    began."""
    for axis, (edge, factor) in enumerate(zip(lattice.boundary, block.factor, strict=True)):
        inside = all(0 <= site.cell[axis] < factor for cell in block.cells for site in cell)
        if edge != "periodic" and not inside:
            message = f"cells of the block reach beyond the {edge} edge of axis {axis + 1}"
            raise SpecError([Problem("block-over-edge", message, hint="use boundary=periodic")])


def _block_rule(block: Block, letter: int, odds: list[LogWeight]) -> Rule:
    code, rule = RuleWriter(letter), block.law(letter)
    made: list[Value] = []
    for law in rule.laws:
        kinds = range(len(made), len(made) + law.species)
        words = [
            _fine(code, site, kind, block.factor) for kind in kinds for site in block.cells[letter]
        ]
        made += _block_spins(code, law, words, len(made), odds)
    for kind, word in enumerate(made):
        code.add(Store(rule.species + kind, word))
    return code.rule()


def _fine(code: RuleWriter, site: Site, species: int, factor: tuple[int, ...]) -> Value:
    return code.spin(Spin(site.cell, site.letter, species), stride=factor)


def _block_spins(
    code: RuleWriter, law: Law, words: Sequence[Value], draw: int, odds: list[LogWeight]
) -> list[Value]:
    """The words of the block spins of a law, which uses the draws from `draw` on, one for each
    species."""
    match law:
        case Copied():
            return [words[law.site]]
        case Counted():
            return [_counted(code, law, words, draw, odds)]
        case Weighed():
            made: list[Value] = []
            for kind in range(law.species):
                made.append(_weighed(code, law, [*words, *made], draw + kind, odds))
            return made


def _counted(
    code: RuleWriter, law: Counted, words: Sequence[Value], draw: int, odds: list[LogWeight]
) -> Value:
    count, of_count = code.counter(words), [law.log_odds(down) for down in range(law.size + 1)]
    minus = [
        code.equals(count, down) for down, ratio in enumerate(of_count) if ratio.constant == -inf
    ]
    classes = tuple(
        (code.equals(count, down), _slot(odds, ratio))
        for down, ratio in enumerate(of_count)
        if not ratio.certain
    )
    if classes:
        minus.append(code.add(Bernoulli(classes, None, draw)))
    return code.bit("or", minus) if minus else code.bit("xor", [words[0], words[0]])


def _weighed(
    code: RuleWriter, law: Weighed, words: Sequence[Value], draw: int, odds: list[LogWeight]
) -> Value:
    """The next block spin, given the words of the cell and of the block spins before it."""
    ratios, class_of = state_classes(law, len(words) - law.spins)
    slots = [_slot(odds, LogWeight(ratio)) for ratio in ratios]
    masks = class_masks(code, class_of, words)
    if len(slots) == 1:
        return code.add(Bernoulli((), slots[0], draw))
    return code.add(Bernoulli(tuple(zip(masks, slots, strict=True)), None, draw))


def _slot(odds: list[LogWeight], wanted: LogWeight) -> int:
    if wanted not in odds:
        odds.append(wanted)
    return odds.index(wanted)
