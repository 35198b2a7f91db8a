"""Averages over all states of a cluster, chunk by chunk, so that memory does not grow with the number of states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import LocalSum, gathered, operator_pieces
from rgc.flows.enumeration.states import Chunks
from rgc.flows.sampling.quantities import Leaf
from rgc.flows.sampling.recorder import Row

Floats = NDArray[np.float64]
Values = Callable[[int], Any]
"""chunk -> the values of a function at its states."""


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """What is averaged: `leaves`, functions of sums over the lattice, each row of which is a function of the states, or one for each
    coordinate of its axis. The sum of the Hamiltonian, `energy`, is the log-weight with another sign."""

    leaves: tuple[Leaf, ...]
    rows: Mapping[Row, tuple[LocalSum, ...]]
    energy: Row

    def values(
        self, chunks: Chunks, fwht: Callable[[Any], Any], xp: Any
    ) -> Callable[[int, Floats], list[Floats]]:
        """(chunk, log-weights) -> the values of every leaf at its states."""
        rows = {
            row: [chunks.function(local, fwht, xp) for local in parts] for row, parts in self.rows.items()
        }

        def of_chunk(chunk: int, log_weights: Floats) -> list[Floats]:
            sums: dict[Row, Any] = {self.energy: -log_weights}
            for row, functions in rows.items():
                found = [np.asarray(function(chunk)) for function in functions]
                sums[row] = found[0] if row.axis is None else np.array(found)
            return [np.broadcast_to(leaf.value(sums), log_weights.shape) for leaf in self.leaves]

        return of_chunk


def make_census(chunks: Chunks, leaves: Sequence[Leaf], energy: Row) -> Census:
    """The census of some leaves, each once."""
    distinct = tuple({leaf.name: leaf for leaf in leaves}.values())
    rows = dict.fromkeys(row for leaf in distinct for row in leaf.rows if row != energy)
    placed = {
        row: tuple(map(gathered, operator_pieces(chunks.cluster, row.operator, row.axis))) for row in rows
    }
    return Census(distinct, placed, energy)


def weighed(log_weights: Floats, functions: Sequence[Floats]) -> tuple[float, Floats]:
    """(m, sums): m the largest log-weight w, and the sums of exp(w - m) and of exp(w - m) f for each function."""
    largest = float(log_weights.max())
    if largest == -inf:
        return largest, np.zeros(1 + len(functions))
    weights = np.exp(log_weights - largest)
    return largest, np.array([weights.sum(), *((weights * each).sum() for each in functions)])


def averages(largest: Floats, sums: Floats) -> tuple[float, Floats]:
    """ln of the sum of all weights, and the weighted averages, from what `weighed` found of each chunk, [chunk] and [chunk, 1 + function]."""
    top = float(largest.max())
    shares = [exp(m - top) for m in largest]
    totals = [fsum(share * x for share, x in zip(shares, column, strict=True)) for column in sums.T]
    return top + log(totals[0]), np.array(totals[1:]) / totals[0]


def batches(number: int, size: int, states: int) -> Iterator[range]:
    """The chunks in groups of about so many states."""
    together = max(1, states // size)
    for first in range(0, number, together):
        yield range(first, min(first + together, number))
