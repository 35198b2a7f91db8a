"""A sweep as a sequence of site sets without conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from itertools import product as cartesian
from math import prod

from rgc.model.followers import Follower, chain
from rgc.model.groups import Group, Signs
from rgc.model.lattice import Cell, Lattice
from rgc.model.sites import Cells, Listed, flatten
from rgc.model.stars import AnyStar, ChainStar, Star, SweepStep
from rgc.passes.gather_stars import Box, Places, gather_stars, places_of, wrapped

# Up to so many cells a colouring by residues is found at once, though each cell has its own.
_FEW = 64

# A colouring by residues may need this many times the colours of the infinite lattice.
_PATIENCE = 3


def colour_sites(
    groups: Sequence[Group | Signs],
    lattice: Lattice,
    species: int = 1,
    followers: Sequence[Follower] = (),
) -> tuple[SweepStep, ...]:
    """The steps of a sweep: each species and basis site in turn, with its cells coloured so that no
    two spins of a step share a product.

    Spins that others decide, the `followers`, are no steps of their own: where there are any, a
    step turns a spin with its followers, and no two steps of a set read what the other may turn.

    Colours are the cosets of a sublattice of the smallest index (2 for nearest neighbours on an
    even square lattice, 3 for Baxter-Wu, 4 with a plaquette) and among those of the smallest
    period, so that they are sets of residues. Where the size of a periodic lattice admits no
    colouring with at most three times the colours of the infinite lattice, the actual torus is
    coloured greedily and the cells are listed. Near open edges a step splits into boxes whose spins
    have the same products.

    Antiperiodic boundaries are like periodic ones here: the signs around them never move. Raises
    `ValueError` on an infinite lattice.
    """
    decided = {(each.letter, each.species) for each in followers}
    places = places_of(groups)
    return tuple(
        step
        for kind in range(species)
        for letter in _letters(groups, lattice, kind)
        if (letter, kind) not in decided
        for step in _steps(_stars(groups, lattice, letter, kind, followers, places), lattice)
    )


def _stars(
    groups: Sequence[Group | Signs],
    lattice: Lattice,
    letter: int,
    kind: int,
    followers: Sequence[Follower],
    places: Places,
) -> Sequence[tuple[AnyStar, Box]]:
    stars = gather_stars(groups, lattice, letter, kind, places)
    if not followers:
        return stars
    turning = chain(followers, letter, kind)
    own = [stars, *(gather_stars(groups, lattice, each.letter, kind, places) for each in turning)]
    if any(len(boxes) > 1 for boxes in own):
        raise ValueError("near an open edge no spins follow others")
    (_, box), parts = stars[0], tuple(star for ((star, _),) in own if isinstance(star, Star))
    joined = ChainStar(parts, turning, (0,) * lattice.dimension)
    moving = {(joined.origin, *place) for place in joined.written}
    for spin in (spin for star in parts for spin in star.neighbours):
        if (wrapped(spin.cell, lattice), spin.letter, spin.species) in moving:
            raise ValueError("a product contains two spins that turn together")
    return [(joined, box)]


def _letters(groups: Sequence[Group | Signs], lattice: Lattice, kind: int) -> Sequence[int]:
    """The letters in the order in which they are visited. Those of a graph go colour by colour, so
    that many sites that do not read each other follow one another.
    """
    letters = range(len(lattice.basis))
    if not lattice.edges:
        return letters
    near: dict[int, set[int]] = {letter: set() for letter in letters}
    for group in groups:
        for product in group.products:
            joined = {spin.letter for spin in product if spin.species == kind}
            for letter in joined:
                near[letter] |= joined
    colour_of: dict[int, int] = {}
    for letter in letters:
        taken = {colour_of.get(other) for other in near[letter]}
        colour_of[letter] = next(c for c in count() if c not in taken)
    return sorted(letters, key=lambda letter: (colour_of[letter], letter))


def conflicts(stars: Sequence[AnyStar]) -> frozenset[Cell]:
    """The displacements from a spin to those that it reads and that another of its kind may
    change. Products give them in both directions.
    """
    return frozenset(
        spin.cell
        for star in stars
        for spin in star.neighbours
        if (spin.letter, spin.species) in star.written and any(spin.cell)
    )


def _steps(stars: Sequence[tuple[AnyStar, Box]], lattice: Lattice) -> Iterator[SweepStep]:
    apart = conflicts([star for star, _ in stars])
    if prod(lattice.cells) > _FEW and _all_conflict(apart, lattice):
        yield from _one_by_one(stars, lattice)
        return
    colours = _colouring(apart, lattice)
    if colours is None:
        yield from _listed_steps(stars, _greedy(apart, lattice), lattice)
        return
    for residues in colours.residues():
        for star, (lower, upper) in stars:
            cells = Cells(colours.modulus, residues, lower, upper)
            if len(cells):
                yield SweepStep(star, cells)


def _all_conflict(apart: frozenset[Cell], lattice: Lattice) -> bool:
    """Whether every cell conflicts with every other: all displacements between two cells do."""
    axes = zip(lattice.cells, lattice.boundary, strict=True)
    displacements = prod(2 * size - 1 if edge == "open" else size for size, edge in axes)
    return len({wrapped(cell, lattice) for cell in apart}) == displacements - 1


def _one_by_one(stars: Sequence[tuple[AnyStar, Box]], lattice: Lattice) -> Iterator[SweepStep]:
    """A step for each cell, in row-major order, which any colouring comes to where all conflict."""
    star_of = {
        cell: star
        for star, (lower, upper) in stars
        for cell in cartesian(*map(range, lower, upper))
    }
    for cell in cartesian(*map(range, lattice.cells)):
        yield SweepStep(star_of[cell], Listed((flatten(cell, lattice.cells),)))


@dataclass(frozen=True, slots=True)
class _Sublattice:
    """The lattice spanned by `rows`, in Hermite normal form.

    `modulus` holds the smallest multiple of each unit vector that lies in it.
    """

    rows: tuple[Cell, ...]
    modulus: Cell

    def residues(self) -> list[tuple[Cell, ...]]:
        """The cosets, each as the cells of one period box that belong to it."""
        cosets: dict[Cell, list[Cell]] = {}
        for cell in cartesian(*map(range, self.modulus)):
            cosets.setdefault(_reduced(cell, self.rows), []).append(cell)
        return [tuple(cells) for cells in cosets.values()]


def _colouring(apart: frozenset[Cell], lattice: Lattice) -> _Sublattice | None:
    """The sublattice that contains no conflict and all periods, of least index and then of least
    volume of its period box.
    """
    periods = [
        tuple(size * (k == axis) for k in range(lattice.dimension))
        for axis, (size, edge) in enumerate(zip(lattice.cells, lattice.boundary, strict=True))
        if edge != "open"
    ]
    colours, most = 0, 0
    while not most or colours < most:
        colours += 1
        free = [
            rows
            for rows in _hermite(lattice.dimension, colours)
            if not any(_inside(x, rows) for x in apart)
        ]
        if free and not most:
            most = _PATIENCE * colours
        fitting = [
            _Sublattice(rows, _periods(rows))
            for rows in free
            if all(_inside(x, rows) for x in periods)
        ]
        if fitting:
            return min(fitting, key=_by_period)
    return None


def _by_period(sublattice: _Sublattice) -> tuple[int, Cell, tuple[Cell, ...]]:
    return prod(sublattice.modulus), sublattice.modulus, sublattice.rows


def _hermite(dimension: int, index: int) -> Iterator[tuple[Cell, ...]]:
    """Every sublattice of Z^dimension with this index, once.

    Its rows are upper triangular, with the entries above a pivot smaller than the pivot.
    """
    if dimension == 0:
        if index == 1:
            yield ()
        return
    for pivot in (k for k in range(1, index + 1) if index % k == 0):
        for rest in _hermite(dimension - 1, index // pivot):
            for above in cartesian(*(range(row[k]) for k, row in enumerate(rest))):
                yield ((pivot, *above), *((0, *row) for row in rest))


def _reduced(cell: Cell, rows: Sequence[Cell]) -> Cell:
    """The representative of the coset of a cell."""
    left = list(cell)
    for k, row in enumerate(rows):
        times = left[k] // row[k]
        left = [x - times * y for x, y in zip(left, row, strict=True)]
    return tuple(left)


def _inside(cell: Cell, rows: Sequence[Cell]) -> bool:
    return not any(_reduced(cell, rows))


def _periods(rows: Sequence[Cell]) -> Cell:
    size = len(rows)
    return tuple(
        next(m for m in count(1) if _inside(tuple(m * (k == axis) for k in range(size)), rows))
        for axis in range(size)
    )


def _greedy(apart: frozenset[Cell], lattice: Lattice) -> list[list[Cell]]:
    """The cells of the actual lattice by colour. Each cell, in row-major order, takes the first
    colour that none of its neighbours has.
    """
    shape = lattice.cells
    colour_of: dict[Cell, int] = {}
    colours: list[list[Cell]] = []
    for cell in cartesian(*map(range, shape)):
        near = (
            wrapped(tuple(x + y for x, y in zip(cell, offset, strict=True)), lattice)
            for offset in apart
        )
        taken = {colour_of.get(other) for other in near}
        colour = next(c for c in count() if c not in taken)
        colour_of[cell] = colour
        colours[colour:] = colours[colour:] or [[]]
        colours[colour].append(cell)
    return colours


def _listed_steps(
    stars: Sequence[tuple[AnyStar, Box]],
    colours: Sequence[Sequence[Cell]],
    lattice: Lattice,
) -> Iterator[SweepStep]:
    for cells in colours:
        for star, (lower, upper) in stars:
            here = (
                cell
                for cell in cells
                if all(a <= x < b for a, x, b in zip(lower, cell, upper, strict=True))
            )
            numbers = tuple(flatten(cell, lattice.cells) for cell in here)
            if numbers:
                yield SweepStep(star, Listed(numbers))
