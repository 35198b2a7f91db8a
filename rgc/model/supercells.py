"""Supercells: the sites of a lattice in larger cells, for energies that repeat only after several
cells of the lattice that a spec writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product as cartesian
from typing import Any

from rgc.model.lattice import Cell, Lattice, Site, Supercell
from rgc.model.sites import flatten, unflatten


def in_supercells(lattice: Lattice, multiple: Cell) -> Lattice:
    """The same sites in cells that hold `multiple` cells of the lattice along each vector.

    The letters of a cell are those of its small cells in row-major order. Raises `ValueError` where
    a size is no multiple.
    """
    if any(size is not None and size % m for size, m in zip(lattice.shape, multiple, strict=True)):
        raise ValueError(f"cells of {multiple} do not divide a lattice of {lattice.shape}")
    small = replace(lattice, shape=(None,) * lattice.dimension)
    inside = [
        Site(cell, letter)
        for cell in cartesian(*map(range, multiple))
        for letter in range(len(lattice.basis))
    ]
    vectors = zip(multiple, lattice.vectors, strict=True)
    sizes = zip(multiple, lattice.shape, strict=True)
    return replace(
        lattice,
        name=f"{lattice.name} with cells of {' x '.join(map(str, multiple))}",
        vectors=tuple(tuple(m * x for x in vector) for m, vector in vectors),
        basis=tuple(map(lattice.position, inside)),
        shape=tuple(None if size is None else size // m for m, size in sizes),
        faces=(),
        supercell=Supercell(small, multiple),
    )


def as_written(lattice: Lattice) -> Lattice:
    """The lattice in the cells that a spec writes."""
    if lattice.supercell is None:
        return lattice
    return replace(lattice.supercell.small, shape=sizes_as_written(lattice))


def sizes_as_written(
    lattice: Lattice, shape: Sequence[int | None] | None = None
) -> tuple[int | None, ...]:
    """A shape of the lattice, by default its own, in the cells that a spec writes."""
    shape = lattice.shape if shape is None else shape
    if lattice.supercell is None:
        return tuple(shape)
    pairs = zip(shape, lattice.supercell.multiple, strict=True)
    return tuple(None if size is None else size * m for size, m in pairs)


def moved(site: Site, by: Cell, lattice: Lattice) -> Site:
    """The site `by` cells as written away."""
    if lattice.supercell is None:
        return site.shifted(by)
    return enclosed(site_as_written(site, lattice).shifted(by), lattice)


def enclosed(site: Site, lattice: Lattice) -> Site:
    """A site of the lattice as written, by the cell of the lattice that it lies in."""
    if lattice.supercell is None:
        return site
    multiple, letters = lattice.supercell.multiple, len(lattice.supercell.small.basis)
    parts = [divmod(x, m) for x, m in zip(site.cell, multiple, strict=True)]
    inside = flatten(tuple(rest for _, rest in parts), multiple)
    return Site(tuple(cell for cell, _ in parts), inside * letters + site.letter)


def site_as_written(site: Site, lattice: Lattice) -> Site:
    """A site by its cell in the lattice as written."""
    if lattice.supercell is None:
        return site
    multiple = lattice.supercell.multiple
    inside, letter = divmod(site.letter, len(lattice.supercell.small.basis))
    within = unflatten(inside, multiple)
    return Site(
        tuple(m * x + y for x, m, y in zip(site.cell, multiple, within, strict=True)), letter
    )


def order_as_written(lattice: Lattice) -> tuple[int, ...]:
    """The numbers of the sites of a finite lattice, in the order of the lattice as written."""
    small, letters = as_written(lattice), len(lattice.basis)
    sites = (
        enclosed(Site(cell, letter), lattice)
        for cell in cartesian(*map(range, small.cells))
        for letter in range(len(small.basis))
    )
    return tuple(flatten(site.cell, lattice.cells) * letters + site.letter for site in sites)


def small_cells(lattice: Lattice) -> Iterator[Cell]:
    """The cells as written that the cell at the origin holds."""
    if lattice.supercell is None:
        return iter(((0,) * lattice.dimension,))
    return cartesian(*map(range, lattice.supercell.multiple))


def array_as_written(array: Any, lattice: Lattice, first: int) -> Any:
    """An array whose axes from `first` on are cells along each vector and the letter, with the
    cells and letters that a spec writes.
    """
    if lattice.supercell is None:
        return array
    d, multiple = lattice.dimension, lattice.supercell.multiple
    head, cells, tail = (
        array.shape[:first],
        array.shape[first : first + d],
        array.shape[first + d + 1 :],
    )
    letters = len(lattice.supercell.small.basis)
    apart = array.reshape(*head, *cells, *multiple, letters, *tail)
    pairs = [axis for k in range(first, first + d) for axis in (k, k + d)]
    order = (*range(first), *pairs, *range(first + 2 * d, apart.ndim))
    sizes = (n * m for n, m in zip(cells, multiple, strict=True))
    return apart.transpose(order).reshape(*head, *sizes, letters, *tail)
