"""All inequivalent operators of spins with several states within a range and a number of spins."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from rgc.model.block import Block
from rgc.model.hamiltonian import Hamiltonian, Table
from rgc.model.lattice import Lattice
from rgc.model.names import coupling_name
from rgc.model.operators import Product, Spin
from rgc.model.patterns import Factor, Pattern, StateOperator, canonical, orbit, spins_of
from rgc.model.sectors import VECTOR, Sectors
from rgc.model.spins import Species
from rgc.passes.find_turns import Turn, turns_of, unmoving
from rgc.passes.generate_operators import extent, product_classes
from rgc.passes.local_energies import local_energies, unit_tables
from rgc.passes.marks import Mark, marks

_DIGITS = 9
_NONE = 1e-9

Marks = Sequence[Sequence[Mark]]
"""Those of each species."""


def generate_patterns(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    sectors: Collection[Sectors],
    *,
    zero: Collection[str] = (),
    blocks: Sequence[Block] = (),
    reach: float = 2,
    bodies: int = 4,
    turns: Sequence[Turn] | None = None,
) -> tuple[StateOperator, ...]:
    """The operators of 1 to `bodies` distinct spins whose largest pair distance is at most `reach`
    nearest-neighbour distances, of spins of any alphabet with states, in the order of
    `generate_operators`.

    Spins that are numbers have products of their powers. Spins that are names have products of
    "these are alike" over the ways to part them into sets of two or more, and in the sector
    `vector` one of the sets, which may be a single spin, has the component of a vector. What is a
    linear combination of others on the same spins and fewer is left out: of three states the
    operator of four spins that are alike. `sectors` are those of flips at every level: an operator
    has the same at all of them. As there, the symmetries are those that leave species what they
    are, or `turns`.
    """
    terms = {term.name: tuple(unit_tables(term, species)) for term in hamiltonian.terms}
    tables = [table for name, each in terms.items() if name not in zero for table in each]
    if turns is None:
        turns = unmoving(pattern_turns(lattice, species, hamiltonian, zero=zero, blocks=blocks))
    of = [marks(tables, species, kind, blocks) for kind in range(len(species))]
    named = {_key(each, species): name for name, each in terms.items()}
    found = []
    for products in product_classes(lattice, len(species), turns, reach, bodies):
        for patterns in _orbits(products[0], of, turns):
            sector = _sector(patterns[0], of, sectors)
            if sector is not None:
                values = tuple(_values(pattern, of) for pattern in patterns)
                whole = [Table(spins_of(p), v) for p, v in zip(patterns, values, strict=True)]
                name = named.get(_key(whole, species)) or _name(patterns, of, species)
                field = products[0][1:] == () and _tells(patterns[0], of)
                found.append(StateOperator(name, sector, patterns, values, field))
    far = {operator: max(extent(p, lattice) for p in operator.products) for operator in found}
    return tuple(sorted(found, key=lambda each: (round(far[each], 9), each.bodies, each.name)))


# -- symmetries ------------------------------------------------------------------------------------


def pattern_turns(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    *,
    zero: Collection[str] = (),
    blocks: Sequence[Block] = (),
) -> tuple[Turn, ...]:
    """The symmetries of the lattice, the block maps and the tables of each term but those in
    `zero`, with exchanges of species.
    """
    terms = [term for term in hamiltonian.terms if term.name not in zero]
    couplings = [_key(tuple(unit_tables(term, species)), species) for term in terms]
    return turns_of(lattice, species, couplings, blocks, partial(_turned, species=species))


def value_turns(
    lattice: Lattice,
    species: Sequence[Species],
    hamiltonian: Hamiltonian,
    *,
    zero: Collection[str] = (),
    blocks: Sequence[Block] = (),
) -> tuple[Turn, ...]:
    """The symmetries of the lattice, the block maps and the values of the Hamiltonian, whichever
    terms they come from.
    """
    tables = local_energies(hamiltonian, species, zero)
    return turns_of(
        lattice, species, [_key(tables, species)], blocks, partial(_turned, species=species)
    )


def _turned(turn: Turn, table: Table, species: Sequence[Species]) -> Table:
    """The image of a function of some spins."""
    return _in_order(replace(table, spins=tuple(map(turn.spin, table.spins))), species)


def _key(tables: Sequence[Table], species: Sequence[Species]) -> frozenset[Table]:
    return frozenset(_in_order(table, species) for table in tables)


def _in_order(table: Table, species: Sequence[Species]) -> Table:
    """The same function with its spins sorted and the first of them in the cell at the origin."""
    spins = table.spins
    order = sorted(range(len(spins)), key=lambda k: spins[k])
    counts = [len(species[spin.species].values) for spin in spins]
    values = np.array(table.energies).reshape(counts).transpose(order).ravel()
    back = tuple(-x for x in spins[order[0]].cell) if spins else ()
    energies = tuple((np.round(values, _DIGITS) + 0.0).tolist())
    return Table(tuple(spins[k].shifted(back) for k in order), energies)


# -- patterns --------------------------------------------------------------------------------------


def _orbits(spins: Product, of: Marks, turns: Sequence[Turn]) -> Iterator[tuple[Pattern, ...]]:
    """The classes of patterns of these spins under the symmetries that are no linear combination of
    earlier ones and of patterns of fewer spins, those of many factors first.
    """
    kinds = tuple(spin.species for spin in spins)
    every = sorted(_patterns(tuple(range(len(kinds))), kinds, of), key=len, reverse=True)
    seen, classes = set[Pattern](), list[tuple[Pattern, ...]]()
    for numbers in every:
        pattern = canonical(
            tuple(sorted(Factor(tuple(spins[k] for k in part), mark) for part, mark in numbers))
        )
        if pattern not in seen:
            classes.append(orbit(pattern, [turn.spin for turn in turns]))
            seen |= {*classes[-1]}
    counts = [len(of[kind][0].values) for kind in kinds]
    told_apart = any(mark.kind == "field" for kind in kinds for mark in of[kind])
    if len(kinds) < min(counts) and not told_apart:  # then all of them are independent
        yield from classes
        return
    basis = list(_of_fewer(kinds, tuple(map(tuple, of))))
    for patterns in classes:
        here = [_values(pattern, of) for pattern in patterns if spins_of(pattern) == spins]
        rest = _apart(np.sum(here, axis=0), basis)
        if rest is not None:
            basis.append(rest)
            yield patterns


Numbers = tuple[tuple[tuple[int, ...], int], ...]
"""A pattern of spins that are only numbered: the spins of each factor, and its mark."""


@lru_cache(maxsize=256)
def _of_fewer(
    kinds: tuple[int, ...], of: tuple[tuple[Mark, ...], ...]
) -> tuple[NDArray[np.float64], ...]:
    """An orthonormal basis of the functions of all of some spins of these species that patterns of
    fewer of them make.
    """
    counts = [len(of[kind][0].values) for kind in kinds]
    basis: list[NDArray[np.float64]] = []
    for size in range(len(kinds)):
        for chosen in combinations(range(len(kinds)), size):
            for numbers in _patterns(chosen, kinds, of):
                rest = _apart(_function(numbers, kinds, counts, of), basis)
                if rest is not None:
                    basis.append(rest)
    return tuple(basis)


def _apart(
    function: NDArray[np.float64], basis: Sequence[NDArray[np.float64]]
) -> NDArray[np.float64] | None:
    """The normalised part of a function that a basis does not make, or None where there is none."""
    rest = function / np.linalg.norm(function)
    for _ in range(2):  # the second time for what rounding left
        for other in basis:
            rest = rest - (rest @ other) * other
    size = float(np.linalg.norm(rest))
    return rest / size if size > _NONE else None


def _patterns(chosen: tuple[int, ...], kinds: Sequence[int], of: Marks) -> Iterator[Numbers]:
    """The patterns of all of the chosen spins, of which at most one mark is a vector's."""
    for parts in _partitions(chosen):
        if any(len({kinds[k] for k in part}) > 1 for part in parts):
            continue
        allowed = [
            [
                number
                for number, mark in enumerate(of[kinds[part[0]]])
                if (mark.shared if len(part) > 1 else len({*mark.values}) > 1)
            ]
            for part in parts
        ]
        for numbers in product(*allowed):
            used = [of[kinds[part[0]]][n].kind for part, n in zip(parts, numbers, strict=True)]
            if used.count("vector") <= 1:
                yield tuple(zip(parts, numbers, strict=True))


def _partitions(chosen: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    """All ways to part some numbers into sets."""
    if not chosen:
        yield ()
        return
    first, *rest = chosen
    for size in range(len(rest) + 1):
        for others in combinations(rest, size):
            left = tuple(k for k in rest if k not in others)
            for parts in _partitions(left):
                yield ((first, *others), *parts)


def _function(
    numbers: Numbers, kinds: Sequence[int], counts: Sequence[int], of: Marks
) -> NDArray[np.float64]:
    """The values of a pattern over all states of the spins."""
    states = np.indices(counts).reshape(len(counts), -1)
    total = np.ones(states.shape[1])
    for part, mark in numbers:
        first = states[part[0]]
        total = total * np.array(of[kinds[part[0]]][mark].values)[first]
        for other in part[1:]:
            total = total * (states[other] == first)
    return total


def _values(pattern: Pattern, of: Marks) -> tuple[float, ...]:
    """Its values, row-major over the states of its sorted spins."""
    spins = spins_of(pattern)
    number = {spin: k for k, spin in enumerate(spins)}
    kinds = [spin.species for spin in spins]
    counts = [len(of[kind][0].values) for kind in kinds]
    numbers = tuple((tuple(number[s] for s in each.spins), each.mark) for each in pattern)
    return tuple(_function(numbers, kinds, counts, of).tolist())


# -- sectors and names -----------------------------------------------------------------------------


def _sector(pattern: Pattern, of: Marks, sectors: Collection[Sectors]) -> str | None:
    """The sector of a pattern. None for vectors that flips change, and where levels differ."""
    odd = tuple(s for each in pattern if _mark(each, of).kind == "odd" for s in each.spins)
    origin = (0,) * len(pattern[0].spins[0].cell)
    flips = {each.name(each.character(odd, origin)) for each in sectors}
    if len(flips) > 1:
        return None
    if all(_mark(each, of).kind != "vector" for each in pattern):
        return flips.pop()
    return VECTOR if flips == {each.invariant for each in sectors} else None


def _tells(pattern: Pattern, of: Marks) -> bool:
    return any(_mark(each, of).kind in ("odd", "field", "vector") for each in pattern)


def _mark(factor: Factor, of: Marks) -> Mark:
    return of[factor.spins[0].species][factor.mark]


def _name(patterns: Sequence[Pattern], of: Marks, species: Sequence[Species]) -> str:
    """`coupling_name` of the spins, and behind it a letter for each spin of the first pattern where
    not all spins are alike or to the first power.
    """
    name = coupling_name(*map(spins_of, patterns), species=[kind.name for kind in species])
    least = min(spins_of(pattern) for pattern in patterns)
    told = min(_told(pattern, of) for pattern in patterns if spins_of(pattern) == least)
    return name if {*told} in ({"a"}, {"A"}, {"1"}) else f"{name}_{told}"


def _told(pattern: Pattern, of: Marks) -> str:
    """Letters for each spin, sorted: the power of a number, and for names the set of those that are
    alike and its mark, A for a vector.
    """
    letters, sets = dict[Spin, str](), iter("abcdefgh")
    for factor in sorted(pattern, key=lambda each: each.spins):
        mark = _mark(factor, of)
        alike = next(sets) if mark.kind != "vector" and len(factor.spins) > 1 else ""
        letters |= dict.fromkeys(factor.spins, alike + mark.letter)
    return "".join(letters[spin] for spin in sorted(letters))
