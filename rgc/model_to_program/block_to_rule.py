"""From a block-spin map to a program on the coarse lattice, which loads the fine one with a stride.

Bit 1 means s = -1. Of the n spins of a cell c are -1, so their sum is m = n - 2 c. Majority: t = -1 where m < 0, and with probability
1/2 where m = 0, drawn once per block, level, replica and record (the keys say so). Kadanoff: p(t|s) proportional to exp(p t m), so
t = -1 with probability 1 / (1 + exp(2 p m)). Decimation copies the one spin of the cell. Each species is blocked by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from rgc.errors import Problem, SpecError
from rgc.language.blocks import SAMPLED_BLOCKS
from rgc.model.block import Block
from rgc.model.lattice import Lattice, Site
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program import thresholds
from rgc.model_to_program.fields import every_cell, spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bernoulli, Store, Value
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.verify import verify

if TYPE_CHECKING:
    from rgc.program.arguments import Arguments


@dataclass(frozen=True, slots=True)
class BlockMap:
    """The program of one blocking. Fields: the fine species in order, then the coarse ones; what the coarse fields held before is
    overwritten. sums[slot] = m: the threshold of t = -1 where the spins of the cell sum to m."""

    program: Program
    sums: tuple[int, ...]

    def arguments(self, words: int, p: float = 0.0) -> Arguments:
        """The thresholds floor(2^planes / (1 + exp(2 p m))). `p` is Kadanoff's parameter; majority has no use for it."""

        from rgc.program.lattice.arguments import lattice_arguments
        from rgc.program.lattice.thresholds import pack_thresholds

        planes = self.program.planes
        table = [thresholds.heat_bath(2 * Fraction(p) * m, planes) for m in self.sums]
        return lattice_arguments(pack_thresholds(table, planes, words))


def block_to_rule(
    lattice: Lattice,
    species: Sequence[Species],
    block: Block,
    *,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> BlockMap:
    """The program that maps the spins of `lattice` to those of `block.coarse(lattice)`, for majority, kadanoff and decimate.

    Raises `SpecError` for other maps and for cells that reach beyond an open edge, `ValueError` where blocks do not divide the lattice.
    """
    if block.rule not in SAMPLED_BLOCKS:
        raise SpecError(
            [
                Problem(
                    "not-yet",
                    f"'{block.rule}' is no map of one block to one spin that can be sampled",
                )
            ]
        )
    coarse = block.coarse(lattice)
    check_edges(lattice, block)
    sums: list[int] = []
    rules = tuple(
        _block_rule(block, letter, len(species), sums) for letter in range(len(block.cells))
    )
    program = Program(
        name="block",
        shape=coarse.cells,
        letters=len(block.cells),
        fields=(*spin_fields(lattice, species), *_named(spin_fields(coarse, species))),
        rules=rules,
        schedule=tuple(Stage(letter, every_cell(coarse.cells)) for letter in range(len(rules))),
        slots=len(sums),
        draws=len(species) if sums else 0,
        planes=planes,
        generator=generator,
    )
    verify(program)
    return BlockMap(program, tuple(sums))


def _named(fields: Sequence[Field]) -> list[Field]:
    return [
        Field(
            f"{each.name}'",
            each.shape,
            letters=each.letters,
            planes=each.planes,
            periodic=each.periodic,
        )
        for each in fields
    ]


def check_edges(lattice: Lattice, block: Block) -> None:
    """Raise `SpecError` for cells that reach beyond an edge where the lattice does not go on as it began."""
    for axis, (edge, factor) in enumerate(zip(lattice.boundary, block.factor, strict=True)):
        inside = all(0 <= site.cell[axis] < factor for cell in block.cells for site in cell)
        if edge != "periodic" and not inside:
            message = f"cells of the block reach beyond the {edge} edge of axis {axis + 1}"
            raise SpecError([Problem("block-over-edge", message, hint="use boundary=periodic")])


def _block_rule(block: Block, letter: int, species: int, sums: list[int]) -> Rule:
    code = RuleWriter(letter)
    for kind in range(species):
        words = [_fine(code, site, kind, block.factor) for site in block.cells[letter]]
        code.add(Store(species + kind, _block_spin(code, block, words, kind, sums)))
    return code.rule()


def _fine(code: RuleWriter, site: Site, species: int, factor: tuple[int, ...]) -> Value:
    return code.spin(Spin(site.cell, site.letter, species), stride=factor)


def _block_spin(
    code: RuleWriter, block: Block, words: Sequence[Value], draw: int, sums: list[int]
) -> Value:
    if block.rule == "decimate":
        (word,) = words
        return word
    size, count = len(words), code.counter(words)
    if block.rule == "kadanoff":
        classes = tuple((code.equals(count, c), _slot(sums, size - 2 * c)) for c in range(size + 1))
        return code.add(Bernoulli(classes, None, draw))
    minus = [code.equals(count, c) for c in range(size // 2 + 1, size + 1)]
    if size % 2 == 0:
        tie = code.equals(count, size // 2)
        minus.append(code.add(Bernoulli(((tie, _slot(sums, 0)),), None, draw)))
    return code.bit("or", minus)


def _slot(sums: list[int], total: int) -> int:
    if total not in sums:
        sums.append(total)
    return sums.index(total)
