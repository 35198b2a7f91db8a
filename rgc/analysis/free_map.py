"""The parameter of a block map at which the levels of a sector agree.

Configurations are blocked by maps of several parameters p, and each of them gives exponents level
by level. A block map whose fixed point is close after few steps leaves little for later ones to
change, so that the p is taken at which the last two levels that hold the range agree (Ron, Brandt
and Swendsen 2017). The rule looks at changes from level to level and at nothing else.

Exponents are functions of x = tanh p, the mean of a block spin above cells whose spins add up to
1. It is 1 for the majority. Between the p of a run they are cubic in x.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rgc.analysis.level_spectra import LevelSpectrum, chain
from rgc.analysis.statistics import jackknife

Floats = NDArray[np.float64]
Steps = tuple[LevelSpectrum, ...]

SEEN = 3.0
"""Standard errors beyond which two levels are seen to differ."""

STENCIL = 4
"""Maps through which an exponent is interpolated."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FreeMap:
    """The map of a sector.

    - `steps` are its spectra level by level, interpolated in the resamples too.
    - `p` is the parameter that the sector chose, None where the spec gives the map.
    - `error` is the standard error of p and `slope` is dy/dp of the last level there, None where p
      is one of those that were tried.
    """

    steps: Steps
    p: float | None = None
    error: float | None = None
    slope: float | None = None

    @property
    def rule(self) -> str:
        """How p was found."""
        at = f"p = {self.p:.4g}"
        if self.error is None:
            return (
                f"{at}, where the last two levels differ least: the difference is not seen to turn"
            )
        return (
            f"{at} +- {self.error:.1g}, where the last two levels agree; dy/dp = {self.slope:.2g}"
        )


def choose_map(parameters: Sequence[float], families: Sequence[Steps]) -> FreeMap:
    """The map at which the last two levels that hold the range agree, from the spectra of a sector
    for each of the rising `parameters`.

    The change from the one level to the other must be seen to have both signs. Where it is not, the
    map is that of the parameter whose change, with its error, is the smallest, and with fewer than
    two such levels that of the last parameter. Maps whose operators do not fluctuate are left out.
    """
    change = _changes(families)
    sound = [] if change is None else np.flatnonzero(np.isfinite(change).all(axis=0)).tolist()
    if change is None or not sound:
        return FreeMap(steps=families[-1], p=parameters[-1])
    parameters, families = [parameters[k] for k in sound], [families[k] for k in sound]
    x, change = np.tanh(parameters), change[:, sound]
    size, (_, noise) = change[0], jackknife(change)
    place = _turn(size, noise)
    if place is None:
        best = int(np.argmin(np.hypot(size, noise)))
        return FreeMap(steps=families[best], p=parameters[best])
    first = min(max(place - 1, 0), max(len(x) - STENCIL, 0))
    near = slice(first, first + STENCIL)
    at = _zero(x[near], change[:, near], x[place], x[place + 1])
    steps = _between(x[near], at, families[near])
    p, (_, error) = float(np.arctanh(at[0])), jackknife(at)
    dp = 1 - float(at[0]) ** 2
    found = chain(steps)
    assert found is not None  # noqa: S101  (the levels of all families hold the same range)
    exponents = np.array([family[found.last.level - 1].full[0] for family in families[near]])
    slope = _polynomial(x[near], exponents).deriv()(at[0]) * dp
    return FreeMap(steps=steps, p=p, error=float(error) / dp, slope=float(slope))


def _changes(families: Sequence[Steps]) -> Floats | None:
    """The change [1 + group, p] between the last two levels that hold the range."""
    found = [chain(steps) for steps in families]
    pairs = [each.unwrapped[-2:] for each in found if each is not None]
    if len(pairs) < len(families) or any(len(pair) < 2 for pair in pairs):
        return None
    return np.stack([last.full - before.full for before, last in pairs], axis=1)


def _turn(size: Floats, noise: Floats) -> int | None:
    """Where the change turns: the number of the parameter before, or None where it is not seen to
    have both signs.

    Noise may turn it several times between two parameters at which it is seen. Then the place is
    the middle one.
    """
    sign = np.where(np.abs(size) > SEEN * noise, np.sign(size), 0.0)
    known = np.flatnonzero(sign)
    turns = [(a, b) for a, b in pairwise(known.tolist()) if sign[a] * sign[b] < 0]
    if not turns:
        return None
    low, high = min(turns, key=lambda turn: turn[1] - turn[0])
    places = [k for k in range(low, high) if size[k] * size[k + 1] <= 0]
    return places[len(places) // 2]


def _zero(x: Floats, change: Floats, low: float, high: float) -> Floats:
    """Where the interpolated change [1 + group, x] is 0, in every resample, [1 + group].

    It lies between `low` and `high` for all data, and the resamples are close to them, so that one
    step of Newton's method goes from there to theirs.
    """
    curve = _polynomial(x, change[0])
    roots = curve.roots()
    real = roots.real[np.isclose(roots.imag, 0.0)]
    root = float(np.clip(real[np.argmin(np.abs(real - (low + high) / 2))], low, high))
    shift = [float(_polynomial(x, row)(root)) for row in change]
    return root - np.array(shift) / float(curve.deriv()(root))


def _polynomial(x: Floats, y: Floats) -> np.polynomial.Polynomial:
    """The polynomial through all points."""
    return np.polynomial.Polynomial.fit(x, y, len(x) - 1)


def _between(x: Floats, at: Floats, families: Sequence[Steps]) -> Steps:
    """The spectra at the place `at` [1 + group], by Lagrange's formula."""
    others = [np.delete(x, k) for k in range(len(x))]
    weights = [
        np.prod([(at - other) / (own - other) for other in rest], axis=0)
        for own, rest in zip(x, others, strict=True)
    ]
    return tuple(_mixed(weights, level) for level in zip(*families, strict=True))


def _mixed(weights: Sequence[Floats], levels: Sequence[LevelSpectrum]) -> LevelSpectrum:
    spectra = {
        n: np.sum(
            [w[:, None] * level.spectra[n] for w, level in zip(weights, levels, strict=True)],
            axis=0,
        )
        for n in levels[0].spectra
    }
    return replace(levels[0], spectra=spectra)
