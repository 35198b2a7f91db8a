"""Sums over the sites and pairs of a lattice, of which the built-in observables are made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as cartesian
from math import cos, pi, sin, sqrt
from operator import mul

from rgc.model.groups import Local
from rgc.model.lattice import Lattice
from rgc.model.observables import StructureFactor, Summand, Tally
from rgc.model.operators import Operator, Product, Spin
from rgc.model.spins import Species
from rgc.passes.geometry import coordinates

Kinds = Sequence[Species]

CORRELATION = "correlation"
"""The name of the sum over the pairs of `correlation(r)`."""


def sums_of_spins(
    lattice: Lattice, species: Kinds, letter: int | None = None
) -> tuple[Summand, ...]:
    """The sum over the sites of the first species, of one letter or of all, for each component of
    its spins: the signs of two-state spins, of any other the numbers or vectors of the states.
    """
    letters = range(len(lattice.basis)) if letter is None else (letter,)
    sites = tuple((Spin((0,) * lattice.dimension, k),) for k in letters)
    first = species[0]
    if first.two_states:
        return (Operator("m", sites),)
    return tuple(_local(sites, tuple(values)) for values in zip(*vectors(first), strict=True))


def vectors(species: Species) -> list[tuple[float, ...]]:
    """The number of each state, or its unit vector: the corners of a simplex, hours of a clock."""
    q = len(species.values)
    match species.kind.vectors:
        case "simplex":
            own, other = sqrt((q - 1) / q), -1 / sqrt(q * (q - 1))
            return [tuple(own if a == k else other for a in range(q)) for k in range(q)]
        case "circle":
            hours = [2 * pi * k / q for k in range(q)]
            return [(round(cos(hour), 15), round(sin(hour), 15)) for hour in hours]
        case None:
            return [(float(value),) for value in species.values]


def _local(products: tuple[Product, ...], values: tuple[float, ...]) -> Local:
    """The sum of one function of the spins of each product."""
    axes = range(len(products[0][0].cell))
    reaches = tuple(
        tuple((min(s.cell[k] for s in spins), max(s.cell[k] for s in spins)) for k in axes)
        for spins in products
    )
    return Local(products, (values,) * len(products), reaches)


def sum_of_pairs(pairs: tuple[Product, ...], lattice: Lattice, species: Kinds) -> Summand:
    """The sum of the products of two spins of the first species."""
    first = species[0]
    if first.two_states:
        return Operator(CORRELATION, pairs)
    states = cartesian(vectors(first), repeat=2)
    return _local(pairs, tuple(sum(map(mul, a, b)) for a, b in states))


def sum_of_squares(lattice: Lattice, species: Kinds, letters: Sequence[int]) -> Summand:
    """The sum of s^2 over the sites of some letters, which for two-state spins in their signs is a
    number.
    """
    origin, first = (0,) * lattice.dimension, species[0]
    if first.two_states:
        return Operator(CORRELATION, tuple(() for _ in letters))
    sites = tuple((Spin(origin, letter),) for letter in letters)
    return _local(sites, tuple(sum(map(mul, state, state)) for state in vectors(first)))


def structure_factors(lattice: Lattice, species: Kinds, axis: int) -> list[StructureFactor]:
    """The structure factor of each component of the spins."""
    letters = [
        [
            (Tally(field, axis), coordinates(lattice, position)[axis])
            for field in sums_of_spins(lattice, species, letter)
        ]
        for letter, position in enumerate(lattice.basis)
    ]
    return [StructureFactor(part, lattice.sites) for part in zip(*letters, strict=True)]
