"""A level of a variational Monte Carlo RG: its block spins and all finer ones on one crystal, under
a bias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from rgc.errors import Problem, SpecError
from rgc.flows.sampling.basis import Basis, make_basis
from rgc.flows.sampling.model import Model
from rgc.flows.sampling.recorder import Made, Recorder, make_recorder
from rgc.flows.sampling.sampler import Sampler, make_sampler
from rgc.language.values import OperatorBasis
from rgc.model.block import Block
from rgc.model.lattice import Lattice
from rgc.model.observables import Combined, Tally
from rgc.model.operators import Operator
from rgc.model.sectors import SectorOperator, Sectors
from rgc.passes.decide_blocks import HardMap
from rgc.passes.find_sectors import find_sectors, sectors_by_level, split_operator
from rgc.passes.fold_operators import fold_operators, holds_range
from rgc.passes.generate_operators import generate_operators
from rgc.passes.join_levels import JointHamiltonian, joint_hamiltonian
from rgc.passes.merge_terms import merge_terms
from rgc.passes.unfold_blocks import Unfolded, unfold
from rgc.schemes.needs.operators import by_bodies
from rgc.text import Span

if TYPE_CHECKING:
    from rgc.backend import Arguments, Backend
    from rgc.flows.request import Request

BEYOND = 1.0
"""Operators outside the basis are looked for up to so many lattice constants beyond its range."""

MOST_OUTSIDE = 20_000
"""Sets of spins that the search for operators outside the basis looks through at most: where there
are more, operators of fewer spins are looked for."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BiasedLevel:
    """One level, sampled by itself.

    - `sector` is the one that no symmetry changes, and `watched` the number of its operator whose
      memory is watched: the shortest of several spins, if there is one. `singles` are the operators
      of single spins, by sector and number: the sum of their squares is watched too.
    - `unfolded` is the crystal, and `joint` its Hamiltonian. `sampler` sweeps it, and `recorder`
      measures on it.
    - `names[sector]` and `ranges[sector]` are the operators of the basis that stay at this level,
      those that wrap onto others being `flagged`.
    - `own[sector]`, `below[sector]`, `fine` and `outside` say how their sums at this level, those
      of the same operators at the level before, those of the terms of the spec, and those of
      invariant operators outside the basis are made of what is recorded.
    - `beyond` are the names of the last, and `places` how many products each of them has.
    - `scale` is b of the last step, and `wrapped` says that the level does not hold the range.
    """

    number: int
    sector: str
    watched: int
    singles: tuple[tuple[str, int], ...]
    unfolded: Unfolded
    joint: JointHamiltonian
    sampler: Sampler
    recorder: Recorder
    names: Mapping[str, tuple[str, ...]]
    ranges: Mapping[str, tuple[float, ...]]
    flagged: frozenset[str]
    own: Mapping[str, Made]
    below: Mapping[str, Made]
    fine: Made
    outside: Made
    beyond: tuple[str, ...]
    places: tuple[float, ...]
    scale: float
    wrapped: bool

    @property
    def invariant(self) -> tuple[str, ...]:
        """The names of the operators that the bias holds."""
        return self.names[self.sector]

    @property
    def lattice(self) -> Lattice:
        """The lattice of the block spins."""
        return self.unfolded.levels[-1]

    def biased(self, scale: float, bias: Sequence[float]) -> Sampler:
        """The sweeps under a bias, with the couplings of the spec times `scale`."""
        return replace(self.sampler, arguments=_arguments(self, scale, tuple(bias)))


@lru_cache(maxsize=1)
def _arguments(level: BiasedLevel, scale: float, bias: tuple[float, ...]) -> Arguments:
    model = level.sampler.model
    coefficients = model.merged.coefficients(level.joint.at(scale, bias))
    return level.sampler.update.arguments([coefficients], level.sampler.plan.words)


@dataclass(frozen=True, slots=True, eq=False)
class BiasedLevels:
    """All levels from 1, and the operators that they have."""

    levels: tuple[BiasedLevel, ...]
    basis: Basis


def make_biased_levels(model: Model, request: Request) -> BiasedLevels:
    """The levels of a checked spec, each with its own programs.

    Raises `SpecError` for block maps that none can follow, and for symmetries that differ from
    place to place.
    """
    maps = [block.drawn for block in request.blocks]
    steps = model.options.integer("steps")
    blocks = [maps[step % len(maps)] for step in range(steps)]
    basis, sectors = make_basis(model, maps, steps), sectors_by_level(model.sectors, maps, steps)
    return BiasedLevels(
        tuple(
            _level(model, request, blocks[:number], basis, sectors[number])
            for number in range(1, steps + 1)
        ),
        basis,
    )


def _level(
    model: Model, request: Request, blocks: Sequence[Block], basis: Basis, sectors: Sectors
) -> BiasedLevel:
    number, unfolded = len(blocks), _unfolded(model, request, blocks)
    flagged, kept = _that_fit(basis, unfolded.levels[-1])
    if basis.invariant not in kept:
        raise SpecError([_nothing_fits(request, unfolded.levels[-1])])

    def tallied(level: int) -> dict[str, tuple[Tally, ...]]:
        return {
            sector: tuple(
                _summed(unfolded, level, basis.tallies[level][sector][k]) for k in numbers
            )
            for sector, numbers in kept.items()
        }

    own, below = tallied(number), tallied(number - 1)
    outside = _outside(model, blocks, basis, sectors)
    joint = _joint(model, request, unfolded, blocks, basis, kept[basis.invariant])
    sampler = make_sampler(
        _joint_model(model, joint, unfolded),
        request.backend,
        seed=request.seed,
        point=request.point,
        specialise=False,
        level=number,
    )
    fine = tuple(
        Tally(Operator(f"fine {k}", unfolded.everywhere(0, group.products)))
        for k, group in enumerate(model.merged.groups)
    )
    beyond = tuple(Tally(unfolded.operator(number, operator)) for operator in outside)
    recorder = _recorder(sampler, request.backend, [*own.values(), *below.values(), fine, beyond])
    return BiasedLevel(
        number=number,
        sector=basis.invariant,
        watched=_watched(basis, kept[basis.invariant]),
        singles=tuple(
            (sector, place)
            for sector, numbers in kept.items()
            for place, k in enumerate(numbers)
            if basis.ranges[sector][k] == 0
        ),
        unfolded=unfolded,
        joint=joint,
        sampler=sampler,
        recorder=recorder,
        names={s: tuple(basis.names[s][k] for k in numbers) for s, numbers in kept.items()},
        ranges={s: tuple(basis.ranges[s][k] for k in numbers) for s, numbers in kept.items()},
        flagged=flagged,
        own={sector: recorder.made(tallies) for sector, tallies in own.items()},
        below={sector: recorder.made(tallies) for sector, tallies in below.items()},
        fine=recorder.made(fine),
        outside=recorder.made(beyond),
        beyond=tuple(operator.name for operator in outside),
        places=tuple(recorder.places(tally) for tally in beyond),
        scale=blocks[-1].scale,
        wrapped=not holds_range(unfolded.levels[-1], _asked(model).range),
    )


def _that_fit(basis: Basis, lattice: Lattice) -> tuple[frozenset[str], dict[str, list[int]]]:
    """The operators that wrap onto others on a lattice, and the numbers of those that do not, by
    sector.
    """
    flagged = basis.flagged(lattice)
    kept = {
        sector: [k for k, name in enumerate(names) if name not in flagged]
        for sector, names in basis.names.items()
    }
    return flagged, {sector: numbers for sector, numbers in kept.items() if numbers}


def _nothing_fits(request: Request, lattice: Lattice) -> Problem:
    shape = " x ".join(map(str, lattice.cells))
    message = f"no operator of the basis that all symmetries leave unchanged fits on {shape} cells"
    hint = "take a larger lattice, fewer steps or another basis"
    return Problem("lattice-too-small", message, request.span, hint=hint)


def _watched(basis: Basis, kept: Sequence[int]) -> int:
    ranges = basis.ranges[basis.invariant]
    return next((place for place, k in enumerate(kept) if ranges[k] > 0), 0)


def _recorder(sampler: Sampler, backend: Backend, tallies: Sequence[Sequence[Tally]]) -> Recorder:
    wanted = [tally for part in tallies for tally in part]
    model = sampler.model
    return make_recorder(model.lattice, model.species, wanted, backend, sampler.plan.words)


def _asked(model: Model) -> OperatorBasis:
    return cast(OperatorBasis, model.options["basis"])


def _products(basis: Basis) -> Sequence[Operator]:
    """Those among which the invariant ones are."""
    return [each for each in basis.equal.unchanged if isinstance(each, Operator)]


def _summed(unfolded: Unfolded, level: int, tally: Tally) -> Tally:
    """The same sum over a level, as a sum over the crystal."""
    if isinstance(tally.operator, Combined):
        parts = [(weight, _operator(Tally(part))) for weight, part in tally.operator.parts]
        return Tally(Combined(tuple((w, unfolded.operator(level, part)) for w, part in parts)))
    return Tally(unfolded.operator(level, _operator(tally)))


def _operator(tally: Tally) -> Operator | SectorOperator:
    if not isinstance(tally.operator, Operator | SectorOperator):
        raise TypeError("an operator of two-state spins is a sum of products")
    return tally.operator


def _joint(
    model: Model,
    request: Request,
    unfolded: Unfolded,
    blocks: Sequence[Block],
    basis: Basis,
    kept: Sequence[int],
) -> JointHamiltonian:
    """The Hamiltonian of all spins. The bias holds every operator that no symmetry changes."""
    of_level = basis.tallies[len(blocks)][basis.invariant]
    biased = [_operator(of_level[k]) for k in kept]
    if any(isinstance(operator, SectorOperator) and not operator.whole for operator in biased):
        message = "the symmetry of this Hamiltonian differs from place to place, as a bias would"
        hint = "use mcrg"
        raise SpecError([Problem("not-yet", message, request.span, hint=hint)])
    groups = zip(model.coefficients, model.merged.groups, strict=True)
    fine = [(float(coefficient), group.products) for coefficient, group in groups]
    return joint_hamiltonian(unfolded, blocks, fine, biased)


def _unfolded(model: Model, request: Request, blocks: Sequence[Block]) -> Unfolded:
    try:
        return unfold(model.lattice, blocks)
    except HardMap as hard:
        raise SpecError([_not_followed(str(hard), request.spec.place("block"))]) from None


def _not_followed(why: str, span: Span | None) -> Problem:
    message = f"this block map cannot be sampled together with a bias yet: {why}"
    return Problem("not-yet", message, span, hint="use kadanoff(b, p=...) or kernel(b, T=...)")


def _joint_model(model: Model, joint: JointHamiltonian, unfolded: Unfolded) -> Model:
    lattice = unfolded.lattice
    merged = merge_terms(joint.hamiltonian, lattice, model.species)
    products = [product for group in merged.groups for product in group.products]
    return Model(
        lattice=lattice,
        species=model.species,
        hamiltonian=joint.hamiltonian,
        options=model.options,
        zero=model.zero,
        merged=merged,
        coefficients=merged.coefficients(joint.hamiltonian),
        sectors=find_sectors(products, lattice, len(model.species)),
        followers=unfolded.followers,
    )


def _outside(
    model: Model, blocks: Sequence[Block], basis: Basis, sectors: Sectors
) -> list[SectorOperator]:
    """Invariant operators that the basis lacks and the last level tells apart, whose `sectors`
    these are.
    """
    asked = _asked(model)
    wide = replace(asked, range=asked.range + BEYOND)
    while wide.bodies > 1 and _sets(model, wide) > MOST_OUTSIDE:
        wide = replace(wide, bodies=wide.bodies - 1)
    own = _products(basis)
    known = {operator.products for operator in own}
    found = generate_operators(
        model.lattice,
        model.species,
        model.hamiltonian,
        zero=model.zero,
        reach=wide.range,
        bodies=wide.bodies,
        turns=basis.equal.turns,
    )
    others = [operator for operator in found if operator.products not in known]
    lattice = model.lattice
    for block in blocks:
        lattice = block.coarse(lattice)
    return [
        part
        for folded in fold_operators([*own, *others], lattice)[len(own) :]
        if not folded.flag
        for part in split_operator(folded.operator, sectors)
        if part.sector == basis.invariant and part.whole
    ]


def _sets(model: Model, basis: OperatorBasis) -> float:
    counts = by_bodies(basis, model.lattice, model.species)
    return float("inf") if counts is None else sum(counts)
