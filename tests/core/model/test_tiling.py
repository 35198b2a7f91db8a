"""Cells of block maps: every site has one, skewed coarse lattices keep symmetries and sectors,
terms that cannot be told apart are found."""

from __future__ import annotations

from itertools import product as cartesian

import numpy as np
import pytest

from rgc.ast_to_model.expressions.cells import STAR, TRIANGLE, TRIANGLE_VECTORS
from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Lattice, Site
from rgc.model.lattices import cubic, honeycomb, square, triangular
from rgc.model.operators import Product, Spin, product
from rgc.model.tiling import tiling, whole_cells
from rgc.passes.dependent_terms import dependent_term
from rgc.passes.find_sectors import find_sectors, sectors_by_level
from rgc.passes.find_symmetries import find_symmetries
from tests.blocks import block as block_map

TRIANGLES = block_map("majority", 3**0.5, (), (TRIANGLE,), vectors=TRIANGLE_VECTORS)


def box(b: int, dimension: int, rule: str = "majority") -> Block:
    cell = tuple(Site(at) for at in cartesian(range(b), repeat=dimension))
    return block_map(
        rule,
        float(b),
        (b,) * dimension,
        (cell if rule == "majority" else (Site((1,) * dimension),),),
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("block", "lattice"),
    [
        (TRIANGLES, triangular()),
        (box(2, 2), square()),
        (box(3, 2), triangular()),
        (box(2, 3), cubic()),
        (block_map("majority", 2.0, (2, 2), STAR), honeycomb()),
        (box(2, 2, "decimate"), square()),
    ],
)
def test_every_site_lies_in_one_cell(block: Block, lattice: Lattice) -> None:
    tiled = tiling(whole_cells(block, lattice))
    letters = len(lattice.basis)
    sites = [
        Site(cell, a)
        for cell in cartesian(range(-3, 4), repeat=lattice.dimension)
        for a in range(letters)
    ]
    for site in sites:
        cell, number = tiled.home(site)
        assert tiled.cells[cell.letter][number].shifted(tiled.corner(cell.cell)) == site
    assert tiled.volume == round(abs(np.linalg.det(np.array(tiled.vectors))))
    assert len(tiled.cosets) == tiled.volume
    assert sum(map(len, tiled.cells)) == tiled.volume * letters
    moved = {
        tiled.coarse(tuple(x - y for x, y in zip(a, b, strict=True)))
        for a in tiled.cosets
        for b in tiled.cosets
        if a != b
    }
    assert moved <= {None}


def test_coarse_vectors_of_triangles_stand_at_their_length_and_angle() -> None:
    lattice = triangular()
    ends = [np.array(lattice.position(Site(v))) for v in TRIANGLE_VECTORS]
    assert [float(v @ v) for v in ends] == pytest.approx([3, 3])
    assert float(ends[0] @ ends[1]) == pytest.approx(-1.5)


def test_decimation_keeps_the_first_site_of_its_cell() -> None:
    whole = whole_cells(box(2, 2, "decimate"), square())
    assert whole.cells == (tuple(Site(at) for at in ((1, 1), (1, 2), (2, 1), (2, 2))),)
    assert tiling(whole).home(Site((1, 1))) == (Site((0, 0)), 0)
    with pytest.raises(ValueError, match="several letters"):
        whole_cells(
            block_map("decimate", 2.0, (2, 2), ((Site((0, 0)),), (Site((0, 0), 1),))), honeycomb()
        )


def test_a_site_of_no_cell_has_no_home() -> None:
    with pytest.raises(ValueError, match="no cell"):
        tiling(box(2, 2, "decimate")).home(Site((0, 1)))


def test_triangles_keep_the_turns_of_the_lattice_but_no_mirror() -> None:
    """A mirror of a triangle maps the cells to triangles of the coarse lattice that are no
    cells.
    """
    assert len(find_symmetries(triangular(), [TRIANGLES])) == 3
    assert {
        np.linalg.det(np.array(each.matrix)).round()
        for each in find_symmetries(triangular(), [TRIANGLES])
    } == {1}


def test_decimation_keeps_what_maps_the_kept_sites_to_themselves() -> None:
    """Of the eight symmetries of the square the diagonal that joins the kept corner to the opposite
    one."""
    whole = whole_cells(box(2, 2, "decimate"), square())
    assert [each.matrix for each in find_symmetries(square(), [whole])] == [
        ((0, 1), (1, 0)),
        ((1, 0), (0, 1)),
    ]
    assert len(find_symmetries(square(), [box(2, 2, "decimate")])) == 8
    assert len(find_symmetries(square(), [box(2, 2)])) == 8


def spins(*cells: tuple[int, ...]) -> Product:
    return product(Spin(cell) for cell in cells)


def test_triangles_turn_with_a_flip_of_all_spins_and_with_no_sublattice() -> None:
    pairs = [spins((0, 0), cell) for cell in ((1, 0), (0, 1), (1, 1))]
    fine, coarse = sectors_by_level(find_sectors(pairs, triangular()), [TRIANGLES], 1)
    assert fine == coarse
    assert fine.names == ("even", "odd")
    faces = [spins((0, 0), (1, 0), (1, 1)), spins((0, 0), (1, 1), (0, 1))]
    assert find_sectors(faces, triangular()).names == ("invariant", "eo", "oe", "oo")
    fine, coarse = sectors_by_level(find_sectors(faces, triangular()), [TRIANGLES], 1)
    assert fine.names == coarse.names == ("invariant",)


def terms(*weights: dict[tuple[tuple[int, ...], ...], float]) -> Hamiltonian:
    made = (
        tuple((w, tuple(Spin(c) for c in cells)) for cells, w in each.items()) for each in weights
    )
    return Hamiltonian(tuple(Term(f"t{k}", 1.0, -1, products) for k, products in enumerate(made)))


X, Y, SHIFTED = ((0, 0), (1, 0)), ((0, 0), (0, 1)), ((3, 1), (2, 1))


@pytest.mark.parametrize(
    ("hamiltonian", "name"),
    [
        (terms({X: 1}, {Y: 1}), None),
        (terms({X: 1}, {Y: 1}, {X: 2, Y: 0.5}), "t2"),
        (terms({X: 1}, {SHIFTED: -3}), "t1"),
        (terms({X: 1, Y: 1}, {X: 1, Y: -1}), None),
        (terms({X: 1, Y: 1}, {X: 1, Y: -1}, {Y: 1}), "t2"),
        (terms({(): 1}, {(): 2}, {X: 1}), None),
        (terms({X: 1, SHIFTED: -1}, {Y: 1}), None),
    ],
)
def test_terms_that_cannot_be_told_apart(hamiltonian: Hamiltonian, name: str | None) -> None:
    found = dependent_term(hamiltonian)
    assert (found.name if found else None) == name
