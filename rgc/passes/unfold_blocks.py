"""A lattice and its block spins as one crystal, so that a Hamiltonian and soft block maps become
one Hamiltonian of ordinary spins.

The unit cell of the crystal is a block of the last level. Its letters are the sites of a block on
every level in turn: of one step of 2x2 blocks 4 spins and a block spin, of two steps 16, 4 and 1.
A soft block map p(t | cell) > 0 enters as the energy -ln p, written out as products of signs. Where
a map is certain of its block spins these follow the spins of their cells, and a tie is decided by a
fair spin of its own, the last letters of the unit cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from itertools import product as cartesian
from math import exp, log, prod

from rgc.model.block import Block
from rgc.model.block_rule import Law
from rgc.model.counted import Copied, Counted
from rgc.model.followers import Follower
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Lattice, Site, Vector
from rgc.model.operators import Operator, Product, Spin
from rgc.model.sectors import SectorOperator
from rgc.model.sites import flatten
from rgc.model.weighed import CLOSE
from rgc.passes.decide_blocks import decision, follows

Summed = Operator | SectorOperator
"""A sum of products over the cells of a level."""


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The levels of some block maps on one crystal.

    - `lattice` is the crystal, and `levels` are the lattices that it holds, level 0 first.
    - `factors[level]` is how many cells of a level lie in a cell of the crystal along each vector.
    - `first[level]` is the number of the letter with which a level begins.
    - `followers` are the block spins that their cells decide, finer levels first.
    """

    lattice: Lattice
    levels: tuple[Lattice, ...]
    factors: tuple[Cell, ...]
    first: tuple[int, ...]
    followers: tuple[Follower, ...] = ()

    def site(self, level: int, site: Site) -> Site:
        """The site of the crystal that a site of a level is."""
        pairs = [divmod(x, f) for x, f in zip(site.cell, self.factors[level], strict=True)]
        inner = flatten(tuple(x for _, x in pairs), self.factors[level])
        letter = self.first[level] + inner * len(self.levels[level].basis) + site.letter
        return Site(tuple(cell for cell, _ in pairs), letter)

    def product(self, level: int, spins: Product, at: Cell) -> Product:
        """The product of a level that stands at a cell of it, on the crystal."""
        moved = (self.site(level, Site(spin.cell, spin.letter).shifted(at)) for spin in spins)
        kinds = (spin.species for spin in spins)
        return tuple(
            sorted(
                Spin(site.cell, site.letter, kind) for site, kind in zip(moved, kinds, strict=True)
            )
        )

    def cells(self, level: int) -> Iterator[Cell]:
        """The cells of a level that lie in the cell of the crystal at the origin."""
        return cartesian(*map(range, self.factors[level]))

    def everywhere(self, level: int, products: Sequence[Product]) -> tuple[Product, ...]:
        """Products that stand in every cell of a level, as those of a cell of the crystal."""
        return tuple(
            self.product(level, spins, at) for at in self.cells(level) for spins in products
        )

    def operator(self, level: int, operator: Summed) -> Summed:
        """The same sum over a level, as a sum over the crystal."""
        if isinstance(operator, Operator):
            return replace(operator, products=self.everywhere(level, operator.products))
        factor, modulus = self.factors[level], operator.modulus
        placed = [
            (self.product(level, spins, at), _standing(at, factor, modulus, frozenset(residues)))
            for at in self.cells(level)
            for spins, residues in zip(operator.products, operator.residues, strict=True)
        ]
        placed = [(spins, residues) for spins, residues in placed if residues]
        return replace(
            operator,
            products=tuple(spins for spins, _ in placed),
            residues=tuple(residues for _, residues in placed),
        )


def _standing(at: Cell, factor: Cell, modulus: Cell, residues: frozenset[Cell]) -> tuple[Cell, ...]:
    """The residues of cells R of the crystal with (factor R + at) mod modulus in `residues`."""
    return tuple(
        cell
        for cell in cartesian(*map(range, modulus))
        if tuple((f * x + a) % m for f, x, a, m in zip(factor, cell, at, modulus, strict=True))
        in residues
    )


def unfold(lattice: Lattice, blocks: Sequence[Block]) -> Unfolded:
    """The crystal that holds a lattice and the block spins of these steps.

    Raises `ValueError` for blocks that do not divide the lattice, and `HardMap`.
    """
    levels = list(accumulate(blocks, lambda level, block: block.coarse(level), initial=lattice))
    ones = (1,) * lattice.dimension
    upwards = [block.factor for block in reversed(blocks)]
    factors = list(accumulate(upwards, _times, initial=ones))[::-1]
    sizes = [prod(f) * len(level.basis) for f, level in zip(factors, levels, strict=True)]
    first = tuple(accumulate(sizes[:-1], initial=0))
    basis = tuple(chain.from_iterable(_positions(lattice, blocks, factors)))
    crystal = Lattice(
        name=f"{lattice.name} with block spins",
        vectors=tuple(
            tuple(n * x for x in vector)
            for n, vector in zip(factors[0], lattice.vectors, strict=True)
        ),
        basis=basis,
        shape=levels[-1].shape,
        boundary=lattice.boundary,
    )
    unfolded = Unfolded(crystal, tuple(levels), tuple(factors), first)
    followers = tuple(_followers(unfolded, blocks))
    ties = sorted({each.tie: each.letter for each in followers if each.tie is not None}.items())
    whole = replace(crystal, basis=(*basis, *(basis[letter] for _, letter in ties)))
    return replace(unfolded, lattice=whole, followers=followers)


def _times(a: Cell, b: Cell) -> Cell:
    return tuple(x * y for x, y in zip(a, b, strict=True))


def _positions(
    lattice: Lattice, blocks: Sequence[Block], factors: Sequence[Cell]
) -> Iterator[list[Vector]]:
    """The positions of the letters of every level. A block spin is in the middle of its cell."""

    def position(level: int, site: Site) -> Vector:
        if not level:
            return lattice.position(site)
        block = blocks[level - 1]
        corner = _times(block.factor, site.cell)
        within = [position(level - 1, fine.shifted(corner)) for fine in block.cells[site.letter]]
        return tuple(sum(axis) / len(within) for axis in zip(*within, strict=True))

    for level, factor in enumerate(factors):
        cells = cartesian(*map(range, factor))
        yield [position(level, Site(c, k)) for c in cells for k in range(len(lattice.basis))]


# -- block spins that follow -----------------------------------------------------------------------


def _followers(unfolded: Unfolded, blocks: Sequence[Block]) -> Iterator[Follower]:
    """The block spins that their cells decide. Ties of all species of a site have one letter."""
    free = len(unfolded.lattice.basis)
    for level, block in enumerate(blocks, 1):
        for at in unfolded.cells(level) if block.uniform and follows(block) else ():
            corner = _times(block.factor, at)
            for letter, cell in enumerate(block.cells):
                sites = [unfolded.site(level - 1, site.shifted(corner)) for site in cell]
                own, kind, tied = unfolded.site(level, Site(at, letter)).letter, 0, False
                for law in block.law(letter).laws:
                    found = decision(law)
                    if found is not None:
                        which = tuple(sites[k].letter for k in found[0])
                        tie = free if None in found[1] else None
                        tied |= tie is not None
                        yield Follower(own, kind, which, found[1], tie)
                    kind += law.species
                free += tied


# -- block maps as energies ------------------------------------------------------------------------


def block_terms(unfolded: Unfolded, blocks: Sequence[Block]) -> Iterator[Term]:
    """The energy -ln p(t | cell) of every block spin of every step, as sums of products of signs.

    Products of a block that have the same coefficient make one term. Block spins that follow their
    cells have none. Raises `HardMap`, and `ValueError` for a map that differs from place to place.
    """
    for level, block in enumerate(blocks, 1):
        if not block.uniform:
            raise ValueError("the block map differs from place to place")
        for letter, cell in enumerate(block.cells):
            first = 0
            for law in block.law(letter).laws:
                spins = _spins(law, first, cell, letter)
                first += law.species
                written = [] if decision(law) else _classes(_log_chances(law, block.p))
                for number, (value, sets) in enumerate(written):
                    products = tuple(
                        (1.0, _placed(unfolded, level, block, [spins[k] for k in chosen], at))
                        for at in unfolded.cells(level)
                        for chosen in sets
                    )
                    yield Term(f"block {level} {letter} {first} {number}", -value, 1, products)


@dataclass(frozen=True, slots=True)
class _BlockSpin:
    """A spin of a block: of its cell at a site of the finer level, or the block spin itself."""

    site: Site
    species: int
    coarse: bool


def _spins(law: Law, first: int, cell: Sequence[Site], letter: int) -> list[_BlockSpin]:
    """The spins that a law of the species from `first` on looks at, in its order."""
    kinds = range(first, first + law.species)
    own = Site((0,) * len(cell[0].cell), letter)
    return [_BlockSpin(site, kind, False) for kind in kinds for site in cell] + [
        _BlockSpin(own, kind, True) for kind in kinds
    ]


def _placed(
    unfolded: Unfolded, level: int, block: Block, spins: Sequence[_BlockSpin], at: Cell
) -> Product:
    """A product of spins of the block at a cell of its level."""
    corner, placed = _times(block.factor, at), []
    for spin in spins:
        below = level if spin.coarse else level - 1
        site = unfolded.site(below, spin.site.shifted(at if spin.coarse else corner))
        placed.append(Spin(site.cell, site.letter, spin.species))
    return tuple(sorted(placed))


def _log_chances(law: Law, p: float | None) -> list[float]:
    """ln p(t | cell) of two-state spins, row-major over the states of the cell and of the block
    spins, where state 0 is +1.
    """
    axes = [(0, 1)] * (law.size * law.species)
    block = list(cartesian((0, 1), repeat=law.species))
    out: list[float] = []
    for cell in cartesian(*axes):
        if isinstance(law, Counted):
            down = sum(cell)
            weights = [float(w.at(p)) for w in law.log_weights((law.size - down, down))]
        elif isinstance(law, Copied):
            raise TypeError("a spin that is copied has no energy")
        else:
            weights = [law.energy((*cell, *t)) for t in block]
        largest = max(weights)
        total = largest + log(sum(exp(w - largest) for w in weights))
        out += [weight - total for weight in weights]
    return out


def _classes(values: Sequence[float]) -> list[tuple[float, list[tuple[int, ...]]]]:
    """A function of signs, row-major over states of which 0 is +1, as a sum of products: the
    coefficients that occur, each with the sets of spins whose products have it.

    They come from a Walsh-Hadamard transform. Sets are in the order of their sizes, and the empty
    set and coefficients that are rounding are left out.
    """
    coefficients, half = list(values), len(values) // 2
    while half:
        for k in range(len(coefficients)):
            if not k & half:
                a, b = coefficients[k], coefficients[k + half]
                coefficients[k], coefficients[k + half] = (a + b) / 2, (a - b) / 2
        half //= 2
    spins = len(values).bit_length() - 1
    size = CLOSE * max(map(abs, values), default=0.0) * spins
    found: dict[int, tuple[int, ...]] = {
        number: tuple(k for k in range(spins) if number >> (spins - 1 - k) & 1)
        for number, value in enumerate(coefficients)
        if number and abs(value) > size
    }
    classes: list[tuple[float, list[tuple[int, ...]]]] = []
    for number in sorted(found, key=lambda number: (len(found[number]), found[number])):
        value = coefficients[number]
        same = next((sets for known, sets in classes if abs(known - value) <= size), None)
        if same is None:
            classes.append((value, [found[number]]))
        else:
            same.append(found[number])
    return classes


# -- the whole -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JointHamiltonian:
    """-ln of the joint weight of a lattice, its block spins and a bias on those of the last level,
    without its constant.

    `fine` names the terms of the lattice, in the order in which they were given, and `bias` those
    of the bias. The others are the block maps.
    """

    hamiltonian: Hamiltonian
    fine: tuple[str, ...]
    bias: tuple[str, ...]

    def at(self, scale: float, bias: Sequence[float]) -> Hamiltonian:
        """The Hamiltonian whose couplings on the lattice are `scale` times those of the spec, with
        these coefficients of the operators of the bias."""
        of_bias = dict(zip(self.bias, bias, strict=True))
        own = set(self.fine)
        return Hamiltonian(
            tuple(
                replace(
                    term,
                    coupling=of_bias[term.name]
                    if term.name in of_bias
                    else term.coupling * (scale if term.name in own else 1.0),
                )
                for term in self.hamiltonian.terms
            )
        )


def joint_hamiltonian(
    unfolded: Unfolded,
    blocks: Sequence[Block],
    fine: Sequence[tuple[float, Sequence[Product]]],
    bias: Sequence[Summed],
) -> JointHamiltonian:
    """sum of the `fine` products of level 0 with their coefficients, the block maps, and V.

    V is the sum of the operators of `bias`, on the last level, with coefficients that are 0 until
    they are given.
    """
    last = len(blocks)
    own = [
        Term(f"fine {k}", value, 1, _once(unfolded.everywhere(0, products)))
        for k, (value, products) in enumerate(fine)
    ]
    biased = [
        Term(f"bias {k}", 0.0, 1, _once(unfolded.operator(last, operator).products))
        for k, operator in enumerate(bias)
    ]
    terms = (*own, *block_terms(unfolded, blocks), *biased)
    names = tuple(term.name for term in own), tuple(term.name for term in biased)
    return JointHamiltonian(Hamiltonian(terms), *names)


def _once(products: Sequence[Product]) -> tuple[tuple[float, Product], ...]:
    return tuple((1.0, spins) for spins in products)
