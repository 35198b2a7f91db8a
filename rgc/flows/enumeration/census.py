"""Averages over all states of a cluster, chunk by chunk, so that memory does not grow with the
number of states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, fsum, inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rgc.flows.enumeration.cluster import LocalSum, gathered, operator_pieces
from rgc.flows.enumeration.states import Chunks
from rgc.flows.sampling.observables import of_configuration, tallies_in
from rgc.model.observables import Average, Tally

Floats = NDArray[np.float64]
Values = Callable[[int], Any]
"""chunk -> the values of a function at its states."""


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """What is averaged over all states, and the `sums` over the lattice that it needs.

    Each sum is a function of the states, or one for each coordinate of its axis. The sum of the
    Hamiltonian, `energy`, is the log-weight with another sign.
    """

    averages: tuple[Average, ...]
    sums: Mapping[Tally, tuple[LocalSum, ...]]
    energy: Tally

    def values(
        self, chunks: Chunks, fwht: Callable[[Any], Any], xp: Any
    ) -> Callable[[int, Floats], list[Floats]]:
        """(chunk, log-weights) -> the values of what is averaged at its states."""
        placed = {
            tally: [chunks.function(local, fwht, xp) for local in parts]
            for tally, parts in self.sums.items()
        }

        def of_chunk(chunk: int, log_weights: Floats) -> list[Floats]:
            sums: dict[Tally, Any] = {self.energy: -log_weights}
            for tally, functions in placed.items():
                parts = [np.asarray(function(chunk)) for function in functions]
                sums[tally] = parts[0] if tally.axis is None else np.array(parts)
            values = (of_configuration(average.of, sums) for average in self.averages)
            return [np.broadcast_to(value, log_weights.shape) for value in values]

        return of_chunk


def make_census(chunks: Chunks, averages: tuple[Average, ...], energy: Tally) -> Census:
    """The census of some averages."""
    sums = {
        tally: tuple(map(gathered, operator_pieces(chunks.cluster, tally.operator, tally.axis)))
        for tally in tallies_in(averages)
        if tally != energy
    }
    return Census(averages, sums, energy)


def weighed(log_weights: Floats, functions: Sequence[Floats]) -> tuple[float, Floats]:
    """(m, sums): m the largest log-weight w, and the sums of exp(w - m) and of exp(w - m) f for
    each function.
    """
    largest = float(log_weights.max())
    if largest == -inf:
        return largest, np.zeros(1 + len(functions))
    weights = np.exp(log_weights - largest)
    return largest, np.array(
        [weights.sum(), *((weights * function).sum() for function in functions)]
    )


def averages(largest: Floats, sums: Floats) -> tuple[float, Floats]:
    """ln of the sum of all weights, and the weighted averages, from what `weighed` found of each
    chunk, [chunk] and [chunk, 1 + function].
    """
    top = float(largest.max())
    shares = [exp(m - top) for m in largest]
    totals = [fsum(share * x for share, x in zip(shares, column, strict=True)) for column in sums.T]
    return top + log(totals[0]), np.array(totals[1:]) / totals[0]


def batches(number: int, size: int, states: int) -> Iterator[range]:
    """The chunks in groups of about so many states."""
    together = max(1, states // size)
    for first in range(0, number, together):
        yield range(first, min(first + together, number))
