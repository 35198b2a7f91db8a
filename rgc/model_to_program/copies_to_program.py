"""From a Hamiltonian to the program that exchanges clusters between two copies, without labels.

A step has two copies a and b of a configuration with the same couplings and

1. marks the sites where they differ, and makes each of them a seed with a small probability;
2. spreads seeds among marked sites that a term joins until nothing changes;
3. exchanges the states of both copies where seeds have come (Houdayer 2001).

Sites of a term that differ are exchanged together or not at all, and the others are alike in both
copies, so that the term takes the two values it had, in the other order: the sum of both energies
stays. Where the copies differ stays too, and with it all clusters, so that the way back is as
likely as the way there, whatever the probability of seeds, and exp(-H(a) - H(b)) is left as it is.
That holds for any Hamiltonian. No coupling enters, so that the program has no arguments but the
probability of seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product as cartesian
from typing import Any, Literal

from rgc.model.groups import Group, Signs
from rgc.model.lattice import Lattice
from rgc.model.operators import Spin
from rgc.model.sites import Cells
from rgc.model.spins import Species
from rgc.model_to_program.acceptance_writer import Tables
from rgc.model_to_program.clusters_to_program import SEEDS
from rgc.model_to_program.fields import every_cell, spin_fields
from rgc.model_to_program.rule_writer import RuleWriter
from rgc.model_to_program.update import Update
from rgc.passes.gather_stars import Places, gather_stars, places_of
from rgc.program.draws import Generator
from rgc.program.lattice.nodes import Bernoulli, Load, Store, Value
from rgc.program.lattice.program import Field, Program, Rule, Stage
from rgc.program.lattice.verify import verify


def copies_to_program(
    lattice: Lattice,
    species: Sequence[Species],
    groups: Sequence[Group | Signs],
    *,
    planes: Literal[32, 64] = 32,
    generator: Generator = "splitmix",
) -> Update:
    """The program of one exchange of clusters.

    Fields are those of the species of the first copy, those of the second, and two of its own: the
    sites that differ and those that seeds have come to, a plane for each species. It writes these
    anew in every step.
    """
    spins, tables = spin_fields(lattice, species), Tables("metropolis", len(groups))
    count = len(spins)
    share = min(Fraction(SEEDS, lattice.sites * count), Fraction(1, 2))
    slot = tables.share(share.numerator, share.denominator)
    kinds = [*cartesian(range(count), range(len(lattice.basis)))]
    everywhere, here = every_cell(lattice.cells), (0,) * lattice.dimension
    places = places_of(groups)
    begun = [_begin(spins, Spin(here, letter, kind), slot) for kind, letter in kinds]
    spread = [
        (rule, cells)
        for kind, letter in kinds
        for rule, cells in _spread(groups, lattice, Spin(here, letter, kind), count, places)
    ]
    ended = [_exchange(spins, Spin(here, letter, kind)) for kind, letter in kinds]
    rules = [*begun, *(rule for rule, _ in spread), *ended]
    first = len(begun) + len(spread)
    own = [
        Field(
            name, spins[0].shape, letters=spins[0].letters, planes=count, periodic=spins[0].periodic
        )
        for name in ("differ", "reached")
    ]
    program = Program(
        name="copies",
        shape=lattice.cells,
        letters=len(lattice.basis),
        fields=(*spins, *(replace(each, name=f"{each.name}_next") for each in spins), *own),
        rules=tuple(rules),
        schedule=(
            *(Stage(number, everywhere) for number in range(len(begun))),
            *(
                Stage(number, cells, "unchanged")
                for number, (_, cells) in enumerate(spread, len(begun))
            ),
            *(Stage(number, everywhere) for number in range(first, len(rules))),
        ),
        slots=len(tables.rows),
        draws=count,
        planes=planes,
        generator=generator,
    )
    verify(program)
    return Update(program, tuple(tables.rows), (), ())


def _pair(code: RuleWriter, spins: Sequence[Field], own: Spin, plane: int) -> list[Value]:
    """A plane of the code of a spin in both copies."""
    numbers = (own.species, own.species + len(spins))
    return [code.add(Load(number, own.cell, own.letter, plane)) for number in numbers]


def _begin(spins: Sequence[Field], own: Spin, slot: int) -> Rule:
    """Mark a spin that differs, and draw whether it is a seed."""
    code, differ = RuleWriter(own.letter), 2 * len(spins)
    changes = [
        code.bit("xor", _pair(code, spins, own, plane))
        for plane in range(spins[own.species].planes)
    ]
    differs = code.bit("or", changes)
    code.add(Store(differ, differs, own.species))
    seed = code.add(Bernoulli((), slot, own.species))
    code.add(Store(differ + 1, code.bit("and", (differs, seed)), own.species))
    return code.rule()


def _spread(
    groups: Sequence[Group | Signs], lattice: Lattice, own: Spin, count: int, places: Places
) -> list[tuple[Rule, Cells]]:
    """Reach a spin that differs from those that a term joins it to, for each box of cells."""
    found = []
    stars: Any = gather_stars(groups, lattice, own.letter, own.species, places)
    for star, (lower, upper) in stars:
        joined = [spin for spin in star.neighbours if spin.species < count]
        if joined:
            code, differ = RuleWriter(own.letter), 2 * count
            reached = [
                code.add(Load(differ + 1, spin.cell, spin.letter, spin.species))
                for spin in (own, *joined)
            ]
            there = code.add(Load(differ, own.cell, own.letter, own.species))
            near = code.bit("and", (there, code.bit("or", reached[1:])))
            code.add(Store(differ + 1, code.bit("or", (reached[0], near)), own.species))
            box = Cells((1,) * len(lower), ((0,) * len(lower),), lower, upper)
            found.append((code.rule(), box))
    return found


def _exchange(spins: Sequence[Field], own: Spin) -> Rule:
    """Exchange the states of a spin that was reached."""
    code, reached = RuleWriter(own.letter), 2 * len(spins) + 1
    turns = code.add(Load(reached, own.cell, own.letter, own.species))
    for plane in range(spins[own.species].planes):
        pair = _pair(code, spins, own, plane)
        moved = code.bit("and", (code.bit("xor", pair), turns))
        for number, word in zip((own.species, own.species + len(spins)), pair, strict=True):
            code.add(Store(number, code.bit("xor", (word, moved)), plane))
    return code.rule()
