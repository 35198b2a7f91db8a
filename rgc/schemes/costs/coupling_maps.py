"""The cost of maps of couplings that are computed: bonds, cells and hypercubes.

It is that of one application of the map and its derivatives, times the number of applications for
the questions that are asked.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations, permutations, product
from math import prod

from rgc.model.lattice import Diamond, Geometry, Lattice
from rgc.model.options import Options
from rgc.model.spec import Spec
from rgc.model.tiling import whole_cells
from rgc.passes.bonds import MOST_LISTED_PAIRS, BondModel, bond_model
from rgc.schemes.cost import ELEMENTS, NUMBER, Cost
from rgc.schemes.needs.couplings import count_starts
from rgc.schemes.options import SHOWN_STEPS

SETTLING = 100
"""Applications of a map until a flow has settled."""

CRITICAL = 5000
"""Those of the search for a critical point by bisection, each flow until it has settled."""

DIAGRAM = 33 * CRITICAL
"""Those of a flow diagram: a critical point on each of its rays."""

DERIVED = ("find", "linearise")
"""Options that ask for derivatives of the map."""

COPIES = 6
"""Copies of the functions of a bond at one time, measured."""

CELL_NUMBERS = 64
"""Numbers for a state of a cell, which are weights, moments and their derivatives, measured."""


def applications(options: Options) -> float:
    """How often the map is applied for the questions that are asked of it."""
    steps = options.number("steps") if "steps" in options else SHOWN_STEPS
    starts = count_starts(options["starts"]) if "starts" in options else 0
    found = (CRITICAL + SETTLING) if "find" in options else 0.0
    drawn = DIAGRAM if "plane" in options else 0.0
    return steps + SETTLING + found + drawn + starts * (steps + SETTLING)


def bonds(spec: Spec, options: Options) -> Cost:
    """A function of pairs of states for each coupling, O(n q^2) numbers, and, for derivatives, a
    sum over the states of the sites within a chain, O(n q^3).
    """
    lattice, hamiltonian = spec.lattice, spec.hamiltonian
    if lattice is None or hamiltonian is None:
        raise ValueError("bonds need a lattice and a hamiltonian")
    model = bond_model(hamiltonian, lattice, spec.species)
    alike = model.isotropic and options.values.get("order") != "axes"
    axes = 1 if alike else model.axes  # of which each has couplings of its own
    q, functions, joined = model.states, axes * _functions(model), _joined(lattice, spec, options)
    derived = functions if any(name in options for name in DERIVED) else 1
    work = applications(options) * axes * joined * derived * q**3 + functions**2 * q**2
    numbers = 2.0 * derived * q**3 + COPIES * functions * q**2
    return Cost(numbers * NUMBER, 3 * work / ELEMENTS)


def cumulant(spec: Spec, options: Options) -> Cost:
    """All states of a cell, for the average of every product in it; at second order for pairs."""
    block, lattice = spec.blocks[0], spec.lattice
    if not isinstance(lattice, Lattice):
        raise ValueError("cells are those of a lattice with cells")
    spins = len(spec.species) * max(map(len, whole_cells(block, lattice).cells))
    numbers = 2.0**spins * CELL_NUMBERS * options.number("order")
    return Cost(numbers * NUMBER, applications(options) * numbers / ELEMENTS)


def lower_bound(spec: Spec, options: Options) -> Cost:
    """The classes of states of a unit hypercube, and how many of each class differ from one of
    another in r corners.
    """
    dimension = spec.lattice.dimension if isinstance(spec.lattice, Lattice) else 0
    corners, classes = 2**dimension, classes_of_corners(dimension)
    numbers = float(classes**2 * (corners + 1))
    work = (applications(options) + CRITICAL) * numbers + classes * 2**corners
    return Cost((4 * numbers + 8 * 2**corners) * NUMBER, work / ELEMENTS)


def classes_of_corners(dimension: int) -> int:
    """The sets of corners of a hypercube that its symmetries do not relate, by Burnside's lemma: 6,
    22 and 402 in d = 2, 3 and 4.
    """
    corners = list(product((0, 1), repeat=dimension))
    symmetries = [
        {at: tuple(at[k] ^ flip[k] for k in order) for at in corners}
        for order in permutations(range(dimension))
        for flip in corners
    ]
    return sum(1 << _cycles(image) for image in symmetries) // len(symmetries)


def _cycles(image: dict[tuple[int, ...], tuple[int, ...]]) -> int:
    left, cycles = set(image), 0
    while left:
        at, cycles = left.pop(), cycles + 1
        while image[at] in left:
            at = image[at]
            left.remove(at)
    return cycles


def _joined(lattice: Geometry, spec: Spec, options: Options) -> float:
    """The bonds of a chain that is decimated."""
    if isinstance(lattice, Diamond):
        return float(lattice.b)
    return float(prod(spec.blocks[0].factor)) if spec.blocks else options.number("b")


def _functions(model: BondModel) -> int:
    """The number of functions of a bond: every symmetric one, or of many states those that have
    the symmetry of the terms and of state 0, which are found by the values that the terms have.
    """
    q = model.states
    if q <= MOST_LISTED_PAIRS:
        return q * (q + 1) // 2
    values = [
        term.values if not term.site else tuple(a + b for a in term.values for b in term.values)
        for term in model.terms
    ]
    pair = [tuple(table[k] for table in values) for k in range(q * q)]
    rows = [
        (a == 0, pair[a * q], frozenset(Counter(pair[a * q : a * q + q]).items())) for a in range(q)
    ]
    kinds = {row: number for number, row in enumerate(dict.fromkeys(rows))}
    kind = [kinds[row] for row in rows]
    pairs = {(frozenset((kind[a], kind[b])), pair[a * q + b]) for a, b in combinations(range(q), 2)}
    return len(pairs) + len(kinds)
