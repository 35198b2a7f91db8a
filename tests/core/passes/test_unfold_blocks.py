"""A lattice and its block spins on one crystal: places, and energies against the levels one by
one.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import cosh, inf, log

import numpy as np
import pytest
from numpy.typing import NDArray

from rgc.model.block import Block
from rgc.model.block_maps import BLOCKS, Written
from rgc.model.counted import POSSIBLE, Counted, LogWeight
from rgc.model.followers import chain
from rgc.model.lattice import Lattice, Site
from rgc.model.lattices import honeycomb, square, triangular
from rgc.model.operators import Operator, Spin
from rgc.model.sectors import SectorOperator
from rgc.model.spins import Species
from rgc.passes.decide_blocks import HardMap, decision
from rgc.passes.join_levels import block_terms, joint_hamiltonian
from rgc.passes.unfold_blocks import Unfolded, unfold

P = 0.7
Ints = NDArray[np.int64]


def kadanoff(rule: str = "kadanoff") -> Block:
    cell = tuple(Site((x, y)) for x in range(2) for y in range(2))
    law = BLOCKS[rule].law
    assert law is not None
    made = law(Written(letter=0, cell=cell, species=(Species("s"),)))
    return Block(rule, 2.0, (2, 2), (cell,), (made,), p=P)


def bonds(lattice: Lattice) -> list[tuple[Spin, ...]]:
    origin = (0,) * lattice.dimension
    return [(Spin(origin), Spin((0, 1))), (Spin(origin), Spin((1, 0)))]


def configuration(unfolded: Unfolded, seed: int) -> tuple[dict[Site, int], list[Ints]]:
    """Random spins of all levels, and the same by the sites of the crystal."""
    numbers = np.random.default_rng(seed)
    levels = [numbers.choice([-1, 1], size=(*level.cells, 1)) for level in unfolded.levels]
    by_site = {
        unfolded.site(number, Site(tuple(map(int, at)))): int(spins[at][0])
        for number, spins in enumerate(levels)
        for at in np.ndindex(*spins.shape[:-1])
    }
    return by_site, levels


def energy(unfolded: Unfolded, terms: object, by_site: dict[Site, int]) -> float:
    """The sum of all products at every cell of the crystal."""
    total = 0.0
    cells = unfolded.lattice.cells
    for term in terms:  # type: ignore[attr-defined]
        for weight, spins in term.products:
            for at in np.ndindex(*cells):
                value = term.coefficient * weight
                for spin in spins:
                    cell = tuple((x + y) % n for x, y, n in zip(spin.cell, at, cells, strict=True))
                    value *= by_site[Site(cell, spin.letter)]
                total += value
    return total


@pytest.mark.parametrize(("steps", "letters"), [(1, 5), (2, 21)])
def test_every_spin_of_every_level_has_one_site(steps: int, letters: int) -> None:
    unfolded = unfold(square(8, 8), [kadanoff()] * steps)
    by_site, levels = configuration(unfolded, 0)
    assert len(unfolded.lattice.basis) == letters
    assert len(by_site) == sum(level.size for level in levels) == unfolded.lattice.sites


def test_a_lattice_with_a_basis_keeps_its_letters_apart() -> None:
    cell = tuple(Site((x, y), letter) for x in range(2) for y in range(2) for letter in range(2))
    block = Block("kadanoff", 2.0, (2, 2), (cell, cell), p=P)
    unfolded = unfold(honeycomb(4, 4), [block])
    places = {
        unfolded.site(level, Site(tuple(map(int, at)), letter))
        for level, lattice in enumerate(unfolded.levels)
        for at in np.ndindex(*lattice.cells)
        for letter in range(2)
    }
    assert len(unfolded.lattice.basis) == 10
    assert len(places) == unfolded.lattice.sites == 40


@pytest.mark.parametrize("steps", [1, 2])
def test_the_joint_energy_is_that_of_the_levels_and_their_maps(steps: int) -> None:
    """Up to one constant: H, a bias on the last level, and -ln p of every block spin."""
    unfolded = unfold(square(8, 8), [kadanoff()] * steps)
    last = unfolded.levels[-1]
    bias = Operator("K", tuple(bonds(last)))
    joint = joint_hamiltonian(
        unfolded, [kadanoff()] * steps, [(-0.4, bonds(unfolded.levels[0]))], [bias]
    ).at(0.5, [0.3])
    apart = []
    for seed in range(4):
        by_site, levels = configuration(unfolded, seed)
        grids = [level[..., 0] for level in levels]
        exact = 0.5 * -0.4 * _bonds(grids[0]) + 0.3 * _bonds(grids[-1])
        for fine, coarse in pairwise(grids):
            m = sum(fine[x::2, y::2] for x in range(2) for y in range(2))
            exact -= float((P * coarse * m - np.log(2 * np.cosh(P * m))).sum())
        apart.append(energy(unfolded, joint.terms, by_site) - exact)
    assert np.ptp(apart) < 1e-11


def _bonds(spins: Ints) -> float:
    return float((spins * np.roll(spins, -1, 0)).sum() + (spins * np.roll(spins, -1, 1)).sum())


def test_products_of_a_block_have_the_coefficients_of_the_transform() -> None:
    terms = list(block_terms(unfold(square(4, 4), [kadanoff()]), [kadanoff()]))
    f = [log(2 * cosh(P * m)) for m in (0, 2, 4)]
    pairs, four = (f[2] - f[0]) / 8, (f[2] - 4 * f[1] + 3 * f[0]) / 8
    found = {(len(t.products), len(t.products[0][1])): t.coefficient for t in terms}
    assert found[4, 2] == pytest.approx(-P, abs=1e-14)
    assert found[6, 2] == pytest.approx(pairs, abs=1e-14)
    assert found[1, 4] == pytest.approx(four, abs=1e-14)
    assert len(terms) == 3


def test_a_sum_over_a_sublattice_is_one_over_residues_of_the_crystal() -> None:
    unfolded = unfold(square(8, 8), [kadanoff()])
    staggered = SectorOperator("k1", "odd", (2, 2), ((Spin((0, 0)),),), (((0, 0), (1, 1)),))
    lifted = unfolded.operator(0, staggered)
    assert isinstance(lifted, SectorOperator)
    assert [spin.letter for (spin,) in lifted.products] == [0, 3]
    level_1 = unfolded.operator(1, staggered)
    assert isinstance(level_1, SectorOperator)
    assert (level_1.products, level_1.residues) == (((Spin((0, 0), 4),),), (((0, 0), (1, 1)),))


@pytest.mark.parametrize(("rule", "letters"), [("majority", 6), ("any", 5), ("decimate", 5)])
def test_block_spins_that_are_certain_follow_their_cells(rule: str, letters: int) -> None:
    unfolded = unfold(square(4, 4), [kadanoff(rule)])
    assert not list(block_terms(unfolded, [kadanoff(rule)]))
    assert len(unfolded.lattice.basis) == letters
    (follower,) = unfolded.followers
    assert follower.letter == 4
    assert follower.cell == ((0,) if rule == "decimate" else (0, 1, 2, 3))
    minus = {
        "majority": (False, False, None, True, True),
        "any": (False, False, False, False, True),
        "decimate": (False, True),
    }
    assert follower.minus == minus[rule]
    assert follower.tie == (5 if rule == "majority" else None)


def test_a_spin_turns_with_the_block_spins_of_every_level() -> None:
    unfolded = unfold(square(8, 8), [kadanoff("majority")] * 2)
    assert len(unfolded.lattice.basis) == 16 + 4 + 1 + 5
    spin = unfolded.site(0, Site((2, 1))).letter
    first, second = chain(unfolded.followers, spin, 0)
    assert first.letter == unfolded.site(1, Site((1, 0))).letter
    assert second.letter == unfolded.site(2, Site((0, 0))).letter
    assert first.tie is not None
    assert chain(unfolded.followers, first.tie, 0) == (first, second)


def test_a_map_that_is_certain_of_some_cells_only_has_none_to_follow() -> None:
    certain = LogWeight(-inf)
    law = Counted(2, 2, lambda counts: (POSSIBLE, certain if counts[0] == 2 else LogWeight(0.5)))
    with pytest.raises(HardMap, match="neither tied nor certain"):
        decision(law)


NINE = [(0, 0), (1, 0), (1, 1), (0, -1), (0, 1), (2, 1), (-1, -1), (1, 2), (2, 0)]
"""The nine sites of the triangular lattice around the middle of a triangle."""


@pytest.mark.parametrize("steps", [1, 2])
def test_cells_that_reach_into_other_boxes_decide_their_block_spins(steps: int) -> None:
    """A follower and the sites of its block stand in one cell of the crystal."""
    written = Written(letter=0, cell=tuple(map(Site, NINE)), species=(Species("s"),))
    law = BLOCKS["majority"].law
    assert law is not None
    block = Block("majority", 3.0, (3, 3), (written.cell,), (law(written),))
    unfolded = unfold(triangular(18, 18), [block] * steps)
    by_site, _ = configuration(unfolded, 0)
    assert len(by_site) == unfolded.lattice.sites
    for level in range(1, steps + 1):
        for at in np.ndindex(*unfolded.levels[level].cells):
            own = unfolded.site(level, Site(at))
            fine = [Site(tuple(3 * x + y for x, y in zip(at, by, strict=True))) for by in NINE]
            sites = [unfolded.site(level - 1, site) for site in fine]
            (follower,) = [each for each in unfolded.followers if each.letter == own.letter]
            assert tuple(site.letter for site in sites) == follower.cell
            assert {site.cell for site in sites} == {own.cell}


def test_cells_that_share_spins_have_none_to_follow() -> None:
    block = kadanoff("majority")
    cell = (*block.cells[0][:3], Site((2, 1)))
    with pytest.raises(HardMap, match="share spins"):
        unfold(square(4, 4), [replace(block, cells=(cell,))])
