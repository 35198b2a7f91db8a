"""The symmetry sectors of a Hamiltonian, as linear algebra over GF(2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from itertools import product as cartesian
from math import gcd, lcm, prod

from rgc.model.block import Block
from rgc.model.counted import Flips
from rgc.model.hamiltonian import Table
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.operators import Operator, Product, Spin
from rgc.model.sectors import Flip, SectorOperator, Sectors
from rgc.model.spins import Species
from rgc.model.tiling import Tiling, tiling

_PERIODS = (1, 2, 3, 4, 6)
_MOST_GENERATORS = (
    4  # more are the subsystem symmetries of a degenerate Hamiltonian, of no use as sectors
)
_MOST_UNKNOWNS = 4096
_CLOSE = 1e-12


def find_sectors(products: Iterable[Product], lattice: Lattice, species: int = 1) -> Sectors:
    """The group of sublattice flips that leave every product unchanged at every cell, and with it
    the sectors.

    `products` are those of the Hamiltonian, every group of them. A flip changes the sign of the
    spins of some species, letters and residue classes of cells. Periods 1, 2, 3, 4 and 6 are tried,
    on each periodic axis their greatest common divisor with its length, on an axis of one cell 1,
    and the shortest period with the largest group is taken. A period at which more than four
    generators appear (decoupled rows, plaquette models: symmetries of subsystems) is passed over.
    """
    kept = tuple(products)
    best = Sectors((1,) * lattice.dimension)
    for modulus in sorted({_modulus(period, lattice) for period in _PERIODS}, key=prod):
        if prod(modulus) * len(lattice.basis) * species > _MOST_UNKNOWNS:
            continue
        flips = _flips(kept, modulus, len(lattice.basis), range(species))
        if len(best.flips) < len(flips) <= _MOST_GENERATORS:
            best = Sectors(modulus, flips)
    return best


def flips_of_states(
    tables: Iterable[Table], lattice: Lattice, species: Sequence[Species]
) -> Sectors:
    """The same of spins of any alphabet, in flips that are the same in every cell: s becomes -s,
    and a two-state spin has its other state. Spins that have no such flip stay as they are.
    """
    kinds = [k for k, spin in enumerate(species) if has_flip(spin)]
    odd = {product for table in tables for product in _odd_parts(table, species)}
    modulus = (1,) * lattice.dimension
    flips = _flips(tuple(odd), modulus, len(lattice.basis), kinds)
    return Sectors(modulus, flips if len(flips) <= _MOST_GENERATORS else ())


def has_flip(spin: Species) -> bool:
    """Whether the values of a spin in the opposite order are those of -s, or its only others."""
    values, names = spin.values, spin.kind.vectors is not None
    return spin.two_states or (not names and values == tuple(-s for s in reversed(values)))


def _odd_parts(table: Table, species: Sequence[Species]) -> Iterator[Product]:
    """The products of spins to odd powers in the polynomial that a function of some spins is."""
    kinds = [species[spin.species] for spin in table.spins]
    states = list(cartesian(*(range(len(kind.values)) for kind in kinds)))
    energies = dict(zip(states, table.energies, strict=True))
    largest = max(map(abs, table.energies), default=0.0)
    flipping = [k for k, kind in enumerate(kinds) if has_flip(kind)]
    for odd in _subsets(flipping):
        for state in states:
            part = sum(
                (-1) ** len({*odd} & {*turned}) * energies[_turned(state, turned, kinds)]
                for turned in _subsets(flipping)
            )
            if abs(part) > _CLOSE * largest * 2 ** len(flipping):
                yield tuple(sorted(table.spins[k] for k in odd))
                break


def _subsets(numbers: Sequence[int]) -> list[tuple[int, ...]]:
    return [chosen for n in range(len(numbers) + 1) for chosen in combinations(numbers, n)]


def _turned(
    state: tuple[int, ...], turned: Sequence[int], kinds: Sequence[Species]
) -> tuple[int, ...]:
    return tuple(len(kinds[k].values) - 1 - n if k in turned else n for k, n in enumerate(state))


def sectors_by_level(sectors: Sectors, blocks: Sequence[Block], levels: int) -> tuple[Sectors, ...]:
    """The sectors at levels 0 to `levels`, where generator k of a level is induced by generator k
    of the level before.

    A flip acts on the block spins where the law of every cell has a flip of its block spins that
    undoes it. The combinations for which this holds at every level are kept, on all levels. Step n
    uses blocks[n % len(blocks)]. Raises `SpecError` for a map without a law.
    """
    modulus = [sectors.modulus]
    chains = [[flip] for flip in sectors.flips]
    for level in range(levels):
        block = blocks[level % len(blocks)]
        cells = tiling(block)
        coarse = _coarse_modulus(modulus[-1], cells)
        induced: dict[int, Flip] = {}
        for bits in range(1, 1 << len(chains)):
            flip = Sectors(modulus[-1], (_combined(chains, bits)[-1],))
            image = _induced(flip, coarse, cells, block)
            if image is not None:
                induced[bits] = image
        kept = _kernel(_kernel(induced, len(chains)), len(chains))
        chains = [[*_combined(chains, bits), induced[bits]] for bits in kept]
        modulus.append(coarse)
    return tuple(Sectors(m, tuple(chain[k] for chain in chains)) for k, m in enumerate(modulus))


def uniform_on_cells(sectors: Sectors, block: Block) -> Sectors:
    """The sectors under those flips that are the same on all spins of a species in each cell."""
    cells, rows = tiling(block), set()
    for at in cartesian(*map(range, _coarse_modulus(sectors.modulus, cells))):
        for letter, cell in enumerate(cells.cells):
            for kind in range(block.law(letter).species):
                spins = [Spin(site.cell, site.letter, kind) for site in cell]
                first, *others = [sectors.character((spin,), cells.corner(at)) for spin in spins]
                rows |= {
                    _bits(a ^ b for a, b in zip(first, other, strict=True)) for other in others
                }
    chains = [[flip] for flip in sectors.flips]
    kept = _kernel(rows, len(chains))
    return Sectors(sectors.modulus, tuple(_combined(chains, bits)[0] for bits in kept))


def split_operator(operator: Operator, sectors: Sectors) -> tuple[SectorOperator, ...]:
    """The parts of an operator in the sectors, in the order of their names. Their sum is the
    operator.

    A translate of a product always has one character. Where all have the same the operator is one
    part. Otherwise each part sums its products over the cells with its character: for Baxter-Wu the
    magnetisation becomes those of the three sublattices.
    """
    where: dict[str, list[tuple[Product, tuple[Cell, ...]]]] = {}
    for product in operator.products:
        cells: dict[str, list[Cell]] = {}
        for at in sectors.residues:
            cells.setdefault(sectors.name(sectors.character(product, at)), []).append(at)
        for name, residues in cells.items():
            where.setdefault(name, []).append((product, tuple(residues)))
    return tuple(
        _part(operator, name, where[name], sectors) for name in sectors.names if name in where
    )


def _part(
    operator: Operator,
    sector: str,
    terms: Sequence[tuple[Product, tuple[Cell, ...]]],
    sectors: Sectors,
) -> SectorOperator:
    modulus = sectors.modulus
    if all(residues == sectors.residues for _, residues in terms):
        modulus = (1,) * len(modulus)
        terms = [(product, ((0,) * len(modulus),)) for product, _ in terms]
    return SectorOperator(
        operator.name, sector, modulus, tuple(p for p, _ in terms), tuple(r for _, r in terms)
    )


def _modulus(period: int, lattice: Lattice) -> Cell:
    return tuple(
        (1 if size == 1 else period) if size is None or edge == "open" else gcd(period, size)
        for size, edge in zip(lattice.shape, lattice.boundary, strict=True)
    )


def _flips(
    products: Sequence[Product], modulus: Cell, letters: int, species: Sequence[int]
) -> tuple[Flip, ...]:
    """The flips that leave every product unchanged at every cell: a reduced basis of the solutions
    of one equation for each.

    The products of the fewest spins come first, all of them. Translations take what solves all
    equations so far to what does so, so that a product whose equation at one cell is solved adds
    none, and few of the thousands that a Hamiltonian of many spins has add any.
    """
    cells = tuple(cartesian(*map(range, modulus)))
    spins = [Spin(cell, a, s) for s in species for a in range(letters) for cell in cells]
    number = {spin: k for k, spin in enumerate(spins)}

    def equation(product: Product, at: Cell) -> int:
        row = 0
        for spin in product:
            cell = tuple((x + y) % m for x, y, m in zip(spin.cell, at, modulus, strict=True))
            row ^= 1 << number[Spin(cell, spin.letter, spin.species)]
        return row

    ordered = sorted(filter(None, products), key=len)
    first = [product for product in ordered if len(product) == len(ordered[0])]
    equations = _independent(equation(product, at) for product in first for at in cells)
    solutions = _kernel(equations, len(spins))
    for product in ordered[len(first) :]:
        row = equation(product, cells[0])
        if any((row & bits).bit_count() % 2 for bits in solutions):
            equations = _independent([*equations, *(equation(product, at) for at in cells)])
            solutions = _kernel(equations, len(spins))
    return tuple(
        frozenset(spin for spin in spins if bits >> number[spin] & 1) for bits in solutions
    )


def _independent(equations: Iterable[int]) -> list[int]:
    """Independent equations that say the same, each with a highest bit of its own."""
    pivots: dict[int, int] = {}
    for row in equations:
        while row and (bit := row.bit_length() - 1) in pivots:
            row ^= pivots[bit]
        if row:
            pivots[bit] = row
    return list(pivots.values())


def _kernel(equations: Iterable[int], unknowns: int) -> list[int]:
    """A reduced basis of the x in GF(2)^unknowns with an even number of common bits with every
    equation."""
    pivots = {row.bit_length() - 1: row for row in _independent(equations)}
    for bit in sorted(pivots):  # smaller pivots are reduced before larger ones need them
        for other in [key for key in pivots if key < bit and pivots[bit] >> key & 1]:
            pivots[bit] ^= pivots[other]
    basis = []
    for free in range(unknowns):
        if free not in pivots:
            basis.append(
                1 << free | sum(1 << bit for bit, row in pivots.items() if row >> free & 1)
            )
    return basis


def _coarse_modulus(modulus: Cell, cells: Tiling) -> Cell:
    """After how many coarse cells along each coarse vector the fine period is met again."""
    return tuple(
        lcm(*(m // gcd(m, x) for m, x in zip(modulus, v, strict=True))) for v in cells.vectors
    )


def _bits(values: Iterable[int]) -> int:
    return sum(value << k for k, value in enumerate(values))


def _combined(chains: Sequence[Sequence[Flip]], bits: int) -> list[Flip]:
    """Level by level the symmetric difference of the chosen generators."""
    chosen = [chain for k, chain in enumerate(chains) if bits >> k & 1]
    combined = list(chosen[0])
    for chain in chosen[1:]:
        combined = [a ^ b for a, b in zip(combined, chain, strict=True)]
    return combined


def _induced(flip: Sectors, coarse: Cell, cells: Tiling, block: Block) -> Flip | None:
    """The flip of the block spins that goes with the only flip of `flip`, or None where the law of
    some cell has none."""
    flipped: set[Spin] = set()
    for at in cartesian(*map(range, coarse)):
        for letter, cell in enumerate(cells.cells):
            found = {
                rule.induced(_flipped(flip, cells.corner(at), cell, rule.species))
                for rule in block.laws(letter)
            }
            species = found.pop()
            if found or species is None:
                return None
            flipped |= {Spin(at, letter, kind) for kind in species}
    return frozenset(flipped)


def _flipped(flip: Sectors, corner: Cell, cell: Sequence[Site], species: int) -> Flips:
    """The spins of a cell that change sign, by species and number of the site."""
    return frozenset(
        (kind, number)
        for kind in range(species)
        for number, site in enumerate(cell)
        if flip.character((Spin(site.cell, site.letter, kind),), corner) == (1,)
    )
