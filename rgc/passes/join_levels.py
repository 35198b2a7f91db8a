"""The joint Hamiltonian of a lattice, its block spins and a bias on them, on one crystal.

A soft block map p(t | cell) > 0 enters as the energy -ln p, written out as products of signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product as cartesian
from math import exp, log

from rgc.model.block import Block
from rgc.model.block_rule import Law
from rgc.model.counted import Copied, Counted
from rgc.model.hamiltonian import Hamiltonian, Term
from rgc.model.lattice import Cell, Site
from rgc.model.operators import Product, Spin
from rgc.model.tiling import tiling
from rgc.model.weighed import CLOSE
from rgc.passes.decide_blocks import decision
from rgc.passes.unfold_blocks import Summed, Unfolded


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
    corner, placed = tiling(block).corner(at), []
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
