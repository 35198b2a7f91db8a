"""Steps of a recursion that is given by rates: dK/dl integrated over l = 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rgc.analysis.recursion import Floats

Rates = Callable[[Floats], tuple[Floats, Floats | None, float] | None]
"""At couplings K [n]: dK/dl [n], its Jacobian [n, n], which may be None where no tangent is asked
for, and the rate of the constant per unit. None where the flow is not followed.
"""


class _Left(Exception):
    """The flow has come to where it is not followed."""


def integrate(
    rates: Rates,
    couplings: Floats,
    *,
    tangent: bool,
    shrink: float = 0.0,
    relative: float = 1e-12,
    absolute: float = 1e-12,
) -> Floats:
    """The couplings [n], dK(1)/dK(0) [n n] if asked for (`tangent`), and the constant after l = 1.

    The rate of the constant falls as exp(-shrink l), since units become fewer. All are NaN where
    the flow comes to where it is not followed. The method is Dormand and Prince's of order 8, with
    the given errors per step.
    """
    from scipy.integrate import solve_ivp

    n = len(couplings)

    def slope(length: float, state: Floats) -> Floats:
        found = rates(state[:n])
        if found is None:
            raise _Left
        rate, jacobian, constant = found
        moved = state[n:-1] if jacobian is None else (jacobian @ state[n:-1].reshape(n, n)).ravel()
        return np.concatenate([rate, moved, [constant * np.exp(-shrink * length)]])

    start = np.concatenate([couplings, np.eye(n).ravel() if tangent else [], [0.0]])
    if rates(couplings) is None:
        return np.full_like(start, np.nan)
    try:
        solution = solve_ivp(
            slope, (0.0, 1.0), start, method="DOP853", rtol=relative, atol=absolute
        )
    except _Left:
        return np.full_like(start, np.nan)
    return np.asarray(solution.y[:, -1] if solution.success else np.full_like(start, np.nan))
