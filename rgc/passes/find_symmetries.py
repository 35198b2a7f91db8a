"""The point group that lattice, blocks and Hamiltonian have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import sqrt
from typing import Any

from rgc.model.block import Block
from rgc.model.block_rule import BlockRule
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.shells import short_basis
from rgc.model.symmetry import Matrix, Symmetry, apply
from rgc.model.tiling import Tiling, tiling
from rgc.passes.geometry import cells_within, coordinates, gram_matrix, inner, times

_CLOSE = 1e-6


def find_symmetries(
    lattice: Lattice,
    blocks: Sequence[Block] = (),
    couplings: Iterable[Iterable[Any]] = (),
    image: Callable[[Symmetry, Any], Any] = Symmetry.product,
    exchanged: Callable[[BlockRule], BlockRule] | None = None,
) -> tuple[Symmetry, ...]:
    """All symmetries, up to translation, of the lattice, of every block map and of the Hamiltonian,
    sorted.

    Lattice: isometries that map sites to sites, periods to periods and open boxes to themselves.
    Block: some translate of the symmetry maps the cells onto one another, the law of each becoming
    that of the other, and what it does to the block spins is again a symmetry kept. Hamiltonian:
    the products in each member of `couplings` (those that share a coefficient) go to products of
    the same member. Of other things than products `image` says what they go to. Where species are
    exchanged at the same time, `image` does so too, and `exchanged` says what becomes of a law.
    Raises `SpecError` for a map without a law.
    """
    kept = [symmetry for symmetry in _isometries(lattice) if _keeps_shape(symmetry, lattice)]
    for products in map(frozenset, couplings):
        kept = [symmetry for symmetry in kept if products == {image(symmetry, p) for p in products}]
    for block in blocks:
        kept = _keeping_block(kept, block, exchanged)
    return tuple(sorted(kept))


def _isometries(lattice: Lattice) -> Iterator[Symmetry]:
    positions = [coordinates(lattice, u) for u in lattice.basis]
    for matrix in _matrices(lattice):
        turned = [times(matrix, u) for u in positions]
        for target in positions:
            by = [a - b for a, b in zip(target, turned[0], strict=True)]
            images = [
                _site_at([a + b for a, b in zip(u, by, strict=True)], positions) for u in turned
            ]
            sites = tuple(image for image in images if image is not None)
            if len(sites) == len(images):
                yield Symmetry(matrix, sites)


def _matrices(lattice: Lattice) -> list[Matrix]:
    """The integer matrices M with M^T gram M = gram.

    The images of short vectors are found one after the other, and those of the lattice's own
    vectors follow.
    """
    gram, short = gram_matrix(lattice.vectors), short_basis(lattice.vectors)
    wanted = gram_matrix(short.vectors)
    sizes = [row[k] for k, row in enumerate(wanted)]
    vectors = cells_within(lattice, sqrt(max(sizes)) * (1 + _CLOSE))
    partial: list[list[Cell]] = [[]]
    for k, size in enumerate(sizes):
        ring = [v for v in vectors if abs(inner(gram, v, v) - size) < _CLOSE * size]
        partial = [
            [*images, v]
            for images in partial
            for v in ring
            if all(
                abs(inner(gram, image, v) - wanted[j][k]) < _CLOSE * sqrt(sizes[j] * size)
                for j, image in enumerate(images)
            )
        ]
    return [_matrix(short.given, images) for images in partial]


def _matrix(given: Sequence[Cell], images: Sequence[Cell]) -> Matrix:
    """The matrix whose columns are the images of the given vectors, from those of short ones."""
    columns = (
        tuple(
            sum(n * x for n, x in zip(numbers, row, strict=True))
            for row in zip(*images, strict=True)
        )
        for numbers in given
    )
    return tuple(zip(*columns, strict=True))


def _site_at(position: Sequence[float], positions: Sequence[Sequence[float]]) -> Site | None:
    """The site at a position in lattice coordinates, if there is one."""
    for letter, basis in enumerate(positions):
        offset = [a - b for a, b in zip(position, basis, strict=True)]
        if all(abs(x - round(x)) < _CLOSE for x in offset):
            return Site(tuple(round(x) for x in offset), letter)
    return None


def _keeps_shape(symmetry: Symmetry, lattice: Lattice) -> bool:
    """Whether periods go to periods, and the box to the box on open and antiperiodic axes."""
    for i, row in enumerate(symmetry.matrix):
        joined = [j for j, entry in enumerate(row) if entry]
        if any(lattice.boundary[j] != lattice.boundary[i] for j in joined):
            return False
        size = lattice.shape[i]
        sizes = [lattice.shape[j] for j in joined]
        if lattice.boundary[i] != "periodic":
            flat = all(image.cell[i] == 0 for image in symmetry.images)
            if len(joined) > 1 or sizes != [size] or not flat:
                return False
        elif any((size is None) != (other is None) for other in sizes) or (
            size and any(row[j] * (lattice.shape[j] or 0) % size for j in joined)
        ):
            return False
    return True


def _keeping_block(
    kept: list[Symmetry], block: Block, exchanged: Callable[[BlockRule], BlockRule] | None
) -> list[Symmetry]:
    """The largest subset whose members induce members on the block spins: of a map that differs
    from place to place the identity."""
    if not block.uniform:
        alike = exchanged is None or all(exchanged(rule).same(rule) for rule in block.rules)
        return [symmetry for symmetry in kept if symmetry.identity and alike]
    induced = {symmetry: _induced(symmetry, block, exchanged) for symmetry in kept}
    while True:
        closed = [symmetry for symmetry in kept if induced[symmetry] in kept]
        if len(closed) == len(kept):
            return kept
        kept = closed


def _induced(
    symmetry: Symmetry, block: Block, exchanged: Callable[[BlockRule], BlockRule] | None
) -> Symmetry | None:
    """What the symmetry, after some translation, does to the block spins. It is None where the
    symmetry keeps no set of blocks.
    """
    tiled = tiling(block)
    columns = [tiled.coarse(apply(symmetry.matrix, vector)) for vector in tiled.vectors]
    kept = [column for column in columns if column is not None]
    if len(kept) < len(columns):
        return None
    turned = [[symmetry.site(site) for site in cell] for cell in block.cells]
    laws = [block.law(letter) for letter in range(len(block.cells))]
    laws = laws if exchanged is None else [exchanged(law) for law in laws]
    for by in tiled.cosets:
        images = [
            _block_at([site.shifted(by) for site in cell], law, block, tiled)
            for cell, law in zip(turned, laws, strict=True)
        ]
        block_sites = [image for image in images if image is not None]
        if len(block_sites) == len(images):
            back = tuple(-x for x in block_sites[0].cell)
            return Symmetry(
                tuple(zip(*kept, strict=True)), tuple(image.shifted(back) for image in block_sites)
            )
    return None


def _block_at(sites: Sequence[Site], rule: BlockRule, block: Block, tiled: Tiling) -> Site | None:
    """The block spin that is made from exactly these sites, in this order, by this rule, if there
    is one."""
    least = min(sites)
    for letter, cell in enumerate(block.cells):
        start = min(cell)
        offset = tuple(a - b for a, b in zip(least.cell, start.cell, strict=True))
        at, number = tiled.coarse(offset), {site.shifted(offset): k for k, site in enumerate(cell)}
        if at is None or set(sites) != number.keys():
            continue
        if rule.moved([number[site] for site in sites]).same(block.law(letter)):
            return Site(at, letter)
    return None
