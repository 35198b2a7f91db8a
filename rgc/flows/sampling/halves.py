"""Whether replicas still show how they started: the halves that started hot and cold, compared."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import compare_halves
from rgc.language.updates import CLUSTER_UPDATES
from rgc.model.tempering import NAME as TEMPERING

Floats = NDArray[np.float64]

CHANCE = 1e-3
"""The probability that a run which has forgotten its start is said to remember it, for each family
of averages: those of the measures, and those of the operators of all levels.
"""

MOST_NAMED = 8
"""Averages that a warning names, those first whose gaps have the most errors."""

NONLOCAL_UPDATES = (*CLUSTER_UPDATES, TEMPERING)
"""Updates that take a replica from one phase into another."""


@dataclass(frozen=True, slots=True)
class Compared:
    """An average to be compared. `names` are those of what is made of it, by which a warning calls
    it, and `odd` says whether it changes sign with all spins.
    """

    names: tuple[str, ...]
    odd: bool


def start_remembered(
    compared: Sequence[Compared], halves: Floats, *, forgotten: bool, used: Collection[str] = ()
) -> tuple[str, ...]:
    """A warning where averages differ between the halves, from those of each group
    float64[average, group, half].

    `forgotten` says whether the time series shows no memory as long as the thermalisation. Replicas
    that differ nevertheless, or in an odd average, are held by phases between which single spins do
    not take them. `used` names the updates of the run, which are not what would help.
    """
    if not compared:
        return ()
    found = compare_halves(halves, CHANCE)
    strength = np.abs(found.gaps) / np.maximum(found.errors, np.finfo(np.float64).tiny)
    order = [int(k) for k in np.argsort(-strength, kind="stable") if found.apart[k]]
    if not order:
        return ()
    said: dict[str, int] = {}
    for k in order:
        for name in compared[k].names:
            said.setdefault(name, k)  # by the average in which it differs most
    told = {k: [name for name, by in said.items() if by == k] for k in order}
    named = [
        f"{' and '.join(names)} "
        f"(by {abs(found.gaps[k]):.2g} with an error of {found.errors[k]:.2g})"
        for k, names in told.items()
        if names
    ]
    if len(named) > MOST_NAMED:
        named = [*named[:MOST_NAMED], f"{len(named) - MOST_NAMED} more"]
    odd = any(compared[k].odd for k in order)
    advice = _other_ways(odd, used) if odd or forgotten else "thermalise longer"
    return (f"replicas that started hot and cold still differ in {_listed(named)}: {advice}",)


def _other_ways(odd: bool, used: Collection[str]) -> str:
    """What helps where a phase is metastable; a field does where the phases differ in its sign."""
    ready = [name for name in NONLOCAL_UPDATES if name not in used]
    ways = [*["a larger field"] * odd, "a smaller lattice", *map(_written, ready)]
    return (
        "a phase that is only metastable holds some of them, and to thermalise longer does not "
        f"help in a reasonable time; {_listed(ways, 'or')} does"
    )


def _written(update: str) -> str:
    """An update as an option, with what it asks of a Hamiltonian."""
    suits = " where clusters suit the Hamiltonian" if update in CLUSTER_UPDATES else " in `sample`"
    return f"update={update}{suits}"


def _listed(names: Sequence[str], joint: str = "and") -> str:
    *first, last = names
    return f"{', '.join(first)} {joint} {last}" if first else last
