"""Block maps: cells that tile, coarse lattices that are lattices again."""

from __future__ import annotations

from collections import Counter
from itertools import product
from math import isclose, prod, sqrt

import pytest

from rgc.ast_to_model import build
from rgc.errors import SpecError
from rgc.model.block import Block
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.shells import shell
from rgc.model.weighed import Weighed
from rgc.syntax.parse import parse
from rgc.text import Source


def blocks(lattice: str, block: str, spins: str = "s: ising") -> tuple[Lattice, tuple[Block, ...]]:
    spec, _ = build(parse(Source("<test>", f"lattice {lattice}\nspins {spins}\nblock {block}\n")))
    assert isinstance(spec.lattice, Lattice)
    return spec.lattice, spec.blocks


def fine_sites(block: Block, at: Cell, letter: int) -> list[Site]:
    corner = tuple(f * x for f, x in zip(block.factor, at, strict=True))
    return [site.shifted(corner) for site in block.cells[letter]]


def owners(lattice: Lattice, block: Block) -> dict[Site, list[Site]]:
    """The coarse sites that hold each fine site of a periodic lattice."""
    coarse, held = block.coarse(lattice), {}
    for at in product(*map(range, coarse.cells)):
        for letter in range(len(block.cells)):
            for site in fine_sites(block, at, letter):
                folded = tuple(x % size for x, size in zip(site.cell, lattice.cells, strict=True))
                held.setdefault(Site(folded, site.letter), []).append(Site(at, letter))
    return held


@pytest.mark.parametrize(
    ("lattice", "block"),
    [
        ("square(12)", "majority(2)"),
        ("square(12, 6)", "majority(b=3)"),
        ("triangular(9)", "kadanoff(3, p=0.7)"),
        ("cubic(4)", "average(2)"),
        ("chain(12)", "majority(3)"),
        ("triangular(12)", "majority(b=2, cell=[(0,0), (2,1), (1,2), (3,3)])"),
        ("honeycomb(8)", "majority(cell=star)"),
        ("honeycomb(8)", "majority(2, cell=star)"),
        (
            "honeycomb(4)",
            "majority(b=2, cell=[[(0,0,a), (1,0,a), (0,1,a), (1,1,a)], "
            "[(0,0,b), (1,0,b), (0,1,b), (1,1,b)]])",
        ),
    ],
)
def test_every_fine_site_lies_in_one_block(lattice: str, block: str) -> None:
    fine, (made,) = blocks(lattice, block)
    held = owners(fine, made)
    assert len(held) == fine.sites
    assert all(len(each) == 1 for each in held.values())
    assert len({len(cell) for cell in made.cells}) == 1
    assert prod(made.factor) == round(made.scale**fine.dimension)


def test_stars_of_the_honeycomb_make_a_honeycomb_twice_as_large() -> None:
    fine, (star,) = blocks("honeycomb(12)", "majority(cell=star)")
    coarse = star.coarse(fine)
    origin = fine.position(star.cells[0][0])

    def centre(site: Site) -> list[float]:
        at = fine.position(fine_sites(star, site.cell, site.letter)[0])
        return [x - y for x, y in zip(at, origin, strict=True)]

    for site in (
        Site(cell, letter) for cell in product(range(-1, 3), repeat=2) for letter in (0, 1)
    ):
        expected = [2 * x for x in coarse.position(site)]
        assert all(
            isclose(x, y, abs_tol=1e-12) for x, y in zip(centre(site), expected, strict=True)
        )
        first, *rest = fine_sites(star, site.cell, site.letter)
        assert first.letter == 1 - site.letter  # letters exchange
        assert all(
            other.letter == site.letter and isclose(fine.distance(first, other), 1)
            for other in rest
        )


def test_neighbouring_stars_are_those_that_bonds_join() -> None:
    fine, (star,) = blocks("honeycomb(12)", "majority(cell=star)")
    coarse, held = star.coarse(fine), owners(fine, star)
    joined: Counter[frozenset[Site]] = Counter()
    for at in product(*map(range, fine.cells)):
        for a, b in shell(fine, 1):
            ends = [folded(site.shifted(at), fine) for site in (a, b)]
            joined[frozenset(held[end][0] for end in ends)] += 1
    inside = {pair: n for pair, n in joined.items() if len(pair) == 1}
    between = {pair: n for pair, n in joined.items() if len(pair) == 2}
    assert set(inside.values()) == {3}
    coarse_bonds = {
        frozenset(folded(site.shifted(at), coarse) for site in pair)
        for at in product(*map(range, coarse.cells))
        for pair in shell(coarse, 1)
    }
    assert coarse_bonds <= between.keys()
    assert len({between[pair] for pair in coarse_bonds}) == 1


def folded(site: Site, lattice: Lattice) -> Site:
    return Site(
        tuple(x % size for x, size in zip(site.cell, lattice.cells, strict=True)), site.letter
    )


def test_triangles_make_a_triangular_lattice_of_scale_sqrt_3() -> None:
    fine, (made,) = blocks("triangular", "majority(cell=triangle)")
    (a, b), (c, d) = made.vectors
    assert isclose(made.scale, sqrt(3))
    first, second = (fine.position(Site(vector)) for vector in made.vectors)
    assert isclose(sum(x * x for x in first), 3)
    assert isclose(sum(x * x for x in second), 3)
    assert isclose(sum(x * y for x, y in zip(first, second, strict=True)), -1.5)
    assert a * d - b * c == 3
    coset = {(site.cell[0] + site.cell[1]) % 3 for site in made.cells[0]}
    assert coset == {0, 1, 2}
    assert all((x + y) % 3 == 0 for x, y in made.vectors)
    assert made.coarse(fine) == fine


def test_schedules_lists_and_free_parameters() -> None:
    _, made = blocks("square(12)", "[majority(2), majority(3)]")
    assert [each.factor for each in made] == [(2, 2), (3, 3)]
    _, made = blocks("square(16)", "kadanoff(2, p=[0.5, 0.6])")
    assert [each.p for each in made] == [0.5, 0.6]
    assert blocks("square", "kadanoff(2, p=free)")[1][0].free == "step"
    assert blocks("square", "kadanoff(2, p=free(each=block))")[1][0].free == "block"
    _, (made,) = blocks("cubic(8)", "decimate(2)")
    assert made.cells == ((Site((0, 0, 0)),),)
    _, (made,) = blocks("honeycomb(4)", "decimate(2, cell=[[(1,0,a)], [(0,0,b)]])")
    assert made.cells == ((Site((1, 0), 0),), (Site((0, 0), 1),))
    _, (made,) = blocks(
        "square(4)", "kernel(b=2, T=sum(B in blocks) s[B]*sum(i in B) s[i], normalised=true)"
    )
    (law,) = made.law(0).laws
    assert isinstance(law, Weighed)
    assert {(*sorted(each.spins), *each.energies) for each in law.pieces} == {
        (k, 4, 1.0, -1.0, -1.0, 1.0) for k in range(4)
    }
    assert law.divided


@pytest.mark.parametrize(
    ("lattice", "block", "code", "at"),
    [
        ("square(64)", "majorty(2)", "unknown-block", "majorty"),
        ("square(64)", "majority", "missing-option", "majority"),
        ("square(64)", "majority(1)", "out-of-range", "1"),
        ("square(64)", "majority(2.5)", "not-an-integer", "2.5"),
        ("square(64)", "majority(2, p=3)", "unknown-option", "p=3"),
        ("square(63)", "majority(2)", "bad-division", "majority(2)"),
        ("square(12, 10)", "[majority(2), majority(3)]", "bad-division", "majority(3)"),
        ("square(64)", "kadanoff(2)", "missing-option", "kadanoff"),
        ("square(64)", "kadanoff(2, p=fre)", "unknown-name", "fre"),
        ("honeycomb(12)", "majority(2)", "no-default-cell", "majority(2)"),
        ("kagome(12)", "decimate(2)", "no-default-cell", "decimate(2)"),
        ("square(12)", "majority(cell=star)", "wrong-lattice", "star"),
        ("honeycomb(12)", "majority(3, cell=star)", "bad-block", "majority(3, cell=star)"),
        ("honeycomb(12)", "majority(cell=stars)", "unknown-word", "stars"),
        ("triangular(12)", "majority(cell=triangle)", "bad-block", "triangle"),
        ("triangular", "average(cell=triangle)", "bad-block", "average(cell=triangle)"),
        (
            "triangular(12)",
            "majority(b=2, cell=[(0,0), (2,0), (1,2), (3,3)])",
            "no-tiling",
            "[(0,0), (2,0), (1,2), (3,3)]",
        ),
        (
            "triangular(12)",
            "majority(b=2, cell=[(0,0), (2,1), (1,2)])",
            "no-tiling",
            "[(0,0), (2,1), (1,2)]",
        ),
        ("triangular(12)", "majority(b=2, cell=[(0,0,1), (2,1), (1,2)])", "bad-cell", "(0,0,1)"),
        ("honeycomb(12)", "majority(b=2, cell=[(0,0,a)])", "bad-cell", "[(0,0,a)]"),
        ("honeycomb(12)", "majority(b=2, cell=[[(0,0)], [(0,0,b)]])", "bad-cell", "(0,0)"),
        ("square(4)", "decimate(2, cell=[(0,0), (1,0)])", "bad-cell", "[(0,0), (1,0)]"),
        ("square(4)", "kernel(b=2)", "missing-option", "kernel"),
        ("square(4)", "kernel(b=2, T=sum(B in blocks) q*s[B])", "unknown-name", "q"),
        ("square(4)", "learned(3)", "wrong-kind", "learned(3)"),
        ("complete(8)", "majority(2)", "wrong-lattice", "majority(2)"),
        ("diamond(b=2)", "decimate(3)", "bad-block", "decimate(3)"),
    ],
)
def test_refusals(lattice: str, block: str, code: str, at: str) -> None:
    with pytest.raises(SpecError) as caught:
        blocks(lattice, block)
    assert [each.code for each in caught.value.problems] == [code]
    assert [each.span.text for each in caught.value.problems if each.span] == [at]


def test_the_refusal_says_which_lengths_do() -> None:
    with pytest.raises(SpecError, match="multiples of 2: 62 or 64"):
        blocks("square(63)", "majority(2)")
