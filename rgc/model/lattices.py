"""The lattices of the language and the neighbour shells of any lattice.

Vectors and basis positions are Cartesian and right-handed, and nearest neighbours of the built-in
lattices have distance 1. The corners of a face go round counter-clockwise. Section 4 of
docs/language.md states the conventions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from itertools import product as cartesian
from math import sqrt

from rgc.model.lattice import Boundary, Cell, Face, Lattice, Site, Vector

Pair = tuple[Site, Site]
Boundaries = Boundary | Sequence[Boundary]

AXES = "xyzw"
MOST_DIMENSIONS = 8
MOST_LETTERS = 26
_SAME_DISTANCE = 1e-6

_HEIGHT = sqrt(3) / 2


def chain(*sizes: int | None, boundary: Boundaries = "periodic") -> Lattice:
    """Sites at the integers."""
    return _cubic("chain", 1, sizes, boundary)


def square(*sizes: int | None, boundary: Boundaries = "periodic") -> Lattice:
    """One plaquette per cell."""
    return _cubic("square", 2, sizes, boundary)


def cubic(*sizes: int | None, boundary: Boundaries = "periodic") -> Lattice:
    """Three plaquettes per cell, each with its normal, and one cube."""
    return _cubic("cubic", 3, sizes, boundary)


def hypercubic(*sizes: int | None, d: int, boundary: Boundaries = "periodic") -> Lattice:
    """d(d-1)/2 plaquettes and d(d-1)(d-2)/6 cubes per cell.

    Raises `ValueError` unless 1 <= d <= 8.
    """
    if not 1 <= d <= MOST_DIMENSIONS:
        raise ValueError(f"a lattice has between 1 and {MOST_DIMENSIONS} dimensions, not {d}")
    return _cubic("hypercubic", d, sizes, boundary)


def triangular(*sizes: int | None, boundary: Boundaries = "periodic") -> Lattice:
    """x and y at 120 degrees, so that the neighbours are +-x, +-y, +-(x+y). There are two triangles
    per cell.
    """
    faces = (_face("triangle", (0, 0), (1, 0), (1, 1)), _face("triangle", (0, 0), (1, 1), (0, 1)))
    return _planar("triangular", 1.0, ((0.0, 0.0),), faces, sizes=sizes, boundary=boundary)


def honeycomb(*sizes: int | None, boundary: Boundaries = "periodic") -> Lattice:
    """a at 0 and b at (2x+y)/3, so that a(R) touches b(R), b(R-x) and b(R-x-y). There is one
    hexagon per cell.
    """
    corners = ((0, 0), (0, 0, "b"), (1, 1), (0, 1, "b"), (0, 1), (-1, 0, "b"))
    hexagon = _face("hexagon", *corners)
    basis = ((0.0, 0.0), (_HEIGHT, 0.5))
    return _planar("honeycomb", sqrt(3), basis, (hexagon,), sizes=sizes, boundary=boundary)


def kagome(*sizes: int | None, boundary: Boundaries = "periodic") -> Lattice:
    """a at 0, b at x/2 and c at (x+y)/2. There are two triangles and one hexagon per cell."""
    corners = ((0, 0), (0, 0, "c"), (0, 1, "b"), (0, 1), (-1, 0, "c"), (-1, 0, "b"))
    faces = (
        _face("triangle", (0, 0), (0, 0, "b"), (0, 0, "c")),
        _face("triangle", (0, 0), (-1, 0, "b"), (-1, -1, "c")),
        _face("hexagon", *corners),
    )
    basis = ((0.0, 0.0), (1.0, 0.0), (0.5, _HEIGHT))
    return _planar("kagome", 2.0, basis, faces, sizes=sizes, boundary=boundary)


def crystal(
    vectors: Sequence[Vector],
    basis: Sequence[Vector],
    *sizes: int | None,
    boundary: Boundaries = "periodic",
) -> Lattice:
    """Any crystal from d primitive vectors and the basis positions, both Cartesian and in the units
    given. It has no faces.

    Raises `ValueError` for vectors that are linearly dependent, and for positions of the wrong
    length or that coincide.
    """
    d = len(vectors)
    if not 1 <= d <= MOST_DIMENSIONS:
        raise ValueError(f"a lattice has between 1 and {MOST_DIMENSIONS} vectors, not {d}")
    if not 1 <= len(basis) <= MOST_LETTERS:
        raise ValueError(f"a cell has between 1 and {MOST_LETTERS} sites, not {len(basis)}")
    if any(len(vector) != d for vector in (*vectors, *basis)):
        raise ValueError(f"vectors and positions need {d} components each")
    lattice = Lattice(
        name="crystal",
        vectors=tuple(tuple(float(x) for x in vector) for vector in vectors),
        basis=tuple(tuple(float(x) for x in position) for position in basis),
        shape=_shape(sizes, d),
        boundary=_boundaries(boundary, d),
    )
    _heights(lattice)
    if _coincide(lattice):
        raise ValueError("two sites of the crystal stand at the same place")
    return lattice


@lru_cache(maxsize=256)
def shell(lattice: Lattice, n: int) -> tuple[Pair, ...]:
    """The pairs at the n-th distance (1: nearest neighbours) of the infinite lattice, each once per
    unit cell.

    The first site stands in the cell at the origin and has the smaller letter. Between equal
    letters the displacement is positive in its first component that is not zero. Raises
    `ValueError` for n < 1.
    """
    if n < 1:
        raise ValueError(f"shells are counted from 1, not {n}")
    width = 1
    while True:
        shells = _shells(lattice, width)
        if len(shells) >= n:
            return shells[n - 1]
        width += 1


def face_kinds(lattice: Lattice) -> tuple[str, ...]:
    """The kinds of faces that the lattice has, in order, each once."""
    return tuple(dict.fromkeys(face.kind for face in lattice.faces))


def _shells(lattice: Lattice, width: int) -> list[tuple[Pair, ...]]:
    """The shells that lie safely within cells of at most `width` along each vector, nearest
    first.
    """
    origin = (0,) * lattice.dimension
    spread = max(
        lattice.distance(Site(origin, a), Site(origin, b))
        for a in range(len(lattice.basis))
        for b in range(len(lattice.basis))
    )
    safe = (width + 1) * min(_heights(lattice)) - spread
    by_distance: list[tuple[float, Pair]] = []
    for cell in cartesian(range(-width, width + 1), repeat=lattice.dimension):
        for a, b in cartesian(range(len(lattice.basis)), repeat=2):
            if a < b or (a == b and cell > origin):
                pair = Site(origin, a), Site(cell, b)
                length = lattice.distance(*pair)
                if length < safe * (1 - _SAME_DISTANCE):
                    by_distance.append((length, pair))
    by_distance.sort()
    shells: list[list[Pair]] = []
    last = 0.0
    for length, pair in by_distance:
        if not shells or length > last * (1 + _SAME_DISTANCE):
            shells.append([])
            last = length
        shells[-1].append(pair)
    return [tuple(sorted(pairs)) for pairs in shells]


def _heights(lattice: Lattice) -> list[float]:
    """The distance between neighbouring lattice planes across each vector. Raises `ValueError` for
    dependent vectors.
    """
    heights = []
    for k, vector in enumerate(lattice.vectors):
        rest = list(vector)
        for other in _orthogonal([v for n, v in enumerate(lattice.vectors) if n != k]):
            overlap = sum(a * b for a, b in zip(rest, other, strict=True))
            rest = [a - overlap * b for a, b in zip(rest, other, strict=True)]
        heights.append(_length(rest))
        if heights[-1] <= 1e-9 * _length(vector):
            raise ValueError("the vectors of a crystal must be linearly independent")
    return heights


def _orthogonal(vectors: Sequence[Vector]) -> list[Vector]:
    """Orthonormal vectors that span the same space, by modified Gram-Schmidt."""
    orthonormal: list[Vector] = []
    for vector in vectors:
        rest = list(vector)
        for other in orthonormal:
            overlap = sum(a * b for a, b in zip(rest, other, strict=True))
            rest = [a - overlap * b for a, b in zip(rest, other, strict=True)]
        if _length(rest) <= 1e-9 * _length(vector):
            raise ValueError("the vectors of a crystal must be linearly independent")
        orthonormal.append(tuple(x / _length(rest) for x in rest))
    return orthonormal


def _length(vector: Sequence[float]) -> float:
    return sqrt(sum(x * x for x in vector))


def _coincide(lattice: Lattice) -> bool:
    if len(lattice.basis) == 1:
        return False
    nearest = lattice.distance(*shell(lattice, 1)[0])
    return nearest <= 1e-9 * min(_heights(lattice))


def _face(kind: str, *corners: tuple[int | str, ...], normal: int | None = None) -> Face:
    """A face from its corners, each given as a cell followed by its letter unless that is a."""
    sites = []
    for corner in corners:
        cell = tuple(x for x in corner if isinstance(x, int))
        letter = "abc".index(str(corner[-1])) if isinstance(corner[-1], str) else 0
        sites.append(Site(cell, letter))
    return Face(kind, tuple(sites), normal)


def _planar(
    name: str,
    constant: float,
    basis: tuple[Vector, ...],
    faces: tuple[Face, ...],
    *,
    sizes: Sequence[int | None],
    boundary: Boundaries,
) -> Lattice:
    vectors = ((constant, 0.0), (-constant / 2, constant * _HEIGHT))
    return Lattice(
        name=name,
        vectors=vectors,
        basis=basis,
        shape=_shape(sizes, 2),
        boundary=_boundaries(boundary, 2),
        faces=faces,
    )


def _cubic(name: str, d: int, sizes: Sequence[int | None], boundary: Boundaries) -> Lattice:
    vectors = tuple(tuple(map(float, _unit(k, d))) for k in range(d))
    basis = ((0.0,) * d,)
    return Lattice(
        name=name,
        vectors=vectors,
        basis=basis,
        shape=_shape(sizes, d),
        boundary=_boundaries(boundary, d),
        faces=_cubic_faces(d),
    )


def _cubic_faces(d: int) -> tuple[Face, ...]:
    """The plaquettes of every plane of axes (cyclic in d = 3, so that they turn about their
    normal), then the cubes.
    """
    planes = [(1, 2), (2, 0), (0, 1)] if d == 3 else list(combinations(range(d), 2))
    faces = [
        Face(
            "plaquette",
            _corners(plane, d),
            normal=({0, 1, 2} - set(plane)).pop() if d == 3 else None,
        )
        for plane in planes
    ]
    for a, b, c in combinations(range(d), 3):
        floor = _corners((a, b), d)
        faces.append(Face("cube", (*floor, *(site.shifted(_unit(c, d)) for site in floor))))
    return tuple(faces)


def _corners(plane: tuple[int, int], d: int) -> tuple[Site, ...]:
    first, second = (_unit(axis, d) for axis in plane)
    corner = Site((0,) * d)
    return (
        corner,
        corner.shifted(first),
        corner.shifted(first).shifted(second),
        corner.shifted(second),
    )


def _unit(axis: int, d: int) -> Cell:
    return tuple(int(k == axis) for k in range(d))


def _shape(sizes: Sequence[int | None], d: int) -> tuple[int | None, ...]:
    """The shape for these sizes: infinite without any, the same along every vector for one.

    Raises `ValueError` for another number of sizes, or one below 1.
    """
    if len(sizes) not in (0, 1, d):
        raise ValueError(f"a lattice of {d} dimensions takes one size or {d}, not {len(sizes)}")
    if any(size is not None and size < 1 for size in sizes):
        raise ValueError("a lattice has at least one cell in every direction")
    if len(sizes) == d:
        return tuple(sizes)
    return (sizes[0] if sizes else None,) * d


def _boundaries(boundary: Boundaries, d: int) -> tuple[Boundary, ...]:
    if isinstance(boundary, str):
        return (boundary,) * d
    if len(boundary) != d:
        raise ValueError(
            f"a lattice of {d} dimensions takes one boundary or {d}, not {len(boundary)}"
        )
    return tuple(boundary)


_FACTORIES = {
    "chain": chain,
    "square": square,
    "triangular": triangular,
    "honeycomb": honeycomb,
    "kagome": kagome,
    "cubic": cubic,
}
BUILT_IN: Mapping[str, int] = {name: factory().dimension for name, factory in _FACTORIES.items()}
"""The lattices of fixed dimension, by name."""


def built_in(name: str, sizes: Sequence[int | None], boundary: Boundaries = "periodic") -> Lattice:
    """The lattice of that name.

    Raises `KeyError` for another name, and `ValueError` for sizes or boundaries that do not fit.
    """
    return _FACTORIES[name](*sizes, boundary=boundary)
