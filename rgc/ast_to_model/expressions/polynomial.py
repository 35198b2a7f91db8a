"""Functions of a few spins: polynomials for two-state spins, tables for all others, behind one
protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product as cartesian
from math import prod
from typing import Protocol, TypeVar

from rgc.ast_to_model.expressions.columns import spread
from rgc.model.operators import Spin
from rgc.model.spins import Species

Monomial = frozenset[Spin]
Polynomial = Mapping[Monomial, float]
"""A multilinear polynomial: a weight for each product of distinct spins."""

Tabulated = Mapping[tuple[Spin, ...], tuple[float, ...]]
"""A sum of local functions: for each sorted set of spins its values, row-major over
`Species.values`.
"""

MOST_STATES = 2**16
MOST_PRODUCTS = 2**12
MOST_MULTIPLICATIONS = 2**21
"""The largest polynomial that is multiplied out, in products of spins, and the most work for it."""

_NEGLIGIBLE = 1e-14

E = TypeVar("E")


class TooMany(Exception):
    """A product of sums has more parts than are multiplied out."""


class Ring(Protocol[E]):
    """Sums and products of functions of spins."""

    def constant(self, value: float) -> E: ...
    def spin(self, spin: Spin) -> E: ...
    def add(self, a: E, b: E) -> E: ...
    def multiply(self, a: E, b: E) -> E:
        """The product. Raises `TooMany`."""
        ...

    def tabulated(self, spins: Sequence[Spin], values: Sequence[float]) -> E:
        """The function of sorted spins with these values, row-major over `Species.values`."""
        ...

    def supports(self, a: E) -> tuple[tuple[Spin, ...], ...]:
        """The sets of spins that its parts depend on."""
        ...


def sum_of(ring: Ring[E], parts: Sequence[E]) -> E:
    total = ring.constant(0.0)
    for part in parts:
        total = ring.add(total, part)
    return total


class Polynomials:
    """Polynomials in two-state spins, whose square is linear: s*s = 1 of ising spins, s*s = s of
    binary ones.
    """

    def __init__(self, species: Sequence[Species]) -> None:
        self.species = species
        self.squares = [_square(spin) for spin in species]

    def constant(self, value: float) -> Polynomial:
        return {frozenset(): value} if value else {}

    def spin(self, spin: Spin) -> Polynomial:
        return {frozenset({spin}): 1.0}

    def add(self, a: Polynomial, b: Polynomial) -> Polynomial:
        total = dict(a)
        for monomial, weight in b.items():
            _put(total, monomial, weight)
        return total

    def multiply(self, a: Polynomial, b: Polynomial) -> Polynomial:
        total: dict[Monomial, float] = {}
        _check_work(len(a) * len(b))
        for (left, x), (right, y) in cartesian(a.items(), b.items()):
            if len(total) > MOST_PRODUCTS:
                raise TooMany(
                    "multiplied out, this summand has more than "
                    f"{MOST_PRODUCTS} different products of spins"
                )
            shared = sorted(left & right)
            for chosen in cartesian(*(self.squares[spin.species] for spin in shared)):
                gone = {spin for spin, (_, stays) in zip(shared, chosen, strict=True) if not stays}
                _put(total, (left | right) - gone, x * y * prod(weight for weight, _ in chosen))
        return total

    def tabulated(self, spins: Sequence[Spin], values: Sequence[float]) -> Polynomial:
        for k, spin in enumerate(spins):
            values = _interpolated(values, k, len(spins), self.species[spin.species])
        largest = max(map(abs, values))
        return {
            frozenset(spin for spin, chosen in zip(spins, subset, strict=True) if chosen): value
            for subset, value in zip(cartesian((0, 1), repeat=len(spins)), values, strict=True)
            if abs(value) > _NEGLIGIBLE * largest
        }

    def supports(self, a: Polynomial) -> tuple[tuple[Spin, ...], ...]:
        return tuple(tuple(sorted(monomial)) for monomial in a)


class Tables:
    """Sums of tables over spins of any finite alphabet."""

    def __init__(self, species: Sequence[Species]) -> None:
        self.species = species

    def constant(self, value: float) -> Tabulated:
        return {(): (value,)} if value else {}

    def spin(self, spin: Spin) -> Tabulated:
        return {(spin,): tuple(float(value) for value in self.species[spin.species].values)}

    def add(self, a: Tabulated, b: Tabulated) -> Tabulated:
        total = dict(a)
        for spins, values in b.items():
            before = total.get(spins, (0.0,) * len(values))
            total[spins] = tuple(x + y for x, y in zip(before, values, strict=True))
        return total

    def multiply(self, a: Tabulated, b: Tabulated) -> Tabulated:
        total: Tabulated = {}
        _check_work(sum(len(x) for x in a.values()) * sum(len(y) for y in b.values()))
        for left, right in cartesian(a.items(), b.items()):
            spins = tuple(sorted({*left[0], *right[0]}))
            sizes = [len(self.species[spin.species].values) for spin in spins]
            if prod(sizes) > MOST_STATES:
                raise TooMany(
                    f"multiplied out, this summand has a function of {len(spins)} spins with more "
                    f"than {MOST_STATES} states"
                )
            pairs = zip(spread(*left, spins, sizes), spread(*right, spins, sizes), strict=True)
            total = self.add(total, {spins: tuple(x * y for x, y in pairs)})
        return total

    def tabulated(self, spins: Sequence[Spin], values: Sequence[float]) -> Tabulated:
        return {tuple(spins): tuple(values)}

    def supports(self, a: Tabulated) -> tuple[tuple[Spin, ...], ...]:
        return tuple(a)


def _check_work(multiplications: int) -> None:
    if multiplications > MOST_MULTIPLICATIONS:
        raise TooMany(
            f"to multiply this summand out takes {multiplications} multiplications; the limit is "
            f"{MOST_MULTIPLICATIONS}"
        )


def _put(total: dict[Monomial, float], monomial: Monomial, weight: float) -> None:
    value = total.get(monomial, 0.0) + weight
    if value:
        total[monomial] = value
    else:
        total.pop(monomial, None)


def _square(species: Species) -> tuple[tuple[float, bool], ...]:
    """The terms of s*s = (a + b) s - a b for a spin of values a and b: their weights, and whether s
    stays in them.
    """
    if not species.two_states:
        return ()
    low, high = species.values
    terms = ((float(low + high), True), (-float(low * high), False))
    return tuple(term for term in terms if term[0])


def _interpolated(values: Sequence[float], axis: int, axes: int, species: Species) -> list[float]:
    """From the values f at the two states a < b of one spin to the coefficients of 1 and of that
    spin.
    """
    stride = 2 ** (axes - 1 - axis)
    a, b = species.values
    out = list(values)
    for k, low in enumerate(values):
        if not k // stride % 2:
            high = values[k + stride]
            out[k], out[k + stride] = (b * low - a * high) / (b - a), (high - low) / (b - a)
    return out
