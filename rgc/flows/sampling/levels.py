"""The levels of a Monte Carlo RG: lattices, operators by sector, block maps, and what measures
them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, cast

from rgc.errors import Problem, SpecError
from rgc.flows.sampling.basis import Basis, make_basis
from rgc.flows.sampling.model import Model
from rgc.flows.sampling.recorder import Made, Recorder, make_recorder
from rgc.flows.sampling.sampler import Sampler
from rgc.language.values import OperatorBasis
from rgc.model.block import Block
from rgc.model.block_maps import TRIED
from rgc.model.lattice import Lattice
from rgc.model.observables import Tally
from rgc.model_to_program.block_to_rule import BlockProgram, block_to_rule
from rgc.passes.fold_operators import holds_range
from rgc.program.draws import Key, step_keys

if TYPE_CHECKING:
    from rgc.backend import Arguments, Kernel, State, Words

CHAINS = 1 << 16
"""More than the levels of any run: those of chains that are sampled by themselves are told apart by
it in the streams of their block maps.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Blocking:
    """The map from level - 1 to `level`, compiled. `key` is the stream of its random ties, for the
    words from `word0` on.
    """

    level: int
    block: Block
    map: BlockProgram
    kernel: Kernel
    arguments: Arguments
    key: Key
    word0: int = 0

    def keys(self, first: int, count: int) -> Words:
        """The keys of some records: every record draws its own ties."""
        return step_keys(self.key, first, count, self.map.program.draws)

    def at(self, p: float, words: int) -> Blocking:
        """The same map with another parameter."""
        return replace(self, arguments=self.map.arguments(words, p))

    def __call__(
        self, fine: Sequence[State], coarse: Sequence[State], keys: Words
    ) -> tuple[list[State], list[State]]:
        """The fine fields, unchanged, and the coarse ones, overwritten, with the keys of one
        record.
        """
        fields, _ = self.kernel([*fine, *coarse], self.arguments, keys, self.word0)
        return fields[: len(fine)], fields[len(fine) :]


@dataclass(frozen=True, slots=True, eq=False)
class SampledLevel:
    """One level.

    - `tallies[sector]` are its operators in the order of the basis, with the same names at every
      level, and `made[sector]` says how they are made of what the recorder counts.
    - `flagged` are the names of those that wrap onto others here and leave the basis.
    - `wrapped` says that the lattice does not hold the range.
    - `blocking` is None at level 0.
    """

    number: int
    lattice: Lattice
    tallies: Mapping[str, tuple[Tally, ...]]
    made: Mapping[str, Made]
    flagged: frozenset[str]
    wrapped: bool
    recorder: Recorder
    blocking: Blocking | None


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """All levels from 0, and the operators that are measured at all of them.

    `parameters` are those of all block maps of a run with p=free, rising, and None otherwise.
    """

    levels: tuple[SampledLevel, ...]
    basis: Basis
    parameters: tuple[float, ...] | None = None

    @property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """Those of the operators of each sector."""
        return self.basis.names

    def maps(self, words: int) -> tuple[tuple[Blocking, ...], ...]:
        """The maps from each level to the next, for every parameter."""
        own = tuple(level.blocking for level in self.levels if level.blocking is not None)
        if self.parameters is None:
            return (own,)
        return tuple(tuple(each.at(p, words) for each in own) for p in self.parameters)


def make_levels(
    sampler: Sampler,
    blocks: Sequence[Block],
    extra: Sequence[Tally] = (),
    blocked: Sequence[Tally] = (),
) -> Levels:
    """Operators within the basis, split into the sectors that the blocks keep, and compiled
    programs that block and measure.

    Level 0 measures the tallies in `extra` besides, the others those in `blocked`. Raises
    `SpecError` for blocks that do not divide the lattice or cannot be run yet.
    """
    model, blocks = sampler.model, [block.drawn for block in blocks]
    lattices = _lattices(model, blocks)
    used = [blocks[n % len(blocks)] for n in range(len(lattices) - 1)]
    basis = make_basis(model, blocks, len(used))
    reach = cast(OperatorBasis, model.options["basis"]).range
    levels = []
    for number, lattice in enumerate(lattices):
        tallies = basis.tallies[number]
        recorder = _recorder(sampler, lattice, tallies, blocked if number else extra)
        levels.append(
            SampledLevel(
                number=number,
                lattice=lattice,
                tallies=tallies,
                made={sector: recorder.made(each) for sector, each in tallies.items()},
                flagged=basis.flagged(lattice),
                wrapped=not holds_range(lattice, reach),
                recorder=recorder,
                blocking=(
                    _blocking(sampler, lattices[number - 1], number, used[number - 1])
                    if number
                    else None
                ),
            )
        )
    return Levels(tuple(levels), basis, TRIED if any(block.free for block in used) else None)


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


def _blocking(sampler: Sampler, fine: Lattice, level: int, block: Block) -> Blocking:
    model = sampler.model
    lowered = block_to_rule(fine, model.species, block, generator=model.generator)
    arguments = lowered.arguments(sampler.plan.words, TRIED[0] if block.free else block.p)
    kernel = sampler.backend.compile(lowered.program, constant=None if block.free else arguments)
    return Blocking(
        level=level,
        block=block,
        map=lowered,
        kernel=kernel,
        arguments=arguments,
        key=sampler.key("block", level + CHAINS * sampler.level),
        word0=sampler.plan.word0,
    )
