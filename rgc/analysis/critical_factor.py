"""Where a line of couplings is critical, from the couplings of two successive levels.

Let x multiply the couplings of the spec, K' = R(K) be the map from one level to the next and phi a
left eigenvector of its derivative T, phi T = lambda phi, lambda > 1 the leading eigenvalue. Near a
fixed point K* the relevant scaling field is phi (K - K*), so that

    u(x) = phi (K' - K) = (lambda - 1) phi (K - K*),    du/dx = phi (dK'/dx - dK/dx),

where irrelevant directions drop out, and the fixed point need not be known. The line is critical
where u = 0: one step of Newton's method from x = 1 goes to 1 - u / (du/dx).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.eigenvalues import scaling_fields

Floats = NDArray[np.float64]

FARTHEST = 0.25
"""How far level by level couplings may be from critical, relative to what the line moves them by,
where one step still says something: what it neglects is of the square of this."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Couplings K [1 + group, a] of a level and of the one before, their derivatives dK/dx, and
    T [1 + group, a, b] between the two, of the same operators.
    """

    below: Floats
    own: Floats
    rate_below: Floats
    rate_own: Floats
    linearised: Floats

    def leading(self) -> tuple[Floats, Floats]:
        """lambda [1 + group], and phi [1 + group, a] with phi dK'/dx = 1 at the level. They are NaN
        where the leading eigenvalue is not real, and phi where the level does not move, as without
        couplings.
        """
        values, phi = scaling_fields(self.linearised)
        moved = np.einsum("ra,ra->r", phi, self.rate_own)
        return values, phi / np.where(moved == 0, np.nan, moved)[:, None]


def critical_factor(step: Step) -> tuple[Floats, str]:
    """x [1 + group] where the line is critical, and why there is none, or the empty string."""
    growth, phi = step.leading()
    moved = np.einsum("ra,ra->r", phi, step.own - step.below)
    slope = np.einsum("ra,ra->r", phi, step.rate_own - step.rate_below)
    factor = 1 - moved / slope
    if not np.isfinite(factor).all():
        return factor, "the leading direction of the linearised map is not known"
    if growth[0] <= 1:
        return factor, f"no direction is relevant: the leading eigenvalue is {growth[0]:.3g}"
    distance = abs(float(factor[0]) - 1) * float(np.linalg.norm(step.rate_own[0]))
    apart = distance / max(float(np.linalg.norm(step.own[0])), 1e-300)
    if apart > FARTHEST:
        said = (
            f"the couplings of the level are {apart:.0%} from critical, where one step says nothing"
        )
        return factor, f"{said}: take couplings nearer to {float(factor[0]):.3g} times those here"
    return factor, ""
