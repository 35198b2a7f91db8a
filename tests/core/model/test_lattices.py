"""Counts of neighbours and faces, the geometry of faces, shells of distances."""

from __future__ import annotations

from collections import Counter
from math import comb, isclose, pi, sqrt, tan

import pytest

from rgc.model import lattices
from rgc.model.lattice import Lattice, Site
from rgc.model.shells import TooFar, coordination, shell, shells
from rgc.passes.find_symmetries import find_symmetries

LATTICES = {
    "chain": lattices.chain(),
    "square": lattices.square(),
    "triangular": lattices.triangular(),
    "honeycomb": lattices.honeycomb(),
    "kagome": lattices.kagome(),
    "cubic": lattices.cubic(),
    "hypercubic4": lattices.hypercubic(d=4),
}

# coordination numbers of the first shells and their distances, from the textbooks
SHELLS = {
    "chain": [(2, 1), (2, 2), (2, 3)],
    "square": [(4, 1), (4, sqrt(2)), (4, 2), (8, sqrt(5)), (4, sqrt(8))],
    "triangular": [(6, 1), (6, sqrt(3)), (6, 2), (12, sqrt(7))],
    "honeycomb": [(3, 1), (6, sqrt(3)), (3, 2), (6, sqrt(7))],
    "kagome": [(4, 1), (4, sqrt(3)), (6, 2)],
    "cubic": [(6, 1), (12, sqrt(2)), (8, sqrt(3)), (6, 2), (24, sqrt(5))],
    "hypercubic4": [(8, 1), (24, sqrt(2)), (32, sqrt(3)), (24, 2)],
}


@pytest.mark.parametrize(
    ("name", "n"), [(name, n) for name in SHELLS for n in range(1, len(SHELLS[name]) + 1)]
)
def test_shells_have_the_coordination_numbers_of_the_textbooks(name: str, n: int) -> None:
    lattice, (neighbours, length) = LATTICES[name], SHELLS[name][n - 1]
    pairs = shell(lattice, n)
    assert all(isclose(lattice.distance(*pair), length) for pair in pairs)
    ends = Counter(site.letter for pair in pairs for site in pair)
    assert ends == dict.fromkeys(range(len(lattice.basis)), neighbours)
    assert len({(a.letter, b.letter, b.cell) for a, b in pairs}) == len(pairs)
    assert all(a.cell == (0,) * lattice.dimension for a, _ in pairs)


def test_neighbours_are_the_ones_that_the_language_names() -> None:
    triangular = {b.cell for _, b in shell(lattices.triangular(), 1)}
    assert triangular == {(1, 0), (0, 1), (1, 1)}
    honeycomb = {(a.letter, b.letter, b.cell) for a, b in shell(lattices.honeycomb(), 1)}
    assert honeycomb == {(0, 1, (0, 0)), (0, 1, (-1, 0)), (0, 1, (-1, -1))}


@pytest.mark.parametrize(
    ("name", "faces"),
    [
        ("chain", {}),
        ("square", {"plaquette": 1}),
        ("triangular", {"triangle": 2}),
        ("honeycomb", {"hexagon": 1}),
        ("kagome", {"triangle": 2, "hexagon": 1}),
        ("cubic", {"plaquette": 3, "cube": 1}),
        ("hypercubic4", {"plaquette": 6, "cube": comb(4, 3)}),
    ],
)
def test_faces_per_cell(name: str, faces: dict[str, int]) -> None:
    lattice = LATTICES[name]
    assert Counter(face.kind for face in lattice.faces) == faces
    shifted = {frozenset(_moved_home(lattice, face.corners)) for face in lattice.faces}
    assert len(shifted) == len(lattice.faces)


def _moved_home(lattice: Lattice, corners: tuple[Site, ...]) -> list[Site]:
    back = tuple(-x for x in min(corners).cell)
    return [corner.shifted(back) for corner in corners]


@pytest.mark.parametrize("name", ["square", "triangular", "honeycomb", "kagome"])
def test_faces_of_planar_lattices_are_regular_and_counter_clockwise(name: str) -> None:
    lattice = LATTICES[name]
    for face in lattice.faces:
        at = [lattice.position(corner) for corner in face.corners]
        ring = list(zip(at, at[1:] + at[:1], strict=True))
        assert all(isclose(sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2), 1) for a, b in ring)
        n = len(at)
        area = sum(a[0] * b[1] - a[1] * b[0] for a, b in ring) / 2
        assert isclose(area, n / (4 * tan(pi / n)))


def test_plaquettes_of_the_cubic_lattice_turn_about_their_normal() -> None:
    lattice = LATTICES["cubic"]
    for face in lattice.faces:
        if face.kind == "plaquette":
            origin, first, _, last = (lattice.position(corner) for corner in face.corners)
            a = [x - y for x, y in zip(first, origin, strict=True)]
            b = [x - y for x, y in zip(last, origin, strict=True)]
            cross = (
                a[1] * b[2] - a[2] * b[1],
                a[2] * b[0] - a[0] * b[2],
                a[0] * b[1] - a[1] * b[0],
            )
            assert cross == tuple(float(k == face.normal) for k in range(3))


def test_cubes_have_eight_distinct_corners() -> None:
    (cube,) = (face for face in LATTICES["cubic"].faces if face.kind == "cube")
    assert {corner.cell for corner in cube.corners} == {
        (x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)
    }


@pytest.mark.parametrize("name", ["triangular", "honeycomb", "kagome"])
def test_planar_lattices_are_right_handed_with_120_degrees(name: str) -> None:
    (ax, ay), (bx, by) = LATTICES[name].vectors
    assert isclose(ax * bx + ay * by, -0.5 * (ax * ax + ay * ay))
    assert ax * by - ay * bx > 0


def test_sizes_and_boundaries() -> None:
    assert lattices.honeycomb(32).sites == 2 * 32**2
    assert lattices.kagome(18).sites == 3 * 18**2
    assert lattices.square(12, None).shape == (12, None)
    assert lattices.hypercubic(8, d=4).shape == (8, 8, 8, 8)
    assert lattices.square(4, boundary=["open", "periodic"]).boundary == ("open", "periodic")
    with pytest.raises(ValueError, match="one size or 3"):
        lattices.cubic(4, 4)
    with pytest.raises(ValueError, match="between 1 and 8"):
        lattices.hypercubic(d=9)


def test_a_crystal_is_what_its_vectors_say() -> None:
    height = sqrt(3) / 2
    vectors = [(sqrt(3), 0.0), (-sqrt(3) / 2, 1.5)]
    honeycomb = lattices.crystal(vectors, [(0.0, 0.0), (height, 0.5)], 4)
    assert shell(honeycomb, 1) == shell(lattices.honeycomb(4), 1)
    assert shell(honeycomb, 3) == shell(lattices.honeycomb(4), 3)
    skew = lattices.crystal(
        [(1.0, 0.0), (7.0, 1.0)], [(0.0, 0.0)]
    )  # the square lattice in other vectors
    assert {b.cell for _, b in shell(skew, 1)} == {(1, 0), (7, -1)}
    with pytest.raises(ValueError, match="independent"):
        lattices.crystal([(1.0, 0.0), (2.0, 0.0)], [(0.0, 0.0)])
    with pytest.raises(ValueError, match="same place"):
        lattices.crystal([(1.0, 0.0), (0.0, 1.0)], [(0.0, 0.0), (1.0, 2.0)])


def test_a_skewed_or_a_flat_cell_has_the_shells_of_its_lattice() -> None:
    skew = lattices.crystal([(1.0, 0.0), (1000.0, 1.0)], [(0.0, 0.0)], 8)
    assert {b.cell for _, b in shell(skew, 1)} == {(1, 0), (1000, -1)}
    assert len(shell(skew, 2)) == 2
    flat = lattices.crystal([(1.0, 0.0), (0.0, 0.001)], [(0.0, 0.0), (0.5, 0.0)])
    assert {(a.letter, b.letter, b.cell) for a, b in shell(flat, 1)} == {
        (0, 0, (0, 1)),
        (1, 1, (0, 1)),
    }


def test_a_search_for_neighbours_has_a_limit() -> None:
    with pytest.raises(TooFar, match="40000 cells"):
        shell(lattices.hypercubic(d=8), 64)
    with pytest.raises(ValueError, match="40000 cells"):
        lattices.crystal([(1.0, 0.0), (0.0, 1e-6)], [(0.0, 0.0)])
    with pytest.raises(ValueError, match="at most 1e\\+60"):
        lattices.crystal([(1e200, 0.0), (0.0, 1e200)], [(0.0, 0.0)])


@pytest.mark.parametrize("scale", [1.0, 1e-4, 1e5])
def test_digits_typed_by_hand_make_one_shell(scale: float) -> None:
    height = 0.8660254 * scale  # 8 digits of sqrt(3)/2
    typed = lattices.crystal([(height, -scale / 2), (0.0, scale)], [(0.0, 0.0)])
    assert coordination(typed) == (6,)
    assert len(find_symmetries(typed)) == 12
    (nearest, *_) = shells(typed, 1)
    assert 0 < nearest.farthest / nearest.distance - 1 < 1e-7


def test_neighbours_of_inequivalent_sites_are_counted_by_letter() -> None:
    lieb = lattices.crystal([(2.0, 0.0), (0.0, 2.0)], [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    assert coordination(lieb) == (4, 2, 2)
    assert coordination(lattices.kagome(), 2) == (4, 4, 4)


def test_symmetries_do_not_depend_on_the_cell() -> None:
    skew = lattices.crystal([(1.0, 0.0), (7.0, 1.0)], [(0.0, 0.0)])
    assert len(find_symmetries(skew)) == len(find_symmetries(lattices.square())) == 8
