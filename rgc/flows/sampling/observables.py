"""The values of observables: of one configuration from tallied sums, of the ensemble from averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from rgc.errors import Problem, SpecError
from rgc.flows.sampling.recorder import Sums
from rgc.model.expressions import Node, evaluate, leaves
from rgc.model.lattice import Lattice
from rgc.model.observables import (
    Average,
    Known,
    Linear,
    Observable,
    StructureFactor,
    Tally,
    averages,
    tallies,
    with_energy,
)
from rgc.model.spec import Spec
from rgc.model.spins import Species
from rgc.passes.built_in import DEFAULT, named

Floats = NDArray[np.float64]


def observables_of(
    spec: Spec,
    lattice: Lattice,
    species: Sequence[Species],
    energy: Linear,
    default: Sequence[str] = DEFAULT,
    known: Sequence[str] = (),
) -> tuple[Observable, ...]:
    """What the spec asks to measure, else the built-in observables named in `default`, with H/N in
    place of `Energy`.

    Measures of a finished scan and free energies by methods of their own are not among them.
    `known` names the numbers that the flow finds besides averages. Raises `SpecError` for any
    other.
    """
    asked = [each for each in spec.measures if each.of_scan is None and not each.methods]
    found = [each.observable for each in asked if each.observable is not None]
    if len(found) < len(asked):
        raise ValueError("a measure of this spec has no configurations to be measured in")
    for each in found:
        _refuse_unknown(each, known)
    return tuple(
        Observable(each.name, with_energy(each.expression, energy), each.written)
        for each in (found if asked else named(default, lattice, species))
    )


def _refuse_unknown(observable: Observable, known: Sequence[str]) -> None:
    for leaf in leaves(observable.expression):
        if isinstance(leaf, Known) and leaf.name not in known:
            message = f"'{leaf.name}' cannot be measured by this scheme yet"
            raise SpecError([Problem("not-yet", message)])


def averages_in(observables: Sequence[Observable]) -> tuple[Average, ...]:
    """The averages that some observables are made of, each once."""
    return tuple(dict.fromkeys(each for one in observables for each in averages(one.expression)))


def tallies_in(needed: Sequence[Average]) -> tuple[Tally, ...]:
    """The sums over the lattice that some averages are taken of, each once."""
    return tuple(dict.fromkeys(tally for each in needed for tally in tallies(each.of)))


def of_configuration(expression: Node, sums: Sums) -> Floats:
    """The value of an expression in each configuration, float64[replica], from the sums S of its
    tallies.
    """

    def leaf(node: Node) -> Floats:
        match node:
            case Linear(terms, constant):
                total = np.asarray(constant, dtype=np.float64)
                for weight, tally in terms:
                    total = total + weight * sums[tally]
                return total
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
    found: Mapping[Average, Floats],
    known: Mapping[str, float] | None = None,
) -> Floats:
    """The value of an observable from its averages, all of one shape, and from what a flow knows by
    name; NaN is what it does not know.
    """

    def leaf(node: Node) -> Floats:
        match node:
            case Average():
                return found[node]
            case Known(name) if known is not None:
                return np.asarray(known.get(name, np.nan))
        raise TypeError(f"{observable.name} is no function of averages over configurations")

    with np.errstate(all="ignore"):
        return np.asarray(evaluate(observable.expression, leaf, np))
