"""Random Hamiltonians on random lattices: the ratio of forward and backward probability of every
flip is exp(-dE), dE by force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product as cartesian
from random import Random
from typing import Any

import numpy as np

from rgc.conformance.lattice.systems import KINDS, LATTICES, SPECIES, random_hamiltonian
from rgc.model.lattice import Lattice
from rgc.model.sites import Listed, enumerate_cells
from rgc.model.spins import Species
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.model_to_program.update import Update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from tests.core.small_systems import System, energies, flips


def random_system(lattice: Lattice, species: tuple[Species, ...], random: Random) -> System:
    return System(lattice, species, random_hamiltonian(lattice, species, random))


def test_flips_are_balanced_whatever_the_hamiltonian() -> None:
    """A property that never met an open edge or a listed site set would prove little: what must
    have occurred is asserted too.
    """
    random, seen = Random(20), Counter[str]()  # noqa: S311
    for number, (lattice, how) in enumerate(cartesian(LATTICES, KINDS)):
        system = random_system(lattice, SPECIES[number % len(SPECIES)], random)
        check_flips(system, how, number, seen)
    wanted = {
        "Bernoulli",
        "Accept",
        "Weigh",
        "Count",
        "Equals",
        "Bit",
        "open",
        "listed",
        "residues",
    }
    wanted |= {f"{n} bodies" for n in (1, 2, 3, 4)} | {"joint", "factorised", "weigh"}
    assert wanted <= set(seen), wanted - set(seen)
    assert seen["heat bath not on offer"] < 4


def check_flips(system: System, how: tuple[Any, Any], seed: int, seen: Counter[str]) -> None:
    form, kind = how
    merged = merge_terms(system.hamiltonian, system.lattice, system.species)
    steps = colour_sites(merged.groups, system.lattice, len(system.species))
    try:
        update = hamiltonian_to_update(
            system.lattice, system.species, merged.groups, steps, kind=kind, form=form, planes=64
        )
    except ValueError:
        seen["heat bath not on offer"] += 1
        return
    arguments = update.arguments([merged.coefficients(system.hamiltonian)], words=1)
    start = np.random.default_rng(seed).random((system.spins, 3)) < 0.5
    before = energies(system, start)
    visited = set()
    for stage in update.program.schedule:
        rule = update.program.rules[stage.rule]
        cells = list(enumerate_cells(stage.cells, system.lattice.cells))
        for cell in cells[:: max(1, len(cells) // 3)]:
            spin, forward = flips(update.program, rule, cell, arguments, start)
            flipped = start.copy()
            flipped[spin] ^= True
            _, backward = flips(update.program, rule, cell, arguments, flipped)
            change = energies(system, flipped) - before
            np.testing.assert_allclose(forward, backward * np.exp(-change), rtol=3e-5, atol=1e-12)
            if kind != "heat_bath":
                assert (
                    (forward > 0.8) | (change > 0) | (form == "factorised") | (form is None)
                ).all()
            visited.add((stage.rule, spin))
    seen.update(_traits(system, update))
    assert len(visited) >= len(update.program.rules)


def _traits(system: System, update: Update) -> Iterator[str]:
    """What occurred in a lowered system."""
    program = update.program
    for rule in program.rules:
        kinds = [type(node).__name__ for node in rule.nodes]
        yield from kinds
        yield (
            "weigh"
            if "Weigh" in kinds
            else "joint"
            if kinds.count("Bernoulli") == 1
            else "factorised"
        )
    yield from system.lattice.boundary
    yield from (
        "listed" if isinstance(stage.cells, Listed) else "residues" for stage in program.schedule
    )
    yield from (f"{len(p)} bodies" for term in system.hamiltonian.terms for _, p in term.products)
