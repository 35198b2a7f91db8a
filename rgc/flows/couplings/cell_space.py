"""The functions of a cell of 2^d spins, over classes of states of the cell. Their basis begins with
the terms of the spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.recursion import Floats
from rgc.model.lattice import Cell
from rgc.model.names import coupling_name
from rgc.model.operators import Spin
from rgc.passes.cells import CellModel, corner_bits, corners_of, products, sharing

Integers = NDArray[np.int64]
Subspace = Literal["full", "symmetric"]

_SMALL = 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Hypercube:
    """The sets of the n = 2^d corners in classes under the symmetries of the hypercube.

    A set stands both for a product of spins of a cell and, as the set of flipped spins, for a
    state. Few spins come first, then the smallest list of offsets.

    - `sets` [classes] is the largest bit set of each class.
    - `bodies` [classes] is the number of spins in a set, `sizes` [classes] the number of sets in a
      class.
    - `products` [a, k] is the sum over the sets of class a of the product of the spins of state k,
      for spins -1/+1.
    - `classes` is the class of each of the 2^n sets.
    - `overlaps` [j, k, r] is the number of states of class k that differ from one of class j in r
      spins.
    """

    dimension: int
    sets: Integers
    bodies: Integers
    sizes: Integers
    products: Floats
    classes: Integers
    overlaps: Floats

    @property
    def spins(self) -> int:
        return int(2**self.dimension)


@lru_cache(maxsize=4)
def hypercube(dimension: int) -> Hypercube:
    """The hypercube of a dimension. It has 6, 22 and 402 classes in d = 2, 3 and 4."""
    n, every = 2**dimension, np.arange(2**2**dimension)
    largest = _classes(every, dimension)
    sets = np.unique(largest)
    bodies = np.bitwise_count(sets).astype(np.int64)
    order = np.lexsort((-sets, bodies))
    sets, bodies, count = sets[order], bodies[order], len(sets)
    number = np.zeros(len(every), dtype=np.int64)
    number[sets] = np.arange(count)
    number = number[largest]
    overlaps = []
    for state in sets:
        apart = number * (n + 1) + np.bitwise_count(every ^ state)
        overlaps.append(np.bincount(apart, minlength=count * (n + 1)).reshape(count, n + 1))
    sizes = np.bincount(number)
    products = _products(sets, number, (-1, 1))
    return Hypercube(
        dimension=dimension,
        sets=sets,
        bodies=bodies,
        sizes=sizes,
        products=products,
        classes=number,
        overlaps=np.array(overlaps, dtype=np.float64),
    )


def _products(sets: Integers, classes: Integers, values: tuple[int, ...]) -> Floats:
    """[a, k], the sum over the sets of class a of the product of the spins of state k.

    A flipped spin has the lower of the two values, and any other spin the upper one.
    """
    low, high = values
    every = np.arange(len(classes))
    bodies = np.bitwise_count(every)
    numbers = np.arange(bodies.max() + 1)
    powers = np.outer(float(high) ** numbers, float(low) ** numbers)
    common = (np.bitwise_count(every & state) for state in sets)
    columns = [
        np.bincount(classes, powers[bodies - flipped, flipped], len(sets)) for flipped in common
    ]
    return np.stack(columns, axis=1).astype(np.float64)


def _classes(every: Integers, dimension: int) -> Integers:
    """The largest set in the class of each set of corners. Reflections and exchanges of axes
    generate the symmetries.
    """
    bits = corner_bits(dimension)

    def image(of: dict[Cell, Cell]) -> Integers:
        parts = [np.where(every & bits[c], bits[of[c]], 0) for c in bits]
        return np.asarray(np.sum(parts, axis=0, dtype=np.int64))

    reflections = [{c: (*c[:k], 1 - c[k], *c[k + 1 :]) for c in bits} for k in range(dimension)]
    exchanges = [
        {c: (*c[:k], c[k + 1], c[k], *c[k + 2 :]) for c in bits} for k in range(dimension - 1)
    ]
    images = [image(move) for move in (*reflections, *exchanges)]
    largest, before = every, None
    while before is None or not np.array_equal(largest, before):
        before = largest
        for moved in images:
            largest = np.maximum(largest, largest[moved])
    return largest


@dataclass(frozen=True, slots=True, eq=False)
class CellTerms(Mapping[str, str]):
    """What couplings multiply in -H, in the language: `sum(i) (s[i]*s[i+x+y] + ...)`.

    `sets` holds a set of corners for each name. The text is written on demand, since there are 401
    in four dimensions.
    """

    sets: dict[str, int]
    dimension: int
    species: str

    def __getitem__(self, name: str) -> str:
        shown = []
        for corners in products(self.sets[name], self.dimension):
            sites = (
                "".join(f"+{axis}" for axis, x in zip("xyzw", c, strict=False) if x)
                for c in sorted(corners)
            )
            shown.append("*".join(f"{self.species}[i{site}]" for site in sites))
        return "sum(i) " + (f"({' + '.join(shown)})" if len(shown) > 1 else shown[0])

    def __iter__(self) -> Iterator[str]:
        return iter(self.sets)

    def __len__(self) -> int:
        return len(self.sets)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CellSpace:
    """Potentials V(state) = constant + sum_a K_a functions[a, state] of one cell for each site, of
    which -H is the sum.

    The K_a are the couplings of the lattice, so that a function holds a product 1/(number of cells
    that hold it) times. In the subspace `full` the states are classes under the symmetries of the
    hypercube. In `symmetric` they are numbers of flipped spins, and functions are averaged over the
    permutations of the spins.

    - `inverse` [1 + n, states] reads the constant and K from V.
    - `uniform` are the two states of equal spins, and `magnetisation` [states] is that of each
      state.
    - `weights` [states] counts the configurations of each state, and `overlaps` [j, k, r] is as in
      `Hypercube`.
    - `start` and `constant` are the spec's K and the spin-independent part of its H.
    - `sectors` gives the directions of K that span the even and the odd functions of the subspace,
      and `projector` [n, n] projects on the even ones.
    - `bonds` [m, n] are the weights of products of several spins in a potential.
    - `terms` says what the couplings beyond the spec's multiply.
    """

    dimension: int
    subspace: Subspace
    names: tuple[str, ...]
    functions: Floats
    inverse: Floats
    magnetisation: Floats
    weights: Floats
    overlaps: Floats
    start: Floats
    constant: float
    sectors: dict[str, Floats]
    projector: Floats
    bonds: Floats
    terms: CellTerms

    def potential(self, couplings: Floats) -> Floats:
        """V [states], with the constant that belongs to the functions themselves."""
        return np.asarray(couplings @ self.functions)

    def nearest(self, couplings: Floats) -> Floats:
        """The couplings of the function in the subspace that is nearest to theirs."""
        return np.asarray(self.inverse[1:] @ self.potential(couplings))

    @property
    def inside(self) -> bool:
        """Whether the spec's couplings lie in the subspace."""
        size = _SMALL * (1 + np.abs(self.start).max(initial=0.0))
        return bool(np.abs(self.nearest(self.start) - self.start).max(initial=0.0) <= size)


def cell_space(model: CellModel, subspace: Subspace) -> CellSpace:
    """The space of a model whose terms are independent.

    One coupling for every class of products completes what the spec's terms do not span.
    """
    cube = hypercube(model.dimension)
    named, start, added = _coordinates(model, cube)
    table = _products(cube.sets, cube.classes, model.species.values)
    functions = np.array([row for _, row in named]) @ (table / _shares(cube)[:, None])
    read = cube.products * cube.sizes / (2.0**cube.spins * cube.sizes[:, None])
    walsh = functions @ read.T
    back = np.asarray(np.linalg.inv(walsh[:, 1:].T), dtype=np.float64)
    inverse = np.concatenate([read[:1] - walsh[:, 0] @ back @ read[1:], back @ read[1:]])
    lift = np.eye(len(cube.sets)) if subspace == "full" else _numbers(cube)
    average = (lift * cube.sizes[:, None] / (cube.sizes @ lift)).T
    first = lift.argmax(axis=0)
    sectors, projector = _sectors(cube, subspace, walsh[:, 1:].T, back, start)
    return CellSpace(
        dimension=model.dimension,
        subspace=subspace,
        names=tuple(name for name, _ in named),
        functions=functions @ average.T,
        inverse=inverse @ lift,
        magnetisation=(cube.spins - 2.0 * cube.bodies)[first],
        weights=cube.sizes @ lift,
        overlaps=np.ascontiguousarray(np.einsum("jkr,kl->jlr", cube.overlaps[first], lift)),
        start=start,
        constant=model.constant,
        sectors=sectors,
        projector=projector,
        bonds=walsh[:, 1:].T[cube.bodies[1:] > 1],
        terms=CellTerms(added, model.dimension, model.species.name),
    )


def _shares(cube: Hypercube) -> Floats:
    return np.array([sharing(int(bits), cube.dimension) for bits in cube.sets], dtype=np.float64)


def _numbers(cube: Hypercube) -> Floats:
    """[class, k], which is 1 where the sets of a class have k corners."""
    return np.asarray(cube.bodies[:, None] == np.arange(cube.spins + 1), dtype=np.float64)


def _coordinates(
    model: CellModel, cube: Hypercube
) -> tuple[list[tuple[str, Floats]], Floats, dict[str, int]]:
    """The coordinates of the space: couplings, values and sets of corners.

    - Each coupling comes with its weights [classes], the spec's terms first.
    - The spec's couplings follow.
    - The sets of corners of the other couplings come last.

    A term takes the place of the class that has its largest weight once the terms before it are
    subtracted.
    """
    number = {int(bits): k for k, bits in enumerate(cube.sets)}
    left = dict(enumerate(cube.sets[1:], 1))
    named: list[tuple[str, Floats]] = []
    reduced: list[tuple[int, Floats]] = []
    for term in model.terms:
        row = np.zeros(len(cube.sets))
        for weight, bits in term.parts:
            row[number[bits]] = weight
        rest = row.copy()
        for pivot, other in reduced:
            rest -= rest[pivot] / other[pivot] * other
        pivot = int(np.abs(rest).argmax())
        reduced.append((pivot, rest))
        named.append((term.name, row))
        del left[pivot]
    taken, added = {name for name, _ in named}, {}
    for k, bits in left.items():
        name = coupling_name(
            tuple(Spin(corner) for corner in corners_of(int(bits), model.dimension))
        )
        name = name if name not in taken else f"{name}_"
        named.append((name, np.eye(len(cube.sets))[k]))
        added[name] = int(bits)
    start = np.zeros(len(named))
    start[: len(model.terms)] = [term.coupling for term in model.terms]
    return named, start, added


def _sectors(
    cube: Hypercube, subspace: Subspace, forward: Floats, back: Floats, start: Floats
) -> tuple[dict[str, Floats], Floats]:
    """The even and odd functions where the spec's couplings are even, else all of them.

    `forward` gives the weights of products of Ising spins, without the constant, that K makes, and
    `back` inverts it.
    """
    bodies = cube.bodies[1:]
    even = bodies % 2 == 0
    basis = np.eye(len(bodies)) if subspace == "full" else _numbers(cube)[1:, 1:]
    parity = even if subspace == "full" else np.arange(1, cube.spins + 1) % 2 == 0
    directions = back @ basis
    directions = directions / np.linalg.norm(directions, axis=0)
    odd = forward[~even] @ start
    if np.abs(odd).max(initial=0.0) > _SMALL * (1 + np.abs(start).max(initial=0.0)):
        return {"invariant": directions}, np.eye(len(bodies))
    projector = (back * even) @ forward
    return {"even": directions[:, parity], "odd": directions[:, ~parity]}, projector
