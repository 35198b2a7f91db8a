"""Reflections of states, bonds, and what may be repeated until nothing changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rgc import load
from rgc.conformance.lattice.programs import spread
from rgc.model.spins import Species
from rgc.model_to_program import thresholds
from rgc.model_to_program.clusters_to_program import clusters_to_program
from rgc.passes.find_reflections import find_reflections
from rgc.passes.gather_bonds import gather_bonds
from rgc.passes.merge_tables import merge_tables
from rgc.passes.merge_terms import merge_terms
from rgc.program.family import ProgramError
from rgc.program.lattice import Bernoulli, Bit, Load, Program, Rule, Stage, Store
from rgc.program.lattice.show import show
from rgc.program.lattice.verify import verify

SPEC = """
lattice {lattice}
spins s: {spins}
hamiltonian {energy}
flow sample
"""
EQUAL = "- sum(<i,j>) delta(s[i], s[j])"


def groups_of(spins: str, energy: str, lattice: str = "square(4)") -> tuple[Any, Any, Any]:
    spec = load(SPEC.format(spins=spins, energy=energy, lattice=lattice)).spec
    two = all(kind.two_states for kind in spec.species)
    merge: Any = merge_terms if two else merge_tables
    return merge(spec.hamiltonian, spec.lattice, spec.species).groups, spec.lattice, spec.species


@pytest.mark.parametrize(
    ("spins", "energy", "number"),
    [
        ("ising", "- sum(<i,j>) s[i]*s[j] - 0.1 * sum(i) s[i]", 1),
        ("potts(3)", EQUAL, 3),
        ("potts(8)", EQUAL, 28),
        ("potts(3)", EQUAL + " - 0.1 * sum(i) delta(s[i], 0)", 3),  # the field is the ghost's
        ("clock(5)", "- sum(<i,j>) cos(2*pi*(s[i]-s[j])/5)", 5),
        ("clock(6)", "- sum(<i,j>) cos(2*pi*(s[i]-s[j])/6)", 7),  # and the turn by half
        ("spin(1)", "- sum(<i,j>) s[i]*s[j]", 0),
        ("clock(4)", "- sum(<i,j>) cos(s[i]-s[j])", 0),
    ],
)
def test_reflections_carry_every_state_into_every_other(
    spins: str, energy: str, number: int
) -> None:
    groups, _, species = groups_of(spins, energy)
    found = find_reflections(groups, species)
    assert len(found) == number
    assert all(tuple(r[k] for k in r) == tuple(range(len(r))) for r in found)
    if spins == "clock(6)":
        assert {sum(a == b for a, b in enumerate(r)) for r in found} == {0, 2}


def test_species_with_different_states_have_none() -> None:
    assert find_reflections((), (Species("s"), Species("t", "potts", 3))) == ()


@pytest.mark.parametrize(
    ("lattice", "kept"), [("square(4)", 2), ("triangular(4)", 3), ("square(4, boundary=open)", 2)]
)
def test_each_bond_is_kept_by_one_end(lattice: str, kept: int) -> None:
    groups, there, species = groups_of("ising", "- sum(<i,j>) s[i]*s[j]", lattice)
    bonds = gather_bonds(groups, there, len(species))
    assert max(len(each.kept) for each in bonds) == kept
    if "open" in lattice:
        corner = next(each for each in bonds if each.box == ((0, 0), (1, 1)))
        assert len(corner.pairs) == len(corner.kept) == 2
    else:
        assert [len(each.pairs) for each in bonds] == [2 * kept]


def test_more_than_two_spins_have_no_bonds() -> None:
    groups, lattice, species = groups_of(
        "ising", "- sum(triangle(i,j,k)) s[i]*s[j]*s[k]", "triangular(6)"
    )
    with pytest.raises(ValueError, match="more than two spins"):
        gather_bonds(groups, lattice, len(species))


@pytest.mark.parametrize("energy", [-0.5, 0.0, 0.005, 0.7, 300.0])
def test_a_bond_is_what_a_flip_refuses(energy: float) -> None:
    from fractions import Fraction

    bond, flip = (f(Fraction(energy), 32) for f in (thresholds.bond, thresholds.plain))
    assert bond + flip == 1 << 32
    assert bond == (0 if energy <= 0 else bond)


def test_a_turn_reads_like_one() -> None:
    groups, lattice, species = groups_of("ising", "- sum(<i,j>) s[i]*s[j]", "square(8)")
    update = clusters_to_program(lattice, species, groups, find_reflections(groups, species))
    text = show(update.program)
    assert "until unchanged" in text
    assert len(text.splitlines()) < 40


# -- what may be repeated --------------------------------------------------------------------------


def changed(number: int, *nodes: Any) -> Program:
    """`spread` with another rule in the place of one of the closure."""
    program = spread((5, 6))
    rules = [*program.rules]
    rules[number] = Rule(0, nodes)
    return replace(program, rules=tuple(rules))


OWN, OTHER, BOND = Load(1, (0, 0)), Load(1, (0, 1)), Load(0, (0, 0))


@pytest.mark.parametrize(
    "nodes",
    [
        (OWN, OTHER, Bit("xor", (0, 1)), Store(1, 2)),
        (OWN, OTHER, Bit("not", (1,)), Bit("or", (0, 2)), Store(1, 3)),
        (OWN, OTHER, Bit("and", (0, 1)), Store(1, 2)),
        (OTHER, BOND, Bit("or", (0, 1)), Store(1, 2)),
        (OWN, Bernoulli((), 0, 0), Bit("or", (0, 1)), Store(1, 2)),
        (OWN, OTHER, Bit("or", (0, 1)), Store(0, 2)),
    ],
)
def test_only_rules_that_set_bits_are_repeated(nodes: tuple[Any, ...]) -> None:
    verify(spread((5, 6)))
    with pytest.raises(ProgramError, match="is repeated, and"):
        verify(changed(2, *nodes))


def test_a_stage_is_repeated_until_something_that_there_is() -> None:
    program = spread((5, 6))
    stages = [replace(stage, until="tired") if stage.until else stage for stage in program.schedule]  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="until 'tired'"):
        verify(replace(program, schedule=tuple(stages)))


def test_stages_that_are_repeated_take_one_turn() -> None:
    program = spread((5, 6), counted=True)
    assert [len(turn) for turn in program.turns] == [1, 3, 1]
    once = [Stage(stage.rule, stage.cells) for stage in program.schedule]
    with pytest.raises(ProgramError, match="reads what it writes elsewhere"):
        verify(replace(program, schedule=tuple(once)))
