"""The lattices of the language.

Vectors and basis positions are Cartesian and right-handed, and nearest neighbours of the built-in
lattices have distance 1. The corners of a face go round counter-clockwise. Section 4 of
docs/language.md states the conventions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import sqrt

from rgc.model.lattice import Boundary, Cell, Face, Lattice, Site, Vector
from rgc.model.shells import cells_near, length, orthogonalised, shells, short_basis

Boundaries = Boundary | Sequence[Boundary]

AXES = "xyzw"
MOST_DIMENSIONS = 8
MOST_LETTERS = 64
LONGEST = 1e60
"""The largest length in a crystal, in the units given; its inverse is the smallest."""

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

    Raises `ValueError` for vectors that are linearly dependent, for lengths that are too large or
    too small, and for positions of the wrong number of components or that coincide.
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
        rounded=any(x != round(x) for vector in (*vectors, *basis) for x in vector),
    )
    _check_lengths(lattice.vectors, lattice.basis)
    if _coincide(lattice):
        raise ValueError("two sites of the crystal stand at the same place")
    return lattice


def two_sublattices(dimension: int) -> str:
    """The hypercubic lattice as a crystal whose letters are its two sublattices, as a spec has it.

    Its cells are those of the lattice D_d, spanned by e1 + e2 and e_k - e_(k+1).
    """

    def shown(*signed: int) -> str:
        """The sum of unit vectors, each given by its number from 1 and its sign."""
        parts = [0] * dimension
        for axis in signed:
            parts[abs(axis) - 1] += 1 if axis > 0 else -1
        return f"({','.join(map(str, parts))})"

    vectors = [shown(1, 2 if dimension > 1 else 1)]
    vectors += [shown(axis, -axis - 1) for axis in range(1, dimension)]
    return f"crystal(vectors=[{', '.join(vectors)}], basis=[{shown()}, {shown(1)}], size=8)"


def face_kinds(lattice: Lattice) -> tuple[str, ...]:
    """The kinds of faces that the lattice has, in order, each once."""
    return tuple(dict.fromkeys(face.kind for face in lattice.faces))


def _check_lengths(vectors: Sequence[Vector], basis: Sequence[Vector]) -> None:
    """Raise `ValueError` for lengths beyond what float64 can square, and for dependent vectors."""
    if not all(abs(x) <= LONGEST for vector in (*vectors, *basis) for x in vector):
        raise ValueError(f"lengths of a crystal are at most {LONGEST:g}")
    if max(abs(x) for vector in vectors for x in vector) < 1 / LONGEST:
        raise ValueError(f"lengths of a crystal are at least {1 / LONGEST:g}")
    for vector, rest in zip(vectors, orthogonalised(vectors), strict=True):
        if length(rest) <= 1e-9 * length(vector):
            raise ValueError("the vectors of a crystal must be linearly independent")
    longest = max(map(length, short_basis(tuple(vectors)).vectors))
    for _ in cells_near(vectors, (0.0,) * len(vectors), longest):
        pass  # raises where vectors of very different length have too many cells between them


def _coincide(lattice: Lattice) -> bool:
    if len(lattice.basis) == 1:
        return False
    return shells(lattice, 1)[0].distance <= 1e-9 * min(map(length, lattice.vectors))


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
