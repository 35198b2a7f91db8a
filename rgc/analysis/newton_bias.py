"""Newton's method on the bias of a variational Monte Carlo RG.

Block spins t with the Hamiltonian H'(t) = -sum_a K_a S_a(t) are sampled with a bias V(t) = sum_a
J_a S_a(t), with weight exp(-H' - V). The functional Omega(J) of Wu and Car (2017) is convex and has
its minimum where the block spins have the averages of the target. Its gradient is the difference of
these averages, its Hessian the covariance of S. For uniform block spins, where <S> = 0 and J = K,
one step from J is J + C^-1 <S>.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.eigenvalues import solved
from rgc.analysis.statistics import resample

Floats = NDArray[np.float64]

GRID = 2.0**-24
"""The couplings of a bias are multiples of this. The last digits of a solver of linear equations
differ from machine to machine, and a run that is resumed elsewhere must make the same bits.
"""

NOISE = 9.0
"""A Newton step is noise up to so many times the square of its own statistical error. A batch of
the same length as the one before, whose errors it undoes too, makes 2 of it on average, one twice
as long 3.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Averages over a batch of configurations, resampled along the first axis (1 + group).

    `mean` is <S> [r, a] and `square` is <S S> [r, a, a].
    """

    mean: Floats
    square: Floats

    @property
    def covariance(self) -> Floats:
        """C [r, a, a]."""
        return self.square - self.mean[:, :, None] * self.mean[:, None, :]

    @property
    def step(self) -> Floats:
        """The Newton step C^-1 <S> to the bias of uniform block spins, [r, a]. It is NaN where an
        operator does not fluctuate.
        """
        return solved(self.covariance, self.mean[:, :, None])[:, :, 0]

    @property
    def decrement(self) -> float:
        """<S> C^-1 <S>, twice the fall of the functional that the step promises."""
        return float(self.mean[0] @ self.step[0])

    @property
    def noise(self) -> float:
        """The decrement of a batch at the minimum, on average: the trace of C^-1 times the
        covariance of <S>, which the groups show.
        """
        apart = self.mean[1:] - self.mean[1:].mean(axis=0)
        of_mean = (len(apart) - 1) / len(apart) * apart.T @ apart
        return float(np.trace(solved(self.covariance[:1], of_mean[None])[0]))

    @property
    def converged(self) -> bool:
        """Whether the step is noise."""
        return self.decrement <= NOISE * self.noise


def batch(sums: Floats, squares: Floats, samples: float) -> Batch:
    """The averages of sums [group, a] and [group, a, a] over so many configurations in each
    group.
    """
    counts = np.full(len(sums), float(samples))
    return Batch(resample(sums, counts), resample(squares, counts))


def rounded(bias: Floats) -> Floats:
    """The bias on its grid."""
    return np.round(bias / GRID) * GRID
