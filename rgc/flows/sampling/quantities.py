"""What can be measured: functions of one configuration, and functions of their thermal averages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rgc.flows.sampling.recorder import Row, Sums
from rgc.model.lattice import Lattice
from rgc.model.spins import Species

Floats = NDArray[np.float64]


class Measured(Protocol):
    """What is measured. `energy`: H as weights of sums over the lattice."""

    @property
    def lattice(self) -> Lattice: ...

    @property
    def species(self) -> tuple[Species, ...]: ...

    @property
    def energy(self) -> Sequence[tuple[float, Row]]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A number per configuration: `value` turns the sums of `rows` into float64[replica]. Leaves of one `name` are equal."""

    name: str
    rows: tuple[Row, ...]
    value: Callable[[Sums], Floats]


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """A number of the run: `combine` turns the thermal averages of `leaves`, each float64[1 + group], into float64[1 + group]."""

    name: str
    leaves: tuple[Leaf, ...]
    combine: Callable[..., Floats]


def plain(leaf: Leaf, name: str = "") -> Quantity:
    """The average of a leaf."""
    return Quantity(name or leaf.name, (leaf,), lambda average: average)


def power(leaf: Leaf, exponent: int) -> Leaf:
    return Leaf(f"{leaf.name}^{exponent}", leaf.rows, lambda sums: _power(leaf.value(sums), exponent))


def _power(values: Floats, exponent: int) -> Floats:
    """By squaring: far faster than the general power."""
    root = _power(values, exponent // 2) ** 2 if exponent > 1 else np.ones_like(values)
    return root * values if exponent % 2 else root


def linear(name: str, rows: Sequence[tuple[float, Row]], constant: float = 0.0) -> Leaf:
    """constant + sum of weight * S."""
    pairs = tuple(rows)

    def value(sums: Sums) -> Floats:
        total = np.asarray(constant, dtype=np.float64)
        for weight, row in pairs:
            total = total + weight * sums[row]
        return total

    return Leaf(name, tuple(row for _, row in pairs), value)
