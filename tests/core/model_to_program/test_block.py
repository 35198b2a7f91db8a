"""Block maps against arrays reshaped by hand, ties and Kadanoff's probabilities included."""

from __future__ import annotations

from itertools import product as cartesian
from math import exp, sqrt
from typing import Any

import numpy as np
import pytest

from rgc.errors import SpecError
from rgc.model.block import Block
from rgc.model.lattice import Lattice, Site
from rgc.model.lattices import cubic, honeycomb, square, triangular
from rgc.model.spins import Species
from rgc.model_to_program.block_to_rule import block_to_rule
from rgc.program.draws import step_keys, stream
from rgc.program.lattice.start import random_field
from rgc_reference import ReferenceBackend
from tests.blocks import block as block_map

WORDS = 4


def box(b: int, d: int) -> tuple[tuple[Site, ...], ...]:
    return (tuple(Site(cell) for cell in cartesian(range(b), repeat=d)),)


def bits(field: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """int[*shape, letter, replica] of a canonical field of one plane: 1 is s = -1."""
    return np.unpackbits(
        np.ascontiguousarray(field[0]).view(np.uint8), axis=-1, bitorder="little"
    ).astype(int)


def blocked(lattice: Lattice, block: Block, species: int = 1, p: float = 0.0, step: int = 0) -> Any:
    """Random fine bits and their coarse ones, for each species."""
    kinds = tuple(Species(f"s{k}") for k in range(species))
    made = block_map(block.name, block.scale, block.factor, block.cells, species=kinds)
    lowered = block_to_rule(lattice, kinds, made)
    fields = [random_field((7, k), f, WORDS) for k, f in enumerate(lowered.program.fields)]
    backend = ReferenceBackend()
    keys = step_keys(stream(1, {}, "block", 0), step, 1, lowered.program.draws)
    state, _ = backend.compile(lowered.program)(
        [backend.pack(f) for f in fields], lowered.arguments(WORDS, p), keys
    )
    for before, after in zip(fields[:species], state[:species], strict=True):
        assert np.array_equal(before, after), "blocking changed the fine spins"
    return [bits(f) for f in fields[:species]], [bits(backend.unpack(f)) for f in state[species:]]


def sums(
    fine: np.ndarray[Any, Any], lattice: Lattice, block: Block, letter: int
) -> np.ndarray[Any, Any]:
    """m of every block, the lattice walked cell by cell."""
    coarse = block.coarse(lattice).cells
    total = np.zeros((*coarse, fine.shape[-1]), dtype=int)
    for at in cartesian(*map(range, coarse)):
        for site in block.cells[letter]:
            cell = (
                (f * x + y) % n
                for f, x, y, n in zip(block.factor, at, site.cell, lattice.cells, strict=True)
            )
            total[at] += 1 - 2 * fine[(*cell, site.letter)]
    return total


STAR = (
    (Site((0, 0), 0), Site((0, 0), 1), Site((-1, 0), 1), Site((-1, -1), 1)),
    (Site((1, 1), 1), Site((1, 1), 0), Site((2, 1), 0), Site((2, 2), 0)),
)
MAPS = {
    "square 2": (square(8, 6), block_map("majority", 2, (2, 2), box(2, 2))),
    "square 3": (square(9, 6), block_map("majority", 3, (3, 3), box(3, 2))),
    "cubic 2": (cubic(4), block_map("majority", 2, (2, 2, 2), box(2, 3))),
    "triangular 3": (triangular(9), block_map("majority", 3, (3, 3), box(3, 2))),
    "Baxter-Wu": (
        triangular(6),
        block_map(
            "majority", 2, (2, 2), (tuple(Site(c) for c in [(0, 0), (2, 1), (1, 2), (3, 3)]),)
        ),
    ),
    "honeycomb star": (honeycomb(6), block_map("majority", 2, (2, 2), STAR)),
    "open": (square(6, boundary="open"), block_map("majority", 2, (2, 2), box(2, 2))),
}


@pytest.mark.parametrize("name", MAPS)
def test_majority(name: str) -> None:
    lattice, block = MAPS[name]
    (fine,), (coarse,) = blocked(lattice, block)
    for letter in range(len(block.cells)):
        m = sums(fine, lattice, block, letter)
        t = 1 - 2 * coarse[..., letter, :]
        assert np.array_equal(t[m != 0], np.sign(m)[m != 0])
        ties = t[m == 0]
        assert (ties.size > 0) == (len(block.cells[letter]) % 2 == 0)
        if ties.size:
            assert abs(ties.mean()) < 5 / sqrt(ties.size)


def test_ties_are_drawn_afresh_for_each_record_and_species() -> None:
    lattice, block = MAPS["square 2"]
    (fine, _), (first, other) = blocked(lattice, block, species=2)
    _, (second, _) = blocked(lattice, block, species=2, step=1)
    tied = sums(fine, lattice, block, 0) == 0
    changed = first[..., 0, :][tied] != second[..., 0, :][tied]
    assert abs(changed.mean() - 0.5) < 5 * 0.5 / sqrt(changed.size)
    assert np.array_equal(first[..., 0, :][~tied], second[..., 0, :][~tied])
    assert not np.array_equal(first, other)


def test_each_species_is_blocked_by_itself() -> None:
    lattice, block = MAPS["square 3"]
    fines, coarses = blocked(lattice, block, species=2)
    for fine, coarse in zip(fines, coarses, strict=True):
        assert np.array_equal(1 - 2 * coarse[..., 0, :], np.sign(sums(fine, lattice, block, 0)))


def test_decimation_copies_one_spin() -> None:
    lattice = square(6, 9)
    (fine,), (coarse,) = blocked(lattice, block_map("decimate", 3, (3, 3), ((Site((0, 0)),),)))
    assert np.array_equal(coarse, fine[::3, ::3])


@pytest.mark.parametrize("size", [2, 3])
def test_kadanoff_probabilities(size: int) -> None:
    lattice, p = square(4 * size * (4 - size)), 0.3
    block = block_map("kadanoff", size, (size, size), box(size, 2), p=p)
    (fine,), (coarse,) = blocked(lattice, block, p=p)
    m, t = sums(fine, lattice, block, 0), 1 - 2 * coarse[..., 0, :]
    for value in np.unique(m):
        here = t[m == value]
        chance = 1 / (1 + exp(-2 * p * value))
        assert (
            abs((here == 1).mean() - chance)
            < 5 * sqrt(chance * (1 - chance) / here.size) + 1 / here.size
        )


def test_what_cannot_be_blocked_is_refused() -> None:
    with pytest.raises(SpecError, match="average"):
        block_to_rule(square(4), (Species("s"),), block_map("average", 2, (2, 2), box(2, 2)))
    with pytest.raises(ValueError, match="do not divide"):
        block_to_rule(square(5), (Species("s"),), MAPS["square 2"][1])
