"""Each invariant of a program is broken once; the listing is short enough to read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rgc.model.hamiltonian import Hamiltonian
from rgc.model.lattices import cubic, honeycomb, square, triangular
from rgc.model.operators import Spin
from rgc.model.spins import Species
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from rgc.program.family import ProgramError
from rgc.program.lattice import (
    Accept,
    Bernoulli,
    Bit,
    Cells,
    Count,
    Equals,
    Field,
    Listed,
    Load,
    Logistic,
    Program,
    Rule,
    Stage,
    Store,
    Tally,
    TallyArray,
    Weigh,
)
from rgc.program.lattice.show import show
from rgc.program.lattice.verify import verify
from tests.core.small_systems import pairs, terms

EVEN = Cells((2,), ((0,),), (0,), (8,))
ODD = Cells((2,), ((1,),), (0,), (8,))
NODES = (
    Load(0, (0,)),
    Load(0, (1,)),
    Load(0, (-1,)),
    Count((1, 2)),
    Equals(3, 0),
    Equals(3, 2),
    Bernoulli(((4, 0), (5, 1)), None, 0),
    Weigh((1, 2), (0, 0), 1),
    Accept(7, 1),
    Bit("and", (6, 8)),
    Bit("xor", (0, 9)),
    Store(0, 10),
    Tally(0, 0, 10),
)
GOOD = Program(
    name="chain",
    shape=(8,),
    letters=1,
    fields=(Field("s", (8,), periodic=(True,)),),
    rules=(Rule(0, NODES),),
    schedule=(Stage(0, EVEN), Stage(0, ODD)),
    slots=2,
    weights=2,
    draws=2,
    tallies=(TallyArray(1, replica=True),),
)


def with_node(k: int, node: Any) -> Program:
    return replace(GOOD, rules=(Rule(0, (*NODES[:k], node, *NODES[k + 1 :])),))


def with_cells(cells: Any) -> Program:
    return replace(GOOD, schedule=(Stage(0, cells),))


BROKEN = {
    "does not come before": with_node(4, Equals(4, 0)),
    "is no count": with_node(4, Equals(1, 0)),
    "is no word": with_node(9, Bit("and", (6, 7))),
    "is no lanes": with_node(8, Accept(6, 1)),
    "operand v6 is no lanes": with_node(8, Logistic(6, 1)),
    "v12: operand v11 is no word": with_node(12, Tally(0, 0, 11)),
    "no field 1": with_node(1, Load(1, (1,))),
    "no plane 1": with_node(1, Load(0, (1,), plane=1)),
    "no plane 0, letter 1": with_node(1, Load(0, (1,), 1)),
    "1 components": with_node(1, Load(0, (1, 0))),
    "and of 1 words": with_node(9, Bit("and", (6,))),
    "not of 2 words": with_node(9, Bit("not", (6, 8))),
    "count of nothing": with_node(3, Count(())),
    "a negative count": with_node(4, Equals(3, -1)),
    "threshold slots": with_node(6, Bernoulli(((4, 0), (5, 2)), None, 0)),
    "weight slots": with_node(7, Weigh((1, 2), (0, 0), 2)),
    "no row 1": with_node(12, Tally(0, 1, 10)),
    "a draw is used twice": with_node(8, Accept(7, 0)),
    "draws": replace(GOOD, draws=1),
    "classes overlap": with_node(5, Equals(3, 0)),
    "stores twice": with_node(12, Store(0, 10)),
    "loads what the rule has stored": with_node(12, Load(0, (0,))),
    "no letter 1": replace(GOOD, rules=(Rule(1, NODES[:1]),)),
    "reads what it writes elsewhere": with_cells(Cells((1,), ((0,),), (0,), (8,))),
    "listed cells must increase": with_cells(Listed((0, 0))),
    "cells outside the lattice": with_cells(Cells((2,), ((0,),), (0,), (9,))),
    "cells of another dimension": with_cells(Cells((2, 2), ((0, 0),), (0, 0), (8, 8))),
    "loads beyond an open edge": replace(GOOD, fields=(Field("s", (8,), periodic=(False,)),)),
    "one boundary for each axis": replace(GOOD, fields=(Field("s", (8,)),)),
    "stores to a field of another shape": replace(
        GOOD, fields=(Field("s", (16,), periodic=(True,)),)
    ),
    "draw 0 serves a site twice": replace(GOOD, schedule=(*GOOD.schedule, Stage(0, EVEN))),
    "no rule 1": replace(GOOD, schedule=(Stage(1, EVEN),)),
    "axes of a tally array": replace(GOOD, tallies=(TallyArray(1, replica=True, axes=(1,)),)),
}


def test_a_good_program_passes() -> None:
    verify(GOOD)


@pytest.mark.parametrize("complaint", BROKEN)
def test_a_broken_program_is_named(complaint: str) -> None:
    with pytest.raises(ProgramError, match=complaint):
        verify(BROKEN[complaint])


def test_conflicts_on_a_torus_of_odd_length() -> None:
    """Cells 0, 2, 4 of a ring of five: 4 and 0 are neighbours."""
    ring = replace(GOOD, shape=(5,), fields=(Field("s", (5,), periodic=(True,)),))
    verify(
        replace(
            ring,
            schedule=(Stage(0, Listed((0, 2))), Stage(0, Listed((1, 3))), Stage(0, Listed((4,)))),
        )
    )
    with pytest.raises(ProgramError, match="reads what it writes elsewhere"):
        verify(replace(ring, schedule=(Stage(0, Listed((0, 2, 4))),)))
    with pytest.raises(ProgramError, match="reads what it writes elsewhere"):
        verify(replace(ring, schedule=(Stage(0, Cells((2,), ((0,),), (0,), (5,))),)))
    verify(replace(ring, schedule=(Stage(0, Cells((2,), ((0,),), (0,), (4,))),)))


def test_masks_of_random_words_count_as_independent() -> None:
    nodes = (
        Load(0, (0,)),
        Bernoulli((), 0, 0),
        Bit("and", (0, 1)),
        Bernoulli(((2, 0), (0, 1)), None, 1),
    )
    with pytest.raises(ProgramError, match="classes overlap"):
        verify(replace(GOOD, rules=(Rule(0, nodes),)))
    excluded = (
        *nodes[:2],
        Bit("not", (1,)),
        Bit("and", (0, 2)),
        Bit("and", (0, 1)),
        Bernoulli(((3, 0), (4, 1)), None, 1),
    )
    verify(replace(GOOD, rules=(Rule(0, excluded),)))


SQUARE = {
    "K": pairs((0, 1), (1, 0)),
    "K2": pairs((1, 1), (1, -1)),
    "K4": [tuple(Spin(cell) for cell in ((0, 0), (0, 1), (1, 0), (1, 1)))],
    "h": [(Spin((0, 0)),)],
}
TRIANGLES = [
    tuple(Spin(c) for c in ((0, 0), (1, 0), (1, 1))),
    tuple(Spin(c) for c in ((0, 0), (0, 1), (1, 1))),
]
BONDS = [(Spin((0, 0)), Spin((-x, -y), 1)) for x, y in ((0, 0), (1, 0), (1, 1))]
LISTED: dict[str, tuple[Any, Hamiltonian]] = {
    "Ising": (square(64), terms(("K", 0.44, SQUARE["K"]))),
    "three couplings": (
        square(64),
        terms(*((name, 0.1, SQUARE[name]) for name in ("K", "K2", "K4"))),
    ),
    "Baxter-Wu": (triangular(48), terms(("K", 0.44, TRIANGLES))),
    "honeycomb": (honeycomb(12), terms(*((f"K{k}", 0.6, [bond]) for k, bond in enumerate(BONDS)))),
    "cubic": (
        cubic(32),
        terms(
            ("K", 0.22, pairs((1, 0, 0), (0, 1, 0), (0, 0, 1))), ("h", 0.1, [(Spin((0, 0, 0)),)])
        ),
    ),
}


@pytest.mark.parametrize("name", LISTED)
def test_an_update_is_printed_in_under_thirty_lines(name: str) -> None:
    lattice, hamiltonian = LISTED[name]
    species = (Species("s"),)
    groups = merge_terms(hamiltonian, lattice, species).groups
    program = hamiltonian_to_update(lattice, species, groups, colour_sites(groups, lattice)).program
    lines = show(program).splitlines()
    assert len(lines) < 30
    assert max(map(len, lines)) < 130


def test_every_node_is_shown() -> None:
    text = show(GOOD)
    assert "v0 = s[0]; v1 = s[1]; v2 = s[-1]" in text
    assert "v3 = count(v1, v2)" in text
    assert "v4 = v3 == 0; v5 = v3 == 2" in text
    assert "v6 = bernoulli(draw 0; v4..v5: T0..T1)" in text
    assert "v7 = weigh(W1; v1: W0, v2: W0)" in text
    assert "store s = v10" in text
    assert "tally 0[0] += v10" in text
    assert "then rule 0 on 4 cells (1) mod (2) in [0,8)" in text
