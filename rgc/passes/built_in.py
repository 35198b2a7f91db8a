"""The observables that have names of their own, made of sums over a lattice, as docs/language.md
defines them.

To add one, write a function of the lattice and its species and give it a row in `BUILT_IN`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import pi, prod, sqrt

from rgc.errors import Problem, SpecError, listing
from rgc.language.measures import MEASURES
from rgc.model.expressions import Constant, Expression, apply, square
from rgc.model.lattice import Cell, Lattice, Site
from rgc.model.lattices import AXES
from rgc.model.observables import (
    Average,
    Energy,
    Linear,
    Observable,
    Overlap,
    Profile,
    Summand,
    Tally,
    averaged,
)
from rgc.model.operators import Operator, Product, Spin, product
from rgc.model.supercells import as_written, enclosed, small_cells
from rgc.passes.geometry import gram_matrix, inverse
from rgc.passes.sum_spins import (
    Kinds,
    structure_factors,
    sum_of_pairs,
    sum_of_squares,
    sums_of_spins,
)

Option = int | str | tuple[str, ...]
"""The value of an option of a built-in observable."""

DEFAULT = ("energy", "m", "abs_m", "susceptibility", "specific_heat", "binder")
"""What is measured where a spec asks for nothing."""


def built_in(name: str, lattice: Lattice, species: Kinds, **options: Option) -> Expression:
    """The expression of a built-in observable. Raises `SpecError` where it means nothing on the
    lattice, and `LookupError` where the table of measures says something else than its function.
    """
    expression, row = BUILT_IN[name](lattice, species, **options), MEASURES[name]
    if (averaged(expression) is expression) != (row.of == "ensemble"):
        raise LookupError(
            f"MEASURES says that '{name}' is of the {row.of}; what its function returns is not"
        )
    return expression


def named(names: Sequence[str], lattice: Lattice, species: Kinds) -> tuple[Observable, ...]:
    """Built-in observables without options, by their names."""
    return tuple(Observable(name, averaged(built_in(name, lattice, species))) for name in names)


def energy(lattice: Lattice, species: Kinds) -> Expression:
    """H/N with the additive constant, in kT."""
    return Energy()


def magnetisation(lattice: Lattice, species: Kinds) -> Expression:
    """m of the first species: sum s/N in the spins as declared, a binary spin being (1 + s)/2. That
    of spins that are vectors is the length of their sum by N.
    """
    share = species[0].scale / lattice.sites
    parts = [
        Linear(((share, Tally(field)),), species[0].offset)
        for field in sums_of_spins(lattice, species)
    ]
    if species[0].kind.vectors is None:
        return parts[0]
    return apply("sqrt", _total([square(part) for part in parts]))


def absolute_magnetisation(lattice: Lattice, species: Kinds) -> Expression:
    """|m|."""
    return apply("abs", magnetisation(lattice, species))


def specific_heat(lattice: Lattice, species: Kinds) -> Expression:
    """N var(H/N)."""
    return _scaled(lattice.sites, variance(Energy()))


def susceptibility(lattice: Lattice, species: Kinds) -> Expression:
    """N (<m^2> - <|m|>^2)."""
    m = magnetisation(lattice, species)
    return _scaled(lattice.sites, apply("-", Average(square(m)), square(Average(apply("abs", m)))))


def binder(lattice: Lattice, species: Kinds) -> Expression:
    """1 - <m^4> / (3 <m^2>^2)."""
    second = square(magnetisation(lattice, species))
    below = apply("*", Constant(3.0), square(Average(second)))
    return apply("-", Constant(1.0), apply("/", Average(square(second)), below))


def variance(expression: Expression) -> Expression:
    """<x^2> - <x>^2."""
    return apply("-", Average(square(expression)), square(Average(expression)))


def correlation(
    lattice: Lattice, species: Kinds, r: int, along: str = "x", letters: Sequence[str] = ()
) -> Expression:
    """<s_i s_j> - <s_i> <s_j> at j = i + r * x, averaged over the places where both are there. Of
    spins that are vectors these are scalar products.

    The vector is `along`. With a basis the two sites are of the same letter, or of the two
    `letters` given, and averages are those of letters. Along one open axis, where the sites of a
    letter differ, they are those of each coordinate. Where several axes are open, <s_i> is still
    the average of all sites of a letter (`several_open`). Raises `SpecError` where no two sites are
    that far apart, and for a vector or letters that the lattice lacks.
    """
    axis = _axis(along, lattice)
    apart = tuple(r if k == axis else 0 for k in range(lattice.dimension))
    joined = _joined(letters, apart, lattice)
    length, edge = lattice.cells[axis], lattice.boundary[axis]
    steps = [second.cell[axis] if edge == "open" else 0 for _, second in joined]
    places = prod(lattice.cells) // length * sum(max(length - step, 0) for step in steps)
    if not places:
        raise SpecError([Problem("out-of-range", f"no two sites are {r} apart along {along}")])
    summed = (
        sum_of_squares(lattice, species, [site.letter for site, _ in joined])
        if all(first == second for first, second in joined)
        else sum_of_pairs(tuple(map(_product, joined)), lattice, species)
    )
    pair = Average(Linear(((1 / places, Tally(summed)),)))
    averages = _mean(
        [part for both in joined for part in _products_of_averages(lattice, species, both, axis)]
    )
    return _scaled(species[0].scale ** 2, apply("-", pair, averages))


def _product(sites: Iterable[Site]) -> Product:
    """The product of the spins of the first species at some sites."""
    return product(tuple(Spin(site.cell, site.letter) for site in sites))


def _axis(along: str, lattice: Lattice) -> int:
    if along not in AXES[: lattice.dimension]:
        message = f"this lattice has no vector {along}"
        hint = f"it has {listing(AXES[: lattice.dimension])}"
        raise SpecError([Problem("bad-direction", message, hint=hint)])
    return AXES.index(along)


def _joined(named: Sequence[str], apart: Cell, lattice: Lattice) -> tuple[tuple[Site, Site], ...]:
    """The pairs of sites of a cell and `apart` from it that are correlated: of the two letters that
    are named, or of each with itself.
    """
    written = as_written(lattice)
    return tuple(
        (enclosed(Site(cell, a), lattice), enclosed(Site(cell, b).shifted(apart), lattice))
        for cell in small_cells(lattice)
        for a, b in _letters(named, written)
    )


def _letters(named: Sequence[str], lattice: Lattice) -> tuple[tuple[int, int], ...]:
    """The pairs of letters that are correlated: the two that are named, or each with itself."""
    letters = lattice.letters
    if not named:
        return tuple((k, k) for k in range(len(letters)))
    if len(named) != 2:
        message = f"a correlation is between two letters, not {len(named)}"
        raise SpecError([Problem("wrong-arity", message, hint="write letters=[a, b]")])
    for name in named:
        if name not in letters:
            message, hint = f"a cell has no site '{name}'", f"it has {listing(letters)}"
            raise SpecError([Problem("unknown-letter", message, hint=hint)])
    return ((letters.index(named[0]), letters.index(named[1])),)


def several_open(lattice: Lattice) -> bool:
    """Whether sites of a letter differ by more than their coordinate along one axis."""
    return len(_open_axes(lattice)) > 1


def _open_axes(lattice: Lattice) -> list[int]:
    edges = zip(lattice.boundary, lattice.cells, strict=True)
    return [k for k, (edge, cells) in enumerate(edges) if edge == "open" and cells > 1]


def _products_of_averages(
    lattice: Lattice, species: Kinds, sites: tuple[Site, Site], along: int
) -> Iterator[Expression]:
    """<s_i> <s_j> of two sites and what they are on the other cells, in all places that differ."""
    fields = zip(*(sums_of_spins(lattice, species, site.letter) for site in sites), strict=True)
    parts = [_of_component(both, lattice, sites[1], along) for both in fields]
    return map(_total, zip(*parts, strict=True))


def _of_component(
    fields: Sequence[Summand], lattice: Lattice, second: Site, along: int
) -> Iterator[Expression]:
    """The same of one component."""
    share, open_axes = len(lattice.basis) / lattice.sites, _open_axes(lattice)
    if len(open_axes) != 1:
        averages = [Average(Linear(((share, Tally(field)),))) for field in fields]
        yield _times(*averages)
        return
    (axis,) = open_axes
    length = lattice.cells[axis]
    here, there = (
        [Average(Profile(Tally(field, axis), x, share * length)) for x in range(length)]
        for field in fields
    )
    shift = second.cell[axis] if axis == along else 0
    yield from (_times(here[x], there[x + shift]) for x in range(length - shift))


def _times(first: Expression, second: Expression) -> Expression:
    return square(first) if first == second else apply("*", first, second)


def correlation_length(lattice: Lattice, species: Kinds) -> Expression:
    """The second-moment length xi, averaged over the smallest wave vectors k along the periodic
    axes.

    xi^2 = (S(0)/S(k) - 1) / (4 sin^2(|k|/2)) with S(k) = <|sum_i s_i exp(i k r_i)|^2>, summed over
    the components of spins that are vectors. It is NaN
    where S(k) > S(0). S(0) is not connected, so that xi means something above T_c. Raises
    `SpecError` without a periodic axis.
    """
    waves = smallest_waves(lattice)
    if not waves:
        raise SpecError([Problem("not-possible", "a correlation length needs a periodic axis")])
    share = 1 / lattice.sites
    parts = [Linear(((share, Tally(field)),)) for field in sums_of_spins(lattice, species)]
    zero = _total([Average(square(part)) for part in parts])
    squares = []
    for axis, half in waves:
        there = _total([Average(wave) for wave in structure_factors(lattice, species, axis)])
        ratio = apply("/", zero, there)
        k2 = apply("*", Constant(4.0), square(apply("sin", Constant(half))))
        squares.append(apply("/", apply("-", ratio, Constant(1.0)), k2))
    return apply("sqrt", _mean(squares))


def smallest_waves(lattice: Lattice) -> tuple[tuple[int, float], ...]:
    """The axes along which a finite lattice closes on itself with the same sign, and |k|/2 of the
    smallest wave vector k along each. Around an antiperiodic boundary a wave depends on where the
    sign changes.
    """
    written = as_written(lattice)
    reciprocal = inverse(gram_matrix(written.vectors))
    return tuple(
        (axis, pi * sqrt(reciprocal[axis][axis]) / cells)
        for axis, (cells, edge) in enumerate(zip(written.cells, lattice.boundary, strict=True))
        if edge == "periodic" and cells > 1
    )


def _mean(expressions: Sequence[Expression]) -> Expression:
    if len(expressions) == 1:
        return expressions[0]
    return apply("/", _total(expressions), Constant(float(len(expressions))))


def _total(expressions: Sequence[Expression]) -> Expression:
    """The sum, in halves, so that long sums are no deep trees."""
    if len(expressions) == 1:
        return expressions[0]
    half = (len(expressions) + 1) // 2
    return apply("+", _total(expressions[:half]), _total(expressions[half:]))


def _scaled(factor: float, expression: Expression) -> Expression:
    return apply("*", Constant(float(factor)), expression)


def overlap(lattice: Lattice, species: Kinds, copy: int) -> Linear:
    """q = 1/N sum_i s_i t_i of the first species s in the spins as declared, of vectors s_i . t_i,
    with a copy t that is species number `copy`.
    """
    first, share = species[0], 1 / lattice.sites
    places = [Spin((0,) * lattice.dimension, letter) for letter in range(len(lattice.basis))]
    copies = [Spin(spin.cell, spin.letter, copy) for spin in places]
    both = tuple(zip(places, copies, strict=True))
    joint = [(share * first.scale**2, Tally(sum_of_pairs(both, lattice, species)))]
    if not first.two_states or not first.offset:
        return Linear(tuple(joint))
    sides = [Operator("m", tuple((spin,) for spin in side)) for side in (places, copies)]
    linear = [(share * first.scale * first.offset, Tally(side)) for side in sides]
    return Linear((*joint, *linear), first.offset**2)


BUILT_IN: Mapping[str, Callable[..., Expression]] = {
    "energy": energy,
    "m": magnetisation,
    "abs_m": absolute_magnetisation,
    "susceptibility": susceptibility,
    "specific_heat": specific_heat,
    "binder": binder,
    "correlation": correlation,
    "correlation_length": correlation_length,
    "overlap": lambda lattice, species: Overlap(),
    "abs_q": lambda lattice, species: apply("abs", Overlap()),
    "q2": lambda lattice, species: square(Overlap()),
    "q4": lambda lattice, species: square(square(Overlap())),
}
"""The built-in observables: (lattice, species, **options) to an expression. Raises `SpecError`
where one means nothing.
"""

for _name in {name for name, row in MEASURES.items() if row.built_in} ^ set(BUILT_IN):
    raise LookupError(
        f"'{_name}' needs a row in BUILT_IN of rgc/passes/built_in.py, and one with of_spins=True "
        "or of_copies=True in MEASURES of rgc/language/measures.py"
    )
