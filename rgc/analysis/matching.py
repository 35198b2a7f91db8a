"""Where a line of couplings is critical, from two lattices whose blocks match.

A lattice of L sites along each axis after n + 1 steps and one of L/b after n steps have equally
many block spins, so that the averages of their operators S_a feel the same finite size. Near a
critical point they differ by the relevant scaling field alone, which has grown by one step more on
the larger lattice:

    delta_a(x) = <S_a>(L, n + 1) - <S_a>(L/b, n) = 0   at   x_c = x - delta / (d delta/dx),

but for irrelevant fields, which fall from level to level (Wilson 1979; Swendsen 1984; Baillie,
Gupta, Hawick and Pawley 1992). The derivatives are correlations with dH/dx on the lattice of the
spec.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Block spins of one lattice: averages S [1 + group, a] of their operators, dS/dx of the same
    shape, and the variances of S.
    """

    average: Floats
    slope: Floats
    variance: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """What two lattices with equally many block spins tell of a line of couplings, resampled
    [1 + group].

    - `mismatch` is sum_a w_a delta_a with w_a = (dS_a/dx)/var S_a of the larger lattice, negative
      where its block spins are less ordered than the line would order them.
    - `shift` is how far x_c lies from x by one step of Newton's method.
    - `growth` is the ratio of the derivatives, b^y of the relevant field.
    - `width` is the change of x over which the averages of the larger lattice change by as much as
      they fluctuate, within which one step is to be trusted.
    """

    mismatch: Floats
    shift: Floats
    growth: Floats
    width: float

    @property
    def direction(self) -> int:
        """The sign of the mismatch, 0 where it may be noise."""
        value, error = map(float, jackknife(self.mismatch))
        return int(np.sign(value)) if abs(value) > SEEN * error else 0

    @property
    def relevant(self) -> bool:
        """Whether the field is seen to grow, by a factor that is known well enough."""
        value, error = map(float, jackknife(self.growth))
        return bool(value - 1 > SURE * error and error <= KNOWN * value)

    @property
    def near(self) -> bool:
        """Whether one step of Newton's method is to be trusted."""
        return self.relevant and bool(abs(float(self.shift[0])) <= NEAR * self.width)


SEEN, SURE = 4.0, 2.0
"""A mismatch below so many of its errors has no sign, and growth below so many is none."""

KNOWN = 0.2
"""The growth is to be known to this part of it, since a step of Newton's method divides by it."""

NEAR = 1.0
"""How many widths a step of Newton's method may go."""


def match(large: Blocks, small: Blocks) -> Match:
    """The match of the larger lattice with the smaller one.

    Operators that do not fluctuate say nothing and are left out; where none is left, numbers are
    NaN.
    """
    moving = (large.variance[0] > 0) & np.isfinite(large.slope[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = np.where(moving, large.slope / large.variance, 0.0)
        mismatch = np.sum(weights * (large.average - small.average), axis=1)
        slope, below = (np.sum(weights * each.slope, axis=1) for each in (large, small))
        width = float(1 / np.sqrt(np.sum(weights[0] * large.slope[0])))
        return Match(mismatch, -mismatch / (slope - below), slope / below, width)
