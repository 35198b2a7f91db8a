"""From a log-weight of all block configurations to couplings with names.

W(h) = -H(h) = sum_A c_A prod_(i in A) h_i over all sets A of spins: c by a Walsh-Hadamard transform, in products of ising spins -1/+1 or of
binary spins 0/1. A coupling is what multiplies a term as the language writes it, every bond or face once: where several of its bonds are
the same pair of spins on a small torus, they share c_A equally, and so do the terms of the spec that coincide there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product as cartesian
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.cluster import Cluster, gathered, term_pieces
from rgc.flows.states import Chunks
from rgc.model.groups import present
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.names import coupling_name
from rgc.model.operators import Product, Spin, product
from rgc.model.symmetry import Symmetry

Floats = NDArray[np.float64]

MOST_CLASSES = 64  # beyond it those of more than four spins are not named
BODIES = 4


@dataclass(frozen=True, slots=True, eq=False)
class Coupled:
    """One named coupling of a cluster: `places[mask]` is how many of its products are that set of spins. A `part` is a class of products
    that a term of the spec joins with others, though the block map tells them apart."""

    name: str
    bodies: int
    places: Mapping[int, float]
    part: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Couplings:
    """What a function of the states is made of: W = `constant` + sum of value * S + a rest with this root mean square over all states."""

    constant: float
    values: Mapping[str, float]
    rest: float


def coefficients(cluster: Cluster, values: Floats, fwht: Any, xp: Any) -> Floats:
    """c_A for every A, from W of every state of two-state spins; spin k is bit n-1-k of A."""
    if all(each.alphabet == "ising" for each in cluster.species):
        return np.asarray(fwht(xp.asarray(values.copy()))) / len(values)
    table = values.reshape(cluster.radices)
    for axis, spin in enumerate(cluster.spins):
        first, second = np.moveaxis(table, axis, 0)
        binary = cluster.species[spin.species].alphabet == "binary"
        parts = (second, first - second) if binary else ((first + second) / 2, (first - second) / 2)
        table = np.stack(parts, axis=axis)
    return table.reshape(-1)


def read_couplings(coupled: Sequence[Coupled], c: Floats) -> Couplings:
    """The couplings of a spectrum. Those of `coupled` that share a set of spins share its coefficient in proportion to their places."""
    total: Counter[int] = Counter()
    for each in coupled:
        if not each.part:
            total.update(each.places)  # type: ignore[arg-type]
    values = {
        each.name: sum(n * c[mask] / total[mask] for mask, n in each.places.items())
        / sum(each.places.values())
        for each in coupled
    }
    rest = c.copy()
    rest[0] = 0.0
    split = {mask for each in coupled if each.part for mask in each.places}
    for each in coupled:
        for mask, n in each.places.items():
            rest[mask] -= values[each.name] * n if each.part or mask not in split else 0.0
    named = {name: float(value) + 0.0 for name, value in values.items()}
    return Couplings(float(c[0]), named, float(np.sqrt((rest**2).sum())))


def project(cluster: Cluster, hamiltonian: Hamiltonian, values: Floats, fwht: Any, xp: Any) -> Couplings:
    """The couplings of the spec's terms, for any alphabet, by least squares over all states; the rest is what these terms cannot say."""
    chunks = Chunks(cluster, 0)
    terms = [term for term in hamiltonian.terms if _depends(term)]
    columns = [
        term.sign * -np.asarray(chunks.function(gathered(term_pieces(cluster, term)), fwht, xp)(0))
        for term in terms
    ]
    matrix = np.stack([np.ones(len(values)), *columns], axis=1)
    found, *_ = np.linalg.lstsq(matrix, values, rcond=None)
    rest = float(np.sqrt(np.mean((values - matrix @ found) ** 2)))
    named = {term.name: float(value) for term, value in zip(terms, found[1:], strict=True)}
    return Couplings(float(found[0]), named, rest)


def _depends(term: Term) -> bool:
    return bool(term.tables) or any(spins for _, spins in term.products)


# -- which sets of spins make one coupling -----------------------------------------------------------------------------


def couplings_of(
    cluster: Cluster, hamiltonian: Hamiltonian, symmetries: Sequence[Symmetry]
) -> tuple[Coupled, ...]:
    """The couplings that a cluster of two-state spins can tell apart: the terms of the spec that are sums of products with one weight,
    then the classes of all other sets of spins, by range of bodies. A term that has become a number on this lattice is not among them."""
    own = tuple(each for term in hamiltonian.terms if (each := _of_term(cluster, term)) is not None)
    owner = {mask: each for each in own for mask in each.places}
    classes = list(_classes(cluster, symmetries))
    others = [each for each in classes if not owner.keys() & each.places.keys()]
    if len(own) + len(others) > MOST_CLASSES:
        others = [each for each in others if each.bodies <= BODIES]
    inside = Counter(owner[mask].name for each in classes for mask in [min(each.places)] if mask in owner)
    parts = [
        replace(
            each, places={mask: whole.places[mask] for mask in each.places if mask in whole.places}, part=True
        )
        for each in classes
        if (whole := owner.get(min(each.places))) is not None and inside[whole.name] > 1
    ]
    names = {each.name for each in own}
    return (*own, *(each for each in sorted([*others, *parts], key=_order) if each.name not in names))


def _order(each: Coupled) -> tuple[int, int, str]:
    return each.bodies, len(each.name), each.name


def _of_term(cluster: Cluster, term: Term) -> Coupled | None:
    """H_t = sign * coupling * sum weight * product, W = -H: the coupling is `value` where sign * weight is -1."""
    weights = {weight for weight, spins in term.products if spins}
    if term.tables or term.inhomogeneous or len(weights) != 1:
        return None
    (weight,) = weights
    places = _places(cluster, [spins for _, spins in term.products if spins])
    if not places:
        return None
    return Coupled(
        term.name,
        max(mask.bit_count() for mask in places),
        {mask: -term.sign * weight * n for mask, n in places.items()},
    )


def _places(cluster: Cluster, products: Sequence[Product]) -> Counter[int]:
    """How many of the products, at every cell where they are present, are each set of spins; those that are a number are left out."""
    found: Counter[int] = Counter()
    for spins in products:
        for mask in _masks(cluster, spins):
            if mask:
                found[mask] += 1
    return found


def _masks(cluster: Cluster, spins: Product) -> Iterator[int]:
    lattice, last = cluster.lattice, len(cluster.spins) - 1
    axes = range(lattice.dimension)
    reach = tuple((min(s.cell[k] for s in spins), max(s.cell[k] for s in spins)) for k in axes)
    for cell in cartesian(*map(range, lattice.cells)):
        if not present(reach, cell, lattice.shape, lattice.boundary):
            continue
        mask = 0
        for spin in spins:
            bit = 1 << (last - cluster.number[_wrapped(spin.shifted(cell), lattice)])
            mask = mask | bit if cluster.species[spin.species].alphabet == "binary" else mask ^ bit
        yield mask


def _wrapped(spin: Spin, lattice: Lattice) -> Spin:
    cell = tuple(x % size for x, size in zip(spin.cell, lattice.cells, strict=True))
    return Spin(cell, spin.letter, spin.species)


def _classes(cluster: Cluster, symmetries: Sequence[Symmetry]) -> Iterator[Coupled]:
    """Every set of spins is of one class: the images, under the symmetries and all translations, of a product as short as can be."""
    seen: set[int] = set()
    kinds = [each.name for each in cluster.species]
    for mask in _representatives(cluster, symmetries):
        if mask in seen or not mask:
            continue
        shortest = _shortest(cluster, mask)
        images = sorted({image for each in symmetries for image in [each.product(shortest)]})
        places = _places(cluster, images)
        seen |= places.keys()
        yield Coupled(coupling_name(*images, species=kinds), mask.bit_count(), places)


def _representatives(cluster: Cluster, symmetries: Sequence[Symmetry]) -> list[int]:
    """The smallest mask of each orbit under translations along periodic axes and the symmetries, by number of spins."""
    size = len(cluster.spins)
    masks = np.arange(1 << size)
    least = masks.copy()
    for permutation in _permutations(cluster, symmetries):
        moved = np.zeros_like(masks)
        for k, image in enumerate(permutation):
            moved |= (masks >> (size - 1 - k) & 1) << (size - 1 - image)
        np.minimum(least, moved, out=least)
    return sorted(map(int, np.flatnonzero(least == masks)), key=lambda mask: (mask.bit_count(), mask))


def _permutations(cluster: Cluster, symmetries: Sequence[Symmetry]) -> Iterator[list[int]]:
    lattice = cluster.lattice
    steps = [
        range(size) if edge == "periodic" else range(1)
        for size, edge in zip(lattice.cells, lattice.boundary, strict=True)
    ]
    for symmetry, shift in cartesian(symmetries, cartesian(*steps)):
        images = [_moved(spin, symmetry, shift, lattice) for spin in cluster.spins]
        if len(set(images)) == len(images) and all(image in cluster.number for image in images):
            yield [cluster.number[image] for image in images]


def _moved(spin: Spin, symmetry: Symmetry, shift: Cell, lattice: Lattice) -> Spin:
    site = symmetry.site(Site(spin.cell, spin.letter)).shifted(shift)
    return _wrapped(Spin(site.cell, site.letter, spin.species), lattice)


def _shortest(cluster: Cluster, mask: int) -> Product:
    """A product of the set of spins on the infinite lattice whose offsets from one of them are as short as the torus allows."""
    last = len(cluster.spins) - 1
    spins = [spin for k, spin in enumerate(cluster.spins) if mask >> (last - k) & 1]
    readings = []
    for origin in spins:
        back = tuple(-x for x in origin.cell)
        readings.append(tuple(_nearest(spin.shifted(back), cluster.lattice) for spin in spins))
    return product(min(readings, key=_length))


def _nearest(spin: Spin, lattice: Lattice) -> Spin:
    cell = tuple(
        (x + (size - 1) // 2) % size - (size - 1) // 2 if edge == "periodic" else x
        for x, size, edge in zip(spin.cell, lattice.cells, lattice.boundary, strict=True)
    )
    return Spin(cell, spin.letter, spin.species)


def _length(reading: Product) -> list[tuple[int, ...]]:
    keys = [
        (sum(x * x for x in s.cell), *(-abs(x) for x in s.cell), *(x < 0 for x in s.cell)) for s in reading
    ]
    return sorted(keys)
