"""From a Hamiltonian to the program that turns clusters of spins, without labels.

A step draws a reflection r for each replica (`find_reflections`) and then

1. binds two spins with the probability 1 - min(1, exp(-dE)), where dE is what it would cost to
   reflect one of them alone, and makes each spin a seed with a small probability;
2. spreads seeds along bonds until nothing changes;
3. reflects the spins that were reached.

A spin in a field is bound, in the same way, to a ghost that is never reflected, and what hangs on
it is not either: that spreads within the clusters like seeds. Whether a cluster is reflected
depends on bonds and draws only, which leaves exp(-H) as it is (Fortuin and Kasteleyn 1972; Wolff
1989), whatever the probability of seeds. So each cluster may as well be reflected by a coin: seeds
with the probability 1/2 are the coins of all spins, and that of the smallest spin of a cluster
counts (Swendsen and Wang 1987). That takes labels in the place of the second step, and the program
is cut in two there (`around`).

The program depends on structure and shape only. Couplings enter through `Update.arguments`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product as cartesian
from typing import Literal

from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.sites import Cells
from rgc.model.spins import Species
from rgc.model_to_program.acceptance_writer import Tables
from rgc.model_to_program.code_words import (
    States,
    code_bits,
    load_planes,
    negative_word,
    planes_of,
    states_of,
    uniform_states,
)
from rgc.model_to_program.fields import every_cell, spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.update import Sums, Update
from rgc.passes.find_permutations import Permutation
from rgc.passes.gather_bonds import Bonds, Negative, Terms, gather_bonds, keeps, seen_from
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bernoulli, Bit, Load, Store, Value
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.verify import verify

SEEDS = 2
"""Seeds that a replica has on average. With fewer, clusters of the size of the lattice are seldom
turned; with many more, they are almost always."""


def clusters_to_program(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group | Signs],
    reflections: Sequence[Permutation],
    *,
    coins: bool = False,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> Update:
    """The program of one turn of clusters; with `coins` one that leaves the second step out.

    Fields are those of the species, in order, and then its own: a plane for each bond that a spin
    keeps, the spins reached from seeds and those held by the ghost, a plane for each species, and
    the number of the reflection. It writes these anew in every step. Raises `ValueError` for terms
    of more than two spins.
    """
    bonds, tables = gather_bonds(groups, lattice, len(species)), Tables("metropolis", len(groups))
    writer = _Writer(lattice, tuple(species), bonds, tuple(reflections), tables, coins)
    return writer.update(planes, generator)


def around(program: Program, species: int) -> tuple[Program, Program]:
    """A program with coins, cut in two behind the rules that draw them."""
    reached = species + 1
    drawn = [
        any(isinstance(node, Store) and node.field == reached for node in rule.nodes)
        for rule in program.rules
    ]
    cut = 1 + max(k for k, stage in enumerate(program.schedule) if drawn[stage.rule])
    return _part(program, slice(cut)), _part(program, slice(cut, None))


def _part(program: Program, stages: slice) -> Program:
    """Some stages of a program, with the rules that they run."""
    schedule = program.schedule[stages]
    rules = sorted({stage.rule for stage in schedule})
    part = replace(
        program,
        rules=tuple(program.rules[rule] for rule in rules),
        schedule=tuple(replace(stage, rule=rules.index(stage.rule)) for stage in schedule),
    )
    verify(part)
    return part


def kept_bonds(bonds: Sequence[Bonds]) -> dict[int, list[tuple[int, Spin]]]:
    """The bonds that spins of each letter keep, as species and other spin: bond k in plane k of the
    first field behind those of the spins."""
    found: dict[int, dict[tuple[int, Spin], None]] = defaultdict(dict)
    for each in bonds:
        found[each.letter] |= dict.fromkeys((each.species, other) for other, _ in each.kept)
    return {letter: list(kept) for letter, kept in found.items()}


@dataclass(slots=True, eq=False)
class _Writer:
    """Writes the rules, with the stages that they are for."""

    lattice: Lattice
    species: tuple[Species, ...]
    bonds: tuple[Bonds, ...]
    reflections: tuple[Permutation, ...]
    tables: Tables
    coins: bool
    rules: dict[Rule, int] = field(default_factory=dict)
    schedule: list[Stage] = field(default_factory=list)
    kept: dict[int, list[tuple[int, Spin]]] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = kept_bonds(self.bonds)

    def update(self, planes: Literal[32, 64], generator: Generator) -> Update:
        if self.drawn:
            self._reflection()
        for each in self.bonds:
            self._add(self._bind(each), each)
        if not self.coins:
            self._spread(self.reached)
        if self.ghost:
            for each in self.bonds:
                self._add(self._hold(each), each)
            self._spread(self.held)
        for each in self.bonds:
            self._add(self._turn(each), each)
        program = Program(
            name="clusters",
            shape=self.lattice.cells,
            letters=len(self.lattice.basis),
            fields=self._fields(),
            rules=tuple(self.rules),
            schedule=tuple(self.schedule),
            slots=len(self.tables.rows),
            draws=self.width * len(self.species) + self.drawn,
            planes=planes,
            generator=generator,
        )
        verify(program)
        return Update(program, tuple(self.tables.rows), (), ())

    # -- fields and draws --------------------------------------------------------------------------

    @property
    def bound(self) -> int:
        """The number of the field of bonds."""
        return len(self.species)

    @property
    def reached(self) -> int:
        return len(self.species) + 1

    @property
    def held(self) -> int:
        return len(self.species) + 2

    @property
    def reflected(self) -> int:
        return len(self.species) + 2 + self.ghost

    @property
    def ghost(self) -> bool:
        """Whether any spin is in a field."""
        return any(each.field for each in self.bonds)

    @property
    def drawn(self) -> int:
        """The planes, and draws, of the number of the reflection."""
        return code_bits(len(self.reflections))

    @property
    def width(self) -> int:
        """The draws of a species: of seeds, of the ghost, and of bonds."""
        return 2 + max(map(len, self.kept.values()))

    def _fields(self) -> tuple[Field, ...]:
        spins = spin_fields(self.lattice, self.species)
        own = [
            ("bonds", max(1, *map(len, self.kept.values()))),
            ("reached", len(spins)),
            *([("held", len(spins))] if self.ghost else []),
        ]
        shape, letters, periodic = spins[0].shape, spins[0].letters, spins[0].periodic
        made = [
            Field(name, shape, letters=letters, planes=planes, periodic=periodic)
            for name, planes in own
        ]
        if self.drawn:
            made.append(Field("reflection", shape, planes=self.drawn, periodic=periodic))
        return (*spins, *made)

    def _add(
        self, rule: Rule, where: Bonds | Cells, until: Literal["unchanged"] | None = None
    ) -> None:
        cells = where if isinstance(where, Cells) else _inside(*where.box)
        number = self.rules.setdefault(rule, len(self.rules))
        self.schedule.append(Stage(number, cells, until))

    # -- rules -------------------------------------------------------------------------------------

    def _reflection(self) -> None:
        """Draw it in the first cell and hand it on, along the first axis, then from there along the
        next, to every cell."""
        shape, first = self.lattice.cells, (0,) * self.lattice.dimension
        code = RuleWriter(0)
        for k in range(self.drawn):
            own = code.add(Load(self.reflected, first, 0, k))
            code.add(Store(self.reflected, code.add(Bit("xor", (own, own))), k))
        self._add(code.rule(), every_cell(shape))
        code, start = RuleWriter(0), self.width * len(self.species)
        states = uniform_states(
            code, len(self.reflections), self.tables, range(start, start + self.drawn)
        )
        for k, word in enumerate(planes_of(code, states)):
            code.add(Store(self.reflected, word, k))
        self._add(code.rule(), _inside(first, (1,) * len(first)))
        for axis, size in enumerate(shape):
            code, back = RuleWriter(0), tuple(-(k == axis) for k in range(len(shape)))
            for k in range(self.drawn):
                before = [code.add(Load(self.reflected, cell, 0, k)) for cell in (first, back)]
                code.add(Store(self.reflected, code.bit("or", before), k))
            lower = tuple(int(k == axis) for k in range(len(shape)))
            upper = tuple(n if k <= axis else 1 for k, n in enumerate(shape))
            if size > 1:
                self._add(code.rule(), _inside(lower, upper), "unchanged")

    def _bind(self, each: Bonds) -> Rule:
        """Draw the bonds that a spin keeps, and whether it is a seed."""
        code, draws = RuleWriter(each.letter), self.width * each.species
        own = self._states(code, each.own)
        for other, terms in each.kept:
            plane = self.kept[each.letter].index((each.species, other))
            classes = self._classes(code, terms, [own, self._states(code, other)])
            bond = code.add(Bernoulli(classes, None, draws + 2 + plane))
            code.add(Store(self.bound, bond, plane))
        spins = self.lattice.sites * len(self.species)
        share = Fraction(1, 2) if self.coins else min(Fraction(SEEDS, spins), Fraction(1, 2))
        seed = code.add(Bernoulli((), self.tables.share(share.numerator, share.denominator), draws))
        code.add(Store(self.reached, seed, each.species))
        return code.rule()

    def _spread(self, number: int) -> None:
        """Spread a field along bonds until nothing changes."""
        for each in self.bonds:
            if each.pairs:
                code = RuleWriter(each.letter)
                words = [code.add(Load(number, each.own.cell, each.letter, each.species))]
                for other, _ in each.pairs:
                    bond = self._bond(code, each.own, other)
                    there = code.add(Load(number, other.cell, other.letter, other.species))
                    words.append(code.bit("and", (bond, there)))
                code.add(Store(number, code.bit("or", words), each.species))
                self._add(code.rule(), each, "unchanged")

    def _bond(self, code: RuleWriter, own: Spin, other: Spin) -> Value:
        if keeps(own, other):
            plane = self.kept[own.letter].index((own.species, other))
            return code.add(Load(self.bound, own.cell, own.letter, plane))
        plane = self.kept[other.letter].index((other.species, seen_from(other, own)))
        return code.add(Load(self.bound, other.cell, other.letter, plane))

    def _hold(self, each: Bonds) -> Rule:
        """Bind a spin that was reached to the ghost."""
        code = RuleWriter(each.letter)
        own = self._states(code, each.own)
        classes = self._classes(code, each.field, [own])
        reached = code.add(Load(self.reached, each.own.cell, each.letter, each.species))
        held = (
            code.bit(
                "and",
                (reached, code.add(Bernoulli(classes, None, self.width * each.species + 1))),
            )
            if classes
            else code.bit("xor", (reached, reached))
        )
        code.add(Store(self.held, held, each.species))
        return code.rule()

    def _turn(self, each: Bonds) -> Rule:
        """Reflect a spin that was reached and is not held."""
        code, kind, own = RuleWriter(each.letter), self.species[each.species], each.own
        planes = load_planes(code, own, kind)
        states = states_of(code, planes, len(kind.codes))
        turns = code.add(Load(self.reached, own.cell, own.letter, own.species))
        if self.ghost:
            held = code.add(Load(self.held, own.cell, own.letter, own.species))
            turns = code.bit("and", (turns, code.add(Bit("not", (held,)))))
        changes: list[list[Value]] = [[] for _ in planes]
        for chosen, reflection in zip(self._chosen(code), self.reflections, strict=True):
            after = planes_of(code, [states[k] for k in reflection])
            for change, old, new in zip(changes, planes, after, strict=True):
                moved = code.bit("xor", (old, new))
                change.append(moved if chosen is None else code.bit("and", (chosen, moved)))
        for k, (old, change) in enumerate(zip(planes, changes, strict=True)):
            moved = code.bit("and", (turns, code.bit("or", change)))
            code.add(Store(each.species, code.bit("xor", (old, moved)), k))
        return code.rule()

    # -- words -------------------------------------------------------------------------------------

    def _states(self, code: RuleWriter, spin: Spin) -> States:
        kind = self.species[spin.species]
        return states_of(code, load_planes(code, spin, kind), len(kind.codes))

    def _chosen(self, code: RuleWriter) -> Iterator[Value | None]:
        """For each reflection the replicas that have drawn it, or None for the only one. A number
        that is none of a reflection is no word's."""
        if not self.drawn:
            yield None
            return
        zero = (0,) * self.lattice.dimension
        planes = [code.add(Load(self.reflected, zero, 0, k)) for k in range(self.drawn)]
        for number in range(len(self.reflections)):
            yield code.bit(
                "and",
                [
                    plane if number >> k & 1 else code.add(Bit("not", (plane,)))
                    for k, plane in enumerate(planes)
                ],
            )

    def _classes(
        self, code: RuleWriter, terms: Terms, spins: Sequence[States]
    ) -> tuple[tuple[Value, int], ...]:
        """The joint states of one or two spins, by the changes of all sums of signs when the first
        is reflected alone."""
        words: dict[Sums, list[Value]] = defaultdict(list)
        for chosen, reflection in zip(self._chosen(code), self.reflections, strict=True):
            for change, there in self._changes(terms, reflection, len(spins)).items():
                word = negative_word(code, there, spins)
                words[change].append(word if chosen is None else code.bit("and", (chosen, word)))
        return tuple(
            (code.bit("or", masks), self.tables.threshold("bond", change))
            for change, masks in words.items()
        )

    def _changes(self, terms: Terms, reflection: Permutation, spins: int) -> dict[Sums, Negative]:
        """For each change of the sums of signs, but that of none, the joint states that have it."""
        count = len(reflection)
        found: dict[Sums, list[bool]] = {}
        for number, (own, *rest) in enumerate(cartesian(range(count), repeat=spins)):
            after = number + (reflection[own] - own) * count ** len(rest)
            change = [0] * self.tables.groups
            for group, negative in terms:
                change[group] += 2 * (negative[number] - negative[after])
            if any(change):
                found.setdefault(tuple(change), [False] * count**spins)[number] = True
        return {change: tuple(there) for change, there in found.items()}


def _inside(lower: tuple[int, ...], upper: tuple[int, ...]) -> Cells:
    """The cells of a box."""
    return Cells((1,) * len(lower), ((0,) * len(lower),), lower, upper)
