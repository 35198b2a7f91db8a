"""Observables: of one configuration from tallied sums, of the ensemble from averages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError
from rgc.flows.sampling.recorder import Sums
from rgc.model.expressions import Apply, Expression, evaluate, leaves
from rgc.model.groups import Local
from rgc.model.lattice import Lattice
from rgc.model.observables import (
    Average,
    Known,
    Linear,
    Observable,
    Profile,
    StructureFactor,
    Tally,
    averages,
    tallies,
    with_known,
)
from rgc.model.operators import Operator, Product
from rgc.model.sectors import Sectors
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.passes.built_in import DEFAULT, named, several_open
from rgc.passes.sum_spins import CORRELATION

Floats = NDArray[np.float64]


def observables_of(
    spec: Spec,
    lattice: Lattice,
    species: Sequence[Species],
    energy: Linear,
    default: Sequence[str] = DEFAULT,
    known: Sequence[str] = (),
    sectors: Sectors | None = None,
    overlap: Linear | None = None,
) -> tuple[Observable, ...]:
    """What the spec asks to measure, else the built-in observables named in `default`, with H/N in
    place of `Energy`, and where the flow has copies of its spins `overlap` in place of `Overlap`.

    Measures of a finished scan and free energies by methods of their own are not among them.
    `known` names the numbers that the flow finds besides averages. Where the symmetry of `sectors`
    makes both factors of a subtracted product of averages 0, nothing is subtracted. Raises
    `SpecError` for any other number.
    """
    asked = [
        measure for measure in spec.measures if measure.of_scan is None and not measure.methods
    ]
    observables = [measure.observable for measure in asked if measure.observable is not None]
    if len(observables) < len(asked):
        raise ValueError("a measure of this spec has no configurations to be measured in")
    for observable in observables:
        _refuse_unknown(observable, known)
    return tuple(
        Observable(
            observable.name,
            connected(with_known(observable.expression, energy, overlap), sectors),
            observable.written,
        )
        for observable in (observables if asked else named(default, lattice, species))
    )


def _refuse_unknown(observable: Observable, known: Sequence[str]) -> None:
    for leaf in leaves(observable.expression):
        if isinstance(leaf, Known) and leaf.name not in known:
            message = f"'{leaf.name}' cannot be measured by this scheme yet"
            raise SpecError([Problem("not-yet", message)])


def connected(expression: Expression, sectors: Sectors | None) -> Expression:
    """The expression without the subtracted products of averages that are 0 by symmetry.

    Such a product, as in <s s'> - <s>^2, is 0 however far the averages of a run are from it: the
    state of one replica at low temperature is not symmetric.
    """
    match expression:
        case Apply("-", (left, right)) if sectors is not None and _order(right, sectors) >= 2:
            return connected(left, sectors)
        case Apply(function, operands):
            return Apply(function, tuple(connected(each, sectors) for each in operands))
    return expression


def _order(expression: Expression, sectors: Sectors) -> int:
    """How many factors that are 0 by symmetry each term of an expression has at least."""
    match expression:
        case Average(of):
            return int(_vanishes(of, sectors))
        case Apply("square", (inner,)):
            return 2 * _order(inner, sectors)
        case Apply("*", operands):
            return sum(_order(each, sectors) for each in operands)
        case Apply("+", operands):
            return min(_order(each, sectors) for each in operands)
        case Apply("/", (above, _)):
            return _order(above, sectors)
    return 0


def _vanishes(expression: Expression, sectors: Sectors) -> bool:
    """Whether it is a sum of products each of which some flip changes in sign at every cell."""
    return (
        isinstance(expression, Linear | Profile)
        and not (isinstance(expression, Linear) and expression.constant)
        and all(
            any(sectors.character(product, cell))
            for product in _products(expression)
            for cell in sectors.residues
        )
    )


def doubts_at_edges(observables: Sequence[Observable], lattice: Lattice) -> tuple[str, ...]:
    """A warning of correlations that still subtract an average over all sites of a letter where
    several axes are open, which makes the sites different.
    """
    names = [each.name for each in observables if _correlated(each.expression)]
    if not names or not several_open(lattice):
        return ()
    return (
        f"at open edges what is subtracted in {', '.join(names)} is the square of the average over "
        "all sites, where it should be the product of the averages of two sites",
    )


def _correlated(expression: Expression) -> bool:
    """Whether there is a pair of `correlation(r)` in it from which something is subtracted."""
    match expression:
        case Apply("-", (Average(Linear(((_, Tally(Operator(name=name))),))), _)) if (
            name == CORRELATION
        ):
            return True
        case Apply(_, operands):
            return any(map(_correlated, operands))
    return False


def averages_in(observables: Sequence[Observable]) -> tuple[Average, ...]:
    """The averages that some observables are made of, each once."""
    return tuple(
        dict.fromkeys(
            average for observable in observables for average in averages(observable.expression)
        )
    )


def tallies_in(needed: Sequence[Average]) -> tuple[Tally, ...]:
    """The sums over the lattice that some averages are taken of, each once."""
    return tuple(dict.fromkeys(tally for average in needed for tally in tallies(average.of)))


def is_constant(expression: Expression) -> bool:
    """Whether an expression of one configuration is a number by definition."""
    return all(
        isinstance(leaf, Linear) and not any(map(len, _products(leaf)))
        for leaf in leaves(expression)
    )


def is_odd(expression: Expression, species: int | None = None) -> bool:
    """Whether it is a sum of products of odd numbers of two-state spins, but for a constant.

    Spins beyond so many `species` are quenched and do not count.
    """
    one = isinstance(expression, Linear | Profile)
    products = tuple(_products(expression)) if one else ()
    signs = not any(isinstance(tally.operator, Local) for tally in tallies(expression))
    return (
        signs
        and bool(products)
        and all(
            sum(species is None or spin.species < species for spin in product) % 2
            for product in products
        )
    )


def _products(sums: Expression) -> Iterator[Product]:
    """The products of spins that enter a sum over the lattice with a weight other than 0."""
    match sums:
        case Linear(terms):
            weighed = terms
        case Profile(tally, _, weight):
            weighed = ((weight, tally),)
        case _:
            weighed = ()
    for weight, tally in weighed:
        if weight:
            yield from tally.operator.products


def of_configuration(expression: Expression, sums: Sums) -> Floats:
    """The value of an expression in each configuration, float64[replica], from the sums S of its
    tallies.
    """

    def leaf(node: Expression) -> Floats:
        match node:
            case Linear(terms, constant):
                total = np.asarray(constant, dtype=np.float64)
                for weight, tally in terms:
                    total = total + weight * sums[tally]
                return total
            case Profile(tally, coordinate, weight):
                return np.asarray(weight * sums[tally][coordinate], dtype=np.float64)
            case StructureFactor(letters, sites):
                return _structure_factor(letters, sites, sums)
        raise TypeError(f"{type(node).__name__} has no value in one configuration")

    with np.errstate(all="ignore"):
        return np.asarray(evaluate(expression, leaf, np))


def _structure_factor(letters: Sequence[tuple[Tally, float]], sites: int, sums: Sums) -> Floats:
    """|1/N sum_i s_i exp(i k r_i)|^2, k the smallest wave vector along the axis of the tallies."""
    wave = 0
    for tally, offset in letters:
        profile = sums[tally]
        length = len(profile)
        phase = np.exp(2j * np.pi * (np.arange(length) + offset) / length)
        wave = wave + np.einsum("c,cr->r", phase, profile)  # not BLAS: its threads wait
    return np.asarray(np.abs(wave / sites) ** 2)


def of_ensemble(
    observable: Observable,
    averaged: Mapping[Average, Floats],
    known: Mapping[str, float] | None = None,
) -> Floats:
    """The value of an observable from its averages, all of one shape, and from what a flow knows by
    name.

    It is NaN where the flow does not know a number.
    """

    def leaf(node: Expression) -> Floats:
        match node:
            case Average():
                return averaged[node]
            case Known(name) if known is not None:
                return np.asarray(known.get(name, np.nan))
        raise TypeError(f"{observable.name} is no function of averages over configurations")

    with np.errstate(all="ignore"):
        return np.asarray(evaluate(observable.expression, leaf, np))
