"""Block spins as the language defines them: their probability, from the text of the section
`block`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.model.lattice import Boundary, Cell, Lattice, Site
from rgc.model.spins import Species
from rgc.syntax import ast
from rgc.verification.evaluator import Bound, Evaluator, Unreadable
from rgc.verification.states import States

Floats = NDArray[np.float64]

STARS = (Site((0, 0), 1), Site((2, 1), 0))
"""The centres of the stars that make the coarse letters a and b of a honeycomb lattice."""

MINUS: Mapping[str, Callable[[Any, int, float], Any]] = {
    "majority": lambda m, size, p: (1 - np.sign(m)) / 2,
    "any": lambda m, size, p: 1.0 * (m == -size),
    "kadanoff": lambda m, size, p: 1 / (1 + np.exp(2 * p * m)),
    "decimate": lambda m, size, p: (1 - m) / 2,
}
"""The probability of -1, for maps that act on each species by itself.

It is a function of the sum m of the spins of a cell, of the size of the cell and of the parameter
p. The cell of `decimate` is one site.
"""


def plurality(codes: NDArray[np.uint8], states: int) -> Floats:
    """Equal shares of the states that are the most frequent among codes[site, configuration]."""
    found = np.stack([(codes == state).sum(axis=0) for state in range(states)])
    first = found == found.max(axis=0)
    return np.asarray(first / first.sum(axis=0))


def copied(codes: NDArray[np.uint8], states: int) -> Floats:
    """1 for the state of the only site."""
    return np.asarray(1.0 * (codes[0] == np.arange(states)[:, None]))


SHARES: Mapping[str, Callable[[NDArray[np.uint8], int], Floats]] = {
    "majority": plurality,
    "decimate": copied,
}
"""The probability of each state float64[state, configuration], of spins with more than two."""


@dataclass(frozen=True, slots=True)
class Map:
    """A block map: the spins of letter k of coarse cell R are made from the fine sites b R +
    cells[k].

    - `p` is the parameter of a map that has one.
    - `transfer` is the expression T where the map is written out.
    - `normalised` says whether exp(T) is divided by its sum.
    """

    rule: str
    b: int
    cells: tuple[tuple[Site, ...], ...]
    p: float = 0.0
    transfer: ast.Expr | None = None
    normalised: bool = True
    document: ast.Document | None = None

    def at(self, number: int) -> Map:
        """The map that makes block spins everywhere as the rule of this number does."""
        return self

    def weights(self, states: States, coarse: Cell, letter: int) -> Floats:
        """exp(T), or p(t | cell), as float64[t, configuration].

        The digits of t are the codes of the block spins, with the first species the highest. Raises
        `Unreadable`.
        """
        corner = tuple(self.b * x for x in coarse)
        block = tuple(site.shifted(corner) for site in self.cells[letter])
        if self.transfer is not None:
            return self._written(states, block)
        made = np.ones((1, states.number))
        for spin, codes in zip(states.species, states.codes, strict=True):
            cell = np.stack([codes[place_of(site, states.lattice)] for site in block])
            own = self._of_two(cell) if spin.two_states else self._of_more(cell, len(spin.codes))
            made = (made[:, None] * own).reshape(-1, states.number)
        return made

    def _of_two(self, cell: NDArray[np.uint8]) -> Floats:
        minus = MINUS[self.rule]((1.0 - 2.0 * cell).sum(axis=0), len(cell), self.p)
        return np.stack([1 - minus, minus])

    def _of_more(self, cell: NDArray[np.uint8], states: int) -> Floats:
        if self.rule not in SHARES:
            raise Unreadable(f"{self.rule} of spins with {states} states has no reading")
        return SHARES[self.rule](cell, states)

    def chances(self, states: States, coarse: Cell, letter: int) -> Floats:
        """p(t | cell), shaped as `weights`."""
        weights = self.weights(states, coarse, letter)
        return np.asarray(weights / weights.sum(axis=0))

    def _written(self, states: States, block: tuple[Site, ...]) -> Floats:
        assert self.document is not None  # noqa: S101  (it comes with T)
        energies = []
        for bits in product((0, 1), repeat=len(states.species)):
            low = {spin.name: -1.0 if spin.alphabet == "ising" else 0.0 for spin in states.species}
            own = {name: low[name] if bit else 1.0 for name, bit in zip(low, bits, strict=True)}
            evaluator = OfBlock(self.document, states.lattice, states.values, block, own)
            energies.append(evaluator(self.transfer) + np.zeros(states.number))
        weights = np.exp(np.array(energies))
        return np.asarray(weights / weights.sum(axis=0)) if self.normalised else weights


class OfBlock(Evaluator):
    """An evaluator in which a sum over the blocks has one summand, that of a single block.

    It knows the sites of this block, and the values of its block spins by species.
    """

    def __init__(
        self,
        document: ast.Document,
        lattice: Lattice,
        spins: Mapping[str, Any],
        block: tuple[Site, ...],
        own: Mapping[str, float],
    ) -> None:
        super().__init__(document, lattice, spins, [(0,) * lattice.dimension])
        self.block, self.own = block, own

    def __call__(self, expr: Any, bound: Bound | None = None) -> Any:
        match expr:
            case ast.Index(ast.Name(name), (ast.Name(at),)) if (bound or {}).get(at) is self.block:
                return self.own[name]
        return super().__call__(expr, bound)

    def domain(self, domain: ast.Domain, bound: Bound) -> Iterator[dict[str, Any]]:
        match domain:
            case ast.Members(index, "blocks"):
                yield {index: self.block}
            case _:
                yield from super().domain(domain, bound)


def place_of(site: Site, lattice: Lattice) -> tuple[int, ...]:
    """The position of a site in bits[*cells, letter, configuration]."""
    return (*(x % n for x, n in zip(site.cell, lattice.cells, strict=True)), site.letter)


def cell_states(made: Map, lattice: Lattice, species: Sequence[Species], letter: int) -> States:
    """Every state of the cell of one block on a small torus on which its sites are distinct.

    The block is that of the coarse cell at the origin. The digits of n are the spins of
    configuration n, species after species and site after site, with the first the highest.
    """
    cell = made.cells[letter]
    spread = [
        max(s.cell[k] for s in cell) - min(s.cell[k] for s in cell)
        for k in range(lattice.dimension)
    ]
    shape = tuple(made.b * (1 + width // made.b) for width in spread)
    edge: Boundary = "periodic"
    torus = replace(lattice, shape=shape, boundary=(edge,) * lattice.dimension)
    counts = [len(kind.codes) for kind in species for _ in cell]
    digits = np.indices(counts).reshape(len(counts), -1)
    codes = np.zeros(
        (len(species), *torus.cells, len(torus.basis), digits.shape[1]), dtype=np.uint8
    )
    for digit, (kind, site) in zip(digits, product(range(len(species)), cell), strict=True):
        codes[(kind, *place_of(site, torus))] = digit
    return States(torus, tuple(species), codes, False)


# -- reading ---------------------------------------------------------------------------------------


def maps(document: ast.Document, lattice: Lattice) -> list[Map]:
    """The maps of a document in the order in which steps take them.

    Raises `Unreadable` for maps that cannot be read here.
    """
    section = document.section("block")
    body = section.body if section else ast.List(())
    written = lattice.supercell.small if lattice.supercell else lattice
    numbers = Evaluator(document, written, {}, [(0,) * lattice.dimension])
    return [
        _in_cells(block_map, lattice)
        for item in (body.items if isinstance(body, ast.List) else (body,))
        for block_map in _maps(item, document, written, numbers)
    ]


def _in_cells(made: Map, lattice: Lattice) -> Map:
    """The map in the larger cells of a lattice, whose letters are their sites as written, row by
    row. Raises `Unreadable` for a map that is written out.
    """
    if lattice.supercell is None:
        return made
    if made.transfer is not None:
        raise Unreadable("a kernel on cells larger than written has no independent reading")
    multiple, letters = lattice.supercell.multiple, len(lattice.supercell.small.basis)
    inside = list(product(*map(range, multiple)))

    def placed(site: Site, corner: Cell) -> Site:
        at = [made.b * x + y for x, y in zip(corner, site.cell, strict=True)]
        rest = tuple(x % m for x, m in zip(at, multiple, strict=True))
        cell = tuple(x // m for x, m in zip(at, multiple, strict=True))
        return Site(cell, inside.index(rest) * letters + site.letter)

    cells = tuple(
        tuple(placed(site, corner) for site in cell) for corner in inside for cell in made.cells
    )
    return replace(made, cells=cells)


def _maps(call: Any, document: ast.Document, lattice: Lattice, numbers: Evaluator) -> Sequence[Map]:
    options = {option.name: option.value for option in call.options}
    rule, cell, transfer = call.name, options.get("cell"), options.get("T")
    if rule not in MINUS and transfer is None:
        raise Unreadable(f"the block map {rule} has no independent evaluator")
    star = cell == ast.Name("star")
    if isinstance(cell, ast.Name) and not star:
        raise Unreadable(f"the cell {cell.name} has no independent reading")
    given = call.arguments[0] if call.arguments else options.get("b")
    b = 2 if star else round(numbers(given))
    cells = _stars(lattice) if star else _cells(cell, rule, b, lattice, numbers)
    if transfer is not None:
        normalised = options.get("normalised") == ast.Name("true")
        return [Map(rule, b, cells, transfer=transfer, normalised=normalised, document=document)]
    return [Map(rule, b, cells, float(p)) for p in _schedule(options.get("p"), numbers)]


def _schedule(p: ast.Expr | None, numbers: Evaluator) -> Sequence[Any]:
    if p is None:
        return [0.0]
    if isinstance(p, ast.Name | ast.Call) and p.name == "free":
        raise Unreadable("the parameter p of the block map is found by the run")
    return list(np.atleast_1d(numbers(p)))


def _stars(lattice: Lattice) -> tuple[tuple[Site, ...], ...]:
    """Each centre and the sites at distance 1."""
    near = [Site(cell, letter) for cell in product(range(-1, 4), repeat=2) for letter in (0, 1)]
    return tuple(
        tuple(site for site in near if lattice.distance(centre, site) < 1.01) for centre in STARS
    )


def _cells(
    expr: Any, rule: str, b: int, lattice: Lattice, numbers: Evaluator
) -> tuple[tuple[Site, ...], ...]:
    d = lattice.dimension
    if expr is None:
        offsets = [(0,) * d] if rule == "decimate" else product(range(b), repeat=d)
        return (tuple(Site(tuple(offset)) for offset in offsets),)
    lists = expr.items if isinstance(expr.items[0], ast.List) else (expr,)
    return tuple(tuple(_site(item, lattice, numbers) for item in cell.items) for cell in lists)


def _site(expr: Any, lattice: Lattice, numbers: Evaluator) -> Site:
    items: Sequence[Any] = expr.items if isinstance(expr, ast.Tuple) else (expr,)
    letter = lattice.letters.index(items[-1].name) if len(items) > lattice.dimension else 0
    return Site(tuple(round(numbers(item)) for item in items[: lattice.dimension]), letter)
