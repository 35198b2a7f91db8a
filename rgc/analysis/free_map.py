"""The parameter of a block map at which the levels of a sector agree.

Configurations are blocked by maps of several parameters p, and each of them gives exponents level
by level. A block map whose fixed point is close after few steps leaves little for later ones to
change, so that the p is taken at which the last two levels that hold the range agree (Ron, Brandt
and Swendsen 2017). The rule looks at changes from level to level and at nothing else.

Exponents are functions of x = tanh p, the mean of a block spin above cells whose spins add up to
1. It is 1 for the majority. Between the p of a run they are cubic in x.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    - `earlier` holds what the same rule gives without the last level, without the last two and so
      on, in rising order: the leading exponent [1 + group] where the last two of those levels
      agree. It ends where two levels are not seen to differ both ways.
    """

    steps: Steps
    p: float | None = None
    error: float | None = None
    slope: float | None = None
    earlier: tuple[Floats, ...] = ()

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
    levels = _unwrapped(families)
    if len(levels) < 2 or not _sound(change := levels[-1] - levels[-2]).any():
        return FreeMap(steps=families[-1], p=parameters[-1])
    x = np.tanh(parameters)
    place = _meeting(x, change)
    if place is None:
        size, (_, noise) = change[0], jackknife(change)
        best = int(np.nanargmin(np.hypot(size, noise)))
        return FreeMap(steps=families[best], p=parameters[best])
    steps = _between(place, families)
    p, (_, error) = float(np.arctanh(place.at[0])), jackknife(place.at)
    dp = 1 - float(place.at[0]) ** 2
    slope = _polynomial(place.x, levels[-1][0, place.maps]).deriv()(place.at[0]) * dp
    earlier = tuple(_earlier(x, levels))[::-1]
    return FreeMap(steps=steps, p=p, error=float(error) / dp, slope=float(slope), earlier=earlier)


def _unwrapped(families: Sequence[Steps]) -> list[Floats]:
    """The leading exponents [1 + group, p] of the levels that hold the range, which are the same
    for all families.
    """
    found = [chain(steps) for steps in families]
    full = [[level.full for level in each.unwrapped] for each in found if each is not None]
    return [np.stack(level, axis=1) for level in zip(*full, strict=True)]


def _sound(change: Floats) -> NDArray[np.bool_]:
    """The maps whose operators fluctuate at both levels, bool[p]."""
    return np.asarray(np.isfinite(change).all(axis=0))


def _earlier(x: Floats, levels: Sequence[Floats]) -> Iterator[Floats]:
    """The leading exponents [1 + group] at which levels before the last one agree with those before
    them, falling in level, as long as they are seen to.
    """
    for last in range(len(levels) - 2, 0, -1):
        place = _meeting(x, levels[last] - levels[last - 1])
        if place is None:
            return
        yield np.sum(place.weights * levels[last][:, place.maps], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Meeting:
    """Where two levels agree: the numbers of the `maps` next to it, their `x` = tanh p, and the
    place `at` itself in every resample, [1 + group].
    """

    maps: NDArray[np.int64]
    x: Floats
    at: Floats

    @property
    def weights(self) -> Floats:
        """How much of each of the maps makes up what belongs to the place, by Lagrange's formula,
        [1 + group, map].
        """
        others = [np.delete(self.x, k) for k in range(len(self.x))]
        weights = [
            np.prod([(self.at - other) / (own - other) for other in rest], axis=0)
            for own, rest in zip(self.x, others, strict=True)
        ]
        return np.stack(weights, axis=1)


def _meeting(x: Floats, change: Floats) -> _Meeting | None:
    """Where a change [1 + group, p] between two levels is 0, or None where it is not seen to have
    both signs.
    """
    maps = np.flatnonzero(_sound(change))
    x, change = x[maps], change[:, maps]
    place = _turn(change[0], jackknife(change)[1]) if len(maps) else None
    if place is None:
        return None
    first = min(max(place - 1, 0), max(len(x) - STENCIL, 0))
    near = slice(first, first + STENCIL)
    at = _zero(x[near], change[:, near], x[place], x[place + 1])
    return _Meeting(maps[near], x[near], at)


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


def _between(place: _Meeting, families: Sequence[Steps]) -> Steps:
    """The spectra at a place between the maps."""
    near = [families[k] for k in place.maps]
    return tuple(_mixed(place.weights, level) for level in zip(*near, strict=True))


def _mixed(weights: Floats, levels: Sequence[LevelSpectrum]) -> LevelSpectrum:
    spectra = {
        n: np.sum(
            [w[:, None] * level.spectra[n] for w, level in zip(weights.T, levels, strict=True)],
            axis=0,
        )
        for n in levels[0].spectra
    }
    return replace(levels[0], spectra=spectra)
