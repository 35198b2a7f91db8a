"""The measures that have a name of their own; definitions in language.md section 7."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product as cartesian
from math import pi, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError
from rgc.flows.sampling.quantities import Leaf, Measured, Quantity, linear, plain, power
from rgc.flows.sampling.recorder import Row, Sums
from rgc.model.groups import Local
from rgc.model.operators import Operator, Product, Spin, product
from rgc.passes.geometry import coordinates, gram_matrix

Floats = NDArray[np.float64]

DEFAULT = ("energy", "m", "abs_m", "susceptibility", "specific_heat", "binder")


def energy(model: Measured) -> Leaf:
    """H/N with the additive constant, in kT."""
    sites = model.lattice.sites
    return linear("energy", [(weight / sites, row) for weight, row in model.energy])


def magnetisation(model: Measured) -> Leaf:
    """m = sum s/N of the first species, in the spins as declared: a binary spin is (1 + s)/2."""
    species = model.species[0]
    return linear("m", [(species.scale / model.lattice.sites, Row(field(model)))], species.offset)


def absolute(leaf: Leaf) -> Leaf:
    return Leaf(f"abs({leaf.name})", leaf.rows, lambda sums: np.abs(leaf.value(sums)))


def field(model: Measured, letter: int | None = None) -> Operator | Local:
    """The sum over the sites of the first species, of one letter or of all."""
    origin = (0,) * model.lattice.dimension
    letters = range(len(model.lattice.basis)) if letter is None else (letter,)
    return _sum(model, "m", tuple((Spin(origin, a),) for a in letters))


def _sum(model: Measured, name: str, products: tuple[Product, ...]) -> Operator | Local:
    """The sum of products of spins of the first species: signs of two-state spins, of any other the numbers that stand for the states."""
    species = model.species[0]
    if species.two_states:
        return Operator(name, products)
    values = [tuple(map(float, map(prod, cartesian(species.values, repeat=len(each))))) for each in products]
    axes = range(model.lattice.dimension)
    reaches = [
        tuple((min(s.cell[k] for s in each), max(s.cell[k] for s in each)) for k in axes) for each in products
    ]
    return Local(products, tuple(values), tuple(reaches))


def specific_heat(model: Measured) -> Quantity:
    """N var(H/N)."""
    e, sites = energy(model), model.lattice.sites
    return Quantity("specific_heat", (e, power(e, 2)), lambda e1, e2: sites * (e2 - e1**2))


def susceptibility(model: Measured) -> Quantity:
    """N (<m^2> - <|m|>^2)."""
    m, sites = magnetisation(model), model.lattice.sites
    return Quantity("susceptibility", (power(m, 2), absolute(m)), lambda m2, m1: sites * (m2 - m1**2))


def binder(model: Measured) -> Quantity:
    """1 - <m^4> / (3 <m^2>^2)."""
    m = magnetisation(model)
    return Quantity("binder", (power(m, 2), power(m, 4)), lambda m2, m4: 1 - m4 / (3 * m2**2))


def correlation(model: Measured, distance: int) -> Quantity:
    """<s_i s_j> - <s_i> <s_j> at j = i + distance * x, averaged over the places where both are there; with a basis the two sites
    are of the same letter."""
    lattice, letters = model.lattice, range(len(model.lattice.basis))
    step = tuple(distance if axis == 0 else 0 for axis in range(lattice.dimension))
    origin = (0,) * lattice.dimension
    pairs = tuple(product((Spin(origin, a), Spin(step, a))) for a in letters)
    length = lattice.cells[0]
    places = (
        lattice.sites
        * (max(length - abs(distance), 0) if lattice.boundary[0] == "open" else length)
        // length
    )
    if not places:
        raise SpecError([Problem("out-of-range", f"no two sites are {distance} apart along x")])
    row = Row(_sum(model, "correlation", pairs) if distance else _squares(model))
    pair = linear(f"pair({distance})", [(1 / places, row)])
    spin = linear("spin", [(1 / lattice.sites, Row(field(model)))])
    scale = model.species[0].scale ** 2
    return Quantity(f"correlation({distance})", (pair, spin), lambda ss, s: scale * (ss - s**2))


def _squares(model: Measured) -> Operator | Local:
    """The sum of s^2 over the sites; of two-state spins in their signs a number."""
    origin = (0,) * model.lattice.dimension
    letters = range(len(model.lattice.basis))
    species = model.species[0]
    if species.two_states:
        return Operator("correlation", tuple(() for _ in letters))
    squares = tuple(float(value * value) for value in species.values)
    still = ((0, 0),) * model.lattice.dimension
    return Local(
        tuple((Spin(origin, a),) for a in letters), (squares,) * len(letters), (still,) * len(letters)
    )


def correlation_length(model: Measured) -> Quantity:
    """The second-moment length xi, xi^2 = (S(0)/S(k) - 1) / (4 sin^2(|k|/2)), S(k) = <|sum_i s_i exp(i k r_i)|^2>, averaged over the
    smallest wave vectors k along the periodic axes; NaN where S(k) > S(0). S(0) is not connected: it means something above T_c."""
    lattice = model.lattice
    axes = [axis for axis, edge in enumerate(lattice.boundary) if edge != "open" and lattice.cells[axis] > 1]
    if not axes:
        raise SpecError([Problem("not-possible", "a correlation length needs a periodic axis")])
    total = linear("spin", [(1 / lattice.sites, Row(field(model)))])
    waves = [_wave(model, axis) for axis in axes]
    reciprocal = np.linalg.inv(gram_matrix(lattice))
    squares = [4 * np.sin(pi * sqrt(reciprocal[a][a]) / lattice.cells[a]) ** 2 for a in axes]

    def length(zero: Floats, *others: Floats) -> Floats:
        square = np.mean([(zero / s - 1) / k2 for s, k2 in zip(others, squares, strict=True)], axis=0)
        return np.where(square >= 0, np.sqrt(np.abs(square)), np.nan)

    return Quantity("correlation_length", (power(total, 2), *waves), length)


def _wave(model: Measured, axis: int) -> Leaf:
    """|1/N sum_i s_i exp(i k r_i)|^2 for the smallest wave vector along a reciprocal axis."""
    lattice = model.lattice
    rows = [Row(field(model, letter), axis) for letter in range(len(lattice.basis))]
    places = [
        np.arange(lattice.cells[axis]) + coordinates(lattice, position)[axis] for position in lattice.basis
    ]
    phases = [np.exp(2j * pi * place / lattice.cells[axis]) for place in places]

    def value(sums: Sums) -> Floats:
        pairs = zip(phases, rows, strict=True)
        wave = sum(
            np.einsum("c,cr->r", phase, sums[row]) for phase, row in pairs
        )  # not BLAS: its threads wait
        return np.asarray(np.abs(wave / lattice.sites) ** 2)

    return Leaf(f"wave({axis})", tuple(rows), value)


NAMED: Mapping[str, Callable[[Measured], Quantity]] = {
    "energy": lambda model: plain(energy(model)),
    "m": lambda model: plain(magnetisation(model), "m"),
    "abs_m": lambda model: plain(absolute(magnetisation(model)), "abs_m"),
    "susceptibility": susceptibility,
    "specific_heat": specific_heat,
    "binder": binder,
    "correlation_length": correlation_length,
}
"""Built-in quantities by their bare names."""

CONFIGURATION: Mapping[str, Callable[[Measured], Leaf]] = {
    "energy": energy,
    "m": magnetisation,
    "abs_m": lambda model: absolute(magnetisation(model)),
}
"""Those that have a value in one configuration, so that `avg(energy^2)` means something."""
