"""Random Hamiltonians on random lattices: the ratio of forward and backward probability of every flip is exp(-dE), dE by force."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattices import cubic, honeycomb, kagome, square, triangular
from rgc.model.operators import Spin, product
from rgc.model.sites import Listed, enumerate_cells
from rgc.model.spins import Species
from rgc.model_to_program.hamiltonian_to_update import hamiltonian_to_update
from rgc.passes.colour_sites import colour_sites
from rgc.passes.merge_terms import merge_terms
from tests.core.small_systems import System, energies, outcomes

LATTICES = [
    square(4),
    square(3, 5),
    square(4, 5, boundary=["open", "periodic"]),
    square(3, boundary="open"),
    cubic(3),
    triangular(6, 3),
    honeycomb(3),
    kagome(3),
]
KINDS = [
    ("joint", "metropolis"),
    ("joint", "heat_bath"),
    ("factorised", "metropolis"),
    ("weigh", "lazy"),
    (None, "lazy"),
]
SEEN: Counter[str] = Counter()


@st.composite
def systems(draw: Any) -> System:
    lattice = draw(st.sampled_from(LATTICES))
    species = draw(
        st.sampled_from([(Species("s"),), (Species("v", "binary"),), (Species("s"), Species("v", "binary"))])
    )
    offset = st.tuples(*[st.integers(0, 1)] * lattice.dimension)
    spin = st.builds(Spin, offset, st.integers(0, len(lattice.basis) - 1), st.integers(0, len(species) - 1))
    products = st.lists(spin, min_size=1, max_size=4, unique=True).map(product)
    term = st.lists(products, min_size=1, max_size=3, unique=True)
    coupling = st.floats(-0.6, 0.6)
    written = draw(st.lists(st.tuples(coupling, term), min_size=1, max_size=3))
    return System(
        lattice,
        species,
        Hamiltonian(
            tuple(Term(f"K{k}", c, -1, tuple((1.0, p) for p in each)) for k, (c, each) in enumerate(written))
        ),
    )


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(systems(), st.sampled_from(KINDS), st.integers(0, 2**32 - 1))
def flips_are_balanced(system: System, how: tuple[Any, Any], seed: int) -> None:
    form, kind = how
    merged = merge_terms(system.hamiltonian, system.lattice, system.species)
    steps = colour_sites(merged.groups, system.lattice, len(system.species))
    try:
        update = hamiltonian_to_update(
            system.lattice, system.species, merged.groups, steps, kind=kind, form=form, planes=64
        )
    except ValueError:
        SEEN["heat bath not on offer"] += 1
        return
    arguments = update.arguments([merged.coefficients(system.hamiltonian)], words=1)
    start = np.random.default_rng(seed).random((system.spins, 3)) < 0.5
    before = energies(system, start)
    visited = set()
    for stage in update.program.schedule:
        rule = update.program.rules[stage.rule]
        cells = list(enumerate_cells(stage.cells, system.lattice.cells))
        for cell in cells[:: max(1, len(cells) // 3)]:
            there = outcomes(update.program, rule, cell, arguments, start)
            spin = there[0][1]
            flipped = start.copy()
            flipped[spin] ^= True
            back = outcomes(update.program, rule, cell, arguments, flipped)
            forward, backward = _flips(there, start[spin]), _flips(back, flipped[spin])
            change = energies(system, flipped) - before
            np.testing.assert_allclose(forward, backward * np.exp(-change), rtol=3e-5, atol=1e-12)
            if kind != "heat_bath":
                assert ((forward > 0.8) | (change > 0) | (form == "factorised") | (form is None)).all()
            visited.add((stage.rule, spin))
    _remember(system, update, how)
    assert len(visited) >= len(update.program.rules)


def _flips(branches: list[tuple[Any, int, Any]], old: Any) -> Any:
    return sum(probability * (value != old) for probability, _, value in branches)


def _remember(system: System, update: Any, how: Any) -> None:
    program = update.program
    SEEN.update(type(node).__name__ for node in chain.from_iterable(rule.nodes for rule in program.rules))
    SEEN.update([str(how), f"{len(system.species)} species", *system.lattice.boundary, system.lattice.name])
    SEEN.update("listed" if isinstance(stage.cells, Listed) else "residues" for stage in program.schedule)
    SEEN.update(f"{len(p)} bodies" for term in system.hamiltonian.terms for _, p in term.products)


def test_flips_are_balanced_whatever_the_hamiltonian() -> None:
    """A property that never met an open edge or a second species would prove little: what must have occurred is asserted too."""
    flips_are_balanced()
    nodes = {"Below", "Accept", "Weigh", "Count", "Is", "Bit"}
    places = {"open", "periodic", "listed", "residues", "1 species", "2 species"} | {
        each.name for each in LATTICES
    }
    wanted = nodes | places | {f"{n} bodies" for n in (1, 2, 3, 4)} | set(map(str, KINDS))
    assert wanted <= set(SEEN), wanted - set(SEEN)
