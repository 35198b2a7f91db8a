"""A flow of quantities whose rates a spec writes: dr/dl = f(r), integrated over l = 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import e

import numpy as np

from rgc.analysis.rates import integrate
from rgc.analysis.recursion import Floats, Moved
from rgc.flows.maps.expression_recursion import slopes
from rgc.model.expressions import written
from rgc.model.map import Ode, Quantity
from rgc.model_to_program.expressions_to_arithmetic import Lowered, lower

ACCURACY = 3e-14
"""The error of the integration per step, relative to each quantity and to 1."""

FARTHEST = 1e8
"""A flow is followed up to here. Many reach infinity at a finite l."""

_STANDS = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """dr/dl = f(r) of one ode, and the derivatives of f row by row, None where there are none."""

    values: Lowered
    slopes: Lowered | None
    formula: str

    def __call__(self, quantities: Floats) -> Floats | None:
        """The rates, or None beyond `FARTHEST` and where they are not finite."""
        rate = self.values.at(quantities)
        known = np.isfinite(rate).all() and np.abs(quantities).max() < FARTHEST
        return rate if known else None

    def slope(self, quantities: Floats) -> Floats:
        """The Jacobian of the rates, NaN where there is none."""
        n = len(quantities)
        if self.slopes is None:
            return np.full((n, n), np.nan)
        return self.slopes.at(quantities).reshape(n, n)

    def integrated(self, quantities: Floats, *, tangent: bool) -> Floats:
        """The quantities [n], and their derivatives [n n] if asked for, after l = 1."""

        def rates(at: Floats) -> tuple[Floats, Floats | None, float] | None:
            rate = self(at)
            return None if rate is None else (rate, self.slope(at) if tangent else None, 0.0)

        accuracy = {"relative": ACCURACY, "absolute": ACCURACY}
        return integrate(rates, quantities, tangent=tangent, **accuracy)[:-1]


@dataclass(frozen=True, slots=True, eq=False)
class RateRecursion:
    """The flow over l = 1, one ode for each step in turn (see
    `rgc.analysis.recursion.Recursion`). Lengths change by the factor e.
    """

    names: tuple[str, ...]
    turns: tuple[Rates, ...]

    @property
    def sectors(self) -> Mapping[str, Floats]:
        return {"invariant": np.eye(len(self.names))}

    @property
    def scale(self) -> float:
        return e

    @property
    def sites(self) -> float:
        return np.nan

    @property
    def account(self) -> Mapping[str, str]:
        return {
            "a step": "integrates over l from 0 to 1, by scipy's solve_ivp (DOP853)",
            "formula": "; then ".join(rates.formula for rates in self.turns),
        }

    def __call__(self, couplings: Floats, step: int = 0) -> Moved:
        return Moved(self.turns[step % len(self.turns)].integrated(couplings, tangent=False), 0.0)

    def jacobian(self, couplings: Floats, step: int = 0) -> Floats:
        """At a fixed point it is the exponential of the Jacobian of the rates. It is NaN where a
        function of the rates has no derivative.
        """
        rates, n = self.turns[step % len(self.turns)], len(couplings)
        rate = rates(couplings)
        if rate is None or rates.slopes is None:
            return np.full((n, n), np.nan)
        if np.abs(rate).max() <= _STANDS * (1 + np.abs(couplings).max()):
            return _exponential(rates.slope(couplings))
        return rates.integrated(couplings, tangent=True)[n:].reshape(n, n)

    def defect(self, couplings: Floats) -> tuple[Floats, Floats]:
        """The rates of the first ode and their Jacobian."""
        rate = self.turns[0](couplings)
        slope = self.turns[0].slope(couplings)
        return np.full(len(couplings), np.nan) if rate is None else rate, slope

    def bounds(self, couplings: Floats) -> tuple[float, float]:
        """There is no lattice."""
        del couplings
        return -np.inf, np.inf


def rate_recursion(odes: Sequence[Ode]) -> RateRecursion:
    """The recursion of odes that take turns, all of the same quantities."""
    return RateRecursion(odes[0].quantities, tuple(map(_rates, odes)))


def _rates(ode: Ode) -> Rates:
    leaves, values = tuple(map(Quantity, ode.quantities)), tuple(rate for _, rate in ode.rates)
    formula = ", ".join(f"d{name}/dl = {written(rate)}" for name, rate in ode.rates)
    return Rates(lower(values, leaves), slopes(values, leaves), formula)


def _exponential(matrix: Floats) -> Floats:
    from scipy.linalg import expm

    return np.asarray(expm(matrix))
