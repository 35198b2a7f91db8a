"""From a log-weight of all block configurations to couplings with names.

W(h) = -H(h) = sum_A c_A prod_(i in A) h_i over all sets A of spins, where c follows from a
Walsh-Hadamard transform, in products of the spins as declared, -1/+1 or 0/1. A coupling is what
multiplies a term as the language writes it, with every bond or face once. Where several of its
bonds are the same pair of spins on a small torus, they share c_A equally, and so do the terms of
the spec that coincide there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import (
    Cluster,
    Piece,
    gathered,
    outer,
    placed,
    standing,
    term_pieces,
)
from rgc.flows.enumeration.rounding import without_rounding
from rgc.flows.enumeration.spin_classes import spin_classes
from rgc.flows.enumeration.states import Chunks
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.names import coupling_name
from rgc.model.operators import Operator, Product, Spin
from rgc.passes.find_turns import Turn

Floats = NDArray[np.float64]

MOST_CLASSES = 64  # beyond it those of more than four spins are not named
BODIES = 4
SIGNS = (-1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Coupled:
    """One named coupling of a cluster.

    - `places[mask]` says how many of its products are that set of spins, `bodies` how many spins
      each has.
    - `read` holds the sets from which a term of the spec is read. Where the block map tells its
      products apart these are the sets of its first class; the couplings of the further classes are
      what these have besides.
    - `products` are those of a class on the infinite lattice; a term has none.
    """

    name: str
    bodies: int
    places: Mapping[int, float]
    read: frozenset[int] = frozenset()
    products: tuple[Product, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Couplings:
    """A function of the states as W = `constant` + sum of value * S + a remainder, whose root mean
    square over all states is `rest`.
    """

    constant: float
    values: Mapping[str, float]
    rest: float


def coefficients(cluster: Cluster, values: Floats, fwht: Any, xp: Any) -> Floats:
    """c_A for every A, from W of every state of two-state spins; spin k is bit n-1-k of A."""
    if all(species.values == SIGNS for species in cluster.species):
        return np.asarray(fwht(xp.asarray(values.copy()))) / len(values)
    numbers = range(len(cluster.spins))
    return _in_products(cluster, numbers, values.reshape(cluster.radices)).reshape(-1)


def _in_products(cluster: Cluster, numbers: Sequence[int], table: Floats) -> Floats:
    """The coefficients of a function of two-state spins in products of them as declared.

    Index 1 along an axis means that the spin is in the product.
    """
    for axis, number in enumerate(numbers):
        first, second = np.moveaxis(table, axis, 0)
        low, high = cluster.species[cluster.spins[number].species].values
        parts = ((high * second - low * first) / (high - low), (first - second) / (high - low))
        table = np.stack(parts, axis=axis)
    return table


def read_couplings(cluster: Cluster, coupled: Sequence[Coupled], c: Floats) -> Couplings:
    """The couplings of a spectrum, 0 where they are no more than the rounding of a function of its
    size.

    Terms of the spec that share a set of spins share its coefficient in proportion to their places.
    """
    own = [coupling for coupling in coupled if not coupling.products]
    total: dict[int, float] = {}
    for coupling in own:
        for mask, n in coupling.places.items():
            total[mask] = total.get(mask, 0.0) + abs(n)
    values = {
        coupling.name: _mean(coupling, coupling.read, {m: c[m] / total[m] for m in coupling.read})
        for coupling in own
    }
    rest = _beyond(own, values, c)
    for coupling in coupled:
        if coupling.products:
            values[coupling.name] = _of_class(coupling, rest)
            _subtract(rest, coupling, values[coupling.name])
    size = _root_mean_square(cluster, c)
    named = {
        coupling.name: without_rounding(float(values[coupling.name]), size) + 0.0
        for coupling in coupled
    }
    left = without_rounding(_root_mean_square(cluster, rest), size)
    return Couplings(float(c[0]), named, left)


def largest(
    coupled: Sequence[Coupled], values: Mapping[str, float], c: Floats
) -> tuple[float, str]:
    """The size of the largest coupling that is none of the terms of the spec, and its name. It is 0
    where there is none.
    """
    rest = _beyond([coupling for coupling in coupled if not coupling.products], values, c)
    others = [(abs(_of_class(each, rest)), each.name) for each in coupled if each.products]
    return max(others, default=(0.0, ""), key=lambda one: one[0])


def _beyond(own: Sequence[Coupled], values: Mapping[str, float], c: Floats) -> Floats:
    """A spectrum without its constant and without the terms of the spec."""
    rest = c.copy()
    rest[0] = 0.0
    for coupling in own:
        _subtract(rest, coupling, values[coupling.name])
    return rest


def _of_class(coupling: Coupled, rest: Floats) -> float:
    places = coupling.places
    return _mean(coupling, places, {mask: rest[mask] / abs(n) for mask, n in places.items()})


def _mean(coupling: Coupled, masks: Iterable[int], shares: Mapping[int, float]) -> float:
    """The average of the shares over all places, with their signs."""
    counts = {mask: coupling.places[mask] for mask in masks}
    return sum(n * shares[mask] for mask, n in counts.items()) / sum(map(abs, counts.values()))


def _subtract(rest: Floats, coupling: Coupled, value: float) -> None:
    for mask, n in coupling.places.items():
        rest[mask] -= value * n


def _root_mean_square(cluster: Cluster, c: Floats) -> float:
    """The root mean square over all states of the function with these coefficients.

    For signs, whose products are orthonormal, it follows from Parseval's theorem.
    """
    if any(species.values != SIGNS for species in cluster.species):
        table = c.reshape(cluster.radices)
        for axis, spin in enumerate(cluster.spins):
            one, spins = np.moveaxis(table, axis, 0)
            low, high = cluster.species[spin.species].values
            table = np.stack([one + high * spins, one + low * spins], axis=axis)
        return float(np.sqrt(np.mean(table**2)))
    return float(np.sqrt((c**2).sum()))


def project(
    cluster: Cluster, hamiltonian: Hamiltonian, values: Floats, fwht: Any, xp: Any
) -> Couplings:
    """The couplings of the spec's terms, for any alphabet, by least squares over all states.

    `rest` is what these terms cannot say. A term that has become a number on this lattice is not
    among them.
    """
    chunks = Chunks(cluster, 0)
    found = [
        (
            term,
            term.sign
            * -np.asarray(chunks.function(gathered(term_pieces(cluster, term)), fwht, xp)(0)),
        )
        for term in hamiltonian.terms
        if depends(term)
    ]
    varying = [
        (term, column)
        for term, column in found
        if without_rounding(float(np.ptp(column)), float(np.abs(column).max()))
    ]
    terms, columns = [term for term, _ in varying], [column for _, column in varying]
    matrix = np.stack([np.ones(len(values)), *columns], axis=1)
    solution, *_ = np.linalg.lstsq(matrix, values, rcond=None)
    size = float(np.sqrt(np.mean(values**2)))
    rest = float(np.sqrt(np.mean((values - matrix @ solution) ** 2)))
    named = {
        term.name: without_rounding(float(value), size)
        for term, value in zip(terms, solution[1:], strict=True)
    }
    return Couplings(float(solution[0]), named, without_rounding(rest, size))


def depends(term: Term) -> bool:
    """Whether a term is more than a constant."""
    return bool(term.tables) or any(spins for _, spins in term.products)


# -- which sets of spins make one coupling ---------------------------------------------------------


def couplings_of(
    cluster: Cluster, hamiltonian: Hamiltonian, turns: Sequence[Turn]
) -> tuple[Coupled, ...]:
    """The couplings that a cluster of two-state spins can tell apart.

    First come the terms of the spec, then the classes of all other sets of spins, by their number
    of spins. A term that has become a number on this lattice is not among them.
    """
    classes = sorted(_classes(cluster, turns), key=_order)
    own, first = [], set[str]()
    for term in hamiltonian.terms:
        coupling = _of_term(cluster, term)
        if coupling is not None:
            inside = [
                candidate
                for candidate in classes
                if coupling.places.keys() & candidate.places.keys()
            ]
            own.append(
                replace(coupling, read=frozenset(coupling.places.keys() & inside[0].places.keys()))
            )
            first.add(inside[0].name)
    names = {coupling.name for coupling in own} | first
    return (*own, *(coupling for coupling in classes if coupling.name not in names))


def named(coupled: Sequence[Coupled]) -> tuple[Coupled, ...]:
    """Those of all couplings that an answer names: where they are many, only those of few spins."""
    if len(coupled) <= MOST_CLASSES:
        return tuple(coupled)
    return tuple(each for each in coupled if each.bodies <= BODIES or not each.products)


def _order(coupling: Coupled) -> tuple[int, int, str]:
    return coupling.bodies, len(coupling.name), coupling.name


def _of_term(cluster: Cluster, term: Term) -> Coupled | None:
    """H_t = sign * coupling * sum weight * product and W = -H."""
    if term.tables or term.inhomogeneous:
        return None
    places = {mask: -term.sign * n for mask, n in _places(cluster, term.products).items()}
    return Coupled(term.name, max(map(int.bit_count, places)), places) if places else None


def operator_places(cluster: Cluster, operator: Operator) -> Coupled:
    """Where the products of an operator, of the spins as declared, are on the cluster."""
    return Coupled(operator.name, operator.bodies, _of_products(cluster, operator.products))


def _of_products(cluster: Cluster, products: Sequence[Product]) -> dict[int, float]:
    return _places(cluster, [(1.0, spins) for spins in products])


def product_pieces(cluster: Cluster, products: Sequence[Product]) -> Iterator[Piece]:
    """The sum of products of the spins as declared over the lattice."""
    for spins in products:
        values = [np.array(cluster.species[spin.species].codes, dtype=float) for spin in spins]
        yield from placed(cluster, spins, outer(values))


def _places(cluster: Cluster, products: Sequence[tuple[float, Product]]) -> dict[int, float]:
    """How often each set of spins occurs in a sum of products, without the numbers.

    A set occurs twice where two of its bonds are one pair on a small torus, with the other sign
    where an antiperiodic boundary lies between, and not at all where that cancels.
    """
    places: dict[int, float] = {}
    for weight, spins in products:
        for homes in standing(cluster.lattice, spins):
            for mask, share in _sets(cluster, homes).items():
                places[mask] = places.get(mask, 0.0) + weight * share
    return {mask: n for mask, n in places.items() if abs(n) > 1e-12 and mask}


def _sets(cluster: Cluster, homes: Sequence[tuple[Spin, bool]]) -> dict[int, float]:
    """A product of spins in products of distinct ones: s s = (a + b) s - a b for a spin of values a
    and b.
    """
    sets = {0: 1.0}
    for spin, flipped in homes:
        bit = 1 << (len(cluster.spins) - 1 - cluster.number[spin])
        low, high = cluster.species[spin.species].values
        grown: dict[int, float] = {}
        for mask, share in sets.items():
            signed = -share if flipped else share
            parts = (
                ((mask, low + high), (mask ^ bit, -low * high))
                if mask & bit
                else ((mask | bit, 1),)
            )
            for image, factor in parts:
                grown[image] = grown.get(image, 0.0) + signed * factor
        sets = {mask: share for mask, share in grown.items() if share}
    return sets


def _classes(cluster: Cluster, turns: Sequence[Turn]) -> Iterator[Coupled]:
    """Every set of spins, by classes of those that the symmetries carry into one another."""
    kinds = [species.name for species in cluster.species]
    seen: set[int] = set()
    for mask, products in spin_classes(cluster, turns):
        if mask not in seen:
            places = _of_products(cluster, products)
            seen |= {mask, *places}
            if places:
                name = coupling_name(*products, species=kinds)
                yield Coupled(name, mask.bit_count(), places, products=products)
