"""The p of Kadanoff's block map for which the bound on F is tightest."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from typing import Protocol

import numpy as np

from rgc.flows.couplings.bound_optimum import (
    AWAY,
    ROUNDS,
    LowerBound,
    best_constant,
    improved,
    resolution,
)
from rgc.flows.flow import State
from rgc.results.result import Estimate


class ChoiceOfP(Protocol):
    """A choice of p in `rounds` steps over a state, whose array `p` holds what is known so far."""

    @property
    def rounds(self) -> int: ...

    @property
    def account(self) -> str:
        """By what p is chosen, for people."""
        ...

    def advance(self, state: State) -> None:
        """The next round. It does nothing once p is known."""
        ...

    def p(self, state: State) -> tuple[Estimate, ...]:
        """The p of each step, in turn."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TightestConstant:
    """The p, the same at every step, that makes the bound on F of the spec's couplings largest."""

    bound: LowerBound

    @property
    def rounds(self) -> int:
        return 1

    @property
    def account(self) -> str:
        return "the one that makes the bound on F largest"

    def advance(self, state: State) -> None:
        state.arrays["p"] = np.array([best_constant(self.bound)])

    def p(self, state: State) -> tuple[Estimate, ...]:
        return tuple(Estimate(float(p), 0.0, "exact") for p in state.arrays["p"])


@dataclass(frozen=True, slots=True, eq=False)
class TightestSequence:
    """The p of every step that together make the bound on F of the spec's couplings largest.

    The search starts from the best constant p.
    """

    bound: LowerBound

    @property
    def rounds(self) -> int:
        return ROUNDS + 2

    @property
    def account(self) -> str:
        return "those of all steps that make the bound on F largest"

    def advance(self, state: State) -> None:
        arrays = state.arrays
        if "p" not in arrays:
            arrays["p"] = np.full(self.bound.steps, max(best_constant(self.bound), AWAY))
        elif state.done < self.rounds - 1:
            if not state.values.get("settled"):
                arrays["p"], state.values["settled"] = improved(self.bound, arrays["p"])
        else:
            arrays["resolution"] = resolution(self.bound, arrays["p"])

    def p(self, state: State) -> tuple[Estimate, ...]:
        pairs = zip(state.arrays["p"], state.arrays["resolution"], strict=True)
        return tuple(_estimate(float(p), float(error)) for p, error in pairs)


def _estimate(p: float, error: float) -> Estimate:
    if isinf(error) or error > max(p, 1.0):
        return Estimate(p, None, "truncated", note="the bound hardly depends on it")
    return Estimate(p, error, "truncated")
