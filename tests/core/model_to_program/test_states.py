"""Sweeps of spins with several states, against energies of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from math import cos, pi

import numpy as np
import pytest

from rgc.backend import load
from rgc.flows.sampling.start import HOT, start_fields
from rgc.model.hamiltonian import Hamiltonian, Table, Term
from rgc.model.lattice import Lattice
from rgc.model.lattices import chain, square
from rgc.model.operators import Spin
from rgc.model.sectors import Sectors
from rgc.model.spins import Species
from rgc.model_to_program.states_to_update import states_to_update
from rgc.model_to_program.update import Update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_tables import merge_tables
from rgc.program.draws import step_keys
from rgc.program.family import ProgramError
from rgc.program.lattice.nodes import Bit, Store
from rgc.program.lattice.program import Field, Program, Rule
from rgc.program.lattice.start import random_field
from rgc.program.lattice.verify import verify
from rgc.verification.chances import outcomes
from rgc.verification.states import codes_of, every_state

POTTS, CLOCK, ONE = (Species("s", "potts", 3), Species("s", "clock", 5), Species("s", "spin", 3))
ORIGIN, RIGHT = Spin((0,)), Spin((1,))


def table(kinds: Sequence[Species], spins: Sequence[Spin], random: np.random.Generator) -> Table:
    states = product(*(kinds[spin.species].values for spin in spins))
    return Table(tuple(spins), tuple(float(random.choice((0.0, 0.5, 1.0))) for _ in states))


def model(kinds: tuple[Species, ...]) -> Hamiltonian:
    """A bond of the first species, a field on it, and all species of a site."""
    random = np.random.default_rng(len(kinds))
    every = [Spin((0,), 0, k) for k in range(len(kinds))]
    tables = {"K": [ORIGIN, RIGHT], "h": [ORIGIN], "J": every}
    return Hamiltonian(
        tuple(
            Term(name, 0.4 + 0.3 * k, -1, tables=(table(kinds, spins, random),))
            for k, (name, spins) in enumerate(tables.items())
        )
    )


def lowered(
    lattice: Lattice, kinds: tuple[Species, ...], hamiltonian: Hamiltonian, **options: object
) -> Update:
    groups = merge_tables(hamiltonian, lattice, kinds).groups
    steps = colour_sites(groups, lattice, len(kinds))
    return states_to_update(lattice, kinds, groups, steps, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["joint", "factorised", "weigh"])
@pytest.mark.parametrize("kinds", [(POTTS,), (ONE, Species("t"))], ids=["potts", "spin-1, ising"])
@pytest.mark.parametrize("kind", ["metropolis", "lazy"])
def test_moves_are_proposed_alike_and_accepted_by_metropolis(
    kinds: tuple[Species, ...], form: str, kind: str
) -> None:
    lattice, hamiltonian = chain(3), model(kinds)
    update = lowered(lattice, kinds, hamiltonian, form=form, kind=kind)
    merged = merge_tables(hamiltonian, lattice, kinds)
    given = update.arguments([merged.coefficients(hamiltonian)], 1)
    states = every_state(lattice, kinds)
    energies = energies_of(hamiltonian, kinds, states.codes)
    for stage in update.program.schedule:
        rule = update.program.rules[stage.rule]
        (number,) = {node.field for node in rule.nodes if isinstance(node, Store)}
        for cell in [(0,), (1,), (2,)]:
            _, joint = outcomes(update.program, rule, cell, given, states.planes)
            place = (number, *cell, 0)
            before, count = states.codes[place].astype(int), len(kinds[number].codes)
            assert joint.sum(axis=0) == pytest.approx(1)
            for step in states.steps(place):
                other = states.moved(place, step)
                there = chance(joint, (before + step) % count)
                back = chance(joint[:, other], before)
                change = energies[other] - energies
                assert there == pytest.approx(back * np.exp(-change), abs=1e-5)
                if form != "factorised":
                    slow = 7 / 8 if kind == "lazy" else np.where(abs(change) < 0.01, 7 / 8, 1)
                    slow = slow if form == "joint" or kind == "lazy" else 1
                    claimed = slow * np.exp(-np.maximum(change, 0)) / (count - 1)
                    assert there == pytest.approx(claimed, abs=1e-5)


def chance(joint: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The chance of a code: the first plane that is stored is the lowest, and the highest bit."""
    planes = len(joint).bit_length() - 1
    rows = sum((codes >> k & 1) << (planes - 1 - k) for k in range(planes))
    return joint[rows, np.arange(joint.shape[1])]


def energies_of(
    hamiltonian: Hamiltonian, kinds: Sequence[Species], codes: np.ndarray
) -> np.ndarray:
    total = np.zeros(codes.shape[-1])
    for term in hamiltonian.terms:
        for each in term.tables:
            shape = [len(kinds[spin.species].values) for spin in each.spins]
            values = np.reshape(each.energies, shape)
            for cell in range(3):
                at = [codes[s.species, (cell + s.cell[0]) % 3, s.letter] for s in each.spins]
                at = [
                    1 - c if kinds[s.species].two_states else c
                    for c, s in zip(at, each.spins, strict=True)
                ]
                total += term.coefficient * values[tuple(at)]
    return total


@pytest.mark.parametrize("states", range(3, 9))
def test_proposals_are_uniform_for_any_number_of_states(states: int) -> None:
    """Without terms every move is taken 7/8 of the time."""
    kinds = (Species("s", "potts", states),)
    update = lowered(chain(1), kinds, Hamiltonian(()))
    given = update.arguments([()], 1)
    every = every_state(chain(1), kinds)
    _, joint = outcomes(update.program, update.program.rules[0], (0,), given, every.planes)
    for code in range(states):
        expected = np.where(every.codes[0, 0, 0] == code, 1 / 8, 7 / 8 / (states - 1))
        assert chance(joint, np.full(states, code)) == pytest.approx(expected, abs=1e-8)


def test_a_scan_through_zero_has_one_program() -> None:
    def at(coupling: float) -> Program:
        equal = tuple(float(a == b) for a, b in product(range(3), repeat=2))
        bond = Term("K", coupling, -1, tables=(Table((ORIGIN, RIGHT), equal),))
        return lowered(chain(4), (POTTS,), Hamiltonian((bond,))).program

    assert at(0.0) == at(0.5) == at(-2.0)


def test_a_rule_that_leaves_the_states_is_refused() -> None:
    """Each gate is another one once; those that make the new code are found."""
    program = lowered(chain(4), (POTTS,), model((POTTS,))).program
    (rule, *_) = program.rules
    wrong = 0
    for k, node in enumerate(rule.nodes):
        if isinstance(node, Bit) and node.op != "not":
            op = "or" if node.op == "and" else "and"
            nodes = (*rule.nodes[:k], replace(node, op=op), *rule.nodes[k + 1 :])
            wrong += refused(replace(program, rules=(Rule(0, nodes), *program.rules[1:])))
    assert wrong > 5
    one = tuple(node for node in rule.nodes if not (isinstance(node, Store) and node.plane))
    with pytest.raises(ProgramError, match="stores 1 of the 2 planes of a code"):
        verify(replace(program, rules=(Rule(0, one), *program.rules[1:])))


def refused(program: Program) -> bool:
    try:
        verify(program)
    except ProgramError as error:
        return "stores a code that is no state" in str(error)
    return False


# -- starts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("states", [3, 5, 6])
def test_random_states_are_uniform(states: int) -> None:
    bits = (states - 1).bit_length()
    field = Field("s", (4, 4), planes=bits, periodic=(True, True), states=states)
    codes = codes_of(random_field((1, 2), field, 64))
    counts = np.bincount(codes.ravel(), minlength=8)
    expected = codes.size / states
    assert not counts[states:].any()
    assert ((counts[:states] - expected) ** 2 / expected).sum() < 25
    share = codes_of(random_field((1, 2), field, 2, 5))
    np.testing.assert_array_equal(share, codes[..., 320:448])


def test_cold_replicas_are_in_the_uniform_states_of_lowest_energy() -> None:
    """Two of three states are favoured alike; the third is not there."""
    equal = tuple(float(a == b) for a, b in product(range(3), repeat=2))
    bond = Term("K", 1.0, -1, tables=(Table((Spin((0, 0)), Spin((0, 1))), equal),))
    favoured = Term("h", 0.1, -1, tables=(Table((Spin((0, 0)),), (1.0, 0.0, 1.0)),))
    lattice, hamiltonian = square(4), Hamiltonian((bond, favoured))
    merged = merge_tables(hamiltonian, lattice, (POTTS,))
    field = lowered(lattice, (POTTS,), hamiltonian).program.fields[0]
    (start,) = start_fields(
        np.array([3, 4], dtype=np.uint64),  # type: ignore[arg-type]
        [field],
        8,
        lattice=lattice,
        species=(POTTS,),
        groups=merged.groups,
        coefficients=[float(c) for c in merged.coefficients(hamiltonian)],
        sectors=Sectors((1, 1)),
        generator="splitmix",
    )
    codes = codes_of(start).reshape(16, -1)
    hot = np.array([HOT >> lane & 1 for lane in range(64)] * 8, dtype=bool)
    assert (codes[:, ~hot] == codes[0, ~hot]).all()
    assert sorted(set(codes[0, ~hot].tolist())) == [0, 2]
    assert set(codes[:, hot].ravel().tolist()) == {0, 1, 2}


def test_a_sweep_keeps_to_the_states() -> None:
    hours = tuple(cos(2 * pi * (a - b) / 5) for a, b in product(range(5), repeat=2))
    bond = Term("K", 1.0, -1, tables=(Table((ORIGIN, RIGHT), hours),))
    hamiltonian, reference = Hamiltonian((bond,)), load("reference")
    update = lowered(chain(5), (CLOCK,), hamiltonian)
    merged = merge_tables(hamiltonian, chain(5), (CLOCK,))
    kernel = reference.compile(update.program)
    state = [reference.pack(random_field((1, 1), update.program.fields[0], 2))]
    given = update.arguments([merged.coefficients(hamiltonian)], 2)
    after, _ = kernel(state, given, step_keys((1, 2), 0, 4, update.program.draws))
    codes = codes_of(reference.unpack(after[0]))
    assert set(codes.ravel().tolist()) == set(range(5))
