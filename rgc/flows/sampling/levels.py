"""The levels of a Monte Carlo RG: lattices, operators by sector, block maps, and what measures
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import TYPE_CHECKING, cast

from rgc.errors import Problem, SpecError
from rgc.flows.sampling.recorder import Recorder, make_recorder
from rgc.flows.sampling.sampler import Model, Sampler
from rgc.language.values import OperatorBasis
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.observables import Tally
from rgc.model.operators import Operator
from rgc.model.sectors import SectorOperator, Sectors
from rgc.model_to_program.block_to_rule import BlockProgram, block_to_rule
from rgc.passes.find_sectors import sectors_by_level, split_operator
from rgc.passes.fold_operators import fold_operators, holds_range
from rgc.passes.generate_operators import generate_operators, operator_range
from rgc.program.draws import Key, step_keys

if TYPE_CHECKING:
    from rgc.backend import Arguments, Kernel, State, Words


@dataclass(frozen=True, slots=True, eq=False)
class Blocking:
    """The map from level - 1 to `level`, compiled. `key` is the stream of its random ties."""

    level: int
    block: Block
    map: BlockProgram
    kernel: Kernel
    arguments: Arguments
    key: Key

    def keys(self, first: int, count: int) -> Words:
        """The keys of some records: every record draws its own ties."""
        return step_keys(self.key, first, count, self.map.program.draws)

    def __call__(
        self, fine: Sequence[State], coarse: Sequence[State], keys: Words
    ) -> tuple[list[State], list[State]]:
        """The fine fields, unchanged, and the coarse ones, overwritten, with the keys of one
        record.
        """
        fields, _ = self.kernel([*fine, *coarse], self.arguments, keys)
        return fields[: len(fine)], fields[len(fine) :]


@dataclass(frozen=True, slots=True, eq=False)
class SampledLevel:
    """One level.

    - `tallies[sector]` are its operators in the order of the basis, with the same names at every
      level. They are the tallies `places[sector]` of the first array of the recorder.
    - `flagged` are the names of those that wrap onto others here and leave the basis.
    - `wrapped` says that the lattice does not hold the range.
    - `blocking` is None at level 0.
    """

    number: int
    lattice: Lattice
    tallies: Mapping[str, tuple[Tally, ...]]
    places: Mapping[str, slice]
    flagged: frozenset[str]
    wrapped: bool
    recorder: Recorder
    blocking: Blocking | None


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """All levels from 0.

    - `names[sector]` and `ranges[sector]` are those of the operators of a sector, in the order of
      the basis.
    - `magnetic` holds the sets of sectors that couple to the field. The sectors of a set are
      related by translations.
    - `broken` says that the Hamiltonian has such sectors and that the block maps keep none of
      them.
    """

    levels: tuple[SampledLevel, ...]
    names: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, ...]]
    invariant: str
    magnetic: tuple[tuple[str, ...], ...]
    broken: bool


def make_levels(sampler: Sampler, blocks: Sequence[Block], extra: Sequence[Tally] = ()) -> Levels:
    """Operators within the basis, split into the sectors that the blocks keep, and compiled
    programs that block and measure.

    Level 0 measures the tallies in `extra` besides. Raises `SpecError` for blocks that do not
    divide the lattice or cannot be run yet.
    """
    model, blocks = sampler.model, [block.drawn for block in blocks]
    lattices = _lattices(model, blocks)
    used = [blocks[n % len(blocks)] for n in range(len(lattices) - 1)]
    basis = cast(OperatorBasis, model.options["basis"])
    operators = generate_operators(
        model.lattice,
        model.species,
        model.hamiltonian,
        zero=model.zero,
        blocks=tuple(dict.fromkeys(used)),
        reach=basis.range,
        bodies=basis.bodies,
    )
    sectors = sectors_by_level(model.sectors, blocks, len(used))
    tallies, names = _tallies(operators, sectors)
    reach = {operator.name: operator_range(operator, model.lattice) for operator in operators}
    levels = [
        SampledLevel(
            number=number,
            lattice=lattice,
            tallies=tallies[number],
            places=_places(tallies[number]),
            flagged=frozenset(
                folded.operator.name for folded in fold_operators(operators, lattice) if folded.flag
            ),
            wrapped=not holds_range(lattice, basis.range),
            recorder=_recorder(sampler, lattice, tallies[number], () if number else extra),
            blocking=(
                _blocking(sampler, lattices[number - 1], number, used[number - 1])
                if number
                else None
            ),
        )
        for number, lattice in enumerate(lattices)
    ]
    ranges = {sector: tuple(reach[name] for name in kept) for sector, kept in names.items()}
    magnetic = _magnetic(operators, sectors[-1])
    broken = not magnetic and bool(_magnetic(operators, model.sectors))
    return Levels(tuple(levels), names, ranges, sectors[0].invariant, magnetic, broken)


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


def _recorder(
    sampler: Sampler,
    lattice: Lattice,
    tallies: Mapping[str, Sequence[Tally]],
    extra: Sequence[Tally],
) -> Recorder:
    wanted = [*chain.from_iterable(tallies.values()), *extra]
    return make_recorder(
        lattice, sampler.model.species, wanted, sampler.backend, sampler.plan.words
    )


def _places(tallies: Mapping[str, Sequence[Tally]]) -> dict[str, slice]:
    """Where the tallies of each sector stand when all are written one after the other."""
    ends = list(accumulate(map(len, tallies.values())))
    return {
        sector: slice(end - len(of_sector), end)
        for (sector, of_sector), end in zip(tallies.items(), ends, strict=True)
    }


def _lattices(model: Model, blocks: Sequence[Block]) -> list[Lattice]:
    """The lattices of all levels: `steps` of them besides the first.

    Raises `SpecError` for blocks that do not divide the lattice.
    """
    lattices = [model.lattice]
    for step in range(model.options.integer("steps")):
        try:
            lattices.append(blocks[step % len(blocks)].coarse(lattices[-1]))
        except ValueError as error:
            raise SpecError(
                [Problem("indivisible", str(error), hint="ask for fewer steps")]
            ) from None
    return lattices


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


def _blocking(sampler: Sampler, fine: Lattice, level: int, block: Block) -> Blocking:
    if block.free is not None:
        raise SpecError(
            [Problem("not-yet", "a free block parameter comes with a scheme that determines it")]
        )
    model = sampler.model
    lowered = block_to_rule(fine, model.species, block, generator=model.generator)
    arguments = lowered.arguments(sampler.plan.words, block.p)
    kernel = sampler.backend.compile(lowered.program, constant=arguments)
    return Blocking(
        level=level,
        block=block,
        map=lowered,
        kernel=kernel,
        arguments=arguments,
        key=sampler.key("block", level),
    )
