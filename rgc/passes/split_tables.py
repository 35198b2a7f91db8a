"""From tables to signs: a function of a few states as a constant and multiples of signs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from itertools import product as cartesian

from rgc.model.groups import Local, Reach, Sign, Signs
from rgc.model.operators import Product
from rgc.model.spins import Species
from rgc.model.weighed import CLOSE

MOST_UNITS = 8
"""Steps between the values of a table that are so many times their smallest one, all together, are
written as repeated signs of one weight, which count in one."""


@dataclass(frozen=True, slots=True)
class SignSum:
    """f = constant + sum of weight * sign over `parts`."""

    constant: float
    parts: tuple[tuple[float, Sign], ...]


def split_table(spins: Product, values: Sequence[float], species: Sequence[Species]) -> SignSum:
    """A function of some spins, row-major over their `Species.values`, as a sum of signs.

    Its distinct values, rising, are the lowest one and steps up. Each step is there where f has at
    least its upper value: step/2 - (step/2) * (a sign that is -1 there). Values that differ by
    rounding alone, relative to the largest, are one.
    """
    coded = _by_codes(values, [species[spin.species] for spin in spins])
    levels = _distinct(coded)
    steps = [after - before for before, after in pairwise(levels)]
    constant, parts = levels[0] + sum(steps) / 2, []
    for upper, (size, times) in zip(levels[1:], _in_units(steps), strict=True):
        least = upper - CLOSE * max(map(abs, levels))
        parts += [(-size / 2, Sign(spins, tuple(value >= least for value in coded)))] * times
    return SignSum(constant, tuple(parts))


def split_local(local: Local, species: Sequence[Species]) -> tuple[tuple[float, Signs], ...]:
    """A sum of tables as a linear combination of sums of signs. The constants are signs of no spin,
    which are 1.
    """
    placed: dict[float, list[tuple[Sign, Reach]]] = defaultdict(list)
    for spins, values, reach in zip(local.products, local.values, local.reaches, strict=True):
        split = split_table(spins, values, species)
        for weight, sign in (*split.parts, (split.constant, Sign((), (False,)))):
            if weight:
                placed[weight].append((sign, reach))
    return tuple(
        (weight, Signs((), tuple(s for s, _ in each), tuple(r for _, r in each), local.where))
        for weight, each in placed.items()
    )


def _by_codes(values: Sequence[float], kinds: Sequence[Species]) -> list[float]:
    """Values row-major over the codes of spins."""
    states = cartesian(*(kind.values for kind in kinds))
    at = dict(zip(states, values, strict=True))
    return [at[codes] for codes in cartesian(*(kind.codes for kind in kinds))]


def _distinct(values: Sequence[float]) -> list[float]:
    size, levels = CLOSE * max(map(abs, values)), list[float]()
    for value in sorted(values):
        if not levels or value - levels[-1] > size:
            levels.append(value)
    return levels


def _in_units(steps: Sequence[float]) -> list[tuple[float, int]]:
    """Each step as a size and how many times it is taken: in units of the smallest one where all
    are few whole multiples of it.
    """
    unit = min(steps, default=1.0)
    times = [round(step / unit) for step in steps]
    whole = all(abs(step - n * unit) <= CLOSE * step for step, n in zip(steps, times, strict=True))
    if whole and sum(times) <= MOST_UNITS:
        return [(unit, n) for n in times]
    return [(step, 1) for step in steps]
